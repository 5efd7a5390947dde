package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"aws-sso-plugins/pkg/idctest"
)

var clientRaces = []torment{
	{name: "the AWS CLI v1 edits the config in one process, as fast as it can", holds: "no edit of it is lost, and none of ours by our doing", run: raceWithWriter, alone: true},
	{name: "the AWS CLI v1 edits the config, each write in two parts", holds: "no edit is lost; what is half written is waited for", run: raceWithSlowWriter},
	{name: "aws configure set of the AWS CLI v1, again and again", holds: "no edit is lost", run: raceWithConfigureSet},
}

// awsCLI is the folder with the programs of the AWS CLI v1, of the version that
// pkg/conformance pins. It is installed into the user's cache, from PyPI, by a
// run of full size; a short one uses what is there, because no test of `make
// test` reaches the network.
func (s *stage) awsCLI() string {
	s.Helper()
	cliOnce.Do(func() { cliDir, cliErr = installCLI() })
	if cliErr != nil {
		s.skip("the AWS CLI v1 is not here: %v", cliErr)
	}
	return cliDir
}

var (
	cliOnce sync.Once
	cliDir  string
	cliErr  error
)

func installCLI() (string, error) {
	requirements, err := filepath.Abs("../conformance/testdata/python/requirements.txt")
	if err != nil {
		return "", err
	}
	pins, err := os.ReadFile(requirements)
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(string(pins), "awscli==")
	version, _, _ := strings.Cut(rest, "\n")
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	venv := filepath.Join(cache, "aws-sso-plugins", "torture", "awscli-"+version)
	bin := filepath.Join(venv, "bin")
	if exec.Command(filepath.Join(bin, "aws"), "--version").Run() == nil {
		return bin, nil
	}
	if !full {
		return "", errors.New("make torture installs it")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	for _, line := range [][]string{
		{"python3", "-m", "venv", "--clear", venv},
		{filepath.Join(bin, "pip"), "--disable-pip-version-check", "install", "--quiet", "--no-deps", "-r", requirements},
		{filepath.Join(bin, "aws"), "--version"},
	} {
		if out, err := exec.CommandContext(ctx, line[0], line[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w %.200s", strings.Join(line[:1], " "), err, out)
		}
	}
	return bin, nil
}

func raceWithWriter(s *stage)     { s.race(sized(300, 10_000), sized(3, 100), 0) }
func raceWithSlowWriter(s *stage) { s.race(sized(4, 50), 1, 250*time.Millisecond) }

// race runs the writer alone, then against sso-login and sso-profiles. It makes
// so many edits at least, and goes on until each of ours has written so many
// times.
func (s *stage) race(edits, writes int, delay time.Duration) {
	s.Helper()
	python := filepath.Join(s.awsCLI(), "python")
	script, err := filepath.Abs("testdata/edit.py")
	s.must(err)
	s.withAndWithout(0, writes, func(v *stage, written <-chan struct{}) {
		cmd := exec.Command(python, script, v.aws("config"), strconv.Itoa(edits), fmt.Sprint(delay.Seconds()))
		var counts, complaints strings.Builder
		cmd.Stdout, cmd.Stderr = &counts, &complaints
		more, err := cmd.StdinPipe()
		v.must(err)
		v.must(cmd.Start())
		<-written
		v.must(more.Close())
		err = cmd.Wait()
		var made, lost int
		if _, malformed := fmt.Sscan(counts.String(), &made, &lost); err != nil || malformed != nil || made < edits || lost > 0 {
			v.Errorf("%d of %d edits lost: %v, %v\n%.1000s", lost, made, err, malformed, complaints.String())
		}
		v.Logf("%d edits", made)
	})
}

func raceWithConfigureSet(s *stage) {
	aws := filepath.Join(s.awsCLI(), "aws")
	edits := sized(3, 200)
	// The AWS CLI takes half a second to start, and needs the processor for it.
	s.withAndWithout(100*time.Millisecond, 1, func(v *stage, _ <-chan struct{}) {
		for n := range edits {
			cmd := exec.Command(aws, "configure", "set", "region", "eu-west-1", "--profile", fmt.Sprintf("theirs-%d", n))
			cmd.Env = v.environment()
			if out, err := cmd.CombinedOutput(); err != nil {
				v.Errorf("aws configure set: %v\n%s", err, out)
			}
		}
		config, lost := v.read("config"), 0
		for n := range edits {
			if !strings.Contains(config, fmt.Sprintf("[profile theirs-%d]\nregion = eu-west-1\n", n)) {
				lost++
			}
		}
		if lost > 0 {
			v.Errorf("%d of %d edits lost", lost, edits)
		}
	})
}

// withAndWithout calls edit in one home where nothing else happens, and in one
// where sso-login and sso-profiles run in loops, with a pause after each run,
// until it returns. It closes the channel when each of them has succeeded so
// many times, or after two minutes.
func (s *stage) withAndWithout(pause time.Duration, writes int, edit func(v *stage, written <-chan struct{})) {
	s.Helper()
	nothingToWaitFor := make(chan struct{})
	close(nothingToWaitFor)
	control := &stage{T: s.T}
	control.open(handWritten+okta, idctest.Config{})
	edit(control, nothingToWaitFor)
	if s.Failed() {
		s.Fatal("the AWS CLI loses edits by itself")
	}

	s.open(handWritten+okta, idctest.Config{Accounts: idctest.MakeAccounts(5, 2)})
	s.login("okta")
	var done atomic.Bool
	var loops sync.WaitGroup
	var mu sync.Mutex
	tally := map[string]int{}
	written := make(chan struct{})
	enough := sync.OnceFunc(func() { close(written) })
	defer time.AfterFunc(2*time.Minute, enough).Stop()
	loop := func(line func(n int) []string) {
		loops.Go(func() {
			for n := 0; !done.Load(); n++ {
				out := s.quick(line(n)...)
				time.Sleep(pause)
				mu.Lock()
				tally[fmt.Sprintf("%s exit %d", line(n)[0], out.status)]++
				if min(tally["sso-login exit 0"], tally["sso-profiles exit 0"]) >= writes {
					enough()
				}
				mu.Unlock()
				s.inspect(out)
				if out.status == 4 && !strings.Contains(out.stderr, "again and again") && !strings.Contains(out.stderr, "open for writing") {
					s.Errorf("%s: exit status 4\n%s", out.line, out.stderr)
				}
			}
		})
	}
	loop(func(n int) []string {
		return []string{"sso-profiles", "okta", "--set", "output=" + []string{"json", "text"}[n%2]}
	})
	loop(func(n int) []string {
		return []string{"sso-login", fmt.Sprintf("new-%d", n%300), "--sso-start-url", startURL, "--sso-region", "eu-central-1"}
	})
	edit(s, written)
	done.Store(true)
	loops.Wait()
	s.config()
	for _, name := range []string{"sso-login exit 0", "sso-profiles exit 0"} {
		if tally[name] == 0 {
			s.Errorf("there was no %s: %v", name, tally)
		}
	}
	s.Logf("%v", tally)
}
