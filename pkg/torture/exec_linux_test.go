package torture

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"aws-sso-plugins/pkg/idctest"
)

var fanouts = []torment{
	{name: "kill -9 of sso-exec or of its worker", holds: "no command, child or grandchild is left, and no file; the next run works", run: killExec},
	{name: "SIGINT, SIGTERM, SIGHUP of sso-exec", holds: "130, 143, 129; no command is left, and no file", run: signalExec},
}

// execMark is a variable by which the commands of a run are found again, also
// those that a grandchild has started.
const execMark = "TORTURE_EXEC="

// family is a command with a child and a grandchild, which ignore what can be
// ignored and print more than waits in memory.
const family = `trap '' INT TERM HUP
(sh -c 'while :; do sleep 1000; done' & while :; do sleep 1000; done) >/dev/null 2>&1 &
head -c 3000000 /dev/zero
while :; do sleep 1000; done`

// polite ends when it is asked to.
const polite = `head -c 3000000 /dev/zero; exec sleep 1000`

func openExec(s *stage) []string {
	config := okta
	var names []string
	for i := range 12 {
		name := fmt.Sprintf("p%d", i)
		config += fmt.Sprintf("[profile %s]\nsso_session = okta\nsso_account_id = 111111111111\nsso_role_name = Admin\n", name)
		names = append(names, name)
	}
	s.open(config, idctest.Config{Accounts: []idctest.Account{{ID: "111111111111", Name: "one", Roles: []string{"Admin"}}}})
	s.login("okta")
	s.must(os.MkdirAll(s.path("tmp"), 0o700))
	return append([]string{"sso-exec"}, names...)
}

func killExec(s *stage) {
	line := append(openExec(s), "--concurrency", "4", "--", "sh", "-c", family)
	s.killed = true
	for n := 0; n < sized(20, 500) && !s.Failed(); n++ {
		mark := execMark + strconv.Itoa(n) + "x"
		after := rand.N(150 * time.Millisecond)
		if n%3 == 2 {
			s.killWorker(mark, after, line)
		} else {
			s.strike(syscall.SIGKILL, after, []string{mark, "TMPDIR=" + s.path("tmp")}, line...)
		}
		figures.kills.Add(1)
		s.nothingLeft(mark)
		if n%10 == 9 {
			s.expect(s.do("sso-exec", "p0", "p1", "--", "true"), 0)
		}
	}
}

// killWorker kills the process that does the work, and not the one that was
// started.
func (s *stage) killWorker(mark string, after time.Duration, line []string) {
	s.Helper()
	time.AfterFunc(after, func() {
		for _, p := range marked("SSO_EXEC_WORKER=1") {
			if strings.Contains(environ(p), mark+"\x00") {
				_ = syscall.Kill(p, syscall.SIGKILL)
			}
		}
	})
	// in the end the one that was started, should the worker not have been there yet
	s.strike(syscall.SIGKILL, after+400*time.Millisecond, []string{mark, "TMPDIR=" + s.path("tmp")}, line...)
}

func signalExec(s *stage) {
	line := append(openExec(s), "--concurrency", "4", "--", "sh", "-c", polite)
	signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
	for n := 0; n < sized(20, 500) && !s.Failed(); n++ {
		mark := execMark + strconv.Itoa(n) + "s"
		sig := signals[n%len(signals)]
		out, _ := s.strike(sig, rand.N(150*time.Millisecond), []string{mark, "TMPDIR=" + s.path("tmp")}, line...)
		if out.status != 128+int(sig) {
			s.Errorf("%v: exit status %d\n%s", sig, out.status, out.stderr)
		}
		s.nothingLeft(mark)
	}
}

// nothingLeft waits until no process has the mark in its environment, which takes
// a moment after a kill, and looks for files.
func (s *stage) nothingLeft(mark string) {
	s.Helper()
	var left []int
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if left = marked(mark); len(left) == 0 {
			break
		}
	}
	for _, pid := range left {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		s.Errorf("process %d is left: %q", pid, line)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	files, err := os.ReadDir(s.path("tmp"))
	s.must(err)
	for _, f := range files {
		s.Errorf("%s is left", f.Name())
	}
}

// marked are the processes, zombies aside, that have the variable in their
// environment.
func marked(variable string) (pids []int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err == nil && strings.Contains(environ(pid), variable+"\x00") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// environ is the environment of a process, after a NUL each; empty for a zombie.
func environ(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return string(text)
}
