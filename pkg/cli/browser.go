package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"aws-sso-plugins/pkg/fault"
)

// Desktop reports whether a browser can be shown to the person at this terminal,
// and by which commands.
type Desktop struct {
	env  Environment
	goos string
	look func(file string) (string, error)
	stat func(path string) bool
}

// Desktop returns what the environment of this process says about browsers.
func (a *App) Desktop() Desktop {
	return Desktop{env: a.env, goos: runtime.GOOS, look: exec.LookPath, stat: fileExists}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Browsers returns the commands that open a URL, to be tried in order. Each is an
// argument list to which the URL is appended or, where an argument holds %s, put
// in its place. There is none where a window would open on another machine or
// nowhere: over SSH, in a container, without a display. A BROWSER variable is
// believed: editors set it to open a page on the machine one sits at.
func (d Desktop) Browsers() [][]string {
	if set := d.env.Getenv("BROWSER"); set != "" {
		var commands [][]string
		for entry := range strings.SplitSeq(set, d.listSeparator()) {
			if words := d.browserCommand(entry); len(words) > 0 {
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
		return [][]string{{"/usr/bin/open"}} // not another open of the PATH
	case "windows":
		// not "cmd /c start": it reads & and ^ in the URL as its own
		return [][]string{{"rundll32", "url.dll,FileProtocolHandler"}}
	}
	var commands [][]string
	if d.wsl() {
		commands = d.installed(commands, "wslview")
		if path := d.windowsProgram("rundll32.exe"); path != "" {
			commands = append(commands, []string{path, "url.dll,FileProtocolHandler"})
		}
	}
	if d.env.Getenv("DISPLAY") != "" || d.env.Getenv("WAYLAND_DISPLAY") != "" {
		commands = d.installed(commands, "xdg-open", "x-www-browser", "www-browser")
	}
	return commands
}

// browserCommand splits an entry of BROWSER into words, as Python's webbrowser
// and so the AWS CLI does: an entry with %s is a command line, and a & at its end
// means that the command is not waited for, as none is here. An entry without %s
// is the name or the path of one program, blanks and all. Where there is no such
// program it is split like the others, which Python does not do.
func (d Desktop) browserCommand(entry string) []string {
	entry = strings.TrimSpace(entry)
	if entry != "" && !strings.Contains(entry, "%s") {
		if _, err := d.look(entry); err == nil {
			return []string{entry}
		}
	}
	words := splitWords(entry, d.goos != "windows")
	if n := len(words); n > 0 && words[n-1] == "&" {
		words = words[:n-1]
	}
	return words
}

// listSeparator parts the entries of BROWSER. filepath.SplitList would read
// quotes around a Windows path as its own, and remove them.
func (d Desktop) listSeparator() string {
	if d.goos == "windows" {
		return ";"
	}
	return ":"
}

func (d Desktop) installed(commands [][]string, names ...string) [][]string {
	for _, name := range names {
		if _, err := d.look(name); err == nil {
			commands = append(commands, []string{name})
		}
	}
	return commands
}

// windowsProgram returns the path of a program of Windows, as WSL sees it; "" if
// it has none.
func (d Desktop) windowsProgram(name string) string {
	if path, err := d.look(name); err == nil {
		return path
	}
	if path := "/mnt/c/Windows/System32/" + name; d.stat(path) {
		return path
	}
	return ""
}

func (d Desktop) remote() bool {
	for _, name := range []string{"SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"} {
		if d.env.Getenv(name) != "" {
			return true
		}
	}
	return d.InContainer()
}

// InContainer reports whether the process runs in a container of Docker, Podman
// or Kubernetes.
func (d Desktop) InContainer() bool {
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
// browser. It is not waited for, and what it prints is discarded; with -v it is
// shown for as long as this program runs, without the URL.
//
// The error says that no browser opened or, where a command ended with another
// status than 0, that perhaps none did: there are launchers that open the page
// and end so.
func (a *App) Open(url string, commands [][]string) error {
	err := errors.New("there is no browser to open")
	for _, command := range commands {
		if err = a.open(command, url); err == nil {
			return nil
		}
	}
	return err
}

func (a *App) open(command []string, url string) error {
	args := withURL(command, url)
	//nolint:gosec // the user's own BROWSER, or a fixed name; the URL is one argument, never read by a shell
	cmd := exec.Command(args[0], args[1:]...)
	if a.Verbose() {
		if output, closeOurs, err := a.browserOutput(url); err == nil {
			cmd.Stdout, cmd.Stderr = output, output
			defer closeOurs()
		}
	}
	ownProcessGroup(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("no browser opened: cannot run %s: %w", fault.Path(args[0]), fault.Cause(err))
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("the browser command %s ended with %w, so perhaps no page opened", fault.Path(args[0]), err)
		}
		return nil
	case <-time.After(patience):
		return nil
	}
}

// browserOutput returns a pipe for what a browser prints, whose lines are shown
// as details. A pipe of our own and not standard error: a browser that holds on
// to that would hold up whoever reads it after our end.
func (a *App) browserOutput(url string) (output *os.File, closeOurs func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	go func() {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			// The URL holds the login's state.
			a.Detail("browser: %s", strings.ReplaceAll(lines.Text(), url, "URL"))
		}
		_, _ = io.Copy(io.Discard, r) // after a line that is too long
	}()
	return w, func() { _ = w.Close() }, nil
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

// splitWords splits a command as a shell does, as far as quotes go and, unless it
// is of Windows, backslashes.
func splitWords(s string, backslashes bool) []string {
	var words []string
	var word strings.Builder
	var quote rune
	inWord, escaped := false, false
	for _, r := range s {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'' && backslashes:
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
