package cli

import (
	_ "embed"
	"strings"
)

// programsFile is the one list of programs: a line each, with the name and the
// purpose. The Makefile and the scripts that install and release read it, too.
//
//go:embed programs.txt
var programsFile string

// Programs returns the names of the programs, in the order in which they are
// used: "sso-login" comes first.
func Programs() []string {
	var names []string
	for line := range strings.Lines(programsFile) {
		name, _, _ := strings.Cut(line, " ")
		names = append(names, name)
	}
	return names
}
