package wire_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

const portalHost = "portal.sso.eu-central-1.amazonaws.com"

// authority is a CA of a test: its PEM file, and certificates by it.
type authority struct {
	t    *testing.T
	file string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, file: filepath.Join(t.TempDir(), "ca.pem")}
	a.cert, a.key = a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
	if err := os.WriteFile(a.file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// sign makes a certificate by the authority, or by itself for the first.
func (a *authority) sign(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(1)
	template.NotBefore = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	parent, signer := template, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

// server is the TLS configuration of a host.
func (a *authority) server(host string, notAfter time.Time) *tls.Config {
	a.t.Helper()
	cert, key := a.sign(&x509.Certificate{DNSNames: []string{host}, NotAfter: notAfter})
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}},
		MinVersion:   tls.VersionTLS12,
	}
}

// direct leads every connection to the server, whatever its address.
func direct(server *httptest.Server) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}
}

func listAccounts(t *testing.T, s wire.Settings) error {
	t.Helper()
	if s.MaxAttempts == 0 {
		s.MaxAttempts = 1
	}
	return wire.Fault(operations["ListAccounts"](t.Context(), newClient(t, s, nil)), "it failed")
}

// tlsServer serves the accounts on the loopback for any host.
func tlsServer(t *testing.T, config *tls.Config, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = config
	server.EnableHTTP2 = true
	server.Config.ErrorLog = quiet
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	ours, other := newAuthority(t), newAuthority(t)
	never := time.Time{}
	tests := []struct {
		name   string
		config *tls.Config
		bundle string
		why    string // "" if all is well
		hint   string
	}{
		{"right bundle", ours.server(portalHost, never), ours.file, "", ""},
		{
			"no bundle", ours.server(portalHost, never), "",
			"the certificate of " + portalHost + " is not trusted: certificate signed by unknown authority",
			"if a proxy inspects TLS here, set AWS_CA_BUNDLE, or ca_bundle in the config, to the file of its certificate",
		},
		{
			"the bundle replaces the system's", ours.server(portalHost, never), other.file,
			"the certificate of " + portalHost + " is not trusted: certificate signed by unknown authority",
			"if a proxy inspects TLS here, set AWS_CA_BUNDLE, or ca_bundle in the config, to the file of its certificate",
		},
		{
			"another host", ours.server("example.com", never), ours.file,
			"the certificate of " + portalHost + " is not trusted: certificate is valid for example.com, not " + portalHost,
			"if a proxy inspects TLS here, set AWS_CA_BUNDLE, or ca_bundle in the config, to the file of its certificate",
		},
		{
			"expired", ours.server(portalHost, time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)), ours.file,
			"the certificate of " + portalHost + " is not trusted: certificate has expired or is not yet valid",
			"is the clock of this machine right?",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := tlsServer(t, test.config, http.HandlerFunc(ok(accountsBody)))
			var dials atomic.Int32
			err := listAccounts(t, wire.Settings{
				CABundle: test.bundle, MaxAttempts: 8,
				Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
					dials.Add(1)
					return direct(server)(ctx, network, address)
				},
			})
			if test.why == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), "it failed: "+test.why) || fault.KindOf(err) != fault.Unreachable {
				t.Errorf("got  %v (%v)\nwant %s", err, fault.KindOf(err), test.why)
			}
			if got := fault.HintOf(err); got != test.hint {
				t.Errorf("hint %q, want %q", got, test.hint)
			}
			if n := dials.Load(); n != 1 {
				t.Errorf("%d attempts: a certificate does not get better", n)
			}
		})
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	config := ca.server(portalHost, time.Time{})
	config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	server := tlsServer(t, config, http.HandlerFunc(ok(accountsBody)))
	err := listAccounts(t, wire.Settings{CABundle: ca.file, Dial: direct(server), MaxAttempts: 8})
	if want := "it failed: no TLS with " + portalHost + ": protocol version not supported"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestPlainServerOnATLSPort(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(ok(accountsBody)))
	t.Cleanup(server.Close)
	err := listAccounts(t, wire.Settings{Dial: direct(server), MaxAttempts: 8})
	if want := "it failed: " + portalHost + " does not speak TLS (a proxy in between?)"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestCABundleThatIsNone(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{empty, filepath.Join(t.TempDir(), "missing.pem")} {
		_, err := wire.New(wire.Settings{CABundle: path})
		if fault.KindOf(err) != fault.Config || !strings.Contains(err.Error(), filepath.Base(path)) || fault.HintOf(err) == "" {
			t.Errorf("%s: %v (%v)", path, err, fault.KindOf(err))
		}
	}
}

func TestCABundleWithABrokenCertificate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broken.pem")
	if err := os.WriteFile(path, []byte("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(http.HandlerFunc(ok(accountsBody)))
	t.Cleanup(server.Close)
	err := listAccounts(t, wire.Settings{CABundle: path, Dial: direct(server), MaxAttempts: 8})
	if fault.KindOf(err) != fault.Config || !strings.Contains(err.Error(), "broken.pem") || fault.HintOf(err) == "" {
		t.Errorf("%v (%v)", err, fault.KindOf(err))
	}
}

// The certificates are parsed when they are needed; what is wrong with them is
// said then, and not tried again.
func TestCABundleOfNonsense(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "nonsense.pem")
	if err := os.WriteFile(path, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, func(http.ResponseWriter, *http.Request) { t.Error("a call arrived") })
		s.CABundle, s.MaxAttempts = path, 8
		begun := time.Now()
		for range 2 {
			err := listAccounts(t, s)
			if fault.KindOf(err) != fault.Config || !strings.Contains(err.Error(), "nonsense.pem") || fault.HintOf(err) == "" {
				t.Errorf("%v (%v)", err, fault.KindOf(err))
			}
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("tried for %v", took)
		}
	})
}

// proxy is an HTTP proxy that answers CONNECT with a status and leads to the
// target if it is 200.
type proxy struct {
	*httptest.Server

	mu   sync.Mutex
	seen []string // hosts, and the users that came with them
}

func newProxy(t *testing.T, status int, target string) *proxy {
	t.Helper()
	p := &proxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.seen = append(p.seen, r.Method+" "+r.Host+" "+r.Header.Get("Proxy-Authorization"))
		p.mu.Unlock()
		if status != http.StatusOK {
			http.Error(w, page, status)
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		out, err := net.Dial("tcp", target)
		if err != nil {
			return
		}
		defer out.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(out, conn)
			_ = out.Close()
		}()
		_, _ = io.Copy(conn, out)
	}))
	t.Cleanup(p.Server.Close)
	return p
}

func (p *proxy) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

func through(text string) func(*http.Request) (*url.URL, error) {
	return func(*http.Request) (*url.URL, error) { return url.Parse(text) }
}

func TestProxy(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server := tlsServer(t, ca.server(portalHost, time.Time{}), http.HandlerFunc(ok(accountsBody)))
	p := newProxy(t, http.StatusOK, server.Listener.Addr().String())
	err := listAccounts(t, wire.Settings{CABundle: ca.file, Proxy: through("http://me:canary@" + p.Listener.Addr().String())})
	if err != nil {
		t.Error(err)
	}
	want := "CONNECT " + portalHost + ":443 Basic " + base64.StdEncoding.EncodeToString([]byte("me:canary"))
	if got := p.requests(); len(got) != 1 || got[0] != want {
		t.Errorf("the proxy saw %q, want %q", got, want)
	}

	untrusted := listAccounts(t, wire.Settings{Proxy: through("http://me:canary@" + p.Listener.Addr().String())})
	wantText := "it failed: the certificate of " + portalHost + " through the proxy " + p.Listener.Addr().String() +
		" is not trusted: certificate signed by unknown authority"
	if untrusted == nil || untrusted.Error() != wantText {
		t.Errorf("got  %v\nwant %s", untrusted, wantText)
	}
}

// A proxy that makes no connection is named, its password is not.
func TestProxyFaults(t *testing.T) {
	t.Parallel()
	const hint = "the proxy is that of HTTPS_PROXY"
	refusing := newProxy(t, http.StatusProxyAuthRequired, "")
	broken := newProxy(t, http.StatusBadGateway, "")
	closed := httptest.NewServer(nil)
	closed.Close()
	host := func(s string) string { return strings.TrimPrefix(s, "http://") }
	with := func(s string) func(*http.Request) (*url.URL, error) { return through("http://me:canary@" + host(s)) }
	dnsError := func(_ context.Context, _, address string) (net.Conn, error) {
		name, _, _ := net.SplitHostPort(address)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}}
	}
	for _, test := range []struct {
		name     string
		settings wire.Settings
		why      string
	}{
		{"407", wire.Settings{Proxy: with(refusing.URL), MaxAttempts: 8}, "the proxy " + host(refusing.URL) + " does not connect to " + portalHost + ": 407 proxy authentication required"},
		{"502", wire.Settings{Proxy: with(broken.URL), MaxAttempts: 2}, "the proxy " + host(broken.URL) + " does not connect to " + portalHost + ": 502 bad gateway"},
		{"refused", wire.Settings{Proxy: with(closed.URL)}, "cannot connect to the proxy " + host(closed.URL) + ": "},
		{"unknown", wire.Settings{Proxy: with("http://proxy.corp:8080"), Dial: dnsError, MaxAttempts: 8}, "cannot find the proxy proxy.corp:8080"},
		{"bad setting", wire.Settings{MaxAttempts: 8, Proxy: func(*http.Request) (*url.URL, error) {
			return nil, errors.New(`invalid proxy address "http://me:canary@[": missing ]`)
		}}, "the proxy's URL cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := listAccounts(t, test.settings)
			// What the system says of a refused connection differs.
			open := strings.HasSuffix(test.why, ": ")
			if want := "it failed: " + test.why; err == nil || err.Error() != want && !(open && strings.HasPrefix(err.Error(), want)) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if fault.KindOf(err) != fault.Unreachable || fault.HintOf(err) != hint {
				t.Errorf("kind %v, hint %q", fault.KindOf(err), fault.HintOf(err))
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(e.Error(), "canary") {
					t.Errorf("the password shows in %v", e)
				}
			}
		})
	}
	if got := len(refusing.requests()); got != 1 {
		t.Errorf("%d attempts at a proxy that wants a password, want 1", got)
	}
	if got := len(broken.requests()); got != 2 {
		t.Errorf("%d attempts at a proxy with a passing fault, want 2", got)
	}
}

func TestProxyIsNotAskedForThisMachine(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(ok(accountsBody)))
	t.Cleanup(server.Close)
	err := listAccounts(t, wire.Settings{Endpoint: server.URL, Proxy: func(r *http.Request) (*url.URL, error) {
		t.Errorf("the proxy of %s was asked for", r.URL.Host)
		return nil, nil //nolint:nilnil // no proxy
	}})
	if err != nil {
		t.Error(err)
	}
}

// What the network says, in words.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	notFound := dial(&net.DNSError{Err: "no such host", Name: portalHost, Server: "10.0.0.1:53", IsNotFound: true})
	const offline = "offline, or a wrong region in the configuration"
	for _, test := range []struct {
		name     string
		err      error
		settings wire.Settings
		attempts int
		kind     fault.Kind
		why      string
		hint     string
	}{
		{"unknown name", notFound, wire.Settings{}, 1, fault.Unreachable, "cannot find " + portalHost, offline},
		{
			"unknown FIPS name", notFound, wire.Settings{FIPS: wire.On}, 1, fault.Unreachable, "cannot find portal.sso-fips.eu-central-1.amazonaws.com",
			"AWS may have no FIPS endpoint of this service there: see AWS_USE_FIPS_ENDPOINT, or use_fips_endpoint in the config",
		},
		{
			"unknown dual-stack name", notFound, wire.Settings{DualStack: wire.On}, 1, fault.Unreachable, "cannot find portal.sso.eu-central-1.api.aws",
			"AWS may have no dual-stack endpoint of this service there: see AWS_USE_DUALSTACK_ENDPOINT, or use_dualstack_endpoint in the config",
		},
		{"unknown own endpoint", notFound, wire.Settings{Endpoint: "https://sso.corp"}, 1, fault.Unreachable, "cannot find sso.corp", "offline, or a wrong AWS_ENDPOINT_URL"},
		{
			"name server", dial(&net.DNSError{Err: "server misbehaving", Name: portalHost, IsTemporary: true}), wire.Settings{}, 3, fault.Unreachable,
			"cannot look up " + portalHost + ": the name server does not answer", "is this machine offline?",
		},
		{"refused", dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), wire.Settings{}, 4, fault.Unreachable, "cannot connect to " + portalHost + ": connection refused", ""},
		{"no route", dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), wire.Settings{}, 4, fault.Unreachable, "cannot connect to " + portalHost + ": no route to host", ""},
		{"Windows", dial(errors.New("No connection could be made.")), wire.Settings{}, 4, fault.Unreachable, "cannot connect to " + portalHost + ": no connection could be made", ""}, //nolint:revive // as Windows says it
		{"reset", &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, wire.Settings{}, 8, fault.Unreachable, "the connection to " + portalHost + " broke: connection reset by peer", ""},
		{"escapes", dial(errors.New("\x1b[2Jno\nway")), wire.Settings{}, 4, fault.Unreachable, "cannot connect to " + portalHost + `: \x1b[2Jno\nway`, ""},
		{"silence", dial(os.ErrDeadlineExceeded), wire.Settings{}, 2, fault.Timeout, "no answer from " + portalHost + " within 15s", ""},
		{
			"silence behind a proxy", dial(os.ErrDeadlineExceeded), wire.Settings{Proxy: through("http://me:canary@proxy.corp:80")}, 2, fault.Timeout,
			"no answer from " + portalHost + " through the proxy proxy.corp:80 within 15s", "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var attempts atomic.Int32
				s := test.settings
				s.MaxAttempts = 8
				s.Dial = func(context.Context, string, string) (net.Conn, error) {
					attempts.Add(1)
					return nil, test.err
				}
				err := listAccounts(t, s)
				if want := "it failed: " + test.why; err == nil || err.Error() != want {
					t.Errorf("got  %v\nwant %s", err, want)
				}
				if fault.KindOf(err) != test.kind || fault.HintOf(err) != test.hint {
					t.Errorf("kind %v, hint %q; want %v, %q", fault.KindOf(err), fault.HintOf(err), test.kind, test.hint)
				}
				if n := int(attempts.Load()); n != test.attempts {
					t.Errorf("%d attempts, want %d", n, test.attempts)
				}
			})
		})
	}
}

// A token with a line break, from a broken cache, is not sent and not shown.
func TestTokenThatHTTPCannotCarry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{ok(accountsBody)}}
		portal := sso.NewFromConfig(newClient(t, inMemory(t, s.ServeHTTP), nil).config(wire.Portal))
		_, err := portal.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: aws.String("canary\r\nX: y")})
		err = wire.Fault(err, "it failed")
		if want := "it failed: a credential has characters that HTTP cannot carry"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if s.attempts() != 0 || strings.Contains(err.Error(), "canary") {
			t.Errorf("%d attempts, %v", s.attempts(), err)
		}
	})
}

// Of replies far beyond a page one at a time is in memory, however many calls
// there are; each gives its place to the next, whatever becomes of it.
func TestLargeRepliesComeOneByOne(t *testing.T) {
	t.Parallel()
	padding := `{"padding":"` + strings.Repeat("x", 1<<20) + `",`
	account := `"accountList":[{"accountId":"111111111111"}]}`
	for name, answer := range map[string]reply{
		"good": ok(padding + account), "cut": ok(padding + `"`), "not JSON": ok(padding + `"x"]` + account), "refused": answer(400, "application/json", padding+account),
		"failed": answer(500, "application/json", padding+account), "a page": answer(200, "text/html", "<"+padding), "too large": huge, "slow": func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(padding))
			trickle(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := inMemory(t, http.HandlerFunc(answer))
				s.MaxAttempts = 2
				s.Timeout = time.Second
				portal := sso.NewFromConfig(newClient(t, s, nil).config(wire.Portal))
				begun := time.Now()
				var workers sync.WaitGroup
				for range 8 {
					workers.Go(func() {
						if err := listAccountsOf(t, portal); (err == nil) != (name == "good") {
							t.Error(err)
						}
					})
				}
				workers.Wait()
				if took := time.Since(begun); took > 4*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func listAccountsOf(t *testing.T, portal *sso.Client) error {
	_, err := portal.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: aws.String("t")})
	return err
}

// A connection serves one call after the other, and is not dialled again: the
// SDK alone closes many bodies before their end, and their connections.
func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dials atomic.Int32
		s := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(50 * time.Millisecond)
			ok(accountsBody)(w, r)
		})
		dial := s.Dial
		s.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			dials.Add(1)
			return dial(ctx, network, address)
		}
		portal := sso.NewFromConfig(newClient(t, s, nil).config(wire.Portal))
		var workers sync.WaitGroup
		for range 64 {
			workers.Go(func() {
				for range 20 {
					if _, err := portal.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: aws.String("t")}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		workers.Wait()
		if n := dials.Load(); n != 64 {
			t.Errorf("%d connections for 64 workers", n)
		}
	})
}

// All calls share an HTTP/2 connection. One that dies without a word is given
// up by the time that a call would be, and the calls go on with another.
func TestHTTP2ConnectionThatDied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority(t)
		var served atomic.Int32
		s, network := inMemoryTLS(t, ca.server(portalHost, time.Time{}), func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor != 2 {
				t.Errorf("HTTP/%d", r.ProtoMajor)
			}
			served.Add(1)
			ok(accountsBody)(w, r)
		})
		s.CABundle = ca.file
		portal := sso.NewFromConfig(newClient(t, s, nil).config(wire.Portal))
		list := func() error {
			_, err := portal.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: aws.String("t")})
			return err
		}
		var calls sync.WaitGroup
		for range 64 {
			calls.Go(func() {
				if err := list(); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		if n := network.dialled(); n > 64 || served.Load() != 64 {
			t.Errorf("%d connections, %d calls served", n, served.Load())
		}
		before := network.dialled()
		network.kill()
		begun := time.Now()
		for range 8 {
			calls.Go(func() {
				if err := list(); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		if took := time.Since(begun); took > 11*time.Second {
			t.Errorf("took %v to give a dead connection up, want two thirds of the timeout and a pause", took)
		}
		if network.dialled() == before {
			t.Error("no new connection")
		}
	})
}
