package torture

import (
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// between is a program between the binaries and the Identity Center, which
// changes what comes back.
type between struct {
	*httptest.Server
	proxy *httputil.ReverseProxy
	tls   *httptest.Server

	mu   sync.Mutex
	edit func(path string, body []byte) []byte
	last []string
}

// between starts it: with reply, which answers in place of the Identity Center,
// or without, to pass all on until it is told to change something.
func (s *stage) between(reply http.HandlerFunc) *between {
	s.Helper()
	target, err := url.Parse(s.idc.URL)
	s.must(err)
	b := &between{}
	b.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is signed
		},
		ModifyResponse: b.modify,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	var handler http.Handler = b.proxy
	if reply != nil {
		handler = reply
	}
	b.Server = httptest.NewServer(handler)
	return b
}

// Close ends it, replies that do not end included.
func (b *between) Close() {
	b.CloseClientConnections()
	b.Server.Close()
	if b.tls != nil {
		b.tls.Close()
	}
}

// secure is the same over TLS, with a certificate that nobody knows.
func (b *between) secure() string {
	b.tls = httptest.NewUnstartedServer(b.proxy)
	b.tls.Config.ErrorLog = quiet
	b.tls.StartTLS()
	return b.tls.URL
}

func (b *between) certificate() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.tls.Certificate().Raw})
}

func (b *between) change(edit func(path string, body []byte) []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.edit, b.last = edit, nil
}

// said are the last replies, for a case that failed.
func (b *between) said() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.last, "\n")
}

func (b *between) modify(resp *http.Response) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	b.mu.Lock()
	if b.edit != nil {
		body = b.edit(resp.Request.URL.Path, body)
		b.last = append(b.last, fmt.Sprintf("%s %.1000q", resp.Request.URL.Path, body))
	}
	b.mu.Unlock()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// pourOut sends a string that does not end.
func pourOut(w http.ResponseWriter, r *http.Request, chunk int, pause time.Duration) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"accountList":[{"accountId":"`)
	data := bytes.Repeat([]byte("1"), chunk)
	for r.Context().Err() == nil {
		if _, err := w.Write(data); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		time.Sleep(pause)
	}
}

// raw takes over the connection.
func raw(w http.ResponseWriter, text string, times int) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
	for range times {
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
	}
}

func headersWithoutEnd(w http.ResponseWriter, _ *http.Request) {
	raw(w, "X-More: "+strings.Repeat("x", 4000)+"\r\n", 1<<20)
}

func continueWithoutEnd(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	for {
		if _, err := io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"); err != nil {
			return
		}
	}
}

// nested is a document of 4 MiB that is a million arrays in one another.
func nested(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"x":`+strings.Repeat("[", 2<<20)+strings.Repeat("]", 2<<20)+`}`)
}

// compressed is 64 MiB of nothing in 64 KiB.
func compressed(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	_, _ = io.WriteString(z, `{"x":"`)
	zeros := bytes.Repeat([]byte("0"), 1<<20)
	for range 64 {
		_, _ = z.Write(zeros)
	}
	_, _ = io.WriteString(z, `"}`)
	_ = z.Close()
}

func lyingLength(w http.ResponseWriter, _ *http.Request) {
	raw(w, "Content-Type: application/json\r\nContent-Length: 9223372036854775807\r\n\r\n{}", 1)
}

var quiet = log.New(io.Discard, "", 0)
