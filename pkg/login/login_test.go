package login_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

// world is a home folder, a server and one who logs in.
type world struct {
	t    *testing.T
	srv  *idctest.Server
	home string
	s    portal.Session
	*person
}

func newWorld(t *testing.T, cfg idctest.Config) *world {
	t.Helper()
	srv := idctest.New(t, cfg)
	return &world{
		t: t, srv: srv, home: t.TempDir(), person: &person{srv: srv},
		s: portal.Session{Name: "okta", StartURL: srv.StartURL, Region: srv.Region},
	}
}

// person is the one at the screen: what was shown, and how it was answered.
type person struct {
	srv *idctest.Server

	mu      sync.Mutex
	prompts []login.Prompt
	events  []login.Event
}

// present opens what is to be opened.
func (p *person) present(ctx context.Context, prompt login.Prompt) error {
	p.mu.Lock()
	p.prompts = append(p.prompts, prompt)
	p.mu.Unlock()
	// That the visit fails is the test's business by its outcome.
	_ = p.srv.Browse(ctx, prompt.URL)
	return nil
}

func (p *person) notify(e login.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
}

func (p *person) asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.prompts)
}

// told is all that the person was told, a line an event.
func (p *person) told() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for _, e := range p.events {
		fmt.Fprintf(&b, "%s: %s (%s)\n", e.Kind, e.Text, e.Hint)
	}
	return b.String()
}

// engine is a new one, as another process would have it.
func (w *world) engine() *login.Engine {
	w.t.Helper()
	e := engineIn(w.t, w.home, wire.Settings{Endpoint: w.srv.URL, Timeout: 5 * time.Second, MaxAttempts: 2})
	e.Present, e.Notify = w.present, w.notify
	return e
}

func engineIn(t *testing.T, home string, settings wire.Settings) *login.Engine {
	t.Helper()
	wr, err := wire.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wr.CloseIdle)
	return newEngine(home, wr)
}

func newEngine(home string, wr *wire.Wire) *login.Engine {
	store := &safefile.Store{LockDir: filepath.Join(home, ".aws", "sso", "lock")}
	return &login.Engine{
		Wire: wr,
		Cache: &tokencache.Cache{
			Dir: filepath.Join(home, ".aws", "sso", "cache"), RoleDir: filepath.Join(home, ".aws", "cli", "cache"), Store: store,
		},
	}
}

// put gives the session a token of the server, changed as a test needs it.
func (w *world) put(change ...func(*tokencache.Token)) tokencache.Token {
	w.t.Helper()
	issued := w.srv.IssueToken("")
	tok := tokencache.Token{
		StartURL: issued.StartURL, Region: issued.Region, AccessToken: issued.AccessToken, ExpiresAt: issued.ExpiresAt,
		ClientID: issued.ClientID, ClientSecret: issued.ClientSecret,
		RegistrationExpiresAt: issued.RegistrationExpiresAt, RefreshToken: issued.RefreshToken,
	}
	for _, f := range change {
		f(&tok)
	}
	w.write(tok)
	return tok
}

func (w *world) write(tok tokencache.Token) {
	w.t.Helper()
	if err := w.engine().Cache.PutToken(w.t.Context(), w.s.Key(), tok); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) cached() (tokencache.Token, bool) {
	w.t.Helper()
	tok, found, err := w.engine().Cache.Token(w.t.Context(), w.s.Key())
	if err != nil {
		w.t.Fatal(err)
	}
	return tok, found
}

// endsIn makes a token that is good for a while.
func endsIn(d time.Duration) func(*tokencache.Token) {
	return func(tok *tokencache.Token) { tok.ExpiresAt = time.Now().Add(d) }
}

func noRefresh(tok *tokencache.Token) { tok.RefreshToken = "" }

func (w *world) ensure(o login.Options) (login.State, error) {
	w.t.Helper()
	return w.engine().Ensure(w.t.Context(), w.s, o)
}

// want checks a state and that the token behind it is good at the portal.
func (w *world) want(st login.State, err error, action login.Action) {
	w.t.Helper()
	if err != nil || st.Action != action || st.Status != login.StatusValid || st.Session.Name != w.s.Name {
		w.t.Fatalf("%+v, %v: want %s", st, err, action)
	}
	tok, found := w.cached()
	if !found || tok.StartURL != w.s.StartURL || tok.Region != w.s.Region {
		w.t.Errorf("the cache has %v (%v)", tok, found)
	}
	w.clean(err)
}

// wantFault checks a failure: its kind, and that the token file is as it was.
func (w *world) wantFault(err error, kind fault.Kind, sentinels ...error) {
	w.t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		w.t.Fatalf("kind %v, want %v: %v", fault.KindOf(err), kind, err)
	}
	for _, sentinel := range sentinels {
		if !errors.Is(err, sentinel) {
			w.t.Errorf("%v is not %v", err, sentinel)
		}
	}
	w.clean(err)
}

// clean fails the test if a secret got out: into a message, or the name of a
// file, or a file that is not of the cache.
func (w *world) clean(err error) {
	w.t.Helper()
	text := w.told()
	if err != nil {
		text += err.Error() + fault.HintOf(err)
	}
	cache := filepath.Join(w.home, ".aws", "sso", "cache")
	walkErr := filepath.WalkDir(w.home, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		text += "\n" + path
		if d.Type().IsRegular() && filepath.Dir(path) != cache {
			data, err := os.ReadFile(path)
			text += "\n" + string(data)
			return err
		}
		return nil
	})
	if walkErr != nil {
		w.t.Fatal(walkErr)
	}
	secrets := w.srv.Secrets()
	w.mu.Lock()
	for _, p := range w.prompts {
		secrets = append(secrets, p.URL)
	}
	w.mu.Unlock()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			w.t.Error("a secret got out")
		}
	}
}

func browser() login.Options { return login.Options{Flow: login.FlowBrowser} }
func device() login.Options  { return login.Options{Flow: login.FlowDevice} }

// fails is a call of an operation that goes wrong.
func fails(op idctest.Op, kind idctest.FaultKind) idctest.Config {
	return idctest.Config{Faults: []idctest.Fault{{Op: op, Kind: kind}}}
}
