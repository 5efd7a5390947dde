package wire_test

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"

	"aws-sso-plugins/pkg/wire"
)

// quiet is for servers whose clients leave in the middle.
var quiet = log.New(io.Discard, "", 0)

// memory is a network in memory, so that servers work in a synctest bubble.
type memory struct {
	conns  chan net.Conn
	closed chan struct{}

	mu      sync.Mutex
	clients []*dying
}

// inMemory serves the handler in memory until the test ends. The settings
// lead there.
func inMemory(t *testing.T, handler http.HandlerFunc) wire.Settings {
	t.Helper()
	m := newMemory()
	serve(t, m, handler, nil)
	return wire.Settings{Endpoint: "http://127.0.0.1:1", Dial: m.dial}
}

// inMemoryTLS does so with TLS, for any host.
func inMemoryTLS(t *testing.T, config *tls.Config, handler http.HandlerFunc) (wire.Settings, *memory) {
	t.Helper()
	m := newMemory()
	serve(t, m, handler, config)
	return wire.Settings{Dial: m.dial}, m
}

func newMemory() *memory {
	return &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func serve(t *testing.T, m *memory, handler http.HandlerFunc, config *tls.Config) {
	t.Helper()
	server := &http.Server{Handler: handler, TLSConfig: config, ErrorLog: quiet}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if config == nil {
			_ = server.Serve(m) // ends with ErrServerClosed, like the other
			return
		}
		_ = server.ServeTLS(m, "", "")
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
}

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case m.conns <- server:
		c := &dying{Conn: client}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.clients = append(m.clients, c)
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

// dialled is how many connections were made.
func (m *memory) dialled() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.clients)
}

// kill lets all connections die without a word: what is sent gets lost.
func (m *memory) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.clients {
		c.mu.Lock()
		c.dead = true
		c.mu.Unlock()
	}
}

// dying is a connection that may die.
type dying struct {
	net.Conn

	mu   sync.Mutex
	dead bool
}

func (d *dying) isDead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

func (d *dying) Write(p []byte) (int, error) {
	if d.isDead() {
		return len(p), nil
	}
	return d.Conn.Write(p)
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.conns:
		return conn, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	close(m.closed)
	return nil
}

func (m *memory) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
