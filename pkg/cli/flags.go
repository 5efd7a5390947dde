package cli

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"aws-sso-plugins/pkg/cli/grammar"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/report"
)

// Basic holds the flags of every program. None is named like a global option of
// the AWS CLI or a prefix of one: if the program runs as an alias (`aws
// sso-test ...`), the CLI takes such an option for itself.
type Basic struct {
	Format  string              `short:"o" placeholder:"FORMAT" complete:"format" group:"Output"`
	Quiet   bool                `short:"q" help:"Say nothing but warnings and errors." group:"Output"`
	NoColor bool                `name:"no-color" help:"Use no colours (also with NO_COLOR set)." group:"Output"`
	Version grammar.VersionFlag `help:"Show the version." group:"Help"`

	Completion *string `placeholder:"SHELL" complete:"shell" help:"Print the completion script of bash, zsh, fish or powershell." group:"Help"`
}

func (b *Basic) basic() *Basic { return b }

// Common holds the flags of the programs that make requests.
type Common struct {
	Basic
	Verbose bool          `short:"v" help:"Log each request: method, host, path, status, time, id." group:"Output"`
	Timeout time.Duration `default:"15s" placeholder:"DURATION" env:"" help:"Give up an attempt after this long (${default})." group:"Network"`

	Deadline *time.Duration `placeholder:"DURATION" env:"" help:"End the run after this long, print what was found, and exit with status 4." group:"Network"`
}

func (c *Common) common() *Common { return c }

// commonOf returns the common flags of a command. For one that embeds [Basic]
// the others are unset.
func commonOf(command Command) *Common {
	if networked, ok := command.(interface{ common() *Common }); ok {
		return networked.common()
	}
	return &Common{Basic: *command.basic()}
}

// Parallel holds the flag of the programs that make many calls.
type Parallel struct {
	Concurrency int `placeholder:"N" env:"" help:"Make at most this many calls at once (${default})." group:"Network"`
}

// AfterApply checks the number. kong calls it.
func (p Parallel) AfterApply() error {
	if p.Concurrency < 1 {
		return fault.Newf(fault.Usage, "--concurrency must be 1 or more, not %d", p.Concurrency)
	}
	return nil
}

// AfterApply checks the durations. kong calls it.
func (c Common) AfterApply() error {
	if c.Timeout <= 0 {
		return fault.Newf(fault.Usage, "--timeout must be more than 0s, not %s", c.Timeout)
	}
	if c.Deadline != nil && *c.Deadline <= 0 {
		return fault.Newf(fault.Usage, "--deadline must be more than 0s, not %s", *c.Deadline)
	}
	return nil
}

// Format returns the format asked for. The default is table on a terminal and
// inPipe elsewhere. An unknown one is a fault of kind Usage.
func (a *App) Format(inPipe report.Format) (report.Format, error) {
	if a.OutTerminal {
		inPipe = report.Table
	}
	return a.FormatOr(inPipe)
}

// FormatOr returns the format asked for, or other if there is none. An unknown
// one is a fault of kind Usage.
func (a *App) FormatOr(other report.Format) (report.Format, error) {
	switch f := a.Common.Format; {
	case f == "":
		return other, nil
	case !slices.Contains(a.Program.Formats, f):
		return "", fault.UnknownWord("format", f, "-o takes one of", a.Program.Formats)
	default:
		return report.Format(f), nil
	}
}

// formatValues returns the formats with what each is for.
func (p Program) formatValues() []Value {
	values := make([]Value, len(p.Formats))
	for i, f := range p.Formats {
		values[i] = Value{f, cmp.Or(p.FormatTexts[f], formatPurpose(f))}
	}
	return values
}

func formatPurpose(format string) string {
	switch format {
	case "table":
		return "aligned, for a person; a narrow screen has fewer columns"
	case "text":
		return "TAB-separated, without a header, nothing cut; the first column is the name that the next program reads"
	case "name":
		return "names alone, a line each"
	case "json":
		return "one array"
	case "jsonl":
		return "an object a line, as results come"
	case "ini":
		return "the sections themselves, as they would stand in the file"
	case "env":
		return "for bash, zsh and other POSIX shells, to be evaluated"
	case "env-no-export":
		return "NAME=VALUE lines, for a file"
	case "fish":
		return "for fish, to be sourced"
	case "powershell":
		return "for PowerShell, to be given to Invoke-Expression"
	case "windows-cmd":
		return "for cmd.exe"
	case "process":
		return "what a credential_process prints"
	case "url":
		return "URLs alone, a line each"
	case "junit":
		return "JUnit XML, a test case a profile"
	case "prometheus":
		return "metrics for node_exporter's textfile collector"
	}
	return ""
}

// TakesValue reports whether an argument is a flag whose value is the next one.
func (a *App) TakesValue(arg string) bool {
	if name, long := strings.CutPrefix(arg, "--"); long {
		f := a.grammar.Flag(name)
		return f != nil && !f.IsBool()
	}
	c := &completer{grammar: a.grammar}
	if f, value, ok := c.attached(arg); ok {
		return !f.IsBool() && value == ""
	}
	return false
}
