package report

import (
	"fmt"
	"strings"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/resolve"
)

// The formats in which a shell takes an environment, named as those of
// `aws configure export-credentials`.
const (
	Env         Format = "env"           // bash, zsh and every other POSIX shell
	EnvNoExport Format = "env-no-export" // files of NAME=VALUE
	Fish        Format = "fish"
	PowerShell  Format = "powershell"
	WindowsCmd  Format = "windows-cmd"
)

// ForShell reports whether a shell reads the format.
func (f Format) ForShell() bool {
	_, ok := shells[f]
	return ok
}

// shell is how a shell changes its environment.
type shell struct {
	set   string // with the name and the value
	unset string // with one name; "": the format cannot unset
	fail  string // ends a script so that it fails; "": the shell has no such command
	done  string // ends a script so that it succeeds, where setting alone would not
	// quoted returns a text as one word; nil: no quotes are read.
	quoted func(text string) (string, bool)
}

// Lines of env and fish end in a semicolon, so that they mean the same where
// somebody forgot to quote: eval $(sso-creds dev) joins them to one line. In
// fish to erase what is not there fails, and to set something leaves that
// status as it is.
var shells = map[Format]shell{
	Env:         {set: "export %s=%s;\n", unset: "unset %s;\n", fail: "false;\n", quoted: posixQuoted},
	EnvNoExport: {set: "%s=%s\n"},
	Fish:        {set: "set -gx %s %s;\n", unset: "set -eg %s;\n", fail: "false;\n", done: "true;\n", quoted: fishQuoted},
	PowerShell:  {set: "$Env:%s = %s\n", unset: "$Env:%s = $null\n", quoted: powerShellQuoted},
	WindowsCmd:  {set: "set %s=%s\n", unset: "set %s=\n"},
}

// Script returns what makes a shell change its environment. What is to be unset
// comes first. In [EnvNoExport] nothing is unset: files of that kind cannot.
//
// A value of AWS is written as it is and must consist of characters that no
// shell reads as anything else; no quoting is relied on. A text of the config
// is quoted, and refused where the format has no quotes. The fault is of kind
// Reply for a value and Usage for a text, and does not show it.
func Script(f Format, e resolve.Environment) (string, error) {
	sh := shells[f]
	var b strings.Builder
	sh.unsetAll(&b, e.Unset)
	for _, v := range e.Set {
		value, ok := v.Value, resolve.IsPlain(v.Value)
		switch {
		case !ok && !v.Text:
			return "", fault.Newf(fault.Reply, "the value for %s has characters that a shell could take for something else", v.Name).
				WithHint("for a program that reads JSON: -o json")
		case sh.quoted != nil && (!ok || f == PowerShell):
			value, ok = sh.quoted(value)
		case f == WindowsCmd:
			ok = resolve.IsPlain(strings.ReplaceAll(value, `\`, "/"))
		}
		if !ok {
			return "", fault.Newf(fault.Usage, "the value for %s cannot be written in the format %s: %q", v.Name, f, v.Value)
		}
		fmt.Fprintf(&b, sh.set, v.Name, value)
	}
	b.WriteString(sh.done)
	return b.String(), nil
}

// FailureScript returns what makes a shell unset the variables of e and, where
// the shell has a command for it, fail: an eval of nothing would succeed and
// leave an earlier role in the environment.
func FailureScript(f Format, e resolve.Environment) string {
	sh := shells[f]
	var b strings.Builder
	sh.unsetAll(&b, e.Unset)
	b.WriteString(sh.fail)
	return b.String()
}

func (sh shell) unsetAll(b *strings.Builder, names []string) {
	for _, name := range names {
		if sh.unset != "" {
			fmt.Fprintf(b, sh.unset, name)
		}
	}
}

func posixQuoted(text string) (string, bool) {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'", isVisible(text)
}

func fishQuoted(text string) (string, bool) {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'", isVisible(text)
}

// powerShellQuoted refuses the typographic quotes, which PowerShell takes for
// the plain one.
func powerShellQuoted(text string) (string, bool) {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'", isVisible(text) && !strings.ContainsAny(text, "\u2018\u2019\u201a\u201b")
}
