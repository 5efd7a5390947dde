package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// asIDC makes the test binary behave as idc, and asClient as a program under test.
const asIDC, asClient = "IDCTEST_AS_IDC", "IDCTEST_AS_CLIENT"

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asClient) != "" && len(os.Args) > 1 && os.Args[1] == "client":
		os.Exit(client(os.Args[2:]))
	case os.Getenv(asIDC) != "":
		main()
	}
	os.Exit(m.Run())
}

// client is a command that idc runs: what it does is its first argument.
func client(args []string) int {
	endpoint := os.Getenv("AWS_ENDPOINT_URL_SSO")
	switch args[0] {
	case "env":
		for _, name := range args[1:] {
			fmt.Println(os.Getenv(name))
		}
	case "cat":
		if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
			return 1
		}
	case "exit7":
		return 7
	case "violate", "violate-and-exit7":
		resp, err := http.Get(endpoint + "/nowhere")
		if err != nil {
			return 1
		}
		resp.Body.Close()
		if args[0] == "violate-and-exit7" {
			return 7
		}
	case "wait":
		fmt.Println("ready")
		time.Sleep(time.Minute) // until idc ends it
	}
	return 0
}

func idc(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	// A binary built with -race waits a second at exit unless told not to.
	cmd.Args[0] = "idc"
	cmd.Env = append(os.Environ(), asIDC+"=1", asClient+"=1", "GORACE=atexit_sleep_ms=0")
	return cmd
}

// output runs idc to its end.
func output(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func command(args ...string) []string {
	self, _ := os.Executable()
	return append([]string{"--", self, "client"}, args...)
}

func TestCommandGetsEnvironment(t *testing.T) {
	dir := t.TempDir()
	addr := filepath.Join(dir, "addr")
	cmd := idc(t, append([]string{"-browser", "-addr-file", addr, "-models", dir}, command("env", "AWS_ENDPOINT_URL_SSO",
		"AWS_ENDPOINT_URL_STS", "AWS_EC2_METADATA_DISABLED", "BROWSER")...)...)
	stdout, stderr, status := output(t, cmd)
	lines := strings.Split(stdout, "\n")
	if status != 0 || stderr != "" || len(lines) != 5 {
		t.Fatalf("status %d\n%s%s", status, stdout, stderr)
	}
	written, err := os.ReadFile(addr)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(lines[0], "http://127.0.0.1:") || lines[1] != lines[0] || lines[2] != "true" ||
		!strings.HasSuffix(lines[3], " browse %s &") || string(written) != lines[0]+"\n" {
		t.Errorf("%s\naddr file: %s", stdout, written)
	}
	rules, err := os.ReadFile(filepath.Join(dir, "sts", "2011-06-15", "endpoint-rule-set-1.json"))
	if err != nil || !strings.Contains(string(rules), lines[0]) {
		t.Errorf("%v\n%s", err, rules)
	}
}

func TestCommandStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"good":               {command("env"), 0, ""},
		"its own":            {command("exit7"), 7, ""},
		"violation":          {command("violate"), 1, "idc: violation: GET /nowhere: unknown-path: no operation has this path\n"},
		"violation and own":  {command("violate-and-exit7"), 7, "unknown-path"},
		"tolerated":          {append([]string{"-tolerate=unknown-path"}, command("violate")...), 0, ""},
		"no such command":    {[]string{"--", filepath.Join(t.TempDir(), "nothing")}, 127, "idc: error: "},
		"no such flag":       {[]string{"-x"}, 2, "error: flag provided but not defined: -x\n"},
		"mistyped":           {[]string{"-acounts", "3"}, 2, "error: flag provided but not defined: -acounts; did you mean -accounts?\n"},
		"warning":            {append([]string{"-warn=unknown-path"}, command("violate")...), 0, "idc: warning: GET /nowhere: unknown-path: no operation has this path\n"},
		"no such shell":      {[]string{"-completion", "tcsh"}, 2, "want bash, zsh or fish"},
		"home with a config": {[]string{"-home", homeWithConfig(t)}, 2, "config exists, and idctest did not write it"},
		"no such fault":      {[]string{"-fault", "x"}, 2, `fault "x": want OP=KIND`},
		"not loopback":       {[]string{"-addr", "0.0.0.0:0"}, 2, "not a loopback address"},
		"log in no place":    {[]string{"-log", filepath.Join(t.TempDir(), "no", "log")}, 2, "idc: error: open "},
		"addr in no place":   {[]string{"-addr-file", filepath.Join(t.TempDir(), "no", "addr")}, 2, "idc: error: open "},
		"models in no place": {[]string{"-models", os.Args[0]}, 2, "idc: error: mkdir "},
		"browse nothing":     {[]string{"browse"}, 2, "want one URL"},
		"browse the world":   {[]string{"browse", "http://192.0.2.1/"}, 1, "not a loopback address"},
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, status := output(t, idc(t, tt.args...))
			if status != tt.status || !strings.Contains(stderr, tt.stderr) || tt.stderr == "" && stderr != "" ||
				strings.Contains(tt.stderr, "flag provided") && !strings.HasSuffix(stderr, tt.stderr) {
				t.Errorf("status %d, want %d\n%s", status, tt.status, stderr)
			}
		})
	}
}

func homeWithConfig(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".aws", "config"), []byte("[default]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestHelp(t *testing.T) {
	stdout, stderr, status := output(t, idc(t, "-h"))
	if status != 0 || stderr != "" {
		t.Errorf("status %d\n%s", status, stderr)
	}
	for _, want := range []string{
		"usage: idc [flags] COMMAND", "-intercept ", "-home DIR", "AWS_ENDPOINT_URL_SSO", "HTTPS_PROXY", "NODE_EXTRA_CA_CERTS",
		"/_idc/set", "KMS_DisabledException", "repeat-token", "polled-too-fast", "into 1", "127 ",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in:\n%s", want, stdout)
		}
	}
	for line := range strings.Lines(stdout) {
		if len(line) > 130 {
			t.Errorf("a line of %d characters: %s", len(line), line)
		}
	}
}

// Every flag is in the manual page and in the completion of each shell, which the shell can read.
func TestManualAndCompletion(t *testing.T) {
	manual, _, status := output(t, idc(t, "__manual"))
	if status != 0 || !strings.HasPrefix(manual, ".TH IDC 1 ") {
		t.Fatalf("status %d\n%s", status, manual)
	}
	texts := map[string]string{"manual": strings.ReplaceAll(manual, `\-`, "-")}
	for shell, check := range map[string][]string{"bash": {"bash", "-n"}, "zsh": {"zsh", "-n"}, "fish": {"fish", "--no-execute"}} {
		text, stderr, status := output(t, idc(t, "-completion", shell))
		if status != 0 {
			t.Fatalf("%s: status %d\n%s", shell, status, stderr)
		}
		texts[shell] = text
		path, err := exec.LookPath(check[0])
		if err != nil {
			t.Logf("%s is not here to read its completion", shell)
			continue
		}
		file := filepath.Join(t.TempDir(), "completion")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), path, check[1], file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
	(&options{}).flags("idc").VisitAll(func(f *flag.Flag) {
		for what, text := range texts {
			dash := "-"
			if what == "fish" {
				dash = "-o "
			}
			if !strings.Contains(text, dash+f.Name) {
				t.Errorf("%s: no flag %s", what, f.Name)
			}
		}
	})
}

var update = flag.Bool("update", false, "write the manual page of the repository")

// The manual page is committed, so that a package or a reader of the repository needs no Go to have it.
func TestManualIsCurrent(t *testing.T) {
	cmd := idc(t, "__manual")
	cmd.Args[0] = "idctest" // its name where it is installed
	page, _, _ := output(t, cmd)
	path := filepath.Join("..", "..", "..", "docs", "man", "idctest.1")
	if *update {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// a checkout on Windows may have CRLF
	if strings.ReplaceAll(string(committed), "\r\n", "\n") != page {
		t.Errorf("%s is not what the program says now; make docs makes it anew", path)
	}
	if mandoc, err := exec.LookPath("mandoc"); err == nil {
		if out, err := exec.CommandContext(t.Context(), mandoc, "-T", "lint", path).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("mandoc: %v\n%s", err, out)
		}
	}
}

func TestHomeOfCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "home")
	args := append([]string{"-home", dir, "-account", "111111111111/Admin=One"}, command("env", "HOME", "AWS_PROFILE", "AWS_ACCESS_KEY_ID")...)
	cmd := idc(t, args...)
	cmd.Env = append(cmd.Env, "AWS_ACCESS_KEY_ID=AKIAOUTSIDE", "AWS_PROFILE=outside")
	stdout, stderr, status := output(t, cmd)
	if want := dir + "\nAdmin-111111111111\n\n"; status != 0 || stdout != want {
		t.Errorf("status %d, %q, want %q\n%s", status, stdout, want, stderr)
	}
	// Its own config it replaces.
	if _, stderr, status := output(t, idc(t, args...)); status != 0 {
		t.Errorf("again: status %d\n%s", status, stderr)
	}
}

// Python reads $BROWSER for the AWS CLI: it must open the page and not wait for it.
func TestBrowserAsPythonReadsIt(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not here")
	}
	visited := make(chan string, 1)
	release := make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		visited <- r.URL.String()
		<-release // as the AWS CLI, which answers the callback only after the browser was started
	}))
	defer server.Close()
	defer close(release)
	script := "import sys, webbrowser; sys.exit(not webbrowser.open('" + server.URL + "/page?a=1&b=2'))"
	// Without pipes: the browser, which goes on, would hold them open.
	if err := idc(t, "-browser", "--", python, "-c", script).Run(); err != nil {
		t.Error(err)
	}
	if got := <-visited; got != "/page?a=1&b=2" {
		t.Errorf("visited %s", got)
	}
}

func TestBrowseTakesWordsOfLaunchers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	for _, args := range [][]string{{server.URL + "/"}, {server.URL + "/", "&"}, {"%s", "&", server.URL + "/"}} {
		if _, stderr, status := output(t, idc(t, append([]string{"browse"}, args...)...)); status != 0 {
			t.Errorf("%q: status %d\n%s", args, status, stderr)
		}
	}
}

func TestVersion(t *testing.T) {
	if stdout, _, status := output(t, idc(t, "-version")); status != 0 || stdout != "idc devel\n" {
		t.Errorf("status %d, %q", status, stdout)
	}
}

func TestCommandReadsStdin(t *testing.T) {
	cmd := idc(t, command("cat")...)
	cmd.Stdin = strings.NewReader("okta\n")
	if stdout, stderr, status := output(t, cmd); stdout != "okta\n" || status != 0 {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}

func TestCommandIsTerminated(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGTERM on Windows")
	}
	cmd := idc(t, command("wait")...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q %v", line, err)
	}
	// An interrupt is the command's affair: a terminal sends it to both.
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := terminate(cmd.Process); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != 128+15 {
		t.Errorf("status %d", got)
	}
}

// serve starts idc without a command and returns its environment, and a func that ends it and returns its status.
func serve(t *testing.T, args ...string) (env map[string]string, end func() int) {
	t.Helper()
	cmd := idc(t, append([]string{"-stdin"}, args...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	env = map[string]string{}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), "=")
		env[name] = value
		if strings.TrimPrefix(name, "export ") == "no_proxy" { // the last one
			break
		}
	}
	return env, func() int {
		stdin.Close()
		_ = cmd.Wait()
		return cmd.ProcessState.ExitCode()
	}
}

func TestServeAndBrowse(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	env, end := serve(t, "-log", log, "-accounts", "2", "-roles", "Admin")
	endpoint := env["AWS_ENDPOINT_URL_SSO"]
	post := func(path, contentType, body string) string {
		t.Helper()
		resp, err := http.Post(endpoint+path, contentType, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("%s: %s %v\n%s", path, resp.Status, err, data)
		}
		return string(data)
	}
	member := func(doc, name string) string {
		_, rest, _ := strings.Cut(doc, `"`+name+`":"`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	const jsonType = "application/json"
	reg := post("/client/register", jsonType, `{"clientName":"x","clientType":"public"}`)
	who := `"clientId":"` + member(reg, "clientId") + `","clientSecret":"` + member(reg, "clientSecret") + `",`
	dev := post("/device_authorization", jsonType, "{"+who+`"startUrl":"https://d-1234567890.awsapps.com/start"}`)
	if _, stderr, status := output(t, idc(t, "browse", member(dev, "verificationUriComplete"))); status != 0 {
		t.Fatalf("browse: status %d\n%s", status, stderr)
	}
	token := post("/token", jsonType, "{"+who+`"grantType":"urn:ietf:params:oauth:grant-type:device_code","deviceCode":"`+
		member(dev, "deviceCode")+`"}`)
	if !strings.Contains(member(token, "accessToken"), "canary") {
		t.Errorf("%s", token)
	}
	if status := end(); status != 0 {
		t.Errorf("status %d", status)
	}
	data, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(data), " VerifyDevice GET /device 200 ") || strings.Contains(string(data), "canary") {
		t.Errorf("log: %v\n%s", err, data)
	}
}

// $BROWSER of programs that take no arguments in it.
func TestBrowserByName(t *testing.T) {
	visited := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { visited <- r.URL.Path }))
	defer server.Close()
	cmd := idc(t)
	cmd.Args = []string{filepath.Join("somewhere", "idc-browser"), server.URL + "/page"}
	if _, stderr, status := output(t, cmd); status != 0 {
		t.Fatalf("status %d\n%s", status, stderr)
	}
	if got := <-visited; got != "/page" {
		t.Errorf("visited %s", got)
	}
}

func TestServeEndsOnSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be interrupted there")
	}
	for _, violate := range []bool{false, true} {
		cmd := idc(t, "-export")
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(stdout).ReadString('\n')
		endpoint, ok := strings.CutPrefix(line, "export AWS_ENDPOINT_URL_SSO='")
		if err != nil || !ok || !strings.HasSuffix(endpoint, "'\n") {
			t.Fatalf("%q %v", line, err)
		}
		want := 0
		if violate {
			resp, err := http.Get(strings.TrimSuffix(endpoint, "'\n") + "/nowhere")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			want = 1
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("status %d, want %d", got, want)
		}
	}
}

func TestControlOverHTTP(t *testing.T) {
	env, end := serve(t, "-fault", "ListAccounts=503")
	endpoint := env["AWS_ENDPOINT_URL_SSO"]
	status := func() int {
		resp, err := http.Get(endpoint + "/assignment/accounts")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := status(); got != 503 {
		t.Errorf("status %d", got)
	}
	resp, err := http.PostForm(endpoint+"/_idc/set", url.Values{"fault": {"none"}, "tolerate": {"missing-parameter"}})
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	if got := status(); got != 401 {
		t.Errorf("status %d", got)
	}
	if got := end(); got != 0 {
		t.Errorf("exit status %d", got)
	}
}
