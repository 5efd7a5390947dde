package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/report"
)

// Console holds the standard streams. Data goes to Out; everything meant for a
// person goes to standard error, through the methods. It is safe for concurrent
// use.
type Console struct {
	// Out takes the data. A write to it that fails is remembered and decides
	// the exit status; the writer sees the error too.
	Out io.Writer

	// OutTerminal and ErrTerminal say whether a person reads the stream,
	// Interactive whether questions can be asked and answered.
	OutTerminal, ErrTerminal, Interactive bool

	// UnfinishedStatus is the exit status of a run that --deadline ended, or that
	// could not write to Out: StatusFailed unless the command sets another.
	UnfinishedStatus int

	program string
	stdin   *os.File
	stderr  io.Writer
	stdout  *os.File
	quiet   bool
	verbose bool
	color   bool          // if the terminal shows it
	live    bool          // a progress line may be shown
	lines   *bufio.Reader // of stdin, once something was asked

	outSequences, errSequences bool // the terminals act on escape sequences

	ctrlC atomic.Bool // the terminal has shown ^C where the cursor is

	mu       sync.Mutex
	line     *Progress // the one on the screen now
	inLine   bool      // the cursor stands after text without a newline
	outError error
	noted    map[string]bool // by noteOnce
}

func newConsole(program string, stdin, stdout, stderr *os.File) *Console {
	c := &Console{
		UnfinishedStatus: StatusFailed,

		program:     program,
		stdin:       stdin,
		stdout:      stdout,
		stderr:      stderr,
		OutTerminal: isTerminal(stdout),
		ErrTerminal: isTerminal(stderr),
	}
	c.outSequences = c.OutTerminal && takesSequences(stdout)
	c.errSequences = c.ErrTerminal && takesSequences(stderr)
	c.Interactive = c.ErrTerminal && isTerminal(stdin)
	c.Out = outWriter{c}
	return c
}

func isTerminal(f *os.File) bool {
	return isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd())
}

func (c *Console) configure(common *Common) {
	dumb := os.Getenv("TERM") == "dumb"
	c.quiet, c.verbose = common.Quiet, common.Verbose
	c.color = !common.NoColor && os.Getenv("NO_COLOR") == "" && !dumb
	c.live = c.errSequences && !c.quiet && !dumb && os.Getenv("CI") == ""
}

// StdinPiped reports whether standard input is a pipe.
func (c *Console) StdinPiped() bool {
	info, err := c.stdin.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// Err returns a writer to standard error for the output of the commands that
// this program runs.
func (c *Console) Err() io.Writer { return errWriter{c} }

// ErrScreen returns stderr's width and whether it shows colour.
func (c *Console) ErrScreen() report.Screen {
	s := report.Screen{Color: c.color && c.errSequences}
	if c.ErrTerminal {
		s.Width = c.screenWidth()
	}
	return s
}

// OutReadableByOthers reports whether standard output is a file that other users
// may read.
func (c *Console) OutReadableByOthers() bool {
	info, err := c.stdout.Stat()
	return err == nil && runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o044 != 0
}

// Verbose reports whether -v was given.
func (c *Console) Verbose() bool { return c.verbose }

// Screen returns standard output's width, and whether it shows colour.
func (c *Console) Screen() report.Screen {
	s := report.Screen{Color: c.color && c.outSequences}
	if c.OutTerminal {
		s.Width = width(c.stdout)
	}
	return s
}

func width(f *os.File) int {
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return w
}

// Error prints an error and its hint, even with -q.
func (c *Console) Error(err error) {
	c.say("error: "+err.Error(), report.Red)
	c.Hint(fault.HintOf(err))
}

// Warn prints an error that does not end the work, and its hint, even with -q:
// it may be the reason for an exit status.
func (c *Console) Warn(err error) {
	c.say("warning: "+err.Error(), report.Yellow)
	c.Hint(fault.HintOf(err))
}

// Hint prints what would help. It prints nothing for an empty text.
func (c *Console) Hint(text string) {
	if text != "" {
		c.say("hint: "+asTyped(c.program, text), report.Plain)
	}
}

// Note prints a message, unless -q was given.
func (c *Console) Note(format string, args ...any) {
	if !c.quiet {
		c.Request(format, args...)
	}
}

// noteOnce prints a message the first time it is called with it, unless -q was
// given: a wait that lasts, a lock that does not work. It also prints where
// standard error is no terminal.
func (c *Console) noteOnce(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	c.mu.Lock()
	known := c.noted[text]
	if c.noted == nil {
		c.noted = map[string]bool{}
	}
	c.noted[text] = true
	c.mu.Unlock()
	if !known {
		c.Note("%s", text)
	}
}

// Request prints what only a person can do, even with -q: the work waits for
// it.
func (c *Console) Request(format string, args ...any) {
	c.say(asTyped(c.program, fmt.Sprintf(format, args...)), report.Plain)
}

// Status prints the outcome if standard error is a terminal, or with -v.
// Elsewhere success is silent.
func (c *Console) Status(format string, args ...any) {
	if c.ErrTerminal || c.verbose {
		c.Note(format, args...)
	}
}

// Detail prints a message if -v was given.
func (c *Console) Detail(format string, args ...any) {
	if c.verbose {
		c.say(fmt.Sprintf(format, args...), report.Faint)
	}
}

// Plain writes lines for a person as they are, without the name of the program:
// a URL to copy, the choices of a question.
func (c *Console) Plain(lines ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.startLine()
	for _, l := range lines {
		fmt.Fprintln(c.stderr, l)
	}
	c.drawLine()
}

func (c *Console) say(text string, color report.Color) {
	// A message is one line, whatever a file or a server put into it.
	text = report.Visible(strings.ReplaceAll(text, "\n", "; "))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.startLine()
	fmt.Fprintln(c.stderr, c.program+": "+report.Paint(text, color, c.color && c.errSequences))
	c.drawLine()
}

// finish prints the error and returns the exit status of the run.
func (c *Console) finish(err error) int {
	c.mu.Lock()
	outError := c.outError
	c.mu.Unlock()
	status := StatusOf(err)
	switch {
	case outError != nil && IsBrokenPipe(outError):
		if status == StatusOK || IsBrokenPipe(err) {
			return statusBrokenPipe
		}
	case outError != nil:
		c.Error(fault.Wrap(fault.File, fault.Cause(outError), "cannot write to standard output"))
		if status > StatusFailed { // a signal's
			return status
		}
		return c.UnfinishedStatus
	}
	if told := ExitStatus(0); err != nil && !errors.As(err, &told) {
		c.Error(err)
	}
	return status
}

// outWriter erases the progress line before data appears on the same terminal,
// and remembers the first error.
type outWriter struct{ c *Console }

func (w outWriter) Write(p []byte) (int, error) {
	if w.c.OutTerminal {
		w.c.mu.Lock()
		defer w.c.mu.Unlock()
		defer w.c.makeWay(p)()
		n, err := w.c.stdout.Write(p)
		w.rememberError(err)
		return n, err
	}
	// Without the lock: a reader that is slow holds up no message.
	n, err := w.c.stdout.Write(p)
	if err != nil {
		w.c.mu.Lock()
		defer w.c.mu.Unlock()
		w.rememberError(err)
	}
	return n, err
}

// rememberError needs the lock.
func (w outWriter) rememberError(err error) {
	if w.c.outError == nil {
		w.c.outError = err
	}
}

// errWriter erases the progress line before a command's output appears on
// standard error.
type errWriter struct{ c *Console }

func (w errWriter) Write(p []byte) (int, error) {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	defer w.c.makeWay(p)()
	return w.c.stderr.Write(p)
}

// makeWay erases the progress line before p is written. comeBack, to be called
// after that, draws it again unless p ends within a line. The caller holds the
// lock.
func (c *Console) makeWay(p []byte) (comeBack func()) {
	c.startLine()
	return func() {
		c.inLine = len(p) > 0 && p[len(p)-1] != '\n'
		c.drawLine()
	}
}
