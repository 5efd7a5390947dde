package oidc

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aws-sso-plugins/pkg/fault"
)

func TestALoginInTheBrowserEndsAfterTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		a := &Authorization{ExpiresAt: begun.Add(loginTimeout), callback: &Callback{}}
		_, err := a.callback.wait(t.Context(), a.ExpiresAt)
		if !errors.Is(err, ErrExpired) || fault.KindOf(err) != fault.Login || time.Since(begun) != 10*time.Minute {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

func TestTheCallersDeadlineIsNoExpiredLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := (&Callback{}).wait(ctx, time.Now().Add(loginTimeout))
		if errors.Is(err, ErrExpired) || fault.KindOf(err) != fault.Timeout {
			t.Error(err)
		}
	})
}

// A browser that does not take its page holds nobody up.
func TestThePageIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		answer{outcome: make(chan page, 1), shown: make(chan struct{})}.show(pageDone(""))
		if took := time.Since(begun); took != farewell {
			t.Errorf("it took %v", took)
		}
	})
}

// A name is shown as it is, escaped, or not at all.
func TestThePageNamesTheSession(t *testing.T) {
	for name, want := range map[string]string{
		"okta":                   ` to "<bdi>okta</bdi>".`,
		`<b>"&'`:                 ` to "<bdi>&lt;b&gt;&#34;&amp;&#39;</bdi>".`,
		"{style}{title}":         ` to "<bdi>{style}{title}</bdi>".`,
		"\u05d0\u05d1":           " to \"<bdi>\u05d0\u05d1</bdi>\".",
		"":                       ".",
		"a\u202eb":               ".",
		"a\nb":                   ".",
		"a\xffb":                 ".",
		"a\u200bb":               ".",
		strings.Repeat("x", 100): ` to "<bdi>` + strings.Repeat("x", 100) + `</bdi>".`,
		strings.Repeat("x", 101): ".",
	} {
		for page, text := range map[page]string{
			pageDone(name):   "<p>sso-login is signed in" + want + "</p>",
			pageFailed(name): "<p>sso-login got no token" + strings.Replace(want, " to ", " for ", 1) + "</p>",
		} {
			if !strings.Contains(string(page), text) {
				t.Errorf("%q: %s", name, page[strings.Index(string(page), "<h1>"):])
			}
		}
	}
}

// inMemory is a listener without a network, so that a test has its own clock.
type inMemory struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newInMemory() *inMemory {
	return &inMemory{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *inMemory) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *inMemory) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *inMemory) Addr() net.Addr { return &net.TCPAddr{} }

// connect opens a connection and says something.
func (l *inMemory) connect(said string) net.Conn {
	ours, theirs := net.Pipe()
	l.conns <- theirs
	go func() { _, _ = io.WriteString(ours, said) }()
	return ours
}

func TestAConnectionThatSaysTooLittleIsClosedAfterFiveSeconds(t *testing.T) {
	for name, said := range map[string]string{"nothing": "", "half a header": "GET /oauth/callback?code=a HTTP/1.1\r\nHost: 127"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newInMemory()
				cb := listenOn(l, 4711)
				defer cb.Close()
				begun := time.Now()
				if _, err := io.ReadAll(l.connect(said)); err != nil {
					t.Error(err)
				}
				if took := time.Since(begun); took != headerTimeout || took > 5*time.Second {
					t.Errorf("closed after %v", took)
				}
			})
		})
	}
}

// An answer that came when nobody waited any more leaves nothing running, which
// synctest would report.
func TestAnAnswerThatNobodyTakesEndsWithTheCallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newInMemory()
		cb := listenOn(l, 4711)
		cb.expect("s")
		tab := l.connect("GET /oauth/callback?code=a&state=s HTTP/1.1\r\nHost: 127.0.0.1:4711\r\n\r\n")
		synctest.Wait()
		cb.Close()
		if got, err := io.ReadAll(tab); err != nil || len(got) != 0 {
			t.Errorf("the browser was sent %q (%v)", got, err)
		}
	})
}

func TestPort80IsLeftOutOfHost(t *testing.T) {
	cb := &Callback{port: 80}
	for host, want := range map[string]bool{"127.0.0.1": true, "127.0.0.1:80": true, "localhost": false, "127.0.0.1:81": false, "": false} {
		if cb.addressed(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
}

// RFC 7636 appendix B.
func TestChallenge(t *testing.T) {
	if got := challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"); got != "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" {
		t.Error(got)
	}
}
