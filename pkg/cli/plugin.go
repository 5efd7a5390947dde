package cli

import (
	"path/filepath"
	"strings"
)

// typedAs returns what the user typed to start the program, and its arguments. As
// kubectl-sso_login it is what kubectl runs for "kubectl sso-login"; as
// kubectl_complete-sso_login kubectl asks it for completions.
func typedAs(program, arg0 string, args []string) (typed string, rest []string) {
	name := strings.TrimSuffix(filepath.Base(arg0), ".exe")
	switch {
	case strings.HasPrefix(name, "kubectl_complete-"):
		return program, append([]string{completeWord}, args...)
	case strings.HasPrefix(name, "kubectl-"):
		return "kubectl " + program, args
	}
	return program, args
}

// asTyped returns a text with the commands of the suite as the user types them. They
// stand at its beginning, after a pipe or after a colon ("run: sso-login okta").
func asTyped(typed, text string) string {
	if !strings.HasPrefix(typed, "kubectl ") {
		return text
	}
	for _, name := range Programs() {
		for _, before := range []string{": ", "| "} {
			text = strings.ReplaceAll(text, before+name, before+"kubectl "+name)
		}
		if strings.HasPrefix(text, name) {
			text = "kubectl " + text
		}
	}
	return text
}

// examples returns the examples of the help, with commands as the user types
// them.
func (p Program) examples() []Example {
	examples := make([]Example, len(p.Examples))
	for i, e := range p.Examples {
		examples[i] = Example{asTyped(p.typed, e.Line), e.Does}
	}
	return examples
}
