package probe_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/resolve"
	"aws-sso-plugins/pkg/wire"
)

// processProfile is a profile whose credentials a shell script prints.
func processProfile(t *testing.T, script string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the commands are those of a POSIX shell")
	}
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	return "[profile p]\ncredential_process = sh " + path + "\nregion = eu-central-1\n"
}

func TestProcess(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	k := srv.IssueCredentials("222222222222", "Command")
	good := `{"Version": 1, "AccessKeyId": "` + k.AccessKeyID + `", "SecretAccessKey": "` + k.SecretAccessKey + `", "SessionToken": "` + k.SessionToken + `"}`
	tests := map[string]struct {
		script string
		status resolve.Status
		reason string
	}{
		"credentials":        {"echo a warning >&2; echo '" + good + "'", resolve.OK, ""},
		"a failure":          {"echo one >&2; echo two >&2; exit 3", resolve.Failed, "the credential_process failed: exit status 3: two (credential_process, config:2)"},
		"a silent failure":   {"exit 3", resolve.Failed, "the credential_process failed: exit status 3 (credential_process, config:2)"},
		"nothing":            {"", resolve.Failed, "the credential_process failed: what it printed are no credentials (credential_process, config:2)"},
		"no JSON":            {"echo my-secret", resolve.Failed, "the credential_process failed: what it printed are no credentials (credential_process, config:2)"},
		"another version":    {`echo '{"Version": 2}'`, resolve.Failed, "the credential_process failed: what it printed are no credentials (credential_process, config:2)"},
		"half of it":         {`echo '{"Version": 1, "AccessKeyId": "my-secret"}'`, resolve.Failed, "the credential_process failed: what it printed are no credentials (credential_process, config:2)"},
		"no standard input":  {"read x && echo had-input >&2; exit 1", resolve.Failed, "the credential_process failed: exit status 1 (credential_process, config:2)"},
		"no key":             {`echo '{"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s", "SessionToken": "a\\u000ab"}'`, resolve.Failed, "the credential_process failed: what it printed are no credentials (credential_process, config:2)"},
		"expired":            {"echo '" + strings.Replace(good, "{", `{"Expiration": "2020-01-02T03:04:05Z", `, 1) + "'", resolve.Failed, "the credential_process failed: its Expiration has passed (credential_process, config:2)"},
		"too much":           {"head -c 2000000 /dev/zero", resolve.Failed, "the credential_process failed: it printed more than 1 MiB (credential_process, config:2)"},
		"output without end": {"exec yes", resolve.Failed, "the credential_process failed: it printed more than 1 MiB (credential_process, config:2)"},
		"a child that stays": {"sleep 5 & echo '" + good + "'", resolve.OK, ""},
		"a long story":       {"i=0; while [ $i -lt 9999 ]; do echo line $i >&2; i=$((i+1)); done; exit 1", resolve.Failed, "the credential_process failed: exit status 1: line 9998 (credential_process, config:2)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProber(t, processProfile(t, tt.script), srv.URL, &tokenOf{})
			p.AllowProcess = true
			r := one(t, p, "p")
			if r.Status != tt.status || r.Reason != tt.reason {
				t.Errorf("%s: %s\nwant %s: %s", r.Status, r.Reason, tt.status, tt.reason)
			}
		})
	}
}

// TestProcessTakesNoLongerThanACall holds a command to the time that an attempt
// at AWS has.
func TestProcessTakesNoLongerThanACall(t *testing.T) {
	p := newProber(t, processProfile(t, "exec sleep 3600"), "http://127.0.0.1:9", &tokenOf{})
	p.AllowProcess, p.Wire = true, newWire(t, wire.Settings{Timeout: 50 * time.Millisecond})
	r := one(t, p, "p")
	if r.Status != resolve.Timeout || r.Reason != "the credential_process gave no answer within 50ms" {
		t.Errorf("%s: %s", r.Status, r.Reason)
	}
}

// TestProcessEndsWithTheRun has a command that waits for what never comes.
func TestProcessEndsWithTheRun(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	config := processProfile(t, strings.ReplaceAll("mkfifo MARK.fifo; : >MARK; read x <MARK.fifo", "MARK", mark))
	p := newProber(t, config, "http://127.0.0.1:9", &tokenOf{})
	p.AllowProcess = true
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for ctx.Err() == nil {
			if _, err := os.Stat(mark); err == nil {
				return
			}
			runtime.Gosched()
		}
	}()
	for r := range p.Run(ctx, []string{"p"}) {
		t.Errorf("what was broken off is %s: %s", r.Status, r.Reason)
	}
}

// TestProcessHasNoShell holds that a command is run as the AWS CLI runs it: what
// only a shell understands works for the Go SDK alone.
func TestProcessHasNoShell(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are those of POSIX")
	}
	srv := idctest.New(t, idctest.Config{})
	k := srv.IssueCredentials("222222222222", "Command")
	home := t.TempDir()
	t.Setenv("HOME", home)
	script := "#!/bin/sh\necho '" + `{"Version": 1, "AccessKeyId": "` + k.AccessKeyID + `", "SecretAccessKey": "` +
		k.SecretAccessKey + `", "SessionToken": "` + k.SessionToken + `"}` + "'\n"
	for _, name := range []string{"mine", "it's mine"} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	odd := filepath.Join(home, "it's mine")
	const note = ": the AWS CLI runs it without a shell (credential_process, config:2)"
	tests := map[string]struct {
		command string
		status  resolve.Status
		reason  string
	}{
		"double quotes": {`"` + odd + `"`, resolve.OK, ""},
		"backslashes":   {strings.NewReplacer("'", `\'`, " ", `\ `).Replace(odd), resolve.OK, ""},
		"an argument":   {home + `/mine '$(exit 1)' "a b"`, resolve.OK, ""},
		"a home folder": {"~/mine", resolve.Failed, `the credential_process failed: cannot run "~/mine": no such file or directory` + note},
		"a variable":    {"$HOME/mine", resolve.Failed, `the credential_process failed: cannot run "$HOME/mine": no such file or directory` + note},
		"a pipe":        {"false | " + home + "/mine", resolve.Failed, "the credential_process failed: exit status 1" + note},
		"no program":    {"no-such-program", resolve.Failed, `the credential_process failed: cannot run "no-such-program": executable file not found in $PATH (credential_process, config:2)`},
		"nothing":       {"", resolve.InvalidConfig, "config:2: credential_process holds no command"},
		"half a quote":  {`"` + odd, resolve.InvalidConfig, "config:2: credential_process ends within a quote, or in a backslash"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProber(t, "[profile p]\ncredential_process = "+tt.command+"\nregion = eu-central-1\n", srv.URL, &tokenOf{})
			p.AllowProcess = true
			r := one(t, p, "p")
			if r.Status != tt.status || r.Reason != tt.reason {
				t.Errorf("%s: %s\nwant %s: %s", r.Status, r.Reason, tt.status, tt.reason)
			}
		})
	}
}
