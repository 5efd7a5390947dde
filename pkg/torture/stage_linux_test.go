package torture

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"aws-sso-plugins/cmd/built"
	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/idctest"
)

// stage is where a case plays: a home folder, an Identity Center and the
// binaries. What must hold after every run is looked at here.
type stage struct {
	*testing.T

	home string
	idc  *idctest.Server
	url  string   // where the binaries find the services; empty: at idc
	env  []string // beyond the sealed environment
	uid  uint32   // who runs the binaries; 0: who runs the tests

	killed  bool   // runs were killed, which leaves temporary files
	mangled bool   // replies were changed on the way, so requests may make no sense
	skipped string // why
}

const (
	startURL = "https://d-1234567890.awsapps.com/start"
	okta     = "[sso-session okta]\nsso_start_url = " + startURL + "\nsso_region = eu-central-1\n"
)

// skip says why this cannot be shown here.
func (s *stage) skip(format string, args ...any) {
	s.skipped = fmt.Sprintf(format, args...)
	s.Skip(s.skipped)
}

// open makes the home folder with a config, and starts the Identity Center.
func (s *stage) open(config string, center idctest.Config) {
	s.Helper()
	home, err := os.MkdirTemp(homes, "")
	if err != nil {
		s.Fatal(err)
	}
	s.home = home
	s.must(os.Chmod(home, 0o700))
	s.must(os.Mkdir(s.path(".aws"), 0o700))
	if config != "" {
		s.write("config", config)
	}
	if s.idc, err = idctest.Start(center); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(s.close)
}

// close looks at what is left.
func (s *stage) close() {
	s.examine()
	s.idc.Close()
	for _, r := range s.idc.Requests() {
		if r.Fault != "" {
			figures.faults.Add(1)
		}
	}
	if !s.mangled {
		for i, v := range s.idc.Violations() {
			if i == 5 {
				break
			}
			s.Errorf("the protocol was broken: %v", v)
		}
	}
	if !s.Failed() {
		_ = os.RemoveAll(s.home)
	}
}

func (s *stage) must(err error) {
	if err != nil {
		s.Helper()
		s.Fatal(err)
	}
}

// path is one below the home folder.
func (s *stage) path(parts ...string) string {
	return filepath.Join(append([]string{s.home}, parts...)...)
}

// aws is a path below ~/.aws.
func (s *stage) aws(parts ...string) string { return s.path(append([]string{".aws"}, parts...)...) }

func (s *stage) write(name, text string) {
	s.Helper()
	s.must(os.MkdirAll(filepath.Dir(s.aws(name)), 0o700))
	s.must(os.WriteFile(s.aws(name), []byte(text), 0o644))
}

func (s *stage) read(name string) string {
	s.Helper()
	data, err := os.ReadFile(s.aws(name))
	s.must(err)
	return string(data)
}

// tokenFile is where every AWS client looks for the token of a session.
func tokenFile(session string) string {
	sum := sha1.Sum([]byte(session))
	return "sso/cache/" + hex.EncodeToString(sum[:]) + ".json"
}

// login puts a valid token into the cache without any ceremony.
func (s *stage) login(session string) idctest.Token {
	s.Helper()
	token := s.idc.IssueToken("")
	_, err := token.WriteCache(s.home, session)
	s.must(err)
	s.own()
	return token
}

// own gives the home folder to the user who runs the binaries.
func (s *stage) own() {
	if s.uid == 0 {
		return
	}
	s.must(filepath.WalkDir(s.home, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(s.uid), int(s.uid))
	}))
}

// run is one run of a binary.
type run struct {
	line   []string // the program and its arguments
	stdin  string
	env    []string
	within time.Duration // longer is a hang; 0: 60 s
	around []string      // a command that runs the line, such as prlimit
	stdout *os.File      // in place of the pipe
	during func(*exec.Cmd)
	weigh  bool // measure the memory
	unlike bool // not a run of the suite's own: its output is not looked at

	handsOut bool // sso-creds in one of its formats: keys of roles, and nothing else secret, are what it prints
}

// outcome is what came of it.
type outcome struct {
	line           string
	stdout, stderr string
	status         int
	memory         int64 // most at one time, in bytes, if that was asked for
	took           time.Duration
}

// do runs a command line in the stage's environment.
func (s *stage) do(line ...string) outcome {
	s.Helper()
	return s.play(run{line: line})
}

// sh runs a line of the shell.
func (s *stage) sh(script string) outcome {
	s.Helper()
	return s.play(run{line: []string{"sh", "-c", script}})
}

func (s *stage) environment(more ...string) []string {
	env := built.SealedEnv(binaries, s.home)
	env = append(env, s.idc.Env()...)
	if s.url != "" {
		for _, service := range []string{"SSO", "SSO_OIDC", "STS"} {
			env = append(env, "AWS_ENDPOINT_URL_"+service+"="+s.url)
		}
	}
	env = append(env, "BROWSER="+filepath.Join(binaries, "idc")+" browse", "LC_ALL=C.UTF-8")
	return append(append(env, s.env...), more...)
}

func (s *stage) command(ctx context.Context, r run) *exec.Cmd {
	line := append(slices.Clone(r.around), r.line...)
	name := line[0]
	if path := filepath.Join(binaries, name); exists(path) {
		name = path
	}
	cmd := exec.CommandContext(ctx, name, line[1:]...)
	cmd.Dir = s.home
	cmd.Env = s.environment(r.env...)
	if r.stdin != "" {
		cmd.Stdin = strings.NewReader(r.stdin)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.uid != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: s.uid, Gid: s.uid}
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// play runs and looks at what a run shows: that it ends, no secret, no trace of
// a crash, nothing that a terminal acts on, and a reason for every failure.
func (s *stage) play(r run) outcome {
	s.Helper()
	within := r.within
	if within == 0 {
		within = time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	if r.weigh {
		r.around = append([]string{os.Args[0]}, r.around...)
		r.env = append(slices.Clone(r.env), weighInto+"="+s.home+".weight")
	}
	cmd := s.command(ctx, r)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if r.stdout != nil {
		cmd.Stdout = r.stdout
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		s.Fatalf("%v: %v", r.line, err)
	}
	figures.runs.Add(1)
	seen, stop := watch(cmd.Process.Pid)
	if r.during != nil {
		r.during(cmd)
	}
	err := cmd.Wait()
	stop()
	out := outcome{
		line: strings.Join(r.line, " "), stdout: stdout.String(), stderr: stderr.String(),
		status: statusOf(cmd.ProcessState), took: time.Since(start),
	}
	if r.weigh {
		out.memory = s.weighed()
	}
	if ctx.Err() != nil {
		s.Errorf("%s: did not end within %v\n%s", out.line, within, out.stderr)
	} else if err != nil && errors.Is(err, exec.ErrWaitDelay) {
		s.Errorf("%s: somebody it started holds on to its output", out.line)
	}
	printed := out.stdout
	if r.handsOut {
		printed = s.withoutRoleKeys(printed)
	}
	if leaked := s.secretIn(printed, out.stderr, seen()); leaked != "" {
		s.Errorf("%s: a secret is %s", out.line, leaked)
	}
	if !r.unlike {
		s.inspect(out)
	}
	return out
}

// weighInto is a variable that makes of the test binary one that runs a command
// and writes down how much memory it took. The kernel counts what a process
// that starts another has itself as the other's, and the tests have much.
const weighInto = "TORTURE_WEIGH_INTO"

func weigh(into string, line []string) int {
	_ = os.Unsetenv(weighInto)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	_ = cmd.Run() // the state says it all
	if cmd.ProcessState == nil {
		return 127
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		_ = os.WriteFile(into, []byte(strconv.FormatInt(usage.Maxrss<<10, 10)), 0o600)
	}
	return statusOf(cmd.ProcessState)
}

func (s *stage) weighed() int64 {
	s.Helper()
	data, err := os.ReadFile(s.home + ".weight")
	s.must(err)
	s.must(os.Remove(s.home + ".weight"))
	n, err := strconv.ParseInt(string(data), 10, 64)
	s.must(err)
	return n
}

func statusOf(state *os.ProcessState) int {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return state.ExitCode()
}

// secrets are the marked strings, and what the binaries made up themselves and
// told the Identity Center: code verifiers. Where replies are changed on the
// way, what it is told may be anything.
func (s *stage) secrets() []string {
	secrets := []string{idctest.Canary}
	if s.mangled {
		return secrets
	}
	for _, secret := range s.idc.Secrets() {
		if !strings.Contains(secret, idctest.Canary) && len(secret) >= 43 {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

// secretIn says where a secret of the Identity Center is, "" for nowhere.
func (s *stage) secretIn(stdout, stderr, around string) string {
	for _, secret := range s.secrets() {
		switch {
		case strings.Contains(stdout, secret):
			return "on standard output"
		case strings.Contains(stderr, secret):
			return "on standard error:\n" + stderr
		case strings.Contains(around, secret):
			return "in arguments or the environment:\n" + around
		}
	}
	return ""
}

// withoutRoleKeys is a text of a place where keys of roles may be.
func (s *stage) withoutRoleKeys(text string) string {
	for _, key := range s.idc.RoleKeys() {
		text = strings.ReplaceAll(text, key, "")
	}
	return text
}

// inspect holds an outcome against what every run promises.
func (s *stage) inspect(out outcome) {
	s.Helper()
	switch out.status {
	case 0, 1, 2, 3, 4, 129, 130, 141, 143:
	default:
		s.Errorf("%s: exit status %d\n%s", out.line, out.status, out.stderr)
	}
	for _, trace := range []string{"panic:", "goroutine ", "runtime error", "*fault.", "operation error", "<nil>", "%!"} {
		if strings.Contains(out.stderr, trace) {
			s.Errorf("%s: %q on standard error:\n%s", out.line, trace, out.stderr)
		}
	}
	for _, text := range []string{out.stdout, out.stderr} {
		if bad := untame(text); bad != "" {
			s.Errorf("%s: a terminal would act on %s in\n%q", out.line, bad, text)
		}
	}
	// The rows of sso-test have the reasons of their own.
	told := strings.Contains(out.stderr, "error: ") || strings.Contains(out.line, "sso-test") && out.stdout != "" && out.stderr != ""
	if out.status >= 2 && out.status <= 4 && !told {
		s.Errorf("%s: exit status %d without a reason:\n%s", out.line, out.status, out.stderr)
	}
}

// untame is what of a text a terminal would act on, "" for nothing.
func untame(text string) string {
	for i, r := range text {
		switch {
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return fmt.Sprintf("byte %#x", text[i])
			}
		case r == '\n', r == '\t':
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
			return fmt.Sprintf("%U", r)
		}
	}
	return ""
}

// sgr and erase are what the suite itself sends to a terminal: colours, and
// the way back to the beginning of a line.
var ownSequences = regexp.MustCompile("\x1b\\[[0-9;]*m|\r\x1b\\[K|\x1b\\[2?K|\r\n|\r")

// watch reads the arguments and the environment of a process and of all that
// it starts, for as long as it lives.
func watch(pid int) (seen func() string, stop func()) {
	var mu sync.Mutex
	texts := map[string]bool{}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		known := map[int]int{}
		for pause := 3 * time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
			look(pid, known, func(text string) {
				mu.Lock()
				defer mu.Unlock()
				texts[text] = true
			})
			select {
			case <-done:
				return
			case <-time.After(pause):
			}
		}
	}()
	seen = func() string {
		mu.Lock()
		defer mu.Unlock()
		var b strings.Builder
		for text := range texts {
			b.WriteString(text + "\n")
		}
		return b.String()
	}
	return seen, func() {
		close(done)
		<-ended
	}
}

// look reads a process twice, for it may be about to become another, and then
// its children.
func look(pid int, known map[int]int, note func(string)) {
	dir := "/proc/" + strconv.Itoa(pid)
	if known[pid]++; known[pid] <= 4 {
		for _, name := range []string{"/cmdline", "/environ"} {
			before, _ := os.Readlink(dir + "/exe")
			data, err := os.ReadFile(dir + name)
			if err != nil {
				continue
			}
			// What has ended meanwhile is what it was before: a command never becomes
			// a program of ours.
			exe, err := os.Readlink(dir + "/exe")
			if err != nil {
				exe = before
			}
			if name == "/environ" && filepath.Dir(exe) != binaries {
				data = handedOver.ReplaceAll(data, []byte("$1=handed over"))
			}
			note(strings.ReplaceAll(string(data), "\x00", " "))
		}
	}
	tasks, _ := filepath.Glob(dir + "/task/*/children")
	for _, task := range tasks {
		data, _ := os.ReadFile(task)
		for child := range strings.FieldsSeq(string(data)) {
			if n, err := strconv.Atoi(child); err == nil {
				look(n, known, note)
			}
		}
	}
}

// handedOver are the keys of a role in the environment of a command that sso-exec
// runs. Nothing else secret may be there, and these nowhere else.
var handedOver = regexp.MustCompile(`\b(AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN)=[^\x00]*`)

var (
	cacheName = regexp.MustCompile(`^[0-9a-f]{40}\.json$`)
	lockName  = regexp.MustCompile(`^[0-9a-f]{64}(\.outcome)?$`)
	// a section that sso-creds --write has marked
	writtenSections = regexp.MustCompile(`(?m)^\[[^\n]*\n(?:[^\[\n][^\n]*\n|\n)*?managed_by = sso-creds\n(?:[^\[\n][^\n]*\n|\n)*`)

	tempName = regexp.MustCompile(`^\.aws-sso-plugins-[0-9a-f]{16}-[A-Z2-7]{26}\.tmp$`)
)

// examine looks at every file below the home folder.
func (s *stage) examine() {
	s.Helper()
	secrets := s.secrets()
	err := filepath.WalkDir(s.home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // a run at the same time took it away
			}
			return err
		}
		if strings.Contains(path, idctest.Canary) {
			s.Errorf("a secret is in the name of %s", path)
		}
		info, err := entry.Info()
		if err != nil {
			return nil
		}
		rel, _ := filepath.Rel(s.aws(), path)
		dir, name := filepath.Split(rel)
		temp := tempName.MatchString(name)
		switch {
		case entry.IsDir():
			if strings.HasPrefix(rel, "sso/") && info.Mode().Perm() != 0o700 {
				s.Errorf("the folder %s has mode %o", rel, info.Mode().Perm())
			}
			return nil
		case !entry.Type().IsRegular():
			return nil
		case temp && !s.killed:
			s.Errorf("the temporary file %s was left behind", rel)
		case temp && info.Mode().Perm()&0o077 != 0:
			s.Errorf("the temporary file %s has mode %o", rel, info.Mode().Perm())
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		switch {
		case dir == "sso/cache/" && (cacheName.MatchString(name) || temp && s.killed):
			if bytes.Contains(data, []byte(idctest.Canary)) && info.Mode().Perm() != 0o600 {
				s.Errorf("%s holds a secret and has mode %o", rel, info.Mode().Perm())
			}
			return nil
		case dir == "cli/cache/" && (cacheName.MatchString(name) || temp && s.killed):
			if info.Mode().Perm() != 0o600 {
				s.Errorf("%s holds a secret and has mode %o", rel, info.Mode().Perm())
			}
			data = []byte(s.withoutRoleKeys(string(data)))
		case rel == "credentials" || dir == "" && temp && s.killed:
			if marked := writtenSections.FindString(string(data)); marked != "" && info.Mode().Perm() != 0o600 {
				s.Errorf("%s holds a secret and has mode %o", rel, info.Mode().Perm())
			}
			data = []byte(writtenSections.ReplaceAllStringFunc(string(data), s.withoutRoleKeys))
		case dir == "sso/lock/" && lockName.MatchString(name) && !strings.HasSuffix(name, ".outcome") && len(data) > 0:
			s.Errorf("the lock file %s holds %q", rel, data)
		case dir == "sso/lock/" && !lockName.MatchString(name) && !temp:
			s.Errorf("what is %s?", rel)
		}
		for _, secret := range secrets {
			if bytes.Contains(data, []byte(secret)) {
				s.Errorf("a secret is in %s", path)
				break
			}
		}
		return nil
	})
	if err != nil {
		s.Error(err)
	}
}

// config reads the config as AWS clients do, and fails where they could not.
func (s *stage) config() *awsconfig.Config {
	s.Helper()
	c, err := awsconfig.Load(s.Context(), s.aws("config"), s.aws("credentials"))
	if err == nil {
		err = c.Err()
	}
	if err != nil {
		s.Errorf("AWS could not read the config: %v", err)
	}
	return c
}

// token reads a session's token. It is whole, or not there.
func (s *stage) token(session string) (accessToken string, found bool) {
	s.Helper()
	data, err := os.ReadFile(s.aws(tokenFile(session)))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	s.must(err)
	var token idctest.Token
	if err := json.Unmarshal(data, &token); err != nil {
		s.Errorf("the token of %q is torn: %v", session, err)
	}
	return token.AccessToken, true
}

// expect holds an outcome against a status and words of its standard error.
func (s *stage) expect(out outcome, status int, words ...string) {
	s.Helper()
	if out.status != status {
		s.Errorf("%s: exit status %d, want %d\n%s%s", out.line, out.status, status, out.stdout, out.stderr)
	}
	for _, w := range words {
		if !strings.Contains(out.stderr, w) {
			s.Errorf("%s: %q is not in\n%s", out.line, w, out.stderr)
		}
	}
}

// temps are the temporary files below the home folder.
func (s *stage) temps() (found []string) {
	_ = filepath.WalkDir(s.home, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && tempName.MatchString(entry.Name()) {
			found = append(found, path)
		}
		return nil
	})
	return found
}

// bad counts an input that makes no sense.
func bad(text string) string {
	figures.badInputs.Add(1)
	figures.badBytes.Add(int64(len(text)))
	return text
}

// exceeds reports whether something took longer than it may. Only a run of full
// size holds that: `make test` must pass on a machine that stops a process for
// seconds.
func exceeds(took, most time.Duration) bool { return full && took > most }
