package wire

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

// replyFault is what is wrong with a reply that must not be taken for an
// answer. Each is a text for people.
type replyFault string

// The faults. All but replyTooLarge and replyTooManyParts may pass, and are tried again.
const (
	// replyEmpty is a good status without a body. The SDK takes it for an answer
	// without fields, which would read as "no access left".
	replyEmpty replyFault = "the reply was empty"
	// replyCutOff is a body that ends too early.
	replyCutOff replyFault = "the reply was cut off"
	// replyForeign is a page, or a redirect, of somebody on the way.
	replyForeign replyFault = "the reply was not from AWS (a proxy or a captive portal?)"
	// replyHollow is a whole document without what it is there for, see [Require].
	replyHollow replyFault = "the reply lacks what it should hold"
	// replyTooLarge is a body of more than 8 MiB.
	replyTooLarge replyFault = "the reply was larger than 8 MiB"
	// replyTooManyParts is a body with more values, or deeper ones, than any answer
	// has. What the SDK makes of a few bytes each takes hundreds of them.
	replyTooManyParts replyFault = "the reply had more parts than any answer of AWS has"
)

// replyError is a reply that is of no use, whatever its status says.
type replyError struct {
	Host   string
	Status int // as sent
	Fault  replyFault
	Err    error // what ended the reading; nil as a rule
}

// Error names the host and the fault.
func (e *replyError) Error() string { return e.Host + ": " + string(e.Fault) }

// Unwrap returns what ended the reading.
func (e *replyError) Unwrap() error { return e.Err }

// timeoutError is an attempt that took longer than Settings.Timeout.
type timeoutError struct {
	Host  string
	Proxy string // the proxy's host, "" without one
	After time.Duration
}

// Error names the host and the time.
func (e *timeoutError) Error() string {
	through := ""
	if e.Proxy != "" {
		through = " through the proxy " + e.Proxy
	}
	return fmt.Sprintf("no answer from %s%s within %s", e.Host, through, e.After)
}

// Timeout says true, as net.Error has it.
func (e *timeoutError) Timeout() bool { return true }

// judge holds a whole reply against what the service sends, and returns what
// is wrong with it, "" if nothing. Errors of the service are the SDK's to
// read; a page in their place is the word of a proxy, and its status says
// nothing of the caller's login or access.
func judge(c *call, resp *http.Response, body []byte) replyFault {
	text := bytes.TrimSpace(body)
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests, status >= 500:
		return "" // the status alone decides
	case status >= 400:
		if len(text) == 0 || speaks(c.service, text) {
			return ""
		}
		return replyForeign
	case status >= 300, status < 200:
		return replyForeign // AWS never sends a caller of these services elsewhere
	case len(text) == 0:
		if c.operation == opLogout {
			return "" // the one call that answers with nothing
		}
		return replyEmpty
	case !speaks(c.service, text):
		return replyForeign
	}
	switch shape := shapeOf(c.service, text); {
	case shape.excessive():
		return replyTooManyParts
	case !shape.whole:
		return replyCutOff
	}
	return ""
}

// speaks reports whether a text begins as what the service says does: the portal
// and OIDC speak JSON objects, STS speaks XML, with an element that is named
// for the answer (GetCallerIdentityResponse, ErrorResponse).
func speaks(s Service, text []byte) bool {
	if s != STS {
		return text[0] == '{'
	}
	root, complete := rootOf(text)
	// What is too short for a name is cut, not foreign.
	return text[0] == '<' && (!complete || bytes.HasSuffix(root, []byte("Response")))
}

// shape is what a text is made of.
type shape struct {
	whole bool // it ends where what it begins with ends
	parts int  // values, elements and attributes, about
	depth int  // of what is nested, at most; JSON only
}

// The most that an answer may have. A page of the portal has 100 entries of
// five values, an answer of STS some twenty elements.
const (
	maxParts = 10_000
	maxDepth = 100
)

func (s shape) excessive() bool { return s.parts > maxParts || s.depth > maxDepth }

func shapeOf(s Service, text []byte) shape {
	if s == STS {
		return shapeOfXML(text)
	}
	return shapeOfJSON(text)
}

func shapeOfXML(text []byte) shape {
	root, _ := rootOf(text)
	end, ok := bytes.CutSuffix(text, []byte(">"))
	return shape{
		whole: ok && len(root) > 0 && bytes.HasSuffix(bytes.TrimRight(end, " \t\r\n"), append([]byte("</"), root...)),
		parts: bytes.Count(text, []byte("<")) + bytes.Count(text, []byte("=")),
	}
}

// shapeOfJSON looks at the structure alone. What is wrong in between the SDK
// finds: reading every body twice for that (json.Valid) would cost 7% of a call.
func shapeOfJSON(text []byte) shape {
	s, depth := shape{}, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			n := stringEnd(text[i+1:])
			if n < 0 {
				return s
			}
			i += n + 1
		case ',':
			s.parts++
		case '{', '[':
			s.parts++
			depth++
			s.depth = max(s.depth, depth)
		case '}', ']':
			if depth--; depth == 0 {
				s.whole = i == len(text)-1
				return s
			}
		}
	}
	return s
}

// stringEnd returns where the quote stands that ends a JSON string, -1 for nowhere.
func stringEnd(text []byte) int {
	for at := 0; ; {
		n := bytes.IndexByte(text[at:], '"')
		if n < 0 {
			return -1
		}
		at += n
		slashes := 0
		for at-slashes > 0 && text[at-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return at
		}
		at++
	}
}

// rootOf returns the name of an XML text's first element, and whether the text
// goes on behind it.
func rootOf(text []byte) (name []byte, complete bool) {
	if bytes.HasPrefix(text, []byte("<?")) {
		_, text, _ = bytes.Cut(text, []byte("?>"))
		text = bytes.TrimSpace(text)
	}
	name, _ = bytes.CutPrefix(text, []byte("<"))
	if i := bytes.IndexAny(name, " \t\r\n/>"); i >= 0 {
		return name[:i], true
	}
	return name, false
}
