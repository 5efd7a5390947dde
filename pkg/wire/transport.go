package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"sync"
	"time"

	"aws-sso-plugins/pkg/fault"
)

// Exchange is one attempt, as the request log shows it. It holds no query, no
// header and no body: those carry secrets.
type Exchange struct {
	Method, Host, Path string
	Status             int           // 0: no answer
	RequestID          string        // as AWS gave it, "" if it did not; safe to print
	Duration           time.Duration // of the attempt, without the wait for the pace
	Err                error         // why there is no usable answer, else nil; see [Fault]
}

// maxReply is far above the largest page that AWS sends (100 accounts, 30 kB).
// maxError is far above what AWS says of an error; the SDK reads it three times.
// maxGuess bounds what a Content-Length alone makes us allocate.
// Beyond maxPage one reply at a time is read and decoded, so that as many huge
// ones as there are calls at once take the memory of one.
const (
	maxReply = 8 << 20
	maxPage  = 256 << 10
	maxGuess = 64 << 10
	maxError = 64 << 10
)

// transport makes each attempt: within its time, read whole, and turned into
// an error that the retryer knows where it is of no use.
//
// It is the client that the SDK calls, without an http.Client around it: that
// would add what is not wanted here, redirects (a bearer token is a header,
// which must not travel on) and cookies.
type transport struct {
	base    func() *http.Transport // made when it is first asked: many a run asks nobody
	timeout time.Duration
	note    string // see Settings.CertificateNote
	log     func(Exchange)
	trust   func() error // before the first attempt; see bundle

	huge chan struct{} // held while a reply beyond maxPage is in memory
}

// newTransport reads the CA bundle, which caSetting names.
func newTransport(s Settings, caSetting string) (*transport, error) {
	t := &transport{
		base: sync.OnceValue(s.newBase), timeout: s.Timeout, note: s.CertificateNote, log: s.Log, trust: func() error { return nil }, huge: make(chan struct{}, 1),
	}
	if s.CABundle != "" {
		b, err := readBundle(s.Read, s.CABundle, caSetting)
		if err != nil {
			return nil, err
		}
		t.trust = sync.OnceValue(func() (err error) {
			t.base().TLSClientConfig.RootCAs, err = b.roots()
			return err
		})
	}
	return t, nil
}

// newBase returns what makes the connections.
func (s Settings) newBase() *http.Transport {
	dialer := &net.Dialer{Timeout: s.Timeout, KeepAlive: 30 * time.Second}
	base := &http.Transport{
		DialContext:            dialer.DialContext,
		OnProxyConnectResponse: onProxyAnswer,
		// As many as the highest concurrency that is of use: a connection that
		// is not kept costs a TLS handshake.
		MaxIdleConns:           512,
		MaxIdleConnsPerHost:    256,
		IdleConnTimeout:        30 * time.Second,
		TLSHandshakeTimeout:    s.Timeout,
		MaxResponseHeaderBytes: 256 << 10,
		ForceAttemptHTTP2:      true,
		// All calls share one HTTP/2 connection. One that died without a word
		// (a laptop that slept, a changed network) must not take their
		// retries along.
		HTTP2:           &http.HTTP2Config{SendPingTimeout: s.Timeout / 3, PingTimeout: s.Timeout / 3},
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if s.Dial != nil {
		base.DialContext = s.Dial
	}
	if s.Proxy != nil {
		base.Proxy = func(req *http.Request) (*url.URL, error) { return proxyOf(s.Proxy, req) }
	}
	return base
}

// proxyOf returns the proxy for a request: none for this machine itself, and no
// error with the setting in it, which may hold a password.
func proxyOf(find func(*http.Request) (*url.URL, error), req *http.Request) (*url.URL, error) {
	if Loopback(req.URL.Hostname()) {
		return nil, nil //nolint:nilnil // as http.Transport has it: no proxy
	}
	proxy, err := find(req)
	if err != nil {
		return nil, errBadProxy
	}
	return proxy, nil
}

// bundle is a PEM file that was read. Its certificates are parsed when the
// first connection is made: those of a whole system take longer (3 ms) than all
// of a run that finds its token good and asks nobody.
type bundle struct {
	path    string
	setting string // the variable or key that names it
	pem     []byte
}

// maxBundle is a hundred times what a system's roots are.
const maxBundle = 32 << 20

func readBundle(read func(string, int64) ([]byte, error), path, setting string) (bundle, error) {
	if read == nil {
		read = func(path string, _ int64) ([]byte, error) { return os.ReadFile(path) }
	}
	pem, err := read(path, maxBundle)
	if err != nil {
		return bundle{}, fault.Annotate(fault.Cause(err), "cannot read the CA bundle %s", fault.Path(path)).OrKind(fault.Config).WithHint("%s must name a PEM file", setting)
	}
	b := bundle{path, setting, pem}
	if !bytes.Contains(pem, []byte("-----BEGIN CERTIFICATE-----")) {
		return b, b.useless()
	}
	return b, nil
}

func (b bundle) roots() (*x509.CertPool, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(b.pem) {
		return nil, b.useless()
	}
	return roots, nil
}

func (b bundle) useless() error {
	return fault.Newf(fault.Config, "no certificate in the CA bundle %s", fault.Path(b.path)).WithHint("%s must name a PEM file", b.setting)
}

// Do makes one attempt. It is what the SDK calls.
func (t *transport) Do(req *http.Request) (*http.Response, error) {
	if err := t.trust(); err != nil {
		return nil, err
	}
	start := time.Now()
	c := callOf(req.Context())
	resp, err := t.attempt(c, req)
	if t.log != nil {
		t.log(exchange(req, resp, err, time.Since(start)))
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// attempt returns the response, as far as there is one, beside an error too.
func (t *transport) attempt(c *call, req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), t.timeout)
	defer cancel()
	resp, err := t.base().RoundTrip(req.WithContext(watch(ctx, c)))
	if err != nil {
		return nil, t.explain(ctx, req, err)
	}
	c.answered.Store(true)
	takeRetryAfter(resp.Header)
	content, err := t.readWhole(ctx, resp)
	if err != nil {
		return resp, t.explainReply(ctx, req, resp, err)
	}
	if bad := judge(c, resp, content.Bytes()); bad != "" {
		_ = content.Close()
		return resp, &replyError{Host: req.URL.Host, Status: resp.StatusCode, Fault: bad}
	}
	if resp.StatusCode >= 400 && content.Len() > maxError {
		content.Reset(nil) // the status says enough
	}
	resp.ContentLength = int64(content.Len())
	resp.Body = content
	return resp, nil
}

// watch notes the first byte of an answer, for the calls that must know.
func watch(ctx context.Context, c *call) context.Context {
	if !c.spends() {
		return ctx
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotFirstResponseByte: func() { c.answered.Store(true) },
	})
}

// explain says why no answer came, and tells an attempt that took too long
// from a run that was stopped.
func (t *transport) explain(attempt context.Context, req *http.Request, err error) error {
	if stopped := req.Context().Err(); stopped != nil {
		return stopped
	}
	proxy := t.proxyHost(req)
	var late net.Error
	if attempt.Err() != nil || errors.As(err, &late) && late.Timeout() {
		return &timeoutError{Host: req.URL.Host, Proxy: proxy, After: t.timeout}
	}
	if !validHeaders(req.Header) {
		err = errBadHeader
	}
	return &connectionError{host: req.URL.Host, proxy: proxy, note: t.note, err: err}
}

// explainReply says why an answer did not come to its end.
func (t *transport) explainReply(attempt context.Context, req *http.Request, resp *http.Response, err error) error {
	if errors.Is(err, errTooLarge) {
		return &replyError{Host: req.URL.Host, Status: resp.StatusCode, Fault: replyTooLarge}
	}
	err = t.explain(attempt, req, err)
	var broken *connectionError
	if !errors.As(err, &broken) {
		return err
	}
	return &replyError{Host: req.URL.Host, Status: resp.StatusCode, Fault: replyCutOff, Err: broken.err}
}

func (t *transport) proxyHost(req *http.Request) string {
	if t.base().Proxy == nil {
		return ""
	}
	proxy, err := t.base().Proxy(req)
	if err != nil || proxy == nil {
		return ""
	}
	return proxy.Host
}

var errTooLarge = errors.New("too large")

// buffers are for replies. A call ends with its reply read and closed, so a
// few serve all calls.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readWhole reads to the end, which is also what gives the connection back for
// the next call: a body that is closed before its end costs a connection.
func (t *transport) readWhole(ctx context.Context, resp *http.Response) (*body, error) {
	defer resp.Body.Close()
	content, _ := buffers.Get().(*bytes.Buffer)
	content.Reset()
	if n := resp.ContentLength; n > 0 {
		content.Grow(int(min(n, maxGuess)) + bytes.MinRead)
	}
	n, err := content.ReadFrom(io.LimitReader(resp.Body, maxPage))
	if err != nil || n < maxPage {
		return newBody(content, nil), err
	}
	select {
	case t.huge <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	more, err := content.ReadFrom(io.LimitReader(resp.Body, maxReply-maxPage+1))
	if n+more > maxReply {
		err = errTooLarge
	}
	if err != nil {
		<-t.huge
		return nil, err
	}
	return newBody(content, t.huge), nil
}

// body is what the SDK reads: memory.
type body struct {
	bytes.Reader
	content *bytes.Buffer
	held    chan struct{} // to be given back by Close; nil: nothing
}

func newBody(content *bytes.Buffer, held chan struct{}) *body {
	b := &body{content: content, held: held}
	b.Reset(content.Bytes())
	return b
}

// Bytes returns all of it. It is gone after Close.
func (b *body) Bytes() []byte { return b.content.Bytes() }

// Close gives the memory to the next call. Nothing can be read after it.
func (b *body) Close() error {
	b.Reset(nil)
	if b.content != nil && b.content.Cap() <= 2*maxGuess {
		buffers.Put(b.content)
	}
	b.content = nil
	if b.held != nil {
		<-b.held
		b.held = nil
	}
	return nil
}

func exchange(req *http.Request, resp *http.Response, err error, took time.Duration) Exchange {
	e := Exchange{Method: req.Method, Host: req.URL.Host, Path: req.URL.Path, Duration: took, Err: err}
	if resp == nil {
		return e
	}
	e.Status = resp.StatusCode
	for _, name := range []string{"X-Amzn-Requestid", "X-Amz-Request-Id"} {
		if id := resp.Header.Get(name); id != "" {
			e.RequestID = printable(id)
			break
		}
	}
	return e
}

// close closes the connections that nobody uses.
func (t *transport) close() { t.base().CloseIdleConnections() }
