package oidc

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// page is what the browser shows after a login. Nothing of the request is in it.
type page string

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
)

// The pages are made when they are needed: a program that starts to look at a
// token does not wait for them.

func pageDone(session string) page {
	return render("good", "You are signed in",
		"sso-login is signed in"+named("to", session)+".", "You can close this tab and go back to the terminal.",
		`<path d="M14 25l7 7 13-15"/>`)
}

func pageFailed(session string) page {
	return render("bad", "The login did not succeed",
		"sso-login got no token"+named("for", session)+".", "The terminal says why. You can close this tab.",
		`<path d="M17 17l14 14M31 17l-14 14"/>`)
}

// named names the session in HTML, after a preposition; "" if its name cannot be
// shown safely. A name may be of a script that runs from right to left, and must
// not turn the sentence.
func named(preposition, session string) string {
	const longest = 100
	odd := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
	if session == "" || utf8.RuneCountInString(session) > longest || strings.ContainsFunc(session, odd) {
		return ""
	}
	return " " + preposition + ` "<bdi>` + html.EscapeString(session) + `</bdi>"`
}

func contentPolicy() string {
	return "default-src 'none'; style-src '" + styleHash(pageCSS) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

func render(class, title, text, next, sign string) page {
	return page(strings.NewReplacer(
		"{style}", pageCSS, "{class}", class, "{title}", title, "{text}", text, "{next}", next, "{sign}", sign,
	).Replace(pageHTML))
}

// styleHash names the one style sheet that the page may have (CSP level 2).
func styleHash(css string) string {
	sum := sha256.Sum256([]byte(css))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// guard sets the headers that every answer of the callback port carries: the URL
// that the browser asked for has a code in it, which must stay out of caches and
// of Referer headers (RFC 9700 4.2), and nothing may run or be framed here.
func guard(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", contentPolicy())
	h.Set("X-Content-Type-Options", "nosniff")
}

func (p page) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(p)))
	_, _ = io.WriteString(w, string(p))
	// Sent before the server is closed: with its length known, it is complete.
	_ = http.NewResponseController(w).Flush()
}
