package oidc

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"aws-sso-plugins/pkg/fault"
)

const (
	// maxNoise is how many requests that are not the browser's answer a login
	// tolerates.
	maxNoise = 100

	// A browser opens connections ahead of need and leaves them idle; a
	// connection that says nothing is closed, and blocks nothing meanwhile.
	headerTimeout = 5 * time.Second
	maxHeader     = 16 << 10

	// answerTimeout bounds the time from the browser's answer to its page: the
	// code is exchanged meanwhile.
	answerTimeout = 2 * time.Minute

	// farewell is how long a login that is over waits for its page to be sent.
	farewell = time.Second
)

// Callback listens where the browser comes back to after a login. Until
// [Client.Authorize] has begun a login, and for all that is not its answer, it
// answers with an error and goes on listening: other programs on this machine,
// and web pages through its browser, can reach the port too.
//
// One Callback serves one login.
type Callback struct {
	listener net.Listener
	server   *http.Server
	port     int

	mu    sync.Mutex
	state string // what the answer must carry; empty: no answer counts now
	noise int

	answers chan answer   // the one answer that counts
	tooMany chan struct{} // closed after maxNoise
}

// answer is what the browser brought: a code, or an error code of RFC 6749
// 4.1.2.1 with a description.
type answer struct {
	code               string
	denial, denialText string

	// outcome takes the page to show, shown is closed when the browser has it.
	outcome chan<- page
	shown   <-chan struct{}
}

// Listen opens the port on 127.0.0.1, and on no other address (RFC 8252 8.3);
// port 0 is one that is free. Its caller opens the browser after it, never
// before: a browser with a session comes back at once. Close must be called.
//
// A port that is taken is a fault of kind Login with [ErrPort].
func Listen(port int) (*Callback, error) {
	listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, &fault.Error{
			Kind: fault.Login, What: fmt.Sprintf("cannot listen on port %d of 127.0.0.1", port),
			Why: fault.Reason(err), Err: fmt.Errorf("%w: %w", ErrPort, err),
		}
	}
	return listenOn(listener, listener.Addr().(*net.TCPAddr).Port), nil
}

func listenOn(listener net.Listener, port int) *Callback {
	cb := &Callback{listener: listener, port: port, answers: make(chan answer, 1), tooMany: make(chan struct{})}
	cb.server = &http.Server{
		Handler:           http.HandlerFunc(cb.serve),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       headerTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       headerTimeout,
		MaxHeaderBytes:    maxHeader,
		// "OPTIONS *" is as foreign as all the rest, and counts.
		DisableGeneralOptionsHandler: true,
		// What foreign programs send to the port is no news for the terminal.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	cb.server.SetKeepAlivesEnabled(false)
	go func() { _ = cb.server.Serve(listener) }()
	return cb
}

// Port returns the port that Callback listens on.
func (cb *Callback) Port() int { return cb.port }

// redirectURI returns the address that AWS sends the browser to: with the port, and
// with 127.0.0.1 rather than a name that could lead elsewhere (RFC 8252 8.3).
func (cb *Callback) redirectURI() string { return "http://" + cb.host() + callbackPath }

func (cb *Callback) host() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(cb.port)) }

// Close ends the listening and every connection, so that the port is free when
// it returns. It may be called twice.
func (cb *Callback) Close() {
	// The server does not know the listener until its goroutine has run.
	_ = cb.listener.Close()
	_ = cb.server.Close()
}

// expect makes the answer with this state the one that counts.
func (cb *Callback) expect(state string) {
	cb.mu.Lock()
	defer cb.mu.Unlock()
	cb.state = state
}

// claim reports whether a state is the expected one. It is, once: the port is
// closed with it, so that a replay finds nobody.
func (cb *Callback) claim(state string) bool {
	cb.mu.Lock()
	defer cb.mu.Unlock()
	if cb.state == "" || subtle.ConstantTimeCompare([]byte(state), []byte(cb.state)) != 1 {
		return false
	}
	cb.state = ""
	_ = cb.listener.Close()
	return true
}

// serve answers one request.
func (cb *Callback) serve(w http.ResponseWriter, r *http.Request) {
	guard(w.Header())
	got, status := cb.read(r)
	if status != http.StatusOK {
		cb.refuse(w, status)
		return
	}
	outcome, shown := make(chan page, 1), make(chan struct{})
	got.outcome, got.shown = outcome, shown
	defer close(shown)
	cb.answers <- got
	select {
	case p := <-outcome:
		p.write(w)
	case <-r.Context().Done():
		// the tab is closed, or the login was given up
	}
}

// read takes an answer out of a request, or says with which status it is
// refused.
func (cb *Callback) read(r *http.Request) (answer, int) {
	switch {
	case !cb.addressed(r.Host):
		// A name that was rebound to 127.0.0.1 brings a web page's requests
		// here; they carry the name.
		return answer{}, http.StatusMisdirectedRequest
	case r.URL.EscapedPath() != callbackPath:
		return answer{}, http.StatusNotFound
	case r.Method != http.MethodGet:
		return answer{}, http.StatusMethodNotAllowed
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !single(query) {
		return answer{}, http.StatusBadRequest
	}
	got := answer{
		code:   query.Get("code"),
		denial: query.Get("error"), denialText: query.Get("error_description"),
	}
	if (got.code == "") == (got.denial == "") || !cb.claim(query.Get("state")) {
		return answer{}, http.StatusBadRequest
	}
	return got, http.StatusOK
}

// addressed reports whether a Host header is this server's. Browsers leave out
// the port that http has anyway.
func (cb *Callback) addressed(host string) bool {
	return host == cb.host() || cb.port == 80 && host == "127.0.0.1"
}

// single reports whether each parameter that counts is there once at most: of two,
// one reader takes the first and another the last.
func single(query url.Values) bool {
	for _, name := range []string{"state", "code", "error", "error_description"} {
		if len(query[name]) > 1 {
			return false
		}
	}
	return true
}

// refuse answers a request that is not the answer, and counts it.
func (cb *Callback) refuse(w http.ResponseWriter, status int) {
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodGet)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, http.StatusText(status)+"\n") //nolint:gosec // plain text, and nothing of the request in it

	cb.mu.Lock()
	defer cb.mu.Unlock()
	if cb.noise++; cb.noise == maxNoise+1 {
		close(cb.tooMany)
		_ = cb.listener.Close()
	}
}

// wait returns the answer, or why none will come.
func (cb *Callback) wait(ctx context.Context, until time.Time) (answer, error) {
	waiting, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	select {
	case a := <-cb.answers:
		return a, nil
	case <-cb.tooMany:
		return answer{}, cb.tooMuchNoise()
	case <-waiting.Done():
		if err := givenUp(ctx); err != nil {
			return answer{}, err
		}
		return answer{}, &fault.Error{
			Kind: fault.Login, Why: "nobody finished the login in the browser in time", Err: ErrExpired,
		}
	}
}

func (cb *Callback) tooMuchNoise() error {
	return &fault.Error{
		Kind: fault.Login,
		Why:  fmt.Sprintf("something on this machine sent more than %d requests to port %d that are not the browser's answer", maxNoise, cb.port),
		Err:  errNoise,
	}
}

// show gives the browser its page, and a moment to take it.
func (a answer) show(p page) {
	a.outcome <- p
	select {
	case <-a.shown:
	case <-time.After(farewell):
	}
}
