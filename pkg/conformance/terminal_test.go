//go:build conformance

package conformance

import (
	"context"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// terminal is a program that asks questions at a terminal, and a person who
// answers them. script(1) of util-linux makes the terminal.
type terminal struct {
	t      *testing.T
	keys   io.Writer
	screen <-chan []byte
	all    strings.Builder // what was shown
	read   int             // how much of it has been looked at
	cmd    *exec.Cmd
}

// terminal starts a program.
func (h *home) terminal(argv ...string) *terminal {
	h.t.Helper()
	var quoted []string
	for _, arg := range argv {
		quoted = append(quoted, "'"+strings.ReplaceAll(arg, "'", `'\''`)+"'")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	h.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, h.find("script"), "-q", "-e", "-f", "-c",
		"stty rows 40 cols 120; exec "+strings.Join(quoted, " "), "/dev/null")
	cmd.Dir = h.dir
	// the last: nobody at this terminal tells where the cursor is
	cmd.Env = append(h.env, "TERM=xterm", "SHELL=/bin/sh", "PROMPT_TOOLKIT_NO_CPR=1")
	keys, err := cmd.StdinPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	screen, err := cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	shows := make(chan []byte)
	go func() {
		defer close(shows)
		for {
			buf := make([]byte, 4096)
			n, err := screen.Read(buf)
			if n > 0 {
				select {
				case shows <- buf[:n]:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return &terminal{t: h.t, keys: keys, screen: shows, cmd: cmd}
}

// answer waits until the question is shown, after the last one, and types the
// answer and Enter.
func (x *terminal) answer(question, text string) {
	x.t.Helper()
	patience := time.After(time.Minute)
	for {
		if at := strings.Index(x.all.String()[x.read:], question); at >= 0 {
			x.read += at + len(question)
			break
		}
		select {
		case data, open := <-x.screen:
			if !open {
				x.t.Fatalf("it ended and did not ask %q:\n%s", question, x.all.String())
			}
			x.all.Write(data)
		case <-patience:
			x.t.Fatalf("it does not ask %q:\n%s", question, x.all.String())
		}
	}
	if _, err := io.WriteString(x.keys, text+"\r"); err != nil {
		x.t.Fatal(err)
	}
}

// end waits for the program to succeed.
func (x *terminal) end() {
	x.t.Helper()
	for data := range x.screen {
		x.all.Write(data)
	}
	if err := x.cmd.Wait(); err != nil {
		x.t.Fatalf("%v\n%s", err, x.all.String())
	}
}
