package idctest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Request is one request as the log keeps it.
type Request struct {
	Time      time.Time // arrival, by the server's clock
	Op        Op        // empty if the path is no operation
	Method    string
	Host      string // the host that the client asked for through the proxy; empty for the loopback address
	Path      string
	Params    url.Values // of the query and the body; secrets are ***
	UserAgent string
	Account   string    // the account that the call was about, if any
	Role      string    // the role that the call was about, if any
	Fault     FaultKind // the fault that it met, if any
	Status    int       // 0 if no reply was sent
	RequestID string
}

// Stats counts requests since the start or the last [Server.ResetLog].
type Stats struct {
	Calls       map[Op]int  // by operation
	Statuses    map[int]int // by status; 0 is no reply
	MaxInFlight int         // most requests at one time
	Connections int         // connections accepted
}

// logLimit bounds what the log keeps; the counts go on.
const logLimit = 100_000

type entry struct {
	time                      time.Time
	op                        Op
	method, host, path, query string
	agent                     string
	body                      []byte
	ctype                     string
	account, role, id         string
	fault                     FaultKind
	status                    int
}

type requestLog struct {
	entries  []entry // a ring once it is full
	next     int
	calls    map[Op]int
	statuses map[int]int
}

func (l *requestLog) reset() {
	*l = requestLog{calls: map[Op]int{}, statuses: map[int]int{}}
}

// ordered returns a copy of the entries, the oldest first.
func (l *requestLog) ordered() []entry {
	return slices.Concat(l.entries[l.next:], l.entries[:l.next])
}

// record logs the request with the status that the client is about to see.
func (s *Server) record(c *call, status int) {
	e := entry{
		time: c.now, op: c.op, method: c.r.Method, host: c.host, path: c.r.URL.Path, query: c.r.URL.RawQuery,
		agent: c.r.UserAgent(), body: c.body, ctype: c.r.Header.Get("Content-Type"),
		account: c.account, role: c.role, id: c.id, fault: c.fault, status: status,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.log
	l.calls[c.op]++
	l.statuses[status]++
	if len(l.entries) < logLimit {
		l.entries = append(l.entries, e)
	} else {
		l.entries[l.next] = e
		l.next = (l.next + 1) % logLimit
	}
	if s.cfg.Log != nil {
		io.WriteString(s.cfg.Log, e.line())
	}
}

// Requests returns the requests so far in the order of their replies: all, or those of the operations given. Of very
// many the last 100,000 are kept.
func (s *Server) Requests(ops ...Op) []Request {
	s.mu.Lock()
	entries := s.log.ordered()
	s.mu.Unlock()
	var out []Request
	for i := range entries {
		e := &entries[i]
		if len(ops) == 0 || slices.Contains(ops, e.op) {
			out = append(out, Request{
				Time: e.time, Op: e.op, Method: e.method, Host: e.host, Path: e.path, Params: e.params(), UserAgent: e.agent,
				Account: e.account, Role: e.role, Fault: e.fault, Status: e.status, RequestID: e.id,
			})
		}
	}
	return out
}

// Count returns how many requests there were of these operations, or of all.
func (s *Server) Count(ops ...Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for op, calls := range s.log.calls {
		if len(ops) == 0 || slices.Contains(ops, op) {
			n += calls
		}
	}
	return n
}

// Stats returns the counts so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{
		Calls: maps.Clone(s.log.calls), Statuses: maps.Clone(s.log.statuses),
		MaxInFlight: int(s.maxInFlight.Load()), Connections: int(s.conns.Load()),
	}
}

// ResetLog forgets the requests and counts so far. Violations, tokens and the configuration stay.
func (s *Server) ResetLog() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.reset()
	s.maxInFlight.Store(s.inFlight.Load())
	s.conns.Store(0)
}

// secretParams are the parameters of any operation that no log may show.
var secretParams = map[string]bool{
	"clientSecret": true, "deviceCode": true, "code": true, "refreshToken": true, "codeVerifier": true,
	"assertion": true, "subjectToken": true, "SAMLAssertion": true, "WebIdentityToken": true, "TradeInToken": true,
	"TokenCode": true, "X-Amz-Security-Token": true, "X-Amz-Signature": true,
}

func (e *entry) params() url.Values {
	params, err := url.ParseQuery(e.query)
	if err != nil {
		params = url.Values{}
	}
	if strings.HasPrefix(e.ctype, jsonType) {
		var members map[string]any
		if json.Unmarshal(e.body, &members) == nil {
			for name, value := range members {
				if list, ok := value.([]any); ok {
					for _, v := range list {
						params.Add(name, fmt.Sprint(v))
					}
				} else if value != nil {
					params.Add(name, fmt.Sprint(value))
				}
			}
		}
	} else if form, err := url.ParseQuery(string(e.body)); err == nil {
		for name, values := range form {
			params[name] = append(params[name], values...)
		}
	}
	for name := range params {
		if secretParams[name] || strings.HasSuffix(name, ".ContextAssertion") {
			params[name] = []string{"***"}
		}
	}
	return params
}

func (e *entry) line() string {
	var b strings.Builder
	b.WriteString(e.time.UTC().Format("2006-01-02T15:04:05.000Z"))
	op := string(e.op)
	if op == "" {
		op = "-"
	}
	at := (&url.URL{Path: e.path}).EscapedPath()
	if e.host != "" {
		// Quoted where it is odd, so that a request cannot write lines of its own.
		at = strings.Trim(strconv.Quote(e.host), `"`) + at
	}
	fmt.Fprintf(&b, " %s %s %s %d", op, e.method, at, e.status)
	if e.fault != "" {
		b.WriteString(" fault=" + string(e.fault))
	}
	b.WriteString(" id=" + e.id)
	if p := e.params(); len(p) > 0 {
		// Encoded, so that a request cannot write lines of its own.
		b.WriteString(" " + p.Encode())
	}
	b.WriteByte('\n')
	return b.String()
}
