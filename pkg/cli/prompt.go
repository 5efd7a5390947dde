package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/report"
)

// Ask asks a person for one line, and returns what parse makes of it. If parse
// refuses an answer, Ask prints the error and asks again. An empty answer
// stands for fallback, which is shown, if there is one. Ask needs an
// interactive console. An end of input is a fault of kind Usage, an end of ctx
// one of kind Canceled.
func Ask[T any](ctx context.Context, c *Console, question, fallback string, parse func(answer string) (T, error)) (T, error) {
	var none T
	prompt := question + ": "
	if fallback != "" {
		prompt = question + " [" + fallback + "]: "
	}
	ctx.Done() // so that a Ctrl-C that is typed at the sight of the question ends this, and not the process
	for {
		c.prompt(prompt)
		answer, err := c.readLine(ctx)
		if err != nil {
			return none, err
		}
		if answer = strings.TrimSpace(answer); answer == "" {
			answer = fallback
		}
		if answer == "" {
			c.Plain("  (this needs an answer; Ctrl-C gives up)")
			continue
		}
		parsed, err := parse(answer)
		if err == nil {
			return parsed, nil
		}
		c.Warn(err)
	}
}

// Confirm asks a person for yes or no, or y or n; an empty answer is no. The
// errors are those of [Ask].
func (c *Console) Confirm(ctx context.Context, question string) (bool, error) {
	return Ask(ctx, c, question+" yes or no", "no", func(answer string) (bool, error) {
		switch strings.ToLower(answer) {
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
		return false, fault.Newf(fault.Usage, "%q is neither yes nor no", answer)
	})
}

// Choose asks a person for one of the options, by its number or its name, and
// returns its index. An empty answer is the first. The errors are those of
// [Ask].
func (c *Console) Choose(ctx context.Context, question string, options []string) (int, error) {
	for i, o := range options {
		c.Plain(fmt.Sprintf("  %d  %s", i+1, report.Visible(o)))
	}
	return Ask(ctx, c, question+", by number or name", options[0], func(answer string) (int, error) {
		for i, o := range options {
			if answer == o || answer == strconv.Itoa(i+1) {
				return i, nil
			}
		}
		f := fault.Newf(fault.Usage, "%q is none of them", answer)
		if near := fault.Closest(answer, options); near != "" {
			f = f.WithHint("did you mean %q?", near)
		}
		return 0, f
	})
}

func (c *Console) prompt(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.startLine()
	_, _ = io.WriteString(c.stderr, report.Visible(text))
}

// readLine returns the next line, or an error once ctx ends. A read cannot be
// stopped once begun, so the console asks nothing after ctx has ended.
func (c *Console) readLine(ctx context.Context) (string, error) {
	if c.lines == nil {
		c.lines = bufio.NewReader(c.stdin)
	}
	type result struct {
		text string
		err  error
	}
	read := make(chan result, 1)
	go func() {
		text, err := c.lines.ReadString('\n')
		read <- result{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", fault.Wrap(fault.Canceled, ctx.Err(), "no answer")
	case r := <-read:
		switch {
		case r.err == nil, errors.Is(r.err, io.EOF) && r.text != "":
			return r.text, nil
		case errors.Is(r.err, io.EOF):
			c.Plain("")
			return "", fault.New(fault.Usage, "no answer", "standard input has ended")
		}
		return "", fault.Wrap(fault.File, r.err, "no answer")
	}
}
