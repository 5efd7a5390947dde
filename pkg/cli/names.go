package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"aws-sso-plugins/pkg/fault"
)

// Name is one name to work on.
type Name struct {
	Text  string
	Piped bool // read from standard input
	Times int  // how often it was given
}

// maxLine is how long a line on standard input may be: an ARN and a reason fit
// many times.
const maxLine = 1 << 20

// names returns the arguments, each once, with the lines of standard input in
// the place of "-". A name on standard input is a line up to its first TAB, so
// that each program reads what the one before it printed. If standard input has
// no names, the error is a fault of kind Nothing. Messages call the names what.
func (a *App) names(ctx context.Context, args []string, what string) ([]Name, error) {
	var names []Name
	seen := map[string]int{}
	add := func(n Name) {
		i, ok := seen[n.Text]
		if !ok {
			i = len(names)
			seen[n.Text] = i
			names = append(names, n)
		}
		names[i].Times++
	}
	for _, arg := range args {
		if strings.TrimSpace(arg) == "" { // "$SESSION", and it is not set
			return nil, fault.Newf(fault.Usage, "one of the %s is empty", what)
		}
		if arg != "-" {
			add(Name{Text: arg})
			continue
		}
		lines, err := a.stdinLines(ctx)
		if err != nil {
			return nil, err
		}
		if len(lines) == 0 {
			return nil, fault.Newf(fault.Nothing, "no %s on standard input", what)
		}
		for _, line := range lines {
			add(Name{Text: line, Piped: true})
		}
	}
	return names, nil
}

// stdinLines reads to the end of standard input, or until ctx ends: Ctrl-C
// works while another program is still writing.
func (a *App) stdinLines(ctx context.Context) ([]string, error) {
	type result struct {
		lines []string
		err   error
	}
	read := make(chan result, 1)
	go func() {
		lines, err := scanNames(a.stdin)
		read <- result{lines, err}
	}()
	select {
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Canceled, ctx.Err(), "cannot read standard input")
	case r := <-read:
		return r.lines, r.err
	}
}

func scanNames(in io.Reader) ([]string, error) {
	var lines []string
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxLine)
	for scanner.Scan() {
		name, _, _ := strings.Cut(scanner.Text(), "\t")
		if name = strings.TrimSpace(name); name != "" {
			lines = append(lines, name)
		}
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fault.New(fault.Usage, "a line on standard input is too long to be a name", "")
	case err != nil:
		return nil, fault.Wrap(fault.File, fault.Cause(err), "cannot read standard input")
	}
	return lines, nil
}
