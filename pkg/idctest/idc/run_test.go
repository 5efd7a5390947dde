package main

import (
	"bufio"
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
		!strings.HasSuffix(lines[3], " browse") || string(written) != lines[0]+"\n" {
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
		"no such flag":       {[]string{"-x"}, 2, "flag provided but not defined: -x"},
		"no such fault":      {[]string{"-fault", "x"}, 2, `fault "x": want OP=KIND`},
		"not loopback":       {[]string{"-addr", "0.0.0.0:0"}, 2, "not a loopback address"},
		"log in no place":    {[]string{"-log", filepath.Join(t.TempDir(), "no", "log")}, 2, "idc: error: open "},
		"addr in no place":   {[]string{"-addr-file", filepath.Join(t.TempDir(), "no", "addr")}, 2, "idc: error: open "},
		"models in no place": {[]string{"-models", os.Args[0]}, 2, "idc: error: mkdir "},
		"help":               {[]string{"-h"}, 0, "usage: idc [flags] COMMAND"},
		"browse nothing":     {[]string{"browse"}, 2, "want one URL"},
		"browse the world":   {[]string{"browse", "http://192.0.2.1/"}, 1, "not a loopback address"},
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, status := output(t, idc(t, tt.args...))
			if status != tt.status || !strings.Contains(stderr, tt.stderr) || tt.stderr == "" && stderr != "" {
				t.Errorf("status %d, want %d\n%s", status, tt.status, stderr)
			}
		})
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
