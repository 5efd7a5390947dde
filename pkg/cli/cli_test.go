package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

func TestStatusOf(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{ExitStatus(1), 1},
		{fault.New(fault.Usage, "a", "b"), 2},
		{fault.New(fault.Config, "a", "b"), 2},
		{fault.New(fault.Login, "a", "b"), 3},
		{fault.New(fault.Nothing, "a", "b"), 1},
		{fault.New(fault.Conflict, "a", "b"), 1},
		{fault.New(fault.Identity, "a", "b"), 1},
		{fault.New(fault.Process, "a", "b"), 4},
		{fault.New(fault.Notice, "a", "b"), 0},
		{fault.New(fault.Unreachable, "a", "b"), 4},
		{fault.New(fault.File, "a", "b"), 4},
		{errors.New("anything"), 4},
		{errors.Join(errors.New("x"), fault.New(fault.Login, "a", "b")), 3},
	} {
		if got := StatusOf(tc.err); got != tc.want {
			t.Errorf("%v: status %d, want %d", tc.err, got, tc.want)
		}
	}
}

func TestWorst(t *testing.T) {
	for _, tc := range []struct {
		in   []int
		want int
	}{
		{nil, 0},
		{[]int{0, 0}, 0},
		{[]int{3}, 3},
		{[]int{3, 3}, 3},
		{[]int{0, 3}, 1},
		{[]int{3, 4}, 1},
		{[]int{4, 4, 4}, 4},
	} {
		if got := Worst(tc.in...); got != tc.want {
			t.Errorf("%v: %d, want %d", tc.in, got, tc.want)
		}
	}
}

func environment(home string, pairs ...string) Environment {
	return Environment{
		Getenv: func(name string) string {
			for _, p := range pairs {
				if k, v, _ := strings.Cut(p, "="); k == name {
					return v
				}
			}
			return ""
		},
		Home: func() (string, error) { return home, nil },
	}
}

func TestPaths(t *testing.T) {
	home, err := filepath.Abs(filepath.FromSlash("/home/me"))
	if err != nil {
		t.Fatal(err)
	}
	in := func(parts ...string) string { return filepath.Join(append([]string{home}, parts...)...) }
	for _, tc := range []struct {
		name  string
		pairs []string
		want  Paths
	}{
		{"defaults", nil, Paths{in(".aws", "config"), in(".aws", "credentials"), in(".aws", "sso", "cache"), in(".aws", "cli", "cache"), in(".aws", "sso", "lock")}},
		{
			"the caches do not follow the config", []string{"AWS_CONFIG_FILE=~/x/config", "AWS_SHARED_CREDENTIALS_FILE=$DIR/creds", "DIR=" + in("y")},
			Paths{in("x", "config"), in("y", "creds"), in(".aws", "sso", "cache"), in(".aws", "cli", "cache"), in(".aws", "sso", "lock")},
		},
	} {
		got, err := environment(home, tc.pairs...).Paths()
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
	for _, bad := range []string{"", "relative/home"} {
		_, err := environment(bad).Paths()
		if fault.KindOf(err) != fault.Usage || fault.HintOf(err) != "set "+homeVariable+" to your home folder" {
			t.Errorf("HOME %q: %v, hint %q", bad, err, fault.HintOf(err))
		}
	}
}

func TestWireSettings(t *testing.T) {
	s, err := environment("/h",
		"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ENDPOINT_URL_STS=http://127.0.0.1:2", "AWS_USE_FIPS_ENDPOINT=true",
		"AWS_USE_DUALSTACK_ENDPOINT=TRUE", "AWS_CA_BUNDLE=/ca.pem", "AWS_MAX_ATTEMPTS=5").Wire()
	if err != nil {
		t.Fatal(err)
	}
	if s.Endpoint != "http://127.0.0.1:1" || s.Endpoints[wire.STS] != "http://127.0.0.1:2" || s.FIPS != wire.On || s.DualStack != wire.On ||
		s.CABundle != "/ca.pem" || s.MaxAttempts != 5 {
		t.Errorf("%+v", s)
	}
	s, err = environment("/h", "AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ENDPOINT_URL_STS=http://127.0.0.1:2",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true").Wire()
	if err != nil || s.Endpoint != "" || s.Endpoints[wire.STS] != "" {
		t.Errorf("endpoints are not ignored: %+v, %v", s, err)
	}
	for _, bad := range []string{"0", "-1", "many"} {
		if _, err := environment("/h", "AWS_MAX_ATTEMPTS="+bad).Wire(); fault.KindOf(err) != fault.Usage {
			t.Errorf("AWS_MAX_ATTEMPTS=%s: %v", bad, err)
		}
	}
}

func TestRegionAndProfile(t *testing.T) {
	e := environment("/h", "AWS_REGION=a", "AWS_DEFAULT_REGION=b", "AWS_PROFILE=p", "AWS_DEFAULT_PROFILE=q")
	if e.Region() != "a" || e.Profile() != "p" {
		t.Errorf("%q %q", e.Region(), e.Profile())
	}
	e = environment("/h", "AWS_DEFAULT_REGION=b", "AWS_DEFAULT_PROFILE=q")
	if e.Region() != "b" || e.Profile() != "q" {
		t.Errorf("%q %q", e.Region(), e.Profile())
	}
}

// app is one with files for its streams.
func app(t *testing.T, stdin string) *App {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in"), []byte(stdin), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(name string) *os.File {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	console := newConsole("sso-test", open("in"), open("out"), open("err"))
	return &App{Program: Program{Name: "sso-test"}, Console: console, Common: &Common{}, ctx: t.Context(), env: environment("/h")}
}

func said(t *testing.T, a *App) string {
	t.Helper()
	b, err := os.ReadFile(a.stderr.(*os.File).Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNames(t *testing.T) {
	for _, tc := range []struct {
		name, stdin string
		args        []string
		want        []Name
	}{
		{"none", "unread\n", nil, nil},
		{"stdin is read only when asked", "unread\n", []string{"a"}, []Name{{"a", false, 1}}},
		{"a line up to its first tab", "a\tok\tx\nb\n", []string{"-"}, []Name{{"a", true, 1}, {"b", true, 1}}},
		{"blanks, CRLF, no final newline", "\n  \r\na\r\n\n b \nc", []string{"-"}, []Name{{"a", true, 1}, {"b", true, 1}, {"c", true, 1}}},
		{"each once", "a\nb\na\n", []string{"b", "-"}, []Name{{"b", false, 2}, {"a", true, 2}}},
		{"a line that begins with a tab has no name", "\tx\na\n", []string{"-"}, []Name{{"a", true, 1}}},
	} {
		got, err := app(t, tc.stdin).names(t.Context(), tc.args, "names")
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
	for _, empty := range []string{"", "\n\n", " \t \n"} {
		if _, err := app(t, empty).names(t.Context(), []string{"-"}, "profile names"); fault.KindOf(err) != fault.Nothing {
			t.Errorf("%q: %v", empty, err)
		}
	}
	for _, empty := range []string{"", " "} {
		if _, err := app(t, "").names(t.Context(), []string{"a", empty}, "session names"); fault.KindOf(err) != fault.Usage || err.Error() != "one of the session names is empty" {
			t.Errorf("the argument %q: %v", empty, err)
		}
	}
	if _, err := app(t, strings.Repeat("x", maxLine+1)).names(t.Context(), []string{"-"}, "names"); fault.KindOf(err) != fault.Usage {
		t.Errorf("a line without end: %v", err)
	}
}

func TestNamesStopWithTheContext(t *testing.T) {
	a := app(t, "")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	a.stdin = r
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.names(ctx, []string{"-"}, "names"); fault.KindOf(err) != fault.Canceled {
		t.Errorf("%v", err)
	}
}

func TestMessagesAreOneVisibleLine(t *testing.T) {
	a := app(t, "")
	a.Error(fault.New(fault.Reply, "no\x1b[2J", "a\nb\u202e").WithHint("run: x\r"))
	want := "sso-test: error: no\\x1b[2J: a; b\\u202e\nsso-test: hint: run: x\\r\n"
	if got := said(t, a); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestQuietAndVerbose(t *testing.T) {
	a := app(t, "")
	a.Note("one")
	a.Detail("two")
	a.Status("three") // nobody looks: not a terminal
	a.configure(&Common{Verbose: true})
	a.Detail("four")
	a.Status("five")
	a.configure(&Common{Basic: Basic{Quiet: true}})
	a.Note("six")
	a.Warn(errors.New("seven"))
	want := "sso-test: one\nsso-test: four\nsso-test: five\nsso-test: warning: seven\n"
	if got := said(t, a); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestFinish(t *testing.T) {
	if got := app(t, "").finish(nil); got != StatusOK {
		t.Errorf("success: %d", got)
	}
	a := app(t, "")
	a.outError = syscall.EPIPE
	if got := a.finish(nil); got != statusBrokenPipe || said(t, a) != "" {
		t.Errorf("broken pipe: %d, %q", got, said(t, a))
	}
	a = app(t, "")
	a.outError = syscall.EPIPE
	if got := a.finish(ExitStatus(1)); got != StatusPartial {
		t.Errorf("broken pipe and a failure: %d", got)
	}
	a = app(t, "")
	a.outError = syscall.ENOSPC
	if got := a.finish(nil); got != StatusFailed || !strings.Contains(said(t, a), "cannot write to standard output") {
		t.Errorf("full disk: %d, %q", got, said(t, a))
	}
}

type faulty struct {
	Common
	reach []int
}

func (f *faulty) Run(context.Context, *App) error {
	_ = f.reach[3]
	return nil
}

// A defect is one line with the version, and no status that means something
// else: Go's own for a panic is 2, wrong usage.
func TestPanic(t *testing.T) {
	err, err2 := os.Stderr, filepath.Join(t.TempDir(), "err")
	file, ferr := os.Create(err2)
	if ferr != nil {
		t.Fatal(ferr)
	}
	os.Stderr = file
	defer func() {
		os.Stderr = err
		file.Close()
	}()
	program := Program{Name: "sso-test", typed: "sso-test", Version: "1.2.3"}
	if got, _ := run(program, &faulty{}, nil); got != StatusFailed {
		t.Errorf("exit status %d", got)
	}
	brief, _ := os.ReadFile(err2)
	want := "sso-test: error: this is a defect of sso-test 1.2.3: runtime error: index out of range [3] with length 0\n" +
		"sso-test: hint: report it, with what the same command says with -v\n"
	if string(brief) != want {
		t.Errorf("said %q, want %q", brief, want)
	}
	run(program, &faulty{}, []string{"-v"})
	if long, _ := os.ReadFile(err2); !strings.Contains(string(long[len(brief):]), "(*faulty).Run") {
		t.Errorf("-v does not say where:\n%s", long)
	}
}

// TestSlowReaderHoldsUpNoMessage fills a pipe that nobody reads.
func TestSlowReaderHoldsUpNoMessage(t *testing.T) {
	a := app(t, "")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	a.stdout = write
	var writing sync.WaitGroup
	writing.Go(func() { _, _ = a.Out.Write(make([]byte, 4<<20)) })
	if _, err := io.ReadFull(read, make([]byte, 1)); err != nil { // it has begun
		t.Fatal(err)
	}
	told := make(chan struct{})
	go func() { a.Note("seen"); close(told) }()
	select {
	case <-told:
	case <-time.After(20 * time.Second):
		t.Error("the message waits for the reader of standard output")
	}
	read.Close()
	writing.Wait()
	if a.outError == nil {
		t.Error("the write has no error")
	}
}

func TestOutRemembersTheError(t *testing.T) {
	a := app(t, "")
	a.stdout.Close()
	if _, err := io.WriteString(a.Out, "x"); err == nil || a.outError == nil {
		t.Errorf("error %v, remembered %v", err, a.outError)
	}
}

func TestReaderIsGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r.Close()
	if _, err := io.WriteString(w, "x"); !IsBrokenPipe(err) {
		t.Errorf("a pipe without a reader: %v", err)
	}
}

func TestProgressText(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := &Progress{what: "listing accounts", start: start, done: 25, total: 100, extra: "throttled, 19/s"}
	got := p.text(200, start.Add(5*time.Second))
	if want := "listing accounts  [======                  ]  25/100  5/s  15s left  throttled, 19/s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := p.text(60, start.Add(5*time.Second)), "listing accounts  25/100  5/s  15s left  throttled, 19/s"; got != want {
		t.Errorf("narrow: %q, want %q", got, want)
	}
	if got := p.text(20, start.Add(5*time.Second)); len([]rune(got)) > 19 {
		t.Errorf("%q does not fit", got)
	}
}

func TestBrowsers(t *testing.T) {
	installed := func(names ...string) func(string) (string, error) {
		return func(name string) (string, error) {
			if slices.Contains(names, name) {
				return "/usr/bin/" + name, nil
			}
			return "", os.ErrNotExist
		}
	}
	for _, tc := range []struct {
		name  string
		goos  string
		env   []string
		have  []string
		files []string
		want  [][]string
	}{
		{"BROWSER is believed, even over SSH", "linux", []string{`BROWSER=my-browser --new "a b" %s`, "SSH_CONNECTION=x"}, nil, nil, [][]string{{"my-browser", "--new", "a b", "%s"}}},
		{"a list", "linux", []string{"BROWSER=one:two"}, nil, nil, [][]string{{"one"}, {"two"}}},
		{"a list of Windows", "windows", []string{`BROWSER=C:\one.exe;two`}, nil, nil, [][]string{{`C:\one.exe`}, {"two"}}},
		{"empty entries", "linux", []string{"BROWSER=::one: "}, nil, nil, [][]string{{"one"}}},
		{
			"a path with a blank", "linux", []string{"BROWSER=/mnt/c/Program Files/App/app.exe"}, []string{"/mnt/c/Program Files/App/app.exe"}, nil,
			[][]string{{"/mnt/c/Program Files/App/app.exe"}},
		},
		{
			"a path with a blank and without the program", "linux", []string{"BROWSER=/opt/my browser"}, nil, nil, [][]string{{"/opt/my", "browser"}},
		},
		{
			"a quoted path with arguments", "linux", []string{`BROWSER="/mnt/c/Program Files/App/app.exe" --new %s`}, nil, nil,
			[][]string{{"/mnt/c/Program Files/App/app.exe", "--new", "%s"}},
		},
		{
			"a path of Windows with a blank", "windows", []string{`BROWSER=C:\Program Files\App\app.exe`}, []string{`C:\Program Files\App\app.exe`}, nil,
			[][]string{{`C:\Program Files\App\app.exe`}},
		},
		{
			"a quoted path of Windows", "windows", []string{`BROWSER="C:\Program Files\App\app.exe" %s`}, nil, nil,
			[][]string{{`C:\Program Files\App\app.exe`, "%s"}},
		},
		{"in the background", "linux", []string{"BROWSER=cmd %s &"}, nil, nil, [][]string{{"cmd", "%s"}}},
		{"in the background, without %s", "linux", []string{"BROWSER=cmd --x &"}, nil, nil, [][]string{{"cmd", "--x"}}},
		{"a & of its own", "linux", []string{"BROWSER=cmd & %s"}, nil, nil, [][]string{{"cmd", "&", "%s"}}},
		{"only a &", "linux", []string{"BROWSER=&"}, nil, nil, nil},
		{"a desktop", "linux", []string{"DISPLAY=:0"}, []string{"xdg-open"}, nil, [][]string{{"xdg-open"}}},
		{"Wayland", "linux", []string{"WAYLAND_DISPLAY=w"}, []string{"xdg-open"}, nil, [][]string{{"xdg-open"}}},
		{"no display", "linux", nil, []string{"xdg-open"}, nil, nil},
		{"nothing installed", "linux", []string{"DISPLAY=:0"}, nil, nil, nil},
		{"SSH", "linux", []string{"DISPLAY=:0", "SSH_TTY=/dev/pts/1"}, []string{"xdg-open"}, nil, nil},
		{"a container", "linux", []string{"DISPLAY=:0"}, []string{"xdg-open"}, []string{"/.dockerenv"}, nil},
		{"podman", "linux", []string{"DISPLAY=:0"}, []string{"xdg-open"}, []string{"/run/.containerenv"}, nil},
		{"WSL", "linux", []string{"WSL_DISTRO_NAME=Debian"}, []string{"wslview", "xdg-open"}, nil, [][]string{{"wslview"}}},
		{
			"WSL without wslview", "linux", []string{"WSL_INTEROP=/run/x"}, []string{"rundll32.exe"}, nil,
			[][]string{{"/usr/bin/rundll32.exe", "url.dll,FileProtocolHandler"}},
		},
		{
			"WSL without the Windows PATH", "linux", []string{"WSL_DISTRO_NAME=Debian", "DISPLAY=:0"}, []string{"xdg-open"}, []string{"/mnt/c/Windows/System32/rundll32.exe"},
			[][]string{{"/mnt/c/Windows/System32/rundll32.exe", "url.dll,FileProtocolHandler"}, {"xdg-open"}},
		},
		{"macOS", "darwin", nil, nil, nil, [][]string{{"/usr/bin/open"}}},
		{"macOS over SSH", "darwin", []string{"SSH_CONNECTION=x"}, nil, nil, nil},
		{"Windows", "windows", nil, nil, nil, [][]string{{"rundll32", "url.dll,FileProtocolHandler"}}},
	} {
		d := Desktop{
			env: environment("/h", tc.env...), goos: tc.goos, look: installed(tc.have...),
			stat: func(path string) bool { return slices.Contains(tc.files, path) },
		}
		if diff := cmp.Diff(tc.want, d.Browsers()); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func TestWithURL(t *testing.T) {
	const url = "https://x/?a=1&b=$(id)"
	for _, tc := range []struct{ command, want []string }{
		{[]string{"b"}, []string{"b", url}},
		{[]string{"b", "--url=%s", "-x"}, []string{"b", "--url=" + url, "-x"}},
		{[]string{"%s"}, []string{"%s", url}},
	} {
		if diff := cmp.Diff(tc.want, withURL(tc.command, url)); diff != "" {
			t.Error(diff)
		}
	}
}
