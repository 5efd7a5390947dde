package idctest

import (
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// TB is what [New] needs of a test; [testing.TB] has it. It is declared here so that programs that link this package do
// not link package testing and its flags.
type TB interface {
	Helper()
	Cleanup(func())
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Server is a running Identity Center. All methods may be called at any time from any goroutine.
type Server struct {
	URL      string // the endpoint of all three services, http://127.0.0.1:PORT
	Region   string // the region that Identity Center is said to be in
	StartURL string // the start URL of the default instance

	// ProxyURL and CAFile are set with Config.Intercept: the proxy, and the file with the certificate of its CA.
	ProxyURL, CAFile string

	proxy *interceptor
	http  *http.Server
	done  chan struct{} // closed when http has stopped serving
	date  atomic.Pointer[dateHeader]
	conns atomic.Int64

	inFlight, maxInFlight atomic.Int64

	mu         sync.Mutex // guards all below; held for moments only, never while writing
	cfg        Config
	dirs       map[string]*directory
	bucket     bucket
	seen       map[string]int // calls by operation, account, role and page, for Fault.Prob
	violations []Violation
	log        requestLog
	state      state
}

// New starts a server for a test. It is closed when the test ends, and the test then fails for each violation that is
// neither tolerated nor a warning; warnings go to the test's log. If the server cannot start, the test fails at once.
func New(t TB, cfg Config) *Server {
	t.Helper()
	s, err := Start(cfg)
	if err != nil {
		t.Fatalf("idctest: %v", err)
		return nil
	}
	t.Cleanup(func() {
		s.Close()
		for _, v := range s.Warnings() {
			t.Logf("idctest: warning: violation by the client: %v", v)
		}
		for _, v := range s.Violations() {
			t.Errorf("idctest: violation by the client: %v", v)
		}
	})
	return s
}

// Start starts a server. The caller closes it with [Server.Close]. An error says which field of cfg is wrong, or that
// the address cannot be listened on.
func Start(cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return nil, err
	}
	// The name is tested after the listener has resolved it: this server signs anybody in.
	addr, ok := listener.Addr().(*net.TCPAddr)
	if !ok || !addr.IP.IsLoopback() && !cfg.AllowRemote {
		_ = listener.Close()
		return nil, fmt.Errorf("address %s is not a loopback address; -allow-remote allows it", cfg.Addr)
	}
	public := strings.TrimRight(cfg.PublicURL, "/")
	if public == "" {
		reached := *addr
		if reached.IP.IsUnspecified() { // every address: this machine reaches it by its own
			reached.IP = net.IPv4(127, 0, 0, 1)
		}
		public = "http://" + reached.String()
	}
	s := &Server{
		URL:      public,
		Region:   cfg.Region,
		StartURL: cfg.StartURL,
		done:     make(chan struct{}),
		seen:     map[string]int{},
		state:    newState(),
	}
	s.configure(cfg)
	s.log.reset()
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ReadHeaderTimeout: time.Minute,
		ConnState:         s.countConnection,
		// A client that resets a connection is no error of this process.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	if cfg.Intercept {
		if s.proxy, err = s.startInterceptor(cfg.CADir); err != nil {
			_ = listener.Close()
			return nil, err
		}
		s.ProxyURL, s.CAFile = s.proxy.url, s.proxy.caFile
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener) // ends with ErrServerClosed
	}()
	return s, nil
}

func (s *Server) countConnection(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		s.conns.Add(1)
	}
}

// Close stops the server and ends its connections, hanging replies included. It may be called more than once.
func (s *Server) Close() {
	if s.proxy != nil {
		s.proxy.close()
	}
	_ = s.http.Close()
	<-s.done
}

// Update changes the configuration: change gets the present one, and what it leaves there holds for every request that
// arrives after Update returns. Addr, AllowRemote, PublicURL, Region, StartURL, Log, Intercept, NoEndpoints and CADir stay
// as they were at the start. Faults with Times tell how many are left. Tokens and codes that were issued keep their
// lifetimes. Update panics if the outcome makes no sense, which is a mistake in the test.
func (s *Server) Update(change func(*Config)) {
	if err := s.update(func(c *Config) error { change(c); return nil }); err != nil {
		panic("idctest: Update: " + err.Error())
	}
}

func (s *Server) update(change func(*Config) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cfg := s.cfg.clone()
	if err := change(&cfg); err != nil {
		return err
	}
	cfg = cfg.withDefaults()
	cfg.Addr, cfg.Region, cfg.StartURL, cfg.Log = s.cfg.Addr, s.cfg.Region, s.cfg.StartURL, s.cfg.Log
	cfg.AllowRemote, cfg.PublicURL = s.cfg.AllowRemote, s.cfg.PublicURL
	cfg.Intercept, cfg.NoEndpoints, cfg.CADir = s.cfg.Intercept, s.cfg.NoEndpoints, s.cfg.CADir
	if err := cfg.check(); err != nil {
		return err
	}
	s.configure(cfg)
	return nil
}

// configure takes over a checked configuration. The caller holds s.mu or is alone.
func (s *Server) configure(cfg Config) {
	if cfg.Rate != s.cfg.Rate || cfg.Burst != s.cfg.Burst {
		s.bucket = bucket{}
	}
	s.cfg = cfg.clone()
	before := s.dirs
	s.dirs = map[string]*directory{}
	for startURL, accounts := range cfg.Instances {
		s.dirs[trimStartURL(startURL)] = newDirectory(accounts)
	}
	s.dirs[trimStartURL(cfg.StartURL)] = newDirectory(cfg.Accounts)
	for instance, dir := range s.dirs {
		if old := before[instance]; old != nil {
			dir.forget(old)
		}
	}
}

// trimStartURL drops what Identity Center does not care about in a start URL, and people paste: /start/, /start/#/.
func trimStartURL(u string) string {
	u, _, _ = strings.Cut(u, "#")
	return strings.TrimRight(u, "/")
}

// Inject adds faults to those of the configuration, after them.
func (s *Server) Inject(faults ...Fault) {
	s.Update(func(c *Config) { c.Faults = append(c.Faults, faults...) })
}

// Tolerate ignores violations of these rules, including those already recorded. The requests are still refused.
func (s *Server) Tolerate(rules ...Rule) {
	s.Update(func(c *Config) { c.Tolerate = append(c.Tolerate, rules...) })
}

// Advance moves the server's clock: tokens expire, codes die, the Date header and Signature Version 4 follow.
func (s *Server) Advance(d time.Duration) {
	s.Update(func(c *Config) { c.Offset += d })
}

// Now returns the server's time.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg.now()
}

// Violations returns the violations so far in order of arrival, without those of rules in [Config.Tolerate] or
// [Config.Warn].
func (s *Server) Violations() []Violation {
	return s.violationsBut(func(r Rule) bool { return slices.Contains(s.cfg.Tolerate, r) || slices.Contains(s.cfg.Warn, r) })
}

// Warnings returns the violations so far of rules in [Config.Warn], in order of arrival.
func (s *Server) Warnings() []Violation {
	return s.violationsBut(func(r Rule) bool { return slices.Contains(s.cfg.Tolerate, r) || !slices.Contains(s.cfg.Warn, r) })
}

// violationsBut returns the violations of all rules that skip does not report.
func (s *Server) violationsBut(skip func(Rule) bool) []Violation {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Violation
	for _, v := range s.violations {
		if !skip(v.Rule) {
			out = append(out, v)
		}
	}
	return out
}

func (s *Server) violate(c *call, rule Rule, format string, args ...any) {
	v := Violation{Rule: rule, Op: c.op, Detail: fmt.Sprintf(format, args...), RequestID: c.id}
	if v.Op == "" {
		v.Op = Op(c.r.Method + " " + c.r.URL.EscapedPath()) // escaped: it goes to a terminal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, v)
}

// call is one request on its way through the server.
type call struct {
	s     *Server
	op    Op // empty if the path is none of ours
	r     *http.Request
	query url.Values
	body  []byte
	id    string
	now   time.Time
	dir   *directory // portal: whose token it is
	fault FaultKind

	host   string  // as the client asked for it, empty for the loopback address
	aws    awsHost // what that is
	vanity string  // where the host redirects to, if it does

	params    url.Values // STS: of the query and the body
	badForm   bool       // STS: the body is said to be a form and is none
	tokenSize int        // STS: MinimumSessionTokenSize

	retryAfter time.Duration

	// What the call is about, for faults and the log: as in the query, or as the access key says.
	account, role, page string
}

// maxBody is far above what any of the operations needs.
const maxBody = 1 << 20

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, controlPrefix) && r.TLS == nil {
		s.control(w, r)
		return
	}
	s.countInFlight()
	defer s.inFlight.Add(-1)

	c := &call{s: s, r: r, id: newRequestID()}
	c.findHost()
	var handle func(*call) reply
	c.op, handle = c.route()
	if r.Body != nil {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			return // the client left, or sends without end: no reply would reach it
		}
		c.body = body
	}
	if handle == nil {
		handle = (*call).unknownOperation
	} else {
		c.findSubject()
	}

	s.mu.Lock()
	c.now = s.cfg.now()
	c.retryAfter = s.cfg.RetryAfter
	wait := s.cfg.Latency
	throttled := slices.Contains(portalOps, c.op) && !s.bucket.take(c.now, s.cfg.Rate, s.cfg.Burst)
	var fault Fault
	var hit bool
	if !throttled {
		fault, hit = s.pickFault(c)
	}
	s.mu.Unlock()

	if hit {
		c.fault = fault.Kind
		wait += fault.Delay
	}
	if wait > 0 && !sleep(r.Context(), wait) {
		s.record(c, 0)
		return
	}
	switch {
	case throttled:
		c.send(w, portalError(string(Throttled), ""))
	case c.fault == Reset:
		s.record(c, 0)
		reset(w)
	case c.fault == Hang:
		s.record(c, 0)
		<-r.Context().Done()
	case c.fault == Huge:
		s.record(c, 200)
		c.header(w)
		sendHuge(w, c.op.contentType())
	case c.fault == Cut || c.fault == Truncated:
		rep := handle(c)
		if rep.undo != nil {
			rep.undo()
		}
		if c.fault == Truncated {
			rep.body = rep.body[:len(rep.body)/2]
			c.send(w, rep)
			return
		}
		s.record(c, rep.status)
		c.replyHeader(w, rep)
		sendCut(w, rep)
	default:
		rep, ok := c.faultReply(c.fault)
		if !ok {
			rep = handle(c)
		}
		c.send(w, rep)
	}
}

func (s *Server) countInFlight() {
	n := s.inFlight.Add(1)
	for {
		old := s.maxInFlight.Load()
		if n <= old || s.maxInFlight.CompareAndSwap(old, n) {
			return
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

type operation struct {
	op     Op
	method string // of OIDC and the portal one, of STS GET and POST
	handle func(*call) reply
}

var routes = map[string]operation{
	"/client/register":        {RegisterClient, http.MethodPost, (*call).registerClient},
	"/device_authorization":   {StartDeviceAuthorization, http.MethodPost, (*call).startDeviceAuthorization},
	"/token":                  {CreateToken, http.MethodPost, (*call).createToken},
	"/authorize":              {Authorize, http.MethodGet, (*call).authorize},
	"/device":                 {VerifyDevice, http.MethodGet, (*call).verifyDevice},
	"/assignment/accounts":    {ListAccounts, http.MethodGet, (*call).listAccounts},
	"/assignment/roles":       {ListAccountRoles, http.MethodGet, (*call).listAccountRoles},
	"/federation/credentials": {GetRoleCredentials, http.MethodGet, (*call).getRoleCredentials},
	"/logout":                 {Logout, http.MethodPost, (*call).logout},
	"/":                       {GetCallerIdentity, "", (*call).sts},
}

// findHost reads which host the client asked for through the proxy.
func (c *call) findHost() {
	if c.r.TLS == nil {
		return
	}
	c.host = hostName(c.r.Host)
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.vanity = c.s.cfg.Vanity[c.host]
	if !c.s.named(c.host) {
		c.aws, _ = parseHost(c.host)
	}
}

func (c *call) route() (Op, func(*call) reply) {
	r := c.r
	switch {
	case c.vanity != "":
		return "", (*call).redirectVanity
	case c.aws.service == otherService:
		return "", (*call).otherAWSService
	case c.aws.service == pageService && strings.HasPrefix(r.Host, "device.sso."):
		return VerifyDevice, (*call).verifyDevice
	case c.aws.service == pageService && r.URL.Path != "/device":
		return "", (*call).portalPage
	}
	o, ok := routes[r.URL.Path]
	if !ok || !c.aws.service.serves(o.op) {
		return "", nil
	}
	if o.op == CreateToken && r.URL.Query().Has("aws_iam") {
		o = operation{CreateTokenWithIAM, http.MethodPost, (*call).createTokenWithIAM}
	}
	if r.Method != o.method && !(o.method == "" && (r.Method == http.MethodGet || r.Method == http.MethodPost)) {
		return o.op, (*call).wrongMethod
	}
	return o.op, o.handle
}

// findSubject reads the account, role and page that the call is about, for faults and the log.
func (c *call) findSubject() {
	c.query = c.r.URL.Query()
	switch c.op {
	case ListAccounts, ListAccountRoles, GetRoleCredentials:
		c.account, c.role, c.page = c.query.Get("account_id"), c.query.Get("role_name"), c.query.Get("next_token")
	case GetCallerIdentity:
		c.findSTSSubject()
	}
}

// redirectVanity sends a visitor of a vanity host on to the access portal.
func (c *call) redirectVanity() reply { return reply{status: 302, location: c.vanity} }

// otherAWSService refuses calls to a service that AWS has and this server does not have.
func (c *call) otherAWSService() reply {
	b := appendJSON([]byte(`{"message":`), "idctest has no "+c.host)
	return reply{status: 501, ctype: jsonType, errorType: "NotImplementedException", body: append(b, '}')}
}

// portalPage is the access portal as a browser sees it. Clients read the region from it.
func (c *call) portalPage() reply {
	return reply{status: 200, ctype: htmlType, body: fmt.Appendf(nil, "<!DOCTYPE html>\n<html lang=\"en\"><head>"+
		"<meta charset=\"utf-8\"><meta name=\"region\" content=\"%s\"><title>AWS access portal</title></head>\n"+
		"<body><h1>AWS access portal</h1></body></html>\n", c.s.Region)}
}

func (c *call) unknownOperation() reply {
	// A browser asks for an icon wherever it is sent.
	if c.r.URL.Path != "/favicon.ico" {
		c.s.violate(c, UnknownPath, "no operation has this path")
	}
	return reply{
		status: 404, ctype: jsonType, errorType: "UnknownOperationException",
		body: []byte(`{"__type":"UnknownOperationException"}`),
	}
}

func (c *call) wrongMethod() reply {
	c.s.violate(c, WrongMethod, "method %s", c.r.Method)
	return reply{
		status: 405, ctype: jsonType, errorType: "UnknownOperationException",
		body: []byte(`{"__type":"UnknownOperationException"}`),
	}
}

// send writes the reply and its log entry, the entry first: a client that has its reply finds itself in the log.
func (c *call) send(w http.ResponseWriter, rep reply) {
	c.s.record(c, rep.status)
	c.replyHeader(w, rep)
	if rep.ctype == xmlType {
		rep.body = fillRequestID(rep.body, c.id)
	}
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(rep.body))}
	w.WriteHeader(rep.status)
	_, _ = w.Write(rep.body) // an error is the client's: it has left
}

func (c *call) header(w http.ResponseWriter) {
	h := w.Header()
	h["Date"] = c.s.dateHeader(c.now)
	h["X-Amzn-Requestid"] = []string{c.id}
}

func (c *call) replyHeader(w http.ResponseWriter, rep reply) {
	c.header(w)
	h := w.Header()
	if rep.ctype != "" {
		h["Content-Type"] = []string{rep.ctype}
	} else {
		h["Content-Type"] = nil // no guess by net/http
	}
	if rep.errorType != "" {
		h["X-Amzn-Errortype"] = []string{rep.errorType}
	}
	if rep.location != "" {
		h.Set("Location", rep.location)
	}
	// Only refusals that ask for patience say how much: in seconds, rounded up, as RFC 9110 section 10.2.3 has no
	// fractions.
	if c.retryAfter > 0 && (rep.status == http.StatusTooManyRequests || rep.status == http.StatusServiceUnavailable) {
		h.Set("Retry-After", strconv.Itoa(int((c.retryAfter+time.Second-1)/time.Second)))
	}
}

type dateHeader struct {
	second int64
	value  []string
}

// dateHeader formats the server's time once a second.
func (s *Server) dateHeader(now time.Time) []string {
	second := now.Unix()
	if d := s.date.Load(); d != nil && d.second == second {
		return d.value
	}
	d := &dateHeader{second, []string{now.UTC().Format(http.TimeFormat)}}
	s.date.Store(d)
	return d.value
}

func newRequestID() string {
	var b [36]byte
	hi, lo := rand.Uint64(), rand.Uint64()
	for i := range b {
		switch i {
		case 8, 13, 18, 23:
			b[i] = '-'
			continue
		}
		if i < 19 {
			b[i], hi = hexDigits[hi&15], hi>>4
		} else {
			b[i], lo = hexDigits[lo&15], lo>>4
		}
	}
	b[14] = '4' // a UUID of version 4
	return string(b[:])
}

// Env returns the environment, as KEY=VALUE, in which AWS clients talk to this server and to nothing else: the endpoints
// of the three services, no instance metadata, and a proxy that refuses for all but loopback addresses, so that a client
// that overlooks an endpoint fails at once and does not reach AWS. With [Config.Intercept] the proxy is the server's own,
// which answers for AWS's hosts, and the environment names its CA. IDC_URL is the server's address, for the control
// paths.
func (s *Server) Env() []string {
	ignored := "false" // a true one from outside would undo the three
	env := []string{}
	if s.cfg.NoEndpoints {
		ignored = "true" // as would those from outside
	} else {
		env = append(env, "AWS_ENDPOINT_URL_SSO="+s.URL, "AWS_ENDPOINT_URL_SSO_OIDC="+s.URL, "AWS_ENDPOINT_URL_STS="+s.URL)
	}
	env = append(env, "IDC_URL="+s.URL, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="+ignored, "AWS_EC2_METADATA_DISABLED=true")
	proxy := deadProxy
	if s.proxy != nil {
		proxy = s.ProxyURL
		for _, name := range []string{"AWS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} {
			env = append(env, name+"="+s.CAFile)
		}
		env = append(env, "NODE_USE_ENV_PROXY=1") // Node.js heeds HTTPS_PROXY only when told to
	}
	direct := "127.0.0.1,localhost"
	if u, err := url.Parse(s.URL); err == nil && loopback(u) != nil {
		direct += "," + u.Hostname()
	}
	return append(env, "HTTPS_PROXY="+proxy, "https_proxy="+proxy, "NO_PROXY="+direct, "no_proxy="+direct)
}

// deadProxy is the discard port, on which nothing listens.
const deadProxy = "http://127.0.0.1:9"
