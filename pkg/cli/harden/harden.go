// Package harden keeps the Go runtime and the kernel from writing secrets.
// Importing it is enough; its work is done before main.
//
//   - GODEBUG=http2debug=2 makes net/http print each header, the bearer token
//     included. That setting is taken out of the environment. net/http reads it
//     when it is initialised, which main is too late for: Go initialises
//     packages in the order of their import paths as soon as what they import
//     is ready, so this package must import little and sort before "net/http".
//   - A core dump holds the whole memory. It is switched off.
//
// A program that takes the place of this one, or is started by it, should find
// things as they were: see [Environ] and [Undo].
package harden

import (
	"os"
	"slices"
	"strings"
)

const variable = "GODEBUG"

var (
	original, set = os.LookupEnv(variable)
	undoCores     = forbidCores()
)

func init() {
	if kept := withoutHTTP2Debug(original); kept != original {
		_ = os.Setenv(variable, kept)
	}
}

// withoutHTTP2Debug returns the settings but http2debug. net/http looks for the
// text anywhere in the variable, not for a setting.
func withoutHTTP2Debug(settings string) string {
	if !strings.Contains(settings, "http2debug") {
		return settings
	}
	kept := slices.DeleteFunc(strings.Split(settings, ","), func(setting string) bool {
		return strings.Contains(setting, "http2debug")
	})
	return strings.Join(kept, ",")
}

// Environ returns the environment of the process as it was at the start, for a
// child. Later changes are in it, those of GODEBUG aside.
func Environ() []string {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, variable+"=") })
	if set {
		env = append(env, variable+"="+original)
	}
	return env
}

// Undo allows core dumps again, as far as they were, and restores GODEBUG. It
// is called right before exec(2), and around the start of a child that is to
// inherit the limit. The returned function forbids core dumps again.
func Undo() (redo func()) {
	undoCores()
	if set {
		_ = os.Setenv(variable, original)
	}
	return func() {
		forbidCores()
		_ = os.Setenv(variable, withoutHTTP2Debug(original))
	}
}
