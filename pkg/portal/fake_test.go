package portal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/wire"
)

// fake is the portal in memory, for tests in a synctest bubble: the emulator
// of pkg/idctest listens on a port, where a bubble's clock stands still.
type fake struct {
	accounts []account
	pageSize int // entries a page; 0: as asked for
	latency  time.Duration

	rate, burst float64 // 0: no limit
	retryAfter  int     // seconds

	// strike, if not nil, answers a call in place of the portal, or returns
	// nil. It is called by one goroutine at a time.
	strike func(c *request) reply

	mu        sync.Mutex
	calls     []*request
	refused   int
	running   int
	most      int // calls at once
	tokens    float64
	filled    time.Time
	listening chan net.Conn
	closed    chan struct{}
}

type account struct {
	id, name, email string
	roles           []string
}

// request is one call, as the portal sees it.
type request struct {
	op      string // the path
	account string
	page    string // the token of the page
	token   string // the access token
}

type reply func(w http.ResponseWriter, r *http.Request)

const (
	opAccounts    = "/assignment/accounts"
	opRoles       = "/assignment/roles"
	opCredentials = "/federation/credentials"
	opLogout      = "/logout"
)

// some makes n accounts with m roles each.
func some(n, m int) []account {
	accounts := make([]account, n)
	for i := range accounts {
		a := account{id: fmt.Sprintf("%012d", 100_000_000_000+i), name: fmt.Sprintf("account %d", i), email: fmt.Sprintf("a%d@example.com", i)}
		for j := range m {
			a.roles = append(a.roles, fmt.Sprintf("Role%d", j))
		}
		accounts[i] = a
	}
	return accounts
}

// client serves the fake until the test ends, and is a client of it.
func (f *fake) client(t *testing.T, tokens portal.TokenSource) *portal.Client {
	t.Helper()
	c, err := portal.New(f.wire(t), "eu-central-1", wire.NewPace(), tokens)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (f *fake) wire(t *testing.T) *wire.Wire {
	t.Helper()
	f.listening, f.closed = make(chan net.Conn), make(chan struct{})
	server := &http.Server{Handler: f, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(f) // ends with ErrServerClosed
	}()
	w, err := wire.New(wire.Settings{Endpoint: "http://127.0.0.1:1", Dial: f.dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.CloseIdle()
		_ = server.Close()
		<-done
	})
	return w
}

func (f *fake) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case f.listening <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-f.closed:
		return nil, net.ErrClosed
	}
}

func (f *fake) Accept() (net.Conn, error) {
	select {
	case conn := <-f.listening:
		return conn, nil
	case <-f.closed:
		return nil, net.ErrClosed
	}
}

func (f *fake) Close() error {
	close(f.closed)
	return nil
}

func (f *fake) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := f.decide(r)
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.running--
	}()
	select {
	case <-time.After(f.latency):
	case <-r.Context().Done():
		return
	}
	answer(w, r)
}

func (f *fake) decide(r *http.Request) reply {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running++
	f.most = max(f.most, f.running)
	q := r.URL.Query()
	c := &request{op: r.URL.Path, account: q.Get("account_id"), page: q.Get("next_token"), token: r.Header.Get("X-Amz-Sso_bearer_token")}
	f.calls = append(f.calls, c)
	if !f.take() {
		f.refused++
		return refuse(429, "TooManyRequestsException", "HTTP 429 Unknown Code", f.retryAfter)
	}
	if f.strike != nil {
		if answer := f.strike(c); answer != nil {
			return answer
		}
	}
	size, _ := strconv.Atoi(q.Get("max_result"))
	if f.pageSize > 0 {
		size = f.pageSize
	}
	switch c.op {
	case opAccounts:
		return f.accountsPage(c.page, size)
	case opRoles:
		return f.rolesPage(c.account, c.page, size)
	}
	return refuse(404, "ResourceNotFoundException", c.op, 0)
}

func (f *fake) take() bool {
	if f.rate == 0 {
		return true
	}
	now := time.Now()
	if f.filled.IsZero() {
		f.tokens = f.burst
	} else {
		f.tokens = min(f.burst, f.tokens+f.rate*now.Sub(f.filled).Seconds())
	}
	f.filled = now
	if f.tokens < 1 {
		return false
	}
	f.tokens--
	return true
}

func (f *fake) accountsPage(page string, size int) reply {
	from, to, next := window(len(f.accounts), page, size)
	list := []map[string]string{}
	for _, a := range f.accounts[from:to] {
		list = append(list, map[string]string{"accountId": a.id, "accountName": a.name, "emailAddress": a.email})
	}
	return document(map[string]any{"accountList": list, "nextToken": next})
}

func (f *fake) rolesPage(id, page string, size int) reply {
	for _, a := range f.accounts {
		if a.id != id {
			continue
		}
		from, to, next := window(len(a.roles), page, size)
		list := []map[string]string{}
		for _, role := range a.roles[from:to] {
			list = append(list, map[string]string{"accountId": a.id, "roleName": role})
		}
		return document(map[string]any{"roleList": list, "nextToken": next})
	}
	return refuse(403, "ForbiddenException", "No access", 0)
}

// window is a page of a list, whose token is where it begins.
func window(n int, page string, size int) (from, to int, next any) {
	from, _ = strconv.Atoi(page)
	to = min(from+size, n)
	if to < n {
		next = strconv.Itoa(to)
	}
	return from, to, next
}

func document(v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text(200, string(body))
}

func text(status int, body string) reply {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func refuse(status int, code, message string, retryAfter int) reply {
	return func(w http.ResponseWriter, r *http.Request) {
		if retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		}
		text(status, fmt.Sprintf(`{"__type":"x#%s","message":%q}`, code, message))(w, r)
	}
}

// broken ends the connection without a word.
func broken(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_ = conn.Close()
}

// cut ends it in the middle of an answer.
func cut(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"roleList\":[")
	_ = conn.Close()
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// count is how many calls were made, of some operations or of all. The server
// may still be at a call that the client has given up: it is waited for.
func (f *fake) count(ops ...string) int {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if len(ops) == 0 {
			n++
		}
		for _, op := range ops {
			if c.op == op {
				n++
			}
		}
	}
	return n
}

// source is a token source that gives t1, t2 and so on.
type source struct {
	renewals int   // how many there may be
	over     error // what comes then; nil: a fault of kind Login
	wait     time.Duration

	once  sync.Once
	turn  chan struct{} // held by who changes the rest; a mutex would stop a bubble's clock
	nth   int           // renewals so far
	asked int
}

var errOver = fault.New(fault.Login, `the session "okta" is over`, "the token expired at 17:02").WithHint("run: sso-login okta")

func (s *source) current() string { return "t" + strconv.Itoa(s.nth+1) }

func (s *source) enter() (leave func()) {
	s.once.Do(func() { s.turn = make(chan struct{}, 1) })
	s.turn <- struct{}{}
	return func() { <-s.turn }
}

func (s *source) Token(ctx context.Context) (string, error) {
	defer s.enter()()
	return s.current(), ctx.Err()
}

func (s *source) Renew(ctx context.Context, refused string) (string, error) {
	defer s.enter()()
	s.asked++
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case refused != s.current():
		return s.current(), nil
	}
	if s.wait > 0 {
		select {
		case <-time.After(s.wait):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	if s.nth >= s.renewals {
		if s.over != nil {
			return "", s.over
		}
		return "", errOver
	}
	s.nth++
	return s.current(), nil
}
