package probe_test

import (
	"context"
	"encoding/binary"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/resolve"
	"aws-sso-plugins/pkg/wire"
)

// names is a name server at the other end of a pipe: no test asks the network.
// Every name is one that does not exist, or this machine's.
type names struct{ exist atomic.Bool }

func newNames(t *testing.T) *names {
	n := &names{}
	old := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = old })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go n.serve(there)
		return here, nil
	}}
	return n
}

// serve answers as RFC 1035 has it for a stream: each message after its size.
func (n *names) serve(conn net.Conn) {
	defer conn.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		answer := n.answer(query)
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

func (n *names) answer(query []byte) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	kind := query[end+2]
	answer := slices.Clone(query[:end+5]) // the header and one question
	copy(answer[2:4], []byte{0x81, 0x80})
	copy(answer[6:12], make([]byte, 6)) // without records
	switch exist := n.exist.Load(); {
	case !exist:
		answer[3] = 0x83 // no such name
	case kind == 1: // an address
		answer[7] = 1
		answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1)
	}
	return answer
}

// hooked is a token source that tells of each call before it is made.
type hooked struct {
	*tokenOf
	before func(n int32)
	calls  atomic.Int32
}

func (h *hooked) Token(ctx context.Context) (string, error) {
	h.before(h.calls.Add(1))
	return h.tokenOf.Token(ctx)
}

// byName is a server before srv whose clients look up its name for every
// request, and the settings to reach its portal by that name.
func byName(t *testing.T, srv *idctest.Server) wire.Settings {
	t.Helper()
	target, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = log.New(io.Discard, "", 0) // a client that leaves is no error here
	front := httptest.NewUnstartedServer(proxy)
	front.Config.SetKeepAlivesEnabled(false)
	front.StartTLS()
	t.Cleanup(front.Close)
	bundle := filepath.Join(t.TempDir(), "roots.pem")
	roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})
	if err := os.WriteFile(bundle, roots, 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(front.Listener.Addr().String())
	return wire.Settings{
		Endpoints:   map[wire.Service]string{wire.Portal: "https://example.com:" + port, wire.STS: srv.URL},
		CABundle:    bundle,
		MaxAttempts: 1,
	}
}

// told collects what concerns more than one profile.
type told struct {
	mu   sync.Mutex
	said []string
}

func (l *told) take(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := err.Error()
	if hint := fault.HintOf(err); hint != "" {
		text += " -> " + hint
	}
	l.said = append(l.said, text)
}

// attempts counts the attempts of a wire.
func attempts(n *atomic.Int32) func(wire.Exchange) { return func(wire.Exchange) { n.Add(1) } }

func TestRouteIsGivenUpOnce(t *testing.T) {
	newNames(t)
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0) // it sees its certificate refused
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	notTLS := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(notTLS.Close)
	closed := httptest.NewServer(nil)
	closed.Close()
	closedHost := strings.TrimPrefix(closed.URL, "http://")

	tests := map[string]struct {
		settings wire.Settings
		config   string // instead of one with a session
		short    string
		long     string // begins with
		hint     string
	}{
		"no such name": {
			short: "cannot reach portal.sso.eu-central-1",
			long: "cannot reach portal.sso.eu-central-1: offline or wrong sso_region in [sso-session okta], line 3 " +
				"(cannot find portal.sso.eu-central-1.amazonaws.com)",
		},
		"no such name, without a session": {
			config: "[profile p%d]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-nowhere-1\nsso_account_id = 11111111111%d\nsso_role_name = Admin\n",
			short:  "cannot reach portal.sso.eu-nowhere-1",
			long: "cannot reach portal.sso.eu-nowhere-1: offline or wrong sso_region in [profile p0], line 3 " +
				"(cannot find portal.sso.eu-nowhere-1.amazonaws.com)",
		},
		"refused": {
			settings: wire.Settings{Endpoint: closed.URL},
			short:    "cannot reach " + closedHost,
			long: "cannot reach " + closedHost + ": offline or wrong AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_SSO (cannot connect to " +
				closedHost + ": ",
		},
		"certificate": {
			settings: wire.Settings{Endpoint: untrusted.URL},
			short:    "cannot reach " + strings.TrimPrefix(untrusted.URL, "https://"),
			long:     "cannot reach " + strings.TrimPrefix(untrusted.URL, "https://") + ": the certificate of 127.0.0.1",
			hint:     "AWS_CA_BUNDLE",
		},
		"no TLS": {
			settings: wire.Settings{Endpoint: strings.Replace(notTLS.URL, "http:", "https:", 1)},
			short:    "cannot reach " + strings.TrimPrefix(notTLS.URL, "http://"),
			long:     "cannot reach " + strings.TrimPrefix(notTLS.URL, "http://") + ": ",
		},
		"proxy": {
			settings: wire.Settings{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(closed.URL) }},
			short:    "cannot reach portal.sso.eu-central-1",
			long:     "cannot reach portal.sso.eu-central-1: cannot connect to the proxy " + closedHost + ": ",
			hint:     "HTTPS_PROXY",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, config, names := accounts(300)
			if tt.config != "" {
				config, names = "", nil
				for i := range 9 {
					names = append(names, "p"+string(rune('0'+i)))
					config += strings.ReplaceAll(tt.config, "%d", string(rune('0'+i)))
				}
			}
			p := newProber(t, config, "http://127.0.0.1:9", &tokenOf{token: "t"})
			var tried atomic.Int32
			tt.settings.MaxAttempts, tt.settings.Log = 1, attempts(&tried)
			p.Wire = newWire(t, tt.settings)
			p.Concurrency = 1
			var notes told
			p.Notify = notes.take

			all := results(t, p, names...)
			if len(all) != len(names) || countStatus(all, resolve.Unreachable) != len(names) {
				t.Fatalf("%d of %d are unreachable", countStatus(all, resolve.Unreachable), len(names))
			}
			if n := tried.Load(); n != 3 {
				t.Errorf("%d attempts were made", n)
			}
			if !strings.HasPrefix(all[0].Reason, tt.long) {
				t.Errorf("the first says %q, want %q", all[0].Reason, tt.long)
			}
			for _, r := range all[1:] {
				if r.Reason != tt.short {
					t.Fatalf("%s says %q, want %q", r.Profile, r.Reason, tt.short)
				}
			}
			if len(notes.said) != 1 || !strings.HasPrefix(notes.said[0], tt.long) || !strings.Contains(notes.said[0], tt.hint) {
				t.Errorf("told was %q", notes.said)
			}
		})
	}
}

// TestGivingUpEndsCallsUnderWay holds that nobody waits for calls that others
// have found to be vain.
func TestGivingUpEndsCallsUnderWay(t *testing.T) {
	dns := newNames(t)
	dns.exist.Store(true)
	cfg, config, names := accounts(8)
	cfg.Faults = []idctest.Fault{{Op: idctest.GetRoleCredentials, Kind: idctest.Hang}} // whichever call is the first
	srv := idctest.New(t, cfg)
	p := newProber(t, config, srv.URL, nil)
	p.Concurrency = 2
	p.Wire = newWire(t, byName(t, srv))
	source := &hooked{tokenOf: &tokenOf{token: srv.IssueToken("").AccessToken}}
	source.before = func(n int32) {
		if n == 2 { // the first must hang before the names go
			for srv.Count(idctest.GetRoleCredentials) == 0 {
				runtime.Gosched()
			}
			dns.exist.Store(false)
		}
	}
	p.Tokens = func(*wire.Wire, portal.Session) portal.TokenSource { return source }
	all := results(t, p, names...)
	if n := countStatus(all, resolve.Unreachable); n != 8 {
		t.Errorf("%d of 8 are unreachable: %q", n, brief(all))
	}
	if n := srv.Count(idctest.GetRoleCredentials); n != 1 {
		t.Errorf("%d calls came through", n)
	}
}

// TestOneSuccessBetween holds that it takes failures in a row: two calls in
// three find no name, and the third one does.
func TestOneSuccessBetween(t *testing.T) {
	dns := newNames(t)
	cfg, config, names := accounts(30)
	srv := idctest.New(t, cfg)
	p := newProber(t, config, srv.URL, nil)
	p.Concurrency = 1
	p.Wire = newWire(t, byName(t, srv))
	source := &hooked{tokenOf: &tokenOf{token: srv.IssueToken("").AccessToken}}
	source.before = func(n int32) { dns.exist.Store(n%3 == 0) }
	p.Tokens = func(*wire.Wire, portal.Session) portal.TokenSource { return source }
	var notes told
	p.Notify = notes.take
	all := results(t, p, names...)
	if ok, away := countStatus(all, resolve.OK), countStatus(all, resolve.Unreachable); ok != 10 || away != 20 {
		t.Errorf("%d are ok, %d unreachable: %q", ok, away, brief(all))
	}
	if len(notes.said) != 1 {
		t.Errorf("told was %q", notes.said)
	}
}

// TestAnswersNeverGiveUp holds that resets, 5xx and refusals are of a
// connection.
func TestAnswersNeverGiveUp(t *testing.T) {
	cfg, config, names := accounts(40)
	for _, kind := range []idctest.FaultKind{idctest.Reset, idctest.ServerError, idctest.Cut, idctest.Forbidden} {
		cfg.Faults = []idctest.Fault{{Op: idctest.GetRoleCredentials, Kind: kind}}
		srv := idctest.New(t, cfg)
		p := newProber(t, config, srv.URL, &tokenOf{token: srv.IssueToken("").AccessToken})
		p.Wire = newWire(t, wire.Settings{Endpoint: srv.URL, MaxAttempts: 1})
		all := results(t, p, names...)
		if n := srv.Count(idctest.GetRoleCredentials); n < 40 || len(all) != 40 {
			t.Errorf("%s: %d of 40 were asked for", kind, n)
		}
	}
}

func TestSTSOutOfReachNamesTheRegionsPlace(t *testing.T) {
	newNames(t)
	srv := idctest.New(t, idctest.Config{Accounts: []idctest.Account{{ID: devAccount, Roles: []string{"Admin"}}}})
	config := okta + ssoProfile("own", devAccount, "Admin", "region = eu-central-9") +
		ssoProfile("env", devAccount, "Admin") + ssoProfile("mine", devAccount, "Admin", "region = eu-west-1") +
		"[profile role]\nrole_arn = arn:aws:iam::222222222222:role/R\nsource_profile = mine\n"
	for _, tt := range []struct{ region, env string }{
		{"us-east-1", "offline or wrong AWS_REGION"},
		{"", "offline or wrong sso_region in [sso-session okta], line 3"},
	} {
		p := newProber(t, config, srv.URL, &tokenOf{token: srv.IssueToken("").AccessToken})
		p.Region = tt.region
		p.Wire = newWire(t, wire.Settings{Endpoints: map[wire.Service]string{wire.Portal: srv.URL}, MaxAttempts: 1})
		where := tt.region
		if where == "" {
			where = "eu-central-1"
		}
		want := []string{
			"own|unreachable|cannot reach sts.eu-central-9: offline or wrong region in [profile own], line 8 (cannot find sts.eu-central-9.amazonaws.com)",
			"env|unreachable|cannot reach sts." + where + ": " + tt.env + " (cannot find sts." + where + ".amazonaws.com)",
			"mine|unreachable|cannot reach sts.eu-west-1: offline or wrong region in [profile mine], line 17 (cannot find sts.eu-west-1.amazonaws.com)",
		}
		if diff := cmp.Diff(want, brief(results(t, p, "own", "env", "mine"))); diff != "" {
			t.Error(diff)
		}
		if r := one(t, p, "role"); !strings.HasPrefix(r.Reason, "cannot reach sts."+where+": "+tt.env) {
			t.Errorf("%s: %s", r.Status, r.Reason)
		}
	}
}
