package login_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/wire"
)

const many = 20

// result is how one of many ended.
type result struct {
	Action login.Action
	Kind   string
	Text   string
	Hint   string
	Asked  int // tabs that were opened
}

func resultOf(st login.State, err error, asked int) result {
	r := result{Action: st.Action, Asked: asked}
	if err != nil {
		r.Kind, r.Text, r.Hint = fault.KindOf(err).String(), err.Error(), fault.HintOf(err)
	}
	return r
}

// tally is how often each thing happened.
func tally(results []result) (asked int, actions map[login.Action]int, kinds map[string]int) {
	actions, kinds = map[login.Action]int{}, map[string]int{}
	for _, r := range results {
		asked += r.Asked
		if r.Kind != "" {
			kinds[r.Kind]++
		} else {
			actions[r.Action]++
		}
	}
	return asked, actions, kinds
}

// together runs engines of their own at once. All want the login since before
// the first of them began.
func (w *world) together(n int, o login.Options) []result {
	w.t.Helper()
	o.Since = time.Now()
	results := make([]result, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			e, asked := w.engine(), 0
			present := e.Present
			e.Present = func(ctx context.Context, p login.Prompt) error {
				asked++
				return present(ctx, p)
			}
			st, err := e.Ensure(w.t.Context(), w.s, o)
			results[i] = resultOf(st, err, asked)
		})
	}
	wg.Wait()
	return results
}

func TestManyGoroutinesMakeOneLogin(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]login.Options{
		"browser": browser(), "device": device(),
		"forced":           {Flow: login.FlowBrowser, Force: true},
		"longer than any":  {Flow: login.FlowBrowser, ValidFor: 48 * time.Hour},
		"forced, the code": {Flow: login.FlowDevice, Force: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, idctest.Config{})
			asked, actions, kinds := tally(w.together(many, o))
			if asked != 1 || actions[login.LoggedIn] != 1 || len(kinds) != 0 {
				t.Errorf("asked %d times, %v, %v", asked, actions, kinds)
			}
			if actions[login.LoggedIn]+actions[login.Waited]+actions[login.Kept]+actions[login.Refreshed] != many {
				t.Errorf("%v", actions)
			}
			if n := w.srv.Count(idctest.RegisterClient); n != 1 {
				t.Errorf("registered %d times", n)
			}
			w.clean(nil)
		})
	}
}

func TestManyGoroutinesShareARefusal(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]login.Options{"browser": browser(), "device": device()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, idctest.Config{Approval: idctest.Declined})
			results := w.together(many, o)
			asked, actions, kinds := tally(results)
			if asked != 1 || len(actions) != 0 || kinds["login"] != many {
				t.Errorf("asked %d times, %v, %v", asked, actions, kinds)
			}
			shared := 0
			for _, r := range results {
				if !strings.HasPrefix(r.Text, `cannot log in to "okta": the login was refused`) || r.Hint == "" {
					t.Errorf("%q, hint %q", r.Text, r.Hint)
				}
				if strings.HasSuffix(r.Text, "(in another process)") {
					shared++
				}
			}
			if shared != many-1 {
				t.Errorf("%d shared the refusal", shared)
			}
			w.clean(nil)
		})
	}
}

func TestWhoComesAfterARefusalStartsALoginOfItsOwn(t *testing.T) {
	w := newWorld(t, idctest.Config{Approval: idctest.Declined})
	_, err := w.ensure(browser())
	w.wantFault(err, fault.Login, oidc.ErrDenied)
	w.srv.Update(func(c *idctest.Config) { c.Approval = idctest.OnVisit })
	st, err := w.ensure(browser())
	w.want(st, err, login.LoggedIn)
}

// Who was started before the refusal but got to the lock after it, waited all
// the same.
func TestWhoBeganBeforeARefusalSharesIt(t *testing.T) {
	w := newWorld(t, idctest.Config{Approval: idctest.Declined})
	o := browser()
	o.Since = time.Now()
	for range 2 {
		_, err := w.ensure(o)
		w.wantFault(err, fault.Login)
	}
	if w.asked() != 1 {
		t.Errorf("asked %d times", w.asked())
	}
}

// A login that its leader gave up is, for those who waited, one that failed.
func TestALoginThatIsGivenUpFailsForAll(t *testing.T) {
	w := newWorld(t, idctest.Config{Approval: idctest.Never})
	o := browser()
	o.Since = time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	leader := w.engine()
	asked := make(chan struct{})
	leader.Present = func(context.Context, login.Prompt) error {
		close(asked)
		return nil
	}
	led := make(chan error, 1)
	go func() {
		_, err := leader.Ensure(ctx, w.s, o)
		led <- err
	}()
	<-asked
	waited := make(chan error, 3)
	for range cap(waited) {
		go func() {
			_, err := w.engine().Ensure(t.Context(), w.s, o)
			waited <- err
		}()
	}
	cancel()
	if err := <-led; fault.KindOf(err) != fault.Canceled {
		t.Error(err)
	}
	for range cap(waited) {
		err := <-waited
		w.wantFault(err, fault.Login)
		if fault.HintOf(err) != "run: sso-login okta" || !strings.Contains(err.Error(), "given up") {
			t.Errorf("%v, hint %q", err, fault.HintOf(err))
		}
	}
	if w.asked() != 0 {
		t.Errorf("%d more were asked", w.asked())
	}
}

// A good token is better than a shared failure: the person gave up a login
// here, having logged in elsewhere.
func TestATokenOfAnotherClientEndsTheWaiting(t *testing.T) {
	w := newWorld(t, idctest.Config{Approval: idctest.Declined})
	o := browser()
	o.Since = time.Now()
	_, err := w.ensure(o)
	w.wantFault(err, fault.Login, oidc.ErrDenied)

	e := w.engine()
	release, err := e.Cache.Store.Lock(t.Context(), "login to okta")
	if err != nil {
		t.Fatal(err)
	}
	want := `another sso-login is logging in to "okta"; waiting` // who holds a lock is not known everywhere
	if runtime.GOOS == "linux" {
		want = `another login of this process is logging in to "okta"; waiting`
	}
	e.Notify = func(event login.Event) {
		if event.Kind != login.Waiting || event.Text != want {
			t.Errorf("told %+v", event)
		}
		w.put()
		release()
	}
	st, err := e.Ensure(t.Context(), w.s, o)
	w.want(st, err, login.Waited)
}

// What only the leader could not do, the others do.
func TestAPortThatTheLeaderCouldNotHaveIsNotShared(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	cb, err := oidc.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer cb.Close()
	since := time.Now()
	_, err = w.ensure(login.Options{Flow: login.FlowBrowser, RedirectPort: cb.Port(), Since: since})
	w.wantFault(err, fault.Login, oidc.ErrPort)
	st, err := w.ensure(login.Options{Flow: login.FlowBrowser, Since: since})
	w.want(st, err, login.LoggedIn)
}

func TestAnOutcomeFromTheFutureCountsForNothing(t *testing.T) {
	for name, content := range map[string]string{
		"future":  `{"ended":"2999-01-01T00:00:00Z","failure":{"kind":"login","why":"old"}}`,
		"past":    `{"ended":"2001-01-01T00:00:00Z","failure":{"kind":"login","why":"old"}}`,
		"corrupt": `{"ended":`,
		"empty":   ``,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, idctest.Config{Approval: idctest.Declined})
			_, err := w.ensure(browser())
			w.wantFault(err, fault.Login)
			outcomes, err := filepath.Glob(filepath.Join(w.home, ".aws", "sso", "lock", "*.outcome"))
			if err != nil || len(outcomes) != 1 {
				t.Fatal(outcomes, err)
			}
			if err := os.WriteFile(outcomes[0], []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			w.srv.Update(func(c *idctest.Config) { c.Approval = idctest.OnVisit })
			st, err := w.ensure(browser())
			w.want(st, err, login.LoggedIn)
		})
	}
}

// A login to one session holds nobody up who wants another.
func TestSessionsDoNotWaitForOneAnother(t *testing.T) {
	w := newWorld(t, idctest.Config{Approval: idctest.Never})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asked := make(chan struct{})
	leader := w.engine()
	leader.Present = func(context.Context, login.Prompt) error {
		close(asked)
		return nil
	}
	led := make(chan error, 1)
	go func() {
		_, err := leader.Ensure(ctx, w.s, browser())
		led <- err
	}()
	<-asked
	w.srv.Update(func(c *idctest.Config) { c.Approval = idctest.OnVisit })
	other := w.s
	other.Name = "other"
	if st, err := w.engine().Ensure(t.Context(), other, browser()); err != nil || st.Action != login.LoggedIn {
		t.Errorf("%+v, %v", st, err)
	}
	cancel()
	<-led
}

// A source is not held up by a login that waits for a person.
func TestARefreshDoesNotWaitForALogin(t *testing.T) {
	w := newWorld(t, idctest.Config{Approval: idctest.Never})
	w.put(endsIn(5 * time.Minute))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asked := make(chan struct{})
	leader := w.engine()
	leader.Present = func(context.Context, login.Prompt) error {
		close(asked)
		return nil
	}
	led := make(chan error, 1)
	go func() {
		_, err := leader.Ensure(ctx, w.s, login.Options{Flow: login.FlowBrowser, Force: true})
		led <- err
	}()
	<-asked
	if _, err := w.engine().Source(w.s).Token(t.Context()); err != nil {
		t.Error(err)
	}
	if n := w.srv.Count(idctest.CreateToken); n != 1 {
		t.Errorf("%d refreshes", n)
	}
	cancel()
	<-led
}

// A refresh of the old token that ends after a login must not undo it.
func TestARefreshUnderWayDoesNotUndoALogin(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.put(endsIn(5 * time.Minute))
	asked, answer := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprint(rw, `{"accessToken":"of the old session","tokenType":"Bearer","expiresIn":3600}`)
	}))
	defer slow.Close()
	refreshed := make(chan error, 1)
	go func() {
		e := engineIn(t, w.home, wire.Settings{Endpoint: slow.URL})
		_, err := e.Source(w.s).Token(t.Context())
		refreshed <- err
	}()
	<-asked
	loggedIn := make(chan error, 1)
	go func() {
		_, err := w.engine().Ensure(t.Context(), w.s, login.Options{Flow: login.FlowBrowser, Force: true})
		loggedIn <- err
	}()
	select {
	case err := <-loggedIn:
		t.Errorf("the login did not wait for the refresh (%v)", err)
		loggedIn <- err
	case <-time.After(300 * time.Millisecond):
	}
	close(answer)
	if err := errors.Join(<-refreshed, <-loggedIn); err != nil {
		t.Fatal(err)
	}
	if tok, _ := w.cached(); tok.AccessToken == "of the old session" {
		t.Error("the login is undone")
	}
}

// TestMain is also the program of the processes below.
func TestMain(m *testing.M) {
	if text := os.Getenv(childVariable); text != "" {
		os.Exit(runChild(text))
	}
	os.Exit(m.Run())
}

const childVariable = "LOGIN_TEST_CHILD"

// order is what a child does.
type order struct {
	Home, URL string
	Session   portal.Session
	Options   login.Options
	// Gate is a file that the child's browser waits for before it opens
	// anything; empty: it does not wait.
	Gate string
}

// runChild ensures a session as sso-login would, and prints how it ended. A
// line says when the browser is asked, and the child waits at the gate.
func runChild(text string) int {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		fmt.Println(err)
		return 2
	}
	e, err := childEngine(o)
	if err != nil {
		fmt.Println(err)
		return 2
	}
	asked := 0
	e.Present = func(ctx context.Context, p login.Prompt) error {
		asked++
		fmt.Println("asked")
		for o.Gate != "" && ctx.Err() == nil {
			if _, err := os.Stat(o.Gate); err == nil {
				break
			}
		}
		_ = idctest.Browse(ctx, p.URL)
		return nil
	}
	st, err := e.Ensure(context.Background(), o.Session, o.Options)
	data, merr := json.Marshal(resultOf(st, err, asked))
	if merr != nil {
		fmt.Println(merr)
		return 2
	}
	fmt.Println("result " + string(data))
	return 0
}

func childEngine(o order) (*login.Engine, error) {
	wr, err := wire.New(wire.Settings{Endpoint: o.URL, Timeout: 10 * time.Second})
	if err != nil {
		return nil, err
	}
	return newEngine(o.Home, wr), nil
}

// child is a process at work.
type child struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func (w *world) child(o order) *child {
	w.t.Helper()
	o.Home, o.URL, o.Session = w.home, w.srv.URL, w.s
	text, err := json.Marshal(o)
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return &child{cmd, bufio.NewScanner(out)}
}

// until reads the child's lines up to one that begins so.
func (c *child) until(prefix string) (string, error) {
	for c.lines.Scan() {
		if rest, ok := strings.CutPrefix(c.lines.Text(), prefix); ok {
			return rest, nil
		}
	}
	return "", errors.Join(errors.New("the process ended without "+prefix), c.lines.Err())
}

func (c *child) result() (r result, err error) {
	text, err := c.until("result ")
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal([]byte(text), &r)
}

// processes runs many at once; as each would, they want the login since they
// were started.
func (w *world) processes(o login.Options) []result {
	w.t.Helper()
	o.Since = time.Now()
	children := make([]*child, many)
	for i := range children {
		children[i] = w.child(order{Options: o})
	}
	results := make([]result, many)
	for i, c := range children {
		r, err := c.result()
		if err != nil {
			w.t.Fatal(err)
		}
		results[i] = r
	}
	return results
}

func TestManyProcessesMakeOneLogin(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	asked, actions, kinds := tally(w.processes(browser()))
	if asked != 1 || actions[login.LoggedIn] != 1 || actions[login.Waited]+actions[login.Kept] != many-1 || len(kinds) != 0 {
		t.Errorf("asked %d times, %v, %v", asked, actions, kinds)
	}
	if n := w.srv.Count(idctest.Authorize); n != 1 {
		t.Errorf("%d tabs", n)
	}
	w.clean(nil)
}

func TestManyProcessesShareARefusal(t *testing.T) {
	w := newWorld(t, idctest.Config{Approval: idctest.Declined})
	asked, actions, kinds := tally(w.processes(browser()))
	if asked != 1 || len(actions) != 0 || kinds["login"] != many {
		t.Errorf("asked %d times, %v, %v", asked, actions, kinds)
	}
	if n := w.srv.Count(idctest.Authorize); n != 1 {
		t.Errorf("%d tabs", n)
	}
	w.clean(nil)
}

func TestManyProcessesRefreshOnce(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.put(endsIn(-time.Minute))
	asked, actions, kinds := tally(w.processes(browser()))
	if asked != 0 || actions[login.Refreshed] != 1 || actions[login.Waited]+actions[login.Kept] != many-1 || len(kinds) != 0 {
		t.Errorf("asked %d times, %v, %v", asked, actions, kinds)
	}
	if n := w.srv.Count(idctest.CreateToken); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

// The kernel takes the lock of a process that is killed, and one of those who
// wait asks the person anew.
func TestAKilledLeaderHoldsNobodyUp(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	gate := filepath.Join(t.TempDir(), "gate")
	o := browser()
	o.Since = time.Now()
	leader := w.child(order{Options: o, Gate: gate})
	if _, err := leader.until("asked"); err != nil {
		t.Fatal(err)
	}
	waiting := make([]*child, 4)
	for i := range waiting {
		waiting[i] = w.child(order{Options: o})
	}
	if err := leader.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var results []result
	for _, c := range waiting {
		r, err := c.result()
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	asked, actions, kinds := tally(results)
	if asked != 1 || actions[login.LoggedIn] != 1 || len(kinds) != 0 {
		t.Errorf("asked %d times, %v, %v", asked, actions, kinds)
	}
}

// Waiting is said once, with what is waited for.
func TestWaitingIsSaid(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	gate := filepath.Join(t.TempDir(), "gate")
	leader := w.child(order{Options: browser(), Gate: gate})
	if _, err := leader.until("asked"); err != nil {
		t.Fatal(err)
	}
	e := w.engine()
	said := make(chan string, 10)
	e.Notify = func(event login.Event) {
		said <- string(event.Kind) + ": " + event.Text
		if err := os.WriteFile(gate, nil, 0o600); err != nil {
			t.Error(err)
		}
	}
	st, err := e.Ensure(t.Context(), w.s, browser())
	w.want(st, err, login.Waited)
	if text := <-said; !strings.HasPrefix(text, "waiting: another sso-login") || !strings.HasSuffix(text, ` is logging in to "okta"; waiting`) || len(said) != 0 {
		t.Errorf("%q and %d more", text, len(said))
	}
	if _, err := leader.result(); err != nil {
		t.Error(err)
	}
}
