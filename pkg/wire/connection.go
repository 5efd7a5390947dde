package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// connectionError is an attempt without an answer: no connection came about,
// or it broke. A host is named as asked for, so that a proxy in between is
// told from the service; a proxy's user and password are never kept.
type connectionError struct {
	host  string // of the service, with its port if it has one of its own
	proxy string // of the proxy on the way, "" without one
	note  string // added to the hint of a certificate that is not trusted
	err   error
}

// Error returns the reason in words.
func (e *connectionError) Error() string {
	why, _ := e.explain()
	return why
}

// Unwrap returns what net/http said.
func (e *connectionError) Unwrap() error { return e.err }

// errBadProxy stands for the error of a proxy's setting, which may quote it.
var errBadProxy = errors.New("the proxy's URL cannot be read")

// errBadHeader is a token, or another credential, that HTTP cannot carry.
var errBadHeader = errors.New("a credential has characters that HTTP cannot carry")

// proxyRefusal is a proxy that answered, and makes no connection.
type proxyRefusal struct{ status int }

func (e *proxyRefusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", e.status, strings.ToLower(http.StatusText(e.status))))
}

// onProxyAnswer keeps the status of a proxy that refuses: net/http has only
// its words.
func onProxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyRefusal{resp.StatusCode}
}

// lookup reports whether a name server failed.
func (e *connectionError) lookup() bool {
	var dns *net.DNSError
	return errors.As(e.err, &dns)
}

// refused reports whether no connection was made at all.
func (e *connectionError) refused() bool {
	var op *net.OpError
	return errors.As(e.err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// passing reports whether the failure may pass. Names that do not exist, peers
// that cannot be trusted or do not speak TLS, proxies that refuse and requests
// that cannot be sent do not.
func (e *connectionError) passing() bool {
	var (
		dns     *net.DNSError
		refusal *proxyRefusal
	)
	switch {
	case errors.As(e.err, &dns):
		return !dns.IsNotFound
	case errors.As(e.err, &refusal):
		return refusal.status >= 500
	}
	return !e.untrusted() && !e.notTLS() && !errors.Is(e.err, errBadProxy) && !errors.Is(e.err, errBadHeader)
}

func (e *connectionError) untrusted() bool {
	var cert *tls.CertificateVerificationError
	return errors.As(e.err, &cert)
}

// notTLS reports whether the peer refused to speak TLS with us.
func (e *connectionError) notTLS() bool {
	var (
		record tls.RecordHeaderError
		op     *net.OpError
	)
	return errors.Is(e.err, http.ErrSchemeMismatch) || errors.As(e.err, &record) ||
		errors.As(e.err, &op) && (op.Op == "remote error" || op.Op == "local error") // alerts of crypto/tls
}

// explain says what happened, and what a person could look at.
func (e *connectionError) explain() (why, hint string) {
	var (
		refusal *proxyRefusal
		op      *net.OpError
	)
	if errors.Is(e.err, errBadProxy) || errors.Is(e.err, errBadHeader) {
		why, hint = innermost(e.err).Error(), ""
		if errors.Is(e.err, errBadProxy) {
			hint = proxyHint
		}
		return why, hint
	}
	if errors.As(e.err, &refusal) {
		return fmt.Sprintf("the proxy %s does not connect to %s: %s", e.proxy, e.host, refusal), orElse(hintOfVariant(e.host), proxyHint)
	}
	switch {
	case errors.As(e.err, &op) && op.Op == "proxyconnect":
		return e.explainPeer("the proxy "+e.proxy, proxyHint)
	case e.proxy != "":
		return e.explainPeer(e.host+" through the proxy "+e.proxy, "")
	default:
		return e.explainPeer(e.host, "")
	}
}

const proxyHint = "the proxy is that of HTTPS_PROXY"

// explainPeer explains a failure on the way to the peer: the service, or the
// proxy that leads to it.
func (e *connectionError) explainPeer(peer, hint string) (string, string) {
	var (
		dns  *net.DNSError
		cert *tls.CertificateVerificationError
		op   *net.OpError
	)
	switch {
	case errors.As(e.err, &dns) && dns.IsNotFound:
		return "cannot find " + peer, orElse(hint, hintOfHost(e.host))
	case errors.As(e.err, &dns):
		return fmt.Sprintf("cannot look up %s: the name server does not answer", peer), orElse(hint, "is this machine offline?")
	case errors.As(e.err, &cert):
		return fmt.Sprintf("the certificate of %s is not trusted: %s", peer, reasonOf(cert.Err)), hintOfCertificate(cert.Err, e.note)
	case e.notTLS() && !errors.As(e.err, &op):
		return fmt.Sprintf("%s does not speak TLS (a proxy in between?)", peer), hint
	case e.notTLS():
		return fmt.Sprintf("no TLS with %s: %s", peer, reasonOf(e.err)), hint
	case errors.As(e.err, &op) && (op.Op == "dial" || op.Op == "proxyconnect"):
		return fmt.Sprintf("cannot connect to %s: %s", peer, reasonOf(e.err)), hint
	default:
		return fmt.Sprintf("the connection to %s broke: %s", peer, reasonOf(e.err)), hint
	}
}

// hintOfHost says why a name may not exist.
func hintOfHost(host string) string {
	if !isAmazon(host) {
		return "offline, or a wrong AWS_ENDPOINT_URL"
	}
	return orElse(hintOfVariant(host), "offline, or a wrong region in the configuration")
}

// hintOfVariant says what may be wrong with a host of a variant that AWS does not
// have in every region; "" for any other.
func hintOfVariant(host string) string {
	switch {
	case !isAmazon(host):
		return ""
	case strings.Contains(host, "-fips."):
		return "AWS may have no FIPS endpoint of this service there: see AWS_USE_FIPS_ENDPOINT, or use_fips_endpoint in the config"
	case strings.Contains(host, ".api."):
		return "AWS may have no dual-stack endpoint of this service there: see AWS_USE_DUALSTACK_ENDPOINT, or use_dualstack_endpoint in the config"
	default:
		return ""
	}
}

func isAmazon(host string) bool {
	for _, domain := range []string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn"} {
		if strings.HasSuffix(host, domain) {
			return true
		}
	}
	return strings.Contains(host, ".amazonaws.") // the isolated partitions and the European one
}

func hintOfCertificate(err error, note string) string {
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return "is the clock of this machine right?"
	}
	return "if a proxy inspects TLS here, set AWS_CA_BUNDLE, or ca_bundle in the config, to the file of its certificate" + note
}

// reasonOf returns the innermost error in words: "connection refused" without the
// names of system calls, addresses and packages.
func reasonOf(err error) string {
	if err = innermost(err); slices.Contains([]error{io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed}, err) {
		return "it was closed in the middle"
	}
	text := printable(err.Error())
	const firstWord = "HTTP/1."
	if begun, ok := strings.CutPrefix(text, `malformed HTTP response "`); ok && strings.HasPrefix(firstWord, strings.TrimSuffix(begun, `"`)) {
		return "it was closed in the middle"
	}
	for _, prefix := range []string{"x509: ", "tls: ", "net/http: ", "http: ", "http2: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	text = strings.TrimSuffix(text, ".")
	// Windows begins with a capital letter, words like TLS keep theirs.
	if first, size := utf8.DecodeRuneInString(text); len(text) > size {
		if second, _ := utf8.DecodeRuneInString(text[size:]); unicode.IsLower(second) {
			text = string(unicode.ToLower(first)) + text[size:]
		}
	}
	return text
}

// innermost returns the cause that wraps no other. Of several causes the first
// counts: the SDK joins its own remarks to the failure.
func innermost(err error) error {
	for {
		switch wrapper := err.(type) { //nolint:errorlint // every layer is looked at in turn
		case interface{ Unwrap() error }:
			inner := wrapper.Unwrap()
			if inner == nil {
				return err
			}
			err = inner
		case interface{ Unwrap() []error }:
			inner := wrapper.Unwrap()
			if len(inner) == 0 {
				return err
			}
			err = inner[0]
		default:
			return err
		}
	}
}

// validHeaders reports whether HTTP can carry the values. net/http refuses
// others in words of its own.
func validHeaders(header http.Header) bool {
	for _, values := range header {
		if !Carries(values...) {
			return false
		}
	}
	return true
}

// Carries reports whether a header of HTTP can carry each of the values, such
// as a token (RFC 9110 5.5). One that a server sent and that cannot be sent back
// is refused where it arrives: later it would look like a network that is down.
func Carries(values ...string) bool {
	for _, value := range values {
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return false
		}
	}
	return true
}
