package idctest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// interceptor is an HTTP proxy that ends TLS for AWS's hosts, and for hosts that the configuration names, and lets the
// server answer in their place. Every other host is refused, so that no client behind it leaves the machine.
type interceptor struct {
	s        *Server
	url      string // of the proxy
	caFile   string // the certificate of the CA, in PEM
	dir      string // removed at the end, if it was made for caFile
	roots    *x509.CertPool
	proxy    *http.Server
	end      *http.Server // serves what comes out of TLS
	accepted *connQueue
	done     chan struct{}

	ca    *x509.Certificate
	caKey *ecdsa.PrivateKey
	key   *ecdsa.PrivateKey // of every host

	mu    sync.Mutex
	certs map[string]*tls.Certificate // by host
}

// startInterceptor starts the proxy on a loopback port of its own. The CA file goes into dir, or into a new directory if
// that is empty.
func (s *Server) startInterceptor(dir string) (*interceptor, error) {
	p := &interceptor{s: s, certs: map[string]*tls.Certificate{}, done: make(chan struct{})}
	if err := p.makeCA(dir); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.removeDir()
		return nil, err
	}
	p.url = "http://" + listener.Addr().String()
	p.accepted = &connQueue{conns: make(chan net.Conn), closed: make(chan struct{}), addr: listener.Addr()}
	p.proxy = &http.Server{Handler: http.HandlerFunc(p.serveProxy), ReadHeaderTimeout: time.Minute}
	p.end = &http.Server{
		Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: time.Minute, ConnState: s.countConnection,
		ErrorLog: s.http.ErrorLog,
	}
	go func() {
		defer close(p.done)
		var wg sync.WaitGroup
		wg.Go(func() { _ = p.proxy.Serve(listener) })
		wg.Go(func() { _ = p.end.Serve(p.accepted) })
		wg.Wait()
	}()
	return p, nil
}

func (p *interceptor) close() {
	_ = p.proxy.Close()
	_ = p.end.Close()
	<-p.done
	p.removeDir()
}

func (p *interceptor) removeDir() {
	if p.dir != "" {
		_ = os.RemoveAll(p.dir)
	}
}

// makeCA makes a CA that lives as long as the server: its key is never written.
func (p *interceptor) makeCA(dir string) error {
	var err error
	if p.caKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	if p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serialNumber(), Subject: pkix.Name{CommonName: "idctest, for tests alone"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, p.caKey.Public(), p.caKey)
	if err != nil {
		return err
	}
	if p.ca, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	p.roots = x509.NewCertPool()
	p.roots.AddCert(p.ca)
	if dir == "" {
		if dir, err = os.MkdirTemp("", "idctest-"); err != nil {
			return err
		}
		p.dir = dir
	}
	p.caFile = filepath.Join(dir, "idctest-ca.pem")
	if err := os.WriteFile(p.caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		p.removeDir()
		return err
	}
	return nil
}

func serialNumber() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return n
}

// certificate returns the certificate of a host.
func (p *interceptor) certificate(host string) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.certs[host]; c != nil {
		return c, nil
	}
	template := &x509.Certificate{
		SerialNumber: serialNumber(), Subject: pkix.Name{CommonName: "idctest"}, DNSNames: []string{host},
		NotBefore: p.ca.NotBefore, NotAfter: p.ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, p.ca, p.key.Public(), p.caKey)
	if err != nil {
		return nil, err
	}
	c := &tls.Certificate{Certificate: [][]byte{der, p.ca.Raw}, PrivateKey: p.key}
	p.certs[host] = c
	return c, nil
}

// serveProxy handles one CONNECT request: RFC 9110 section 9.3.6.
func (p *interceptor) serveProxy(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	if r.Method != http.MethodConnect || err != nil {
		p.refuse(w, r, http.StatusForbidden, "the proxy takes https alone")
		return
	}
	if p.s.lacks(host) {
		p.refuse(w, r, http.StatusBadGateway, "there is no such host")
		return
	}
	if port != "443" || !p.s.intercepts(host) {
		p.refuse(w, r, http.StatusForbidden, "not a host of AWS; -host names others")
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		_ = conn.Close()
		return
	}
	// A client may have sent its first bytes together with the request.
	ended := tls.Server(&bufferedConn{Conn: conn, r: buffered.Reader}, &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return p.certificate(hostName(host))
		},
	})
	if !p.accepted.put(ended) {
		_ = conn.Close()
	}
}

// refuse refuses a host that is not AWS's and is not configured, or one that does not exist. The log records it; it is not
// a violation.
func (p *interceptor) refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	s := p.s
	s.mu.Lock()
	c := &call{s: s, r: r, id: newRequestID(), now: s.cfg.now(), host: r.Host}
	s.mu.Unlock()
	s.record(c, status)
	http.Error(w, fmt.Sprintf("idctest: %s: refused: %s", hostName(r.Host), why), status)
}

// intercepts reports whether the server answers in the place of a host.
func (s *Server) intercepts(host string) bool {
	host = hostName(host)
	if _, ok := parseHost(host); ok {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.named(host)
}

// lacks reports whether the configuration says that there is no such host.
func (s *Server) lacks(host string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.cfg.NoHosts, hostName(host))
}

// named reports whether the configuration names the host. The caller holds s.mu.
func (s *Server) named(host string) bool {
	if _, ok := s.cfg.Vanity[host]; ok {
		return true
	}
	for _, h := range s.cfg.Hosts {
		if hostName(h) == host {
			return true
		}
	}
	return false
}

// bufferedConn is a connection whose first bytes are in a buffer already.
type bufferedConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *bufferedConn) Read(b []byte) (int, error) { return c.r.Read(b) }

// tcpConn finds the TCP connection below TLS, if it is one.
func tcpConn(conn net.Conn) (*net.TCPConn, bool) {
	for {
		switch c := conn.(type) {
		case *net.TCPConn:
			return c, true
		case *tls.Conn:
			conn = c.NetConn()
		case *bufferedConn:
			conn = c.Conn
		default:
			return nil, false
		}
	}
}

// connQueue is a listener of connections that were accepted elsewhere.
type connQueue struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	addr   net.Addr
}

func (q *connQueue) put(conn net.Conn) bool {
	select {
	case q.conns <- conn:
		return true
	case <-q.closed:
		return false
	}
}

func (q *connQueue) Accept() (net.Conn, error) {
	select {
	case conn := <-q.conns:
		return conn, nil
	case <-q.closed:
		return nil, net.ErrClosed
	}
}

func (q *connQueue) Close() error {
	q.once.Do(func() { close(q.closed) })
	return nil
}

func (q *connQueue) Addr() net.Addr { return q.addr }
