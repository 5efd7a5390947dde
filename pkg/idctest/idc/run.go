package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"aws-sso-plugins/pkg/idctest"
)

// options are the flags of the process; those of the server are idctest's.
type options struct {
	server     idctest.Config
	addrFile   string
	export     bool
	stdin      bool
	log        string
	models     string
	browser    bool
	home       string
	version    bool
	completion string
	command    []string
}

func (o *options) flags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	o.server.Flags(fs)
	fs.StringVar(&o.addrFile, "addr-file", "", "write the server's URL to `FILE` once it serves")
	fs.BoolVar(&o.export, "export", false, "print the environment as shell commands, for eval")
	fs.BoolVar(&o.stdin, "stdin", false, "serve until stdin is closed")
	fs.StringVar(&o.log, "log", "", "append a line for each request to `FILE`; - is stderr")
	fs.StringVar(&o.models, "models", "", "write endpoint rules for the AWS CLI below `DIR`, to be used as ~/.aws/models")
	fs.BoolVar(&o.browser, "browser", false, "set BROWSER, so that sign-ins approve themselves, those of the AWS CLI too")
	fs.StringVar(&o.home, "home", "", "write a config with profiles for all accounts and roles, and a login, to `DIR`/.aws, and use it as HOME")
	fs.BoolVar(&o.version, "version", false, "print the version")
	fs.StringVar(&o.completion, "completion", "", "print the completion of `SHELL`: bash, zsh or fish")
	return fs
}

// pages returns the pages that the command line asks to visit, if it does. Launchers add words of their own: Python
// takes a final & for "do not wait", others put it in as a word, or add the URL to a %s that they do not know.
func pages(name string, args []string) ([]string, bool) {
	switch {
	case strings.HasSuffix(name, "-browser"):
	case len(args) > 0 && args[0] == "browse":
		args = args[1:]
	default:
		return nil, false
	}
	var urls []string
	for _, arg := range args {
		if arg != "&" && arg != "%s" {
			urls = append(urls, arg)
		}
	}
	return urls, true
}

// run is the process. It returns the exit status.
func run(signals <-chan os.Signal, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	name := strings.TrimSuffix(filepath.Base(args[0]), ".exe")
	fail := func(status int, err error) int {
		fmt.Fprintf(stderr, "%s: error: %v\n", name, err)
		return status
	}
	if urls, ok := pages(name, args[1:]); ok {
		if len(urls) != 1 {
			return fail(2, errors.New("browse: want one URL"))
		}
		if err := visit(signals, urls[0]); err != nil {
			return fail(1, err)
		}
		return 0
	}

	o := &options{}
	fs := o.flags(name)
	if len(args) == 2 && args[1] == "__manual" {
		printManual(stdout, name, fs)
		return 0
	}
	err := fs.Parse(args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		printHelp(stdout, name, (&options{}).flags(name))
		return 0
	case err != nil:
		// What is wrong comes last, where it is seen.
		fmt.Fprint(stderr, synopsis(name), "       ", name, " -h tells all\n")
		return fail(2, errors.New(suggest(err, fs)))
	case o.version:
		fmt.Fprintln(stdout, name, version)
		return 0
	case o.completion != "":
		if err := printCompletion(stdout, name, o.completion, fs); err != nil {
			return fail(2, err)
		}
		return 0
	}
	o.command = fs.Args()
	if o.log == "-" {
		o.server.Log = stderr
	} else if o.log != "" {
		f, err := os.OpenFile(o.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return fail(2, err)
		}
		defer f.Close()
		o.server.Log = f
	}
	srv, err := idctest.Start(o.server)
	if err != nil {
		return fail(2, err)
	}
	defer srv.Close()
	env, err := o.environment(srv)
	if err != nil {
		return fail(2, err)
	}

	status := 0
	if len(o.command) > 0 {
		status, err = runCommand(signals, o.command, env, stdin, stdout, stderr)
		if err != nil {
			return fail(127, err)
		}
	} else {
		o.printEnvironment(stdout, env)
		o.serve(signals, stdin)
	}
	srv.Close()
	for _, v := range srv.Warnings() {
		fmt.Fprintf(stderr, "%s: warning: %v\n", name, v)
	}
	for _, v := range srv.Violations() {
		fmt.Fprintf(stderr, "%s: violation: %v\n", name, v)
		status = max(status, 1)
	}
	return status
}

// visit visits a page, until a signal comes.
func visit(signals <-chan os.Signal, url string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-signals
		cancel()
	}()
	return idctest.Browse(ctx, url)
}

// printEnvironment prints the environment, and an empty line, so that a program that reads it knows its end.
func (o *options) printEnvironment(w io.Writer, env []string) {
	for _, assignment := range env {
		if o.export {
			key, value, _ := strings.Cut(assignment, "=")
			assignment = "export " + key + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'"
		}
		fmt.Fprintln(w, assignment)
	}
	fmt.Fprintln(w)
}

// environment writes the files that go with the server, and returns what clients need to find it.
func (o *options) environment(srv *idctest.Server) ([]string, error) {
	env := srv.Env()
	if o.browser {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		if strings.ContainsAny(self, " \t'\\") {
			self = `"` + self + `"`
		}
		// Python, and with it the AWS CLI, waits for a browser unless there is a final &.
		env = append(env, "BROWSER="+self+" browse %s &")
	}
	if o.home != "" {
		files, err := srv.WriteHome(o.home)
		if err != nil {
			return nil, err
		}
		env = append(env, files...)
	}
	if o.models != "" {
		if err := srv.WriteModels(o.models); err != nil {
			return nil, err
		}
	}
	if o.addrFile != "" {
		// Renamed into place: who waits for the file must not read half of it.
		part := o.addrFile + ".part"
		if err := os.WriteFile(part, []byte(srv.URL+"\n"), 0o644); err != nil {
			return nil, err
		}
		if err := os.Rename(part, o.addrFile); err != nil {
			return nil, err
		}
	}
	return env, nil
}

// serve waits until there is a reason to stop.
func (o *options) serve(signals <-chan os.Signal, stdin io.Reader) {
	closed := make(chan struct{})
	if o.stdin {
		go func() {
			defer close(closed)
			_, _ = io.Copy(io.Discard, stdin)
		}()
	}
	select {
	case <-signals:
	case <-closed:
	}
}

// runCommand runs the command and returns its exit status; an error is that it could not be started.
func runCommand(signals <-chan os.Signal, command, env []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // the state says it all
	}()
	for {
		select {
		case <-ended:
			return exitStatus(cmd.ProcessState), nil
		case sig := <-signals:
			// A terminal interrupts the command by itself, and what it makes of that is its own affair.
			if sig != os.Interrupt {
				_ = terminate(cmd.Process)
			}
		}
	}
}
