package tokencache

// File is the name of the file of a registration of ours.
func (k RegistrationKey) File() string { return k.file() }

// FileOf is the name that a tool gives it.
func (k RegistrationKey) FileOf(tool string) string { return k.fileOf(tool) }
