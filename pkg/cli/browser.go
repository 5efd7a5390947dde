package cli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Desktop says whether a browser can be shown to the person at this terminal,
// and by which commands.
type Desktop struct {
	env  Environment
	goos string
	look func(file string) (string, error)
	stat func(path string) bool
}

// Desktop is that of the process.
func (a *App) Desktop() Desktop {
	return Desktop{env: a.env, goos: runtime.GOOS, look: exec.LookPath, stat: fileExists}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Browser are the commands that open a URL, to be tried in order, each an
// argument list to which the URL is appended or, where an argument holds %s,
// put in its place. There is none where a window would open on another machine
// or nowhere: over SSH, in a container, without a display. A BROWSER variable
// is believed: editors set it to open a page on the machine one sits at.
func (d Desktop) Browser() [][]string {
	if set := d.env.Getenv("BROWSER"); set != "" {
		var commands [][]string
		for _, one := range filepath.SplitList(set) {
			if words := splitWords(one); len(words) > 0 {
				commands = append(commands, words)
			}
		}
		return commands
	}
	if d.remote() {
		return nil
	}
	switch d.goos {
	case "darwin":
		return [][]string{{"open"}}
	case "windows":
		// not "cmd /c start": it reads & and ^ in the URL as its own
		return [][]string{{"rundll32", "url.dll,FileProtocolHandler"}}
	}
	var commands [][]string
	if d.wsl() {
		commands = d.installed(commands, "wslview")
	}
	if d.env.Getenv("DISPLAY") != "" || d.env.Getenv("WAYLAND_DISPLAY") != "" {
		commands = d.installed(commands, "xdg-open", "x-www-browser", "www-browser")
	}
	return commands
}

func (d Desktop) installed(commands [][]string, names ...string) [][]string {
	for _, name := range names {
		if _, err := d.look(name); err == nil {
			commands = append(commands, []string{name})
		}
	}
	return commands
}

func (d Desktop) remote() bool {
	for _, name := range []string{"SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"} {
		if d.env.Getenv(name) != "" {
			return true
		}
	}
	return d.stat("/.dockerenv") || d.stat("/run/.containerenv") || d.env.Getenv("KUBERNETES_SERVICE_HOST") != ""
}

func (d Desktop) wsl() bool {
	return d.env.Getenv("WSL_DISTRO_NAME") != "" || d.env.Getenv("WSL_INTEROP") != ""
}

// patience is how long a browser command may take to fail: most go on for as
// long as the window is open, or hand the URL over and end at once.
const patience = 3 * time.Second

// Open runs the first of the commands that does not fail at once. The command
// is a process group of its own, so that Ctrl-C here does not close the
// browser. It is not waited for. What it prints goes to standard error, never
// to standard output; where that is no terminal it goes nowhere, for a browser
// that holds on to a pipe would hold up whoever reads it.
func (a *App) Open(url string, commands [][]string) error {
	var output *os.File
	if a.ErrTerminal {
		output = os.Stderr
	}
	err := errors.New("there is no browser to open")
	for _, command := range commands {
		if err = open(withURL(command, url), output); err == nil {
			return nil
		}
	}
	return err
}

func open(args []string, output *os.File) error {
	//nolint:gosec // the user's own BROWSER, or a fixed name; the URL is one argument, never read by a shell
	cmd := exec.Command(args[0], args[1:]...)
	if output != nil {
		cmd.Stdout, cmd.Stderr = output, output
	}
	ownProcessGroup(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		return nil
	}
}

func withURL(command []string, url string) []string {
	args := make([]string, 0, len(command)+1)
	placed := false
	for i, arg := range command {
		if i > 0 && strings.Contains(arg, "%s") {
			arg, placed = strings.ReplaceAll(arg, "%s", url), true
		}
		args = append(args, arg)
	}
	if !placed {
		args = append(args, url)
	}
	return args
}

// splitWords splits a command as a shell does, as far as quotes and
// backslashes go. Python's webbrowser, and so the AWS CLI, does the same.
func splitWords(s string) []string {
	var words []string
	var word strings.Builder
	var quote rune
	inWord, escaped := false, false
	for _, r := range s {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'' && runtime.GOOS != "windows":
			escaped, inWord = true, true
		case quote != 0:
			if r == quote {
				quote = 0
			} else {
				word.WriteRune(r)
			}
		case r == '"' || r == '\'':
			quote, inWord = r, true
		case r == ' ' || r == '\t':
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words
}
