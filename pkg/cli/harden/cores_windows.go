package harden

// forbidCores does nothing: Windows writes a dump only where an administrator
// has asked for it.
func forbidCores() (undo func()) { return func() {} }
