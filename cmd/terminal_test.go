package cmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"aws-sso-plugins/cmd/built"
)

// terminal is a program at a terminal, a pty that script(1) makes, with a test
// at the keyboard.
type terminal struct {
	t    *testing.T
	keys io.WriteCloser

	mu      sync.Mutex
	news    *sync.Cond
	screen  bytes.Buffer
	seen    int // of screen, by until
	closed  bool
	expired bool
}

const (
	patience = 30 * time.Second
	ctrlA    = "\x01"
	ctrlU    = "\x15"
)

// atTerminal runs a shell command at a terminal of that size.
func atTerminal(t *testing.T, columns, lines int, env []string, command string) *terminal {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the script command of util-linux makes the terminal")
	}
	c := exec.Command(needs(t, "script"), "-qec", fmt.Sprintf("stty cols %d rows %d; %s", columns, lines, command), os.DevNull)
	c.Env = append([]string{"TERM=xterm", "HISTFILE=" + os.DevNull}, env...)
	keys, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, keys: keys}
	x.news = sync.NewCond(&x.mu)
	c.Stdout, c.Stderr = x, x
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait()
		x.change(func() { x.closed = true })
		close(ended)
	}()
	t.Cleanup(func() {
		keys.Close()
		_ = c.Process.Kill()
		<-ended
	})
	return x
}

func (x *terminal) change(what func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	what()
	x.news.Broadcast()
}

// Write takes what the program shows.
func (x *terminal) Write(p []byte) (int, error) {
	x.change(func() { x.screen.Write(p) })
	return len(p), nil
}

// press types keys.
func (x *terminal) press(keys string) {
	x.t.Helper()
	if _, err := io.WriteString(x.keys, keys); err != nil {
		x.t.Errorf("pressing %q: %v", keys, err)
	}
}

// until waits for a text and returns what was shown up to its end, since the
// last time.
func (x *terminal) until(text string) string {
	x.t.Helper()
	return x.wait(fmt.Sprintf("%q", text), func(news string) int {
		if i := strings.Index(news, text); i >= 0 {
			return i + len(text)
		}
		return -1
	})
}

// end waits for the program to end and returns what was shown since the last
// time.
func (x *terminal) end() string {
	x.t.Helper()
	return x.wait("the end", func(news string) int {
		if x.closed {
			return len(news)
		}
		return -1
	})
}

func (x *terminal) wait(what string, found func(news string) int) string {
	x.t.Helper()
	alarm := time.AfterFunc(patience, func() { x.change(func() { x.expired = true }) })
	defer alarm.Stop()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.expired = false
	for {
		news := x.screen.String()[x.seen:]
		if n := found(news); n >= 0 {
			x.seen += n
			return news[:n]
		}
		if x.closed || x.expired {
			x.t.Fatalf("%s did not come; the screen since then:\n%s", what, news)
		}
		x.news.Wait()
	}
}

// household is a home folder with a config, and the environment of whoever
// lives there.
func household(t *testing.T, config string) (home string, env []string) {
	t.Helper()
	home = t.TempDir()
	if config != "" {
		if err := os.MkdirAll(filepath.Join(home, ".aws"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, ".aws", "config"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home, built.SealedEnv(binaries, home)
}
