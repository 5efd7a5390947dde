//go:build !windows

package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const oneSession = `[sso-session okta]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = eu-central-1
[profile dev]
sso_session = okta
sso_account_id = 111111111111
sso_role_name = Dev
`

// A pipe that nobody writes into blocks whoever opens it. A signal ends that,
// and the process dies of it, so that a shell sees what happened.
func TestSignalsEndWhatIsBeingRead(t *testing.T) {
	for _, file := range []string{"config", "credentials", "CA bundle", "web identity token"} {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
			for _, line := range [][]string{{"sso-login", "okta"}, {"sso-profiles", "okta"}, {"sso-test", "dev"}, {"sso-test", "__complete", "d"}} {
				if file == "CA bundle" && len(line) > 2 || file == "web identity token" && (line[0] != "sso-test" || len(line) > 2) {
					continue // completion asks nobody, and who checks profiles alone needs that token
				}
				t.Run(file+" "+sig.String()+" "+strings.Join(line, " "), func(t *testing.T) {
					t.Parallel()
					home, env := household(t, oneSession)
					path := filepath.Join(home, ".aws", file)
					if file == "web identity token" {
						web := "[profile dev]\nrole_arn = arn:aws:iam::111111111111:role/x\nweb_identity_token_file = " + path + "\n"
						if err := os.WriteFile(filepath.Join(home, ".aws", "config"), []byte(web), 0o600); err != nil {
							t.Fatal(err)
						}
					}
					if file == "CA bundle" {
						env = append(env, "AWS_CA_BUNDLE="+path)
					}
					_ = os.Remove(path)
					if err := syscall.Mkfifo(path, 0o600); err != nil {
						t.Fatal(err)
					}
					c := exec.Command(filepath.Join(binaries, line[0]), line[1:]...)
					c.Env = env
					if err := c.Start(); err != nil {
						t.Fatal(err)
					}
					ended := make(chan error, 1)
					go func() { ended <- c.Wait() }()
					waitUntilReading(t, path)
					sent := time.Now()
					if err := c.Process.Signal(sig); err != nil {
						t.Fatal(err)
					}
					select {
					case <-ended:
					case <-time.After(patience):
						_ = c.Process.Kill()
						<-ended
					}
					ws, _ := c.ProcessState.Sys().(syscall.WaitStatus)
					if took := time.Since(sent); !ws.Signaled() || ws.Signal() != sig || took > patience {
						t.Errorf("%v after %v", c.ProcessState, took)
					} else {
						t.Logf("%v after %v", c.ProcessState, took)
					}
				})
			}
		}
	}
}

// waitUntilReading waits until somebody has the pipe open for reading, and
// keeps it open for writing, so that the reader then waits for data.
func waitUntilReading(t *testing.T, path string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			t.Cleanup(func() { f.Close() })
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nobody reads %s: %v", path, err)
		}
	}
}

// While nobody opens the other end, the open itself blocks.
func TestSignalsEndAnOpenThatBlocks(t *testing.T) {
	home, env := household(t, "")
	path := filepath.Join(home, "config")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("timeout", "--foreground", "-k", "20", "--preserve-status", "-s", "TERM", "0.5", filepath.Join(binaries, "sso-login"), "okta")
	c.Env = append(env, "AWS_CONFIG_FILE="+path)
	_ = c.Run()
	if got := c.ProcessState.ExitCode(); got != 143 {
		t.Errorf("exit status %d, want 143", got)
	}
}

// Ctrl-C ends the loop of a shell, not just the round.
func TestCtrlCEndsALoop(t *testing.T) {
	home, env := household(t, "")
	path := filepath.Join(home, "config")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	env = append(env, "AWS_CONFIG_FILE="+path)
	bash := needs(t, "bash")
	x := atTerminal(t, 80, 24, env, bash+" -c 'for i in 1 2 3; do echo round $i; sso-profiles okta; done; echo aft\"\"er'")
	x.until("round 1")
	waitUntilReading(t, path)
	x.press("\x03")
	if rest := x.end(); strings.Contains(rest, "round 2") || strings.Contains(rest, "after") {
		t.Errorf("the loop goes on: %q", rest)
	}
}

// A child has SIGPIPE as this process found it: what is ignored stays so in a
// child, and `yes | head` would then never end well.
func TestChildrenKnowSIGPIPE(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("/proc says which signals a process ignores")
	}
	home, env := household(t, oneSession+"[profile process]\ncredential_process = sh -c \"grep SigIgn /proc/self/status >$HOME/ignored; exit 1\"\n")
	config := filepath.Join(home, ".aws", "config")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(strings.ReplaceAll(string(text), "$HOME", home)), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(filepath.Join(binaries, "sso-test"), "process", "--allow-process")
	c.Env = env
	_ = c.Run()
	ignored, err := os.ReadFile(filepath.Join(home, "ignored"))
	if err != nil {
		t.Fatal(err)
	}
	mask, err := strconv.ParseUint(strings.TrimSpace(strings.TrimPrefix(string(ignored), "SigIgn:")), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	if mask&(1<<(syscall.SIGPIPE-1)) != 0 {
		t.Errorf("the child ignores SIGPIPE: %#x", mask)
	}
}
