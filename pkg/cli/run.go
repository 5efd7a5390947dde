// Package cli holds what the programs share: it parses the command line, reads
// the environment, owns the standard streams, and turns signals into a cancelled
// context and faults into a message and an exit status.
//
// Nothing below this package knows of flags, of the environment, of standard
// output or of os.Exit.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"aws-sso-plugins/pkg/cli/grammar"
	_ "aws-sso-plugins/pkg/cli/harden" // before net/http reads GODEBUG
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/resolve"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/wire"
)

// Command is the grammar of a program: a struct with kong's tags that embeds
// [Common], or [Basic] if it makes no requests.
type Command interface {
	// Run does the work. A fault becomes a message and an exit status, an
	// [ExitStatus] an exit status alone.
	Run(ctx context.Context, app *App) error

	basic() *Basic
}

// delegator is a command whose work another process may do.
type delegator interface {
	// Delegate is called before Run, without regard to --deadline. If done is true
	// there is nothing left to do but to end with err.
	Delegate(ctx context.Context, app *App) (done bool, err error)
}

// checker is a command that checks the arguments as they were typed, without
// the words of a command, before they are parsed.
type checker interface {
	Check(app *App, args []string) error
}

// Program describes a program, for its help, man page and completion.
type Program struct {
	Name    string // "sso-login"
	Version string // set by the linker
	Purpose string // one line, lower case
	Usage   string // "[SESSION ... | -] [flags]"
	// Examples are command lines with what they do.
	Examples []Example
	// Notes are paragraphs of the help, after the flags.
	Notes []string
	// Formats are the formats of -o, in the order in which the help lists them.
	Formats []string
	// Unformatted says what is written without -o; empty: a table at a terminal.
	Unformatted string
	// StatusValues returns the words of --status, for completion; nil: there is no
	// such flag.
	StatusValues func() []Value
	// Manual returns what the man page says beyond the help. Only the man page
	// calls it.
	Manual func() Manual
	// Concurrency is the default of --concurrency, for a command that embeds
	// [Parallel].
	Concurrency int
	// FormatTexts say what formats are for, by name, that other programs do not have
	// or have for something else.
	FormatTexts map[string]string
	// FlagTexts are the help of flags, by name, that mean something of their own in
	// this program.
	FlagTexts map[string]string
	// TakesCommand says that what follows -- on the command line is a command, for
	// [App.Words], and no argument.
	TakesCommand bool
	// Statuses are exit statuses beyond those that all programs have: Text is the
	// number, Help what it says.
	Statuses []Value

	// HandsOver says that the program hands over roles: it ignores settings that
	// an earlier handover put into the environment.
	HandsOver bool
	// Mistyped, if not nil, returns what goes to standard output if the command
	// line makes no sense, for whoever evaluates it.
	Mistyped func(args []string) string

	typed string // what the user typed: "sso-login", "kubectl sso-login"
}

// Example is one line of the help's examples.
type Example struct{ Line, Does string }

// App gives a running command its streams, its environment and its flags.
type App struct {
	Program Program
	*Console
	Common *Common
	// Words are what follows -- on the command line of a program that takes a
	// command; nil: there is no --.
	Words []string

	ctx     context.Context // of the run: it ends what reads the config or the CA bundle
	env     Environment
	grammar *grammar.Grammar
	store   *safefile.Store
	wire    *wire.Wire

	clockTold atomic.Bool // that the clock is wrong
}

func (p Program) unformatted() string { return cmp.Or(p.Unformatted, "a table at a terminal") }

// Main runs a command with the process's arguments and streams and does not
// return.
func Main(program Program, command Command) {
	args := os.Args[1:]
	program.typed, args = typedAs(program.Name, os.Args[0], args)
	status, sig := run(program, command, args)
	if sig != nil {
		dieOf(sig)
	}
	os.Exit(status)
}

// run returns the exit status, and the signal that ended the run if one did.
func run(program Program, command Command, args []string) (status int, sig os.Signal) {
	console := newConsole(program.typed, os.Stdin, failingWithoutReader(os.Stdout), failingWithoutReader(os.Stderr))
	signaled := console.untilSignal()
	g := program.grammar(command)
	env := Environment{os.Getenv, os.UserHomeDir}
	if program.HandsOver {
		env.Getenv = resolve.WithoutHandover(os.Getenv)
	}
	switch word := strings.Join(args, " "); word {
	case "help":
		args = []string{"--help"}
	case "version":
		args = []string{"--version"}
	}
	work := command.Run
	if len(args) > 0 {
		switch args[0] {
		case completeWord:
			return console.ended(signaled, writeCompletions(signaled, console.Out, program, g, env, args[1:]))
		case manualWord:
			return console.finish(writeManual(console.Out, program, g)), nil
		case aliasesWord:
			words := args[1:]
			work = func(ctx context.Context, app *App) error { return app.aliases(ctx, words) }
			args = nil
		}
	}
	var words []string
	if program.TakesCommand {
		args, words = cutCommand(args)
	}
	if c, ok := command.(checker); ok {
		app := &App{Program: program, Console: console, ctx: signaled, env: env, grammar: g, Words: words}
		if err := c.Check(app, args); err != nil {
			return console.finish(err), nil
		}
	}
	switch err := g.Read(args); {
	case err == nil:
	case errors.Is(err, grammar.ErrHelp):
		return console.finish(printHelp(console, program, g)), nil
	case errors.Is(err, grammar.ErrVersion):
		return console.finish(printVersion(console, program)), nil
	default:
		console.Error(usageFault(program, g, args, err))
		if program.Mistyped != nil && !console.OutTerminal {
			_, _ = io.WriteString(console.Out, program.Mistyped(args)) // the mistake is told already
		}
		return StatusUsage, nil
	}
	common := commonOf(command)
	if common.Completion != nil {
		return console.finish(printCompletion(console.Out, program, *common.Completion)), nil
	}
	console.configure(common)
	app := &App{
		Program: program, Console: console, Common: common,
		ctx: signaled, env: env, grammar: g, Words: words,
	}
	defer func() {
		if defect := recover(); defect != nil {
			console.endProgress()
			status = console.reportPanic(program, defect)
		}
	}()
	if d, ok := command.(delegator); ok {
		if done, err := d.Delegate(signaled, app); done {
			return console.ended(signaled, namingVariable(g, args, err))
		}
	}
	ctx, stop := withDeadline(signaled, common.Deadline)
	defer stop()
	app.ctx = ctx
	err := work(ctx, app)
	stop()
	console.endProgress()
	if DeadlinePassed(ctx) {
		return app.finishAtDeadline(), nil
	}
	return console.ended(ctx, namingVariable(g, args, err))
}

func (p Program) grammar(command Command) *grammar.Grammar {
	return grammar.Of(p.Name, command, map[string]string{"concurrency": strconv.Itoa(p.Concurrency)})
}

func printVersion(c *Console, p Program) error {
	_, err := fmt.Fprintln(c.Out, p.Name, p.Version)
	return err
}

// cutCommand cuts arguments at the first --. Without one there are no words.
func cutCommand(args []string) (before, words []string) {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i:i], slices.Clone(args[i+1:])
	}
	return args, nil
}

// ended returns how a run ended: by a signal, or with an error that it tells.
func (c *Console) ended(ctx context.Context, err error) (int, os.Signal) {
	sig := interruptedBy(ctx)
	if sig == nil {
		sig = SignalOf(err)
	}
	if sig != nil {
		c.Plain() // a shell's prompt comes next
		return statusOf(sig), sig
	}
	return c.finish(err), nil
}

// reportPanic prints one line for a recovered panic, and the stack with -v. The
// runtime's own way to end would be status 2, which says that nothing was done,
// and pages of what only its authors can read. Panics in other goroutines than
// the command's own still take it.
func (c *Console) reportPanic(program Program, defect any) int {
	f := fault.New(fault.Unknown, "this is a defect of "+program.Name+" "+program.Version, fmt.Sprint(defect))
	c.Error(f.WithHint("report it, with what the same command says with -v"))
	if c.verbose {
		c.Plain(strings.Split(strings.TrimSpace(string(debug.Stack())), "\n")...)
	}
	return StatusFailed
}

// usageFault returns the fault of a command line that the grammar refused with
// err.
func usageFault(program Program, g *grammar.Grammar, args []string, err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return namingVariable(g, args, f)
	}
	hint := "run: " + program.typed + " --help"
	var refused *grammar.ValueError
	if flag := (&completer{grammar: g}).parse(args).unknown; flag != "" && !errors.As(err, &refused) {
		return program.unknownFlagFault(g, flag, args)
	}
	return fault.New(fault.Usage, err.Error(), "").WithHint("%s", hint)
}

// namingVariable returns err, with the name of the variable in the place of the
// flag's if it refuses a flag that was not typed.
func namingVariable(g *grammar.Grammar, args []string, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Usage {
		return err
	}
	name, _, _ := strings.Cut(f.What, " ")
	name = strings.TrimSuffix(name, ":")
	flag := g.Flag(strings.TrimPrefix(name, "--"))
	if flag == nil || name != "--"+flag.Name || flag.Variable == "" || os.Getenv(flag.Variable) == "" ||
		(&completer{grammar: g}).parse(args).used[flag] {
		return err
	}
	named := *f
	named.What = flag.Variable + strings.TrimPrefix(f.What, name)
	return &named
}

func (p Program) unknownFlagFault(g *grammar.Grammar, flag string, args []string) error {
	if hint := p.flagHint(flag); hint != "" {
		return fault.New(fault.Usage, "unknown flag "+flag, "").WithHint("%s", hint)
	}
	return fault.New(fault.Usage, unknownFlag(flag, args, g.Names()), "").WithHint("run: %s --help", p.typed)
}

// CheckFlags returns a fault of kind Usage if there is a flag among the arguments
// that the program does not have, or one without the value that it needs. For a
// [checker]: what else is wrong with them the parser tells.
func (a *App) CheckFlags(args []string) error {
	read := (&completer{grammar: a.grammar}).parse(args)
	switch {
	case read.unknown != "":
		return a.Program.unknownFlagFault(a.grammar, read.unknown, args)
	case read.open != nil:
		return fault.Newf(fault.Usage, "--%s needs a value", read.open.Name).WithHint("run: %s --help", a.Program.typed)
	}
	return nil
}

// flagHint returns the hint for a flag that other programs have; else "".
func (p Program) flagHint(flag string) string {
	name := strings.TrimPrefix(flag, "--")
	switch {
	case name == "output":
		return "the format is that of -o, such as: " + p.typed + " -o json"
	case slices.Contains(p.Formats, name):
		return "run: " + p.typed + " -o " + name
	case name == "profile" && p.TakesCommand:
		return "profiles are named without a flag, such as: " + p.typed + " dev -- COMMAND"
	case name == "profile" && strings.HasPrefix(p.Usage, "[PROFILE"):
		return "profiles are named without a flag, such as: " + p.typed + " dev"
	}
	return ""
}
