package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"aws-sso-plugins/pkg/idctest"
)

var kills = []torment{
	{name: "kill -9 of sso-login", holds: "config, token and registration are whole; no lock stays; the next run works", run: killLogin},
	{name: "kill -9 of sso-profiles", holds: "the config is the old or the new to the byte, and so is its backup", run: killProfiles},
	{name: "kill -9 of sso-test", holds: "the token is the old or the refreshed one; the config is untouched", run: killTest},
	{name: "SIGINT, SIGTERM, SIGHUP at any moment", holds: "ends within a second with 130, 143, 129; the files are whole", run: signals},
	{name: "a second SIGINT", holds: "ends at once", run: secondSignal},
	{name: "SIGQUIT: the runtime's crash dump", holds: "holds no secret", run: crashDump},
}

// strike runs a command line and sends it a signal after a while. It reports
// whether that came before the end.
func (s *stage) strike(sig syscall.Signal, after time.Duration, env []string, line ...string) (out outcome, struck bool) {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := s.command(ctx, run{line: line, env: env})
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	s.must(cmd.Start())
	figures.runs.Add(1)
	sent := make(chan time.Time, 1)
	timer := time.AfterFunc(after, func() {
		sent <- time.Now()
		_ = cmd.Process.Signal(sig)
	})
	_ = cmd.Wait()
	ended := time.Now()
	if ctx.Err() != nil {
		s.Errorf("%v: did not end within a minute\n%s", line, stderr.String())
	}
	out = outcome{
		line: strings.Join(line, " "), stdout: stdout.String(), stderr: stderr.String(), status: statusOf(cmd.ProcessState),
	}
	if !timer.Stop() {
		out.took = max(0, ended.Sub(<-sent))
	}
	if leaked := s.secretIn(out.stdout, out.stderr, ""); leaked != "" {
		s.Errorf("%s: a secret is %s", out.line, leaked)
	}
	return out, out.status == 128+int(sig)
}

// killing kills runs of a command line at moments spread over all of its time
// until count were hit, and checks after each. Every tenth run, and the last,
// is left alone: it must work in spite of what the others left.
func (s *stage) killing(count int, prepare, check func(), line func(n int) []string) {
	s.Helper()
	s.killed = true
	// How late a kill may come follows how long runs take, which on a busy machine
	// changes: half of the runs are to end before they are hit.
	var latest time.Duration
	whole := func(n int) {
		s.Helper()
		prepare()
		out := s.do(line(n)...)
		s.expect(out, 0)
		latest = max(latest, out.took)
		check()
	}
	for n := range 3 {
		whole(n)
	}
	hit, least := 0, 2*time.Millisecond
	for n := 0; hit < count && !s.Failed(); n++ {
		if n > 20*count {
			s.Errorf("only %d of %d runs were hit", hit, n)
			return
		}
		prepare()
		if _, struck := s.strike(syscall.SIGKILL, rand.N(latest), nil, line(n)...); struck {
			hit++
			latest += latest / 20
			figures.kills.Add(1)
		} else {
			latest = max(latest-latest/20, least)
		}
		check()
		if n%10 == 9 {
			keep := latest
			whole(n + 1)
			latest = keep
		}
	}
	whole(0)
	s.sweepOld(prepare, func() { s.expect(s.do(line(1)...), 0) })
}

// sweepOld makes the leftovers of the kills two hours old and looks whether a
// run takes away those in the folder that it writes to.
func (s *stage) sweepOld(prepare, write func()) {
	old := time.Now().Add(-2 * time.Hour)
	for _, temp := range s.temps() {
		s.must(os.Chtimes(temp, old, old))
	}
	prepare()
	write()
	for _, temp := range s.temps() {
		if strings.Contains(temp, "/lock/") {
			continue // an outcome without a secret; the next login that fails sweeps it
		}
		s.Errorf("%s is still there", temp)
	}
}

func killLogin(s *stage) {
	s.open("# mine\n"+okta, idctest.Config{Tolerate: []idctest.Rule{idctest.SpentRefresh, idctest.UnknownRefresh}})
	config := s.read("config")
	seen := map[string]bool{}
	s.killing(sized(16, 500), func() {}, func() {
		if got := s.read("config"); got != config {
			s.Errorf("the config changed:\n%s", got)
		}
		if token, found := s.token("okta"); found {
			seen[token] = true
		} else if len(seen) > 0 {
			s.Error("the token is gone")
		}
	}, func(n int) []string {
		// A login in the browser, a login by code, and a refresh.
		switch n % 3 {
		case 0:
			return []string{"sso-login", "okta", "--force"}
		case 1:
			return []string{"sso-login", "okta", "--valid-for", "2h"}
		default:
			return []string{"sso-login", "okta", "--sso-session", "okta", "--force", "-o", "json"}
		}
	})
	if len(seen) < 3 {
		s.Errorf("only %d tokens were ever there", len(seen))
	}
}

const handWritten = "# mine, and it stays\r\n\n[default]\nregion = eu-west-1\n\n[profile by-hand]\naws_access_key_id = AKIAEXAMPLE\n  s3 =\n    max_concurrent_requests = 20\n"

func killProfiles(s *stage) {
	s.open(handWritten+okta+"# the end, without a newline", idctest.Config{Accounts: idctest.MakeAccounts(120, 2)})
	s.login("okta")
	states := map[string]bool{s.read("config"): true}
	known := false
	runs := 0
	check := func() {
		config := s.read("config")
		if !known {
			// The first three runs are whole: they tell what the states are.
			states[config] = true
			if runs++; runs == 3 {
				known = true
			}
		}
		if !states[config] {
			s.Errorf("the config is none of the %d that it may be:\n%.2000s", len(states), config)
		}
		backup, err := os.ReadFile(s.aws("config.sso-profiles.bak"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.Error(err)
		}
		if err == nil && !states[string(backup)] {
			s.Error("the backup is none of the configs that there were")
		}
	}
	s.killing(sized(16, 500), func() {}, check, func(n int) []string {
		names := []string{"{{.RoleName}}-{{.AccountId}}", "{{.AccountName | slug}}-{{.RoleName}}"}
		return []string{"sso-profiles", "okta", "-o", "name", "--name", names[n%2]}
	})
	if got := len(s.config().Profiles()); got != 242 {
		s.Errorf("%d profiles, want 242", got)
	}
}

func killTest(s *stage) {
	var config strings.Builder
	config.WriteString(okta)
	for _, a := range idctest.MakeAccounts(5, 2) {
		for _, role := range a.Roles {
			fmt.Fprintf(&config, "[profile %s-%s]\nsso_session = okta\nsso_account_id = %s\nsso_role_name = %s\nregion = eu-west-1\n", a.ID, role, a.ID, role)
		}
	}
	s.open(config.String(), idctest.Config{Accounts: idctest.MakeAccounts(5, 2)})
	var given string
	refreshed := 0
	s.killing(sized(16, 500), func() {
		// A token that ends in a minute, so that each run begins with a refresh.
		s.idc.Update(func(c *idctest.Config) { c.TokenLifetime = time.Minute })
		given = s.login("okta").AccessToken
		s.idc.Update(func(c *idctest.Config) { c.TokenLifetime = 0 })
	}, func() {
		if got := s.read("config"); got != config.String() {
			s.Error("the config changed")
		}
		token, found := s.token("okta")
		switch {
		case !found:
			s.Error("the token is gone")
		case token != given:
			refreshed++
			if !slices.Contains(s.idc.Secrets(), token) {
				s.Error("the token is none that was issued")
			}
		}
	}, func(int) []string { return []string{"sso-test", "-q"} })
	if refreshed == 0 {
		s.Error("no run came as far as to refresh the token")
	}
}

func signals(s *stage) {
	s.open(okta, idctest.Config{
		Accounts: idctest.MakeAccounts(10, 2), Latency: 30 * time.Millisecond, Approval: idctest.Never,
		Tolerate: []idctest.Rule{idctest.SpentRefresh},
	})
	s.login("okta")
	s.expect(s.do("sso-profiles", "okta"), 0)
	config := s.read("config")
	lines := [][]string{
		{"sso-login", "okta", "--force"},
		{"sso-login", "okta", "--force", "--use-device-code"},
		{"sso-login", "okta", "--valid-for", "2h"},
		{"sso-profiles", "okta", "--name", "{{.AccountName | slug}}-{{.RoleName}}", "--dry-run"},
		{"sso-test"},
		{"sso-test", "-o", "json"},
	}
	struck := 0
	for n := range sized(30, 300) {
		line := lines[n%len(lines)]
		sig := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}[n/len(lines)%3]
		if signal.Ignored(sig) {
			sig = syscall.SIGTERM // under nohup the hang-up is for nobody
		}
		// Not in the first moments, when no program has asked for signals yet.
		out, _ := s.strike(sig, 15*time.Millisecond+rand.N(150*time.Millisecond), nil, line...)
		if exceeds(out.took, 1500*time.Millisecond) {
			s.Errorf("%s: took %v to end after %v", out.line, out.took, sig)
		}
		if out.status == 128+int(sig) {
			struck++
		} else if out.status > 4 || exceeds(out.took, 200*time.Millisecond) {
			s.Errorf("%s: exit status %d after %v\n%s", out.line, out.status, sig, out.stderr)
		}
		if got := s.read("config"); got != config {
			s.Errorf("%s: the config changed", out.line)
		}
		if _, found := s.token("okta"); !found {
			s.Errorf("%s: the token is gone", out.line)
		}
		s.examine()
	}
	if struck == 0 {
		s.Error("no run was struck")
	}
	// Nothing holds a lock, and what was asked for works now.
	s.idc.Update(func(c *idctest.Config) { c.Approval = idctest.OnVisit })
	s.expect(s.do("sso-login", "okta", "--force"), 0)
}

// secondSignal: a run that has a reason to take its time after the first one,
// since it writes down a refresh that is under way, ends at the second.
func secondSignal(s *stage) {
	s.open(okta, idctest.Config{Faults: []idctest.Fault{{Op: idctest.CreateToken, Kind: idctest.Hang}}})
	s.login("okta")
	cmd := s.command(context.Background(), run{line: []string{"sso-login", "okta", "--valid-for", "2h"}})
	s.must(cmd.Start())
	waitFor(s, func() bool { return s.idc.Count(idctest.CreateToken) > 0 })
	s.must(cmd.Process.Signal(syscall.SIGINT))
	waitFor(s, func() bool { return !pending(cmd.Process.Pid, syscall.SIGINT) })
	time.Sleep(150 * time.Millisecond) // two in quick succession count as one
	second := time.Now()
	s.must(cmd.Process.Signal(syscall.SIGINT))
	_ = cmd.Wait()
	if status, took := statusOf(cmd.ProcessState), time.Since(second); status != 130 || exceeds(took, 500*time.Millisecond) {
		s.Errorf("exit status %d after %v", status, took)
	}
}

// pending says whether a signal to a process waits for it to run: the kernel
// makes one of two such.
func pending(pid int, sig syscall.Signal) bool {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, mask, _ := strings.Cut(string(status), "\nShdPnd:\t")
	mask, _, _ = strings.Cut(mask, "\n")
	bits, _ := strconv.ParseUint(mask, 16, 64)
	return bits&(1<<(sig-1)) != 0
}

func waitFor(s *stage, ready func() bool) {
	s.Helper()
	for end := time.Now().Add(20 * time.Second); !ready(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatal("what was waited for did not happen")
		}
	}
}

func crashDump(s *stage) {
	s.open(okta, idctest.Config{Latency: 100 * time.Millisecond, Accounts: idctest.MakeAccounts(4, 2)})
	s.killed = true
	s.login("okta")
	s.expect(s.do("sso-profiles"), 0)
	dumps := 0
	for n := range sized(6, 30) {
		line := [][]string{{"sso-login", "okta", "--force"}, {"sso-profiles", "okta", "--list"}, {"sso-test"}}[n%3]
		out, _ := s.strike(syscall.SIGQUIT, 40*time.Millisecond+rand.N(100*time.Millisecond), []string{"GOTRACEBACK=system"}, line...)
		if strings.Contains(out.stderr, "goroutine ") {
			dumps++ // strike has looked for secrets in it
		}
	}
	if dumps == 0 {
		s.Error("there was no dump")
	}
}

var crowds = []torment{
	{name: "twenty of each binary at once on one home", holds: "one login; every profile is there at every moment; no deadlock", run: crowd, alone: true},
	{name: "twenty at once while others edit the config", holds: "every edit of theirs and every profile of ours is there", run: crowdWithEditors, alone: true},
	{name: "forty logins at once, all denied", holds: "one browser tab; all forty fail with the reason", run: crowdDenied},
}

// press runs the lines for a while, each again and again in several processes
// at a time, and returns how many runs there were.
func (s *stage) press(times int, while time.Duration, lines [][]string, check func(outcome)) int {
	ctx, cancel := context.WithTimeout(context.Background(), while)
	defer cancel()
	var runs atomic.Int64
	var wg sync.WaitGroup
	for range times {
		for _, line := range lines {
			wg.Go(func() {
				for first := true; first || ctx.Err() == nil && !s.Failed(); first = false {
					check(s.quick(line...))
					runs.Add(1)
				}
			})
		}
	}
	wg.Wait()
	return int(runs.Load())
}

// quick is do without a look at arguments and environment.
func (s *stage) quick(line ...string) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := s.command(ctx, run{line: line})
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		s.Errorf("%v: %v", line, err)
		return outcome{}
	}
	figures.runs.Add(1)
	out := outcome{
		line: strings.Join(line, " "), stdout: stdout.String(), stderr: stderr.String(),
		status: statusOf(cmd.ProcessState), took: time.Since(start),
	}
	if ctx.Err() != nil {
		s.Errorf("%s: a deadlock: it did not end within a minute\n%s", out.line, out.stderr)
	}
	for _, text := range []string{out.stdout, out.stderr} {
		if strings.Contains(text, idctest.Canary) {
			s.Errorf("%s: a secret is in its output", out.line)
		}
	}
	return out
}

// guard reads the config all the time, as other programs do.
func (s *stage) guard(look func(config string)) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		last := ""
		for {
			data, err := os.ReadFile(s.aws("config"))
			if err != nil {
				s.Errorf("the config cannot be read: %v", err)
			} else if string(data) != last {
				last = string(data)
				look(last)
			}
			select {
			case <-done:
				return
			case <-time.After(500 * time.Microsecond):
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

const (
	crowdAccounts = 15
	crowdRoles    = 2
)

// generated counts the sections that sso-profiles made.
func generated(config string) int { return strings.Count(config, "\nmanaged_by = sso-profiles\n") }

func crowd(s *stage) {
	head := handWritten + okta
	s.open(head, idctest.Config{Accounts: idctest.MakeAccounts(crowdAccounts, crowdRoles)})
	full := false
	stop := s.guard(func(config string) {
		n := generated(config)
		switch {
		case !strings.HasPrefix(config, head):
			s.Errorf("what was there is not there any more:\n%s", config)
		case n == crowdAccounts*crowdRoles:
			full = true
		case full || n != 0:
			s.Errorf("a config with %d profiles was there", n)
		}
	})
	// All begin at once and without a login.
	s.expectAll(20, "sso-login", "okta")
	runs := s.press(20, time.Duration(sized(3, 60))*time.Second, [][]string{
		{"sso-login", "okta"},
		{"sso-profiles", "okta", "--name", "{{.RoleName}}-{{.AccountId}}"},
		{"sso-profiles", "okta", "--name", "{{.AccountName | slug}}-{{.RoleName}}"},
		{"sso-test", "--all", "--sso-session", "okta"},
	}, func(out outcome) {
		// In the first moments there is no profile yet.
		if out.status != 0 && !(strings.HasPrefix(out.line, "sso-test") && strings.Contains(out.stderr, "no profile to check")) {
			s.Errorf("%s: exit status %d\n%s%s", out.line, out.status, out.stdout, out.stderr)
		}
	})
	stop()
	if n := s.idc.Count(idctest.Authorize); n != 1 {
		s.Errorf("%d logins, want one", n)
	}
	if n := len(s.config().Profiles()); n != crowdAccounts*crowdRoles+2 {
		s.Errorf("%d profiles", n)
	}
	s.Logf("%d runs", runs)
}

// expectAll runs a line many times at the same moment.
func (s *stage) expectAll(times int, line ...string) {
	s.Helper()
	var wg sync.WaitGroup
	for range times {
		wg.Go(func() { s.expect(s.quick(line...), 0) })
	}
	wg.Wait()
}

// crowdWithEditors: an editor writes beside the file and renames, as vim does.
// It reads, and writes at once: what it may overwrite itself is no loss of ours.
func crowdWithEditors(s *stage) {
	s.open(handWritten+okta, idctest.Config{Accounts: idctest.MakeAccounts(crowdAccounts, crowdRoles)})
	s.login("okta")
	stopEditing, edited := make(chan struct{}), make(chan int)
	lost := 0
	go func() {
		n := 0
		for {
			n++
			mark := fmt.Sprintf("\n[profile theirs-%04d]\nregion = us-east-1\n", n)
			data, err := os.ReadFile(s.aws("config"))
			if err != nil {
				s.Error(err)
			}
			temp := s.path("editor")
			if err := errors.Join(os.WriteFile(temp, append(data, mark...), 0o644), os.Rename(temp, s.aws("config"))); err != nil {
				s.Error(err)
			}
			select {
			case <-stopEditing:
				edited <- n
				return
			case <-time.After(20*time.Millisecond + rand.N(60*time.Millisecond)):
			}
			now, _ := os.ReadFile(s.aws("config"))
			if !strings.Contains(string(now), mark[1:]) {
				lost++
				s.Errorf("edit %d of another program was lost", n)
			}
		}
	}()
	runs := s.press(10, time.Duration(sized(3, 30))*time.Second, [][]string{
		{"sso-profiles", "okta", "--name", "{{.RoleName}}-{{.AccountId}}"},
		{"sso-profiles", "okta", "--name", "{{.AccountName | slug}}-{{.RoleName}}"},
		{"sso-login", "okta"},
	}, func(out outcome) {
		if out.status != 0 && !strings.Contains(out.stderr, "another program changes it again and again") {
			s.Errorf("%s: exit status %d\n%s%s", out.line, out.status, out.stdout, out.stderr)
		}
	})
	close(stopEditing)
	n := <-edited
	s.expect(s.do("sso-profiles", "okta"), 0)
	config := s.read("config")
	for i := 1; i <= n; i++ {
		if !strings.Contains(config, fmt.Sprintf("[profile theirs-%04d]\nregion = us-east-1\n", i)) {
			s.Errorf("edit %d is not in the file", i)
		}
	}
	s.config()
	if got := generated(config); got != crowdAccounts*crowdRoles {
		s.Errorf("%d profiles, want %d", got, crowdAccounts*crowdRoles)
	}
	s.Logf("%d runs, %d edits, %d lost", runs, n, lost)
}

func crowdDenied(s *stage) {
	// It takes so long that all have begun before it ends: who begins later may
	// ask again.
	s.open(okta, idctest.Config{Approval: idctest.Declined, Faults: []idctest.Fault{{Op: idctest.RegisterClient, Kind: idctest.Slow, Delay: 4 * time.Second}}})
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() { s.expect(s.quick("sso-login", "okta"), 3, "error: ") })
	}
	wg.Wait()
	if n := s.idc.Count(idctest.Authorize); n != 1 {
		s.Errorf("%d browser tabs, want one", n)
	}
}
