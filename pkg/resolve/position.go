package resolve

import (
	"strconv"

	"aws-sso-plugins/pkg/fault"
)

// placed is a section of the config that knows where it stands.
type placed interface {
	Pos(key string) (path string, line int)
}

// place returns where a key stands, "FILE:LINE", or its section where the key
// is absent.
func place(p placed, key string) string {
	path, line := p.Pos(key)
	if line == 0 {
		path, line = p.Pos("")
	}
	return path + ":" + strconv.Itoa(line)
}

// setting names a key with its section and line.
func setting(key, section string, p placed) string {
	_, line := p.Pos(key)
	return key + " in [" + section + "], line " + strconv.Itoa(line)
}

// invalid returns a fault of a section's key, or of the section where the key
// is absent.
func invalid(p placed, key, format string, args ...any) *fault.Error {
	f := fault.Newf(fault.Config, format, args...)
	f.What, f.Why = place(p, key), f.What
	return f
}
