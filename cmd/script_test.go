// Package cmd tests the binaries as they are built, alone and together,
// by the scripts in testdata. Each script has a home folder of its own and can
// start an Identity Center; none can reach the network.
package cmd

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"aws-sso-plugins/cmd/built"
	"aws-sso-plugins/pkg/idctest"
)

var (
	update = flag.Bool("update", false, "rewrite the golden files in the scripts")
	asIs   = flag.String("binaries", "", "test the programs in this `folder` instead of building them")
)

// binaries is the folder of the programs.
var binaries string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	// Whoever started the tests may ignore it, as nohup does. What is caught here
	// is not ignored by the programs that are started.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	if *asIs != "" {
		binaries = *asIs
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "sso-scripts-")
	if err != nil {
		log.Print(err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := built.Build(dir); err != nil {
		log.Print(err)
		return 1
	}
	binaries = dir
	return m.Run()
}

func TestScripts(t *testing.T) {
	groups, err := filepath.Glob("testdata/*")
	if runtime.GOOS == "windows" { // the other scripts need a POSIX shell
		groups, err = filepath.Glob("testdata/windows")
	}
	if err != nil || len(groups) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, dir := range groups {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir:                 dir,
				Setup:               setup,
				UpdateScripts:       *update,
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
				Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
					"exits": exits,
					"idc":   func(ts *testscript.TestScript, neg bool, args []string) { idc(t, ts, neg, args) },
					"leaks": leaks,
				},
			})
		})
	}
}

func setup(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	for _, pair := range built.SealedEnv(binaries, home) {
		name, value, _ := strings.Cut(pair, "=")
		env.Setenv(name, value)
	}
	env.Setenv("CONFIG", filepath.Join(home, ".aws", "config"))
	env.Setenv("BINARIES", binaries)
	env.Values[serverKey{}] = new(*idctest.Server)
	return nil
}

type serverKey struct{}

func server(ts *testscript.TestScript) **idctest.Server {
	return ts.Value(serverKey{}).(**idctest.Server)
}

// exits runs a command and holds its exit status against the first argument:
// "exits 3 sso-login okta".
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s: exit status %d, want %d", args[1], got, want)
	}
}

// idc is the Identity Center of a script:
//
//	idc start [-KNOB VALUE ...]    start it and point the environment at it
//	idc set -KNOB VALUE ...        change knobs
//	idc login SESSION [START-URL]  put a valid token into the cache
//	idc expired SESSION            the same with a token that is over and can be refreshed
//	idc calls OPERATION N          assert how many calls were made
//	idc advance DURATION           move its clock
//	idc end-session                end all sign-ins
//
// A client that breaks the protocol fails the script.
func idc(t *testing.T, ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: idc start|set|login|expired|calls|advance|end-session ...")
	}
	if args[0] == "start" {
		start(t, ts, args[1:])
		return
	}
	srv := *server(ts)
	if srv == nil {
		ts.Fatalf("idc %s: not started", args[0])
	}
	switch args[0] {
	case "set":
		srv.Update(func(c *idctest.Config) { parseKnobs(ts, c, args[1:]) })
	case "login":
		startURL := ""
		if len(args) > 2 {
			startURL = args[2]
		}
		token := srv.IssueToken(startURL)
		_, err := token.WriteCache(ts.Getenv("HOME"), args[1])
		ts.Check(err)
	case "expired":
		srv.Update(func(c *idctest.Config) { c.Offset = -2 * time.Hour })
		token := srv.IssueToken("")
		srv.Update(func(c *idctest.Config) { c.Offset = 0 })
		_, err := token.WriteCache(ts.Getenv("HOME"), args[1])
		ts.Check(err)
	case "calls":
		want, err := strconv.Atoi(args[2])
		ts.Check(err)
		if got := srv.Count(idctest.Op(args[1])); got != want {
			ts.Fatalf("%d calls of %s, want %d", got, args[1], want)
		}
	case "advance":
		d, err := time.ParseDuration(args[1])
		ts.Check(err)
		srv.Advance(d)
	case "end-session":
		srv.EndSession("")
	default:
		ts.Fatalf("idc: unknown command %q", args[0])
	}
}

func start(t *testing.T, ts *testscript.TestScript, args []string) {
	var cfg idctest.Config
	parseKnobs(ts, &cfg, args)
	srv, err := idctest.Start(cfg)
	ts.Check(err)
	*server(ts) = srv
	for _, pair := range srv.Env() {
		name, value, _ := strings.Cut(pair, "=")
		ts.Setenv(name, value)
	}
	ts.Setenv("IDC", srv.URL)
	ts.Setenv("START_URL", srv.StartURL)
	ts.Setenv("BROWSER", filepath.Join(binaries, "idc")+" browse")
	ts.Defer(func() {
		srv.Close()
		for _, v := range srv.Violations() {
			t.Errorf("%s: the protocol was broken: %v", ts.Name(), v)
		}
	})
}

func parseKnobs(ts *testscript.TestScript, cfg *idctest.Config, args []string) {
	fs := flag.NewFlagSet("idc", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	cfg.Flags(fs)
	ts.Check(fs.Parse(args))
	if fs.NArg() > 0 {
		ts.Fatalf("idc: unexpected %q", fs.Args())
	}
}

// leaks fails, as "! leaks [FILE ...]", if a secret that the server gave or got
// stands in what the last command printed, in one of the files, in the name of
// any file below the home folder, or in any file there but the token cache. Keys of
// roles may be in the AWS CLI's cache of them.
func leaks(ts *testscript.TestScript, neg bool, args []string) {
	if !neg {
		ts.Fatalf("usage: ! leaks [FILE ...]")
	}
	secrets := append((*server(ts)).Secrets(), idctest.Canary)
	roleKeys := (*server(ts)).RoleKeys()
	others := slices.DeleteFunc((*server(ts)).Secrets(), func(s string) bool { return slices.Contains(roleKeys, s) })
	for _, name := range append([]string{"stdout", "stderr"}, args...) {
		if holdsAny(ts.ReadFile(name), secrets) {
			ts.Fatalf("a secret is in %s", name)
		}
	}
	home := ts.Getenv("HOME")
	ts.Check(filepath.WalkDir(home, func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case holdsAny(path, secrets):
			return fmt.Errorf("a secret is in a file name: %s", path)
		case entry.IsDir() || filepath.Dir(path) == filepath.Join(home, ".aws", "sso", "cache"):
			return nil
		}
		forbidden := secrets
		if filepath.Dir(path) == filepath.Join(home, ".aws", "cli", "cache") {
			forbidden = others
		}
		data, err := os.ReadFile(path)
		if err == nil && holdsAny(string(data), forbidden) {
			err = fmt.Errorf("a secret is in %s", path)
		}
		return err
	}))
}

func holdsAny(text string, secrets []string) bool {
	return slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(text, s) })
}

func TestDemo(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the demo is a POSIX shell script")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tmp := t.TempDir()
	demo := exec.CommandContext(ctx, "sh", "demo.sh", binaries)
	demo.Env = append(os.Environ(), "TMPDIR="+tmp)
	out, err := demo.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), "  ok  "); n != 36 {
		t.Errorf("%d profiles are ok, want 36:\n%s", n, out)
	}
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) > 0 {
		t.Errorf("the demo left %v behind (%v)", left, err)
	}
	if strings.Contains(string(out), idctest.Canary) {
		t.Error("the demo prints a secret")
	}
}
