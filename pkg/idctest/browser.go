package idctest

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
	"os"
	"strings"
	"time"
)

// Browse visits a page of this server as a person does who signs in: with a GET, and on to wherever it redirects, which
// for the authorization code flow is the client's own callback. It returns once the last page is read. Depending on
// [Config.Approval] that page may say that nothing was approved, which is no error; a status of 400 or above is one, and
// so is a URL of another server. Call it with what the client under test would open in a browser.
func (s *Server) Browse(ctx context.Context, pageURL string) error {
	if s.proxy != nil && strings.HasPrefix(pageURL, "https://") {
		proxy, err := url.Parse(s.ProxyURL)
		if err != nil {
			return err
		}
		return browse(ctx, pageURL, proxy, s.proxy.roots)
	}
	if !strings.HasPrefix(pageURL, s.URL+"/") {
		return fmt.Errorf("browse %q: not a page of %s", pageURL, s.URL)
	}
	return browse(ctx, pageURL, nil, nil)
}

// Browse is [Server.Browse] for a server in another process. It visits loopback addresses alone, and without a proxy;
// in the environment of a server also its URL, where that is another machine's, and what its proxy answers for.
func Browse(ctx context.Context, pageURL string) error {
	if server := os.Getenv("IDC_URL"); server != "" && strings.HasPrefix(pageURL, strings.TrimRight(server, "/")+"/") {
		return browse(ctx, pageURL, nil, nil)
	}
	if !strings.HasPrefix(pageURL, "https://") {
		return browse(ctx, pageURL, nil, nil)
	}
	proxy, err := url.Parse(os.Getenv("HTTPS_PROXY"))
	if err != nil || loopback(proxy) != nil {
		return fmt.Errorf("browse: %w, and HTTPS_PROXY names no proxy of idctest", errNotLoopback)
	}
	data, err := os.ReadFile(os.Getenv("AWS_CA_BUNDLE"))
	if err != nil {
		return fmt.Errorf("browse: the CA in AWS_CA_BUNDLE: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return fmt.Errorf("browse: AWS_CA_BUNDLE: no certificate")
	}
	return browse(ctx, pageURL, proxy, roots)
}

// browse visits loopback addresses directly, and https pages through the proxy, if there is one.
func browse(ctx context.Context, pageURL string, proxy *url.URL, roots *x509.CertPool) error {
	first, err := url.Parse(pageURL)
	if err != nil {
		return err
	}
	server, _ := url.Parse(os.Getenv("IDC_URL"))
	allowed := func(u *url.URL) error {
		if server != nil && server.Host != "" && u.Scheme == "http" && u.Host == server.Host {
			return nil
		}
		if proxy != nil && u.Scheme == "https" {
			return nil
		}
		return loopback(u)
	}
	client := &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			Proxy: func(r *http.Request) (*url.URL, error) {
				if r.URL.Scheme == "https" {
					return proxy, nil
				}
				return nil, nil
			},
		},
		Timeout: time.Minute,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 10 {
				return errors.New("redirects without end")
			}
			return allowed(r.URL)
		},
	}
	if err := allowed(first); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, pageURL, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/html")
	req.Header.Set("User-Agent", "Mozilla/5.0 (idctest)")
	resp, err := client.Do(req)
	if err != nil {
		// The error of net/http tells the URL, and that of a callback holds the authorization code.
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return fmt.Errorf("browse: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		// Without the query, which holds the authorization code.
		at := *resp.Request.URL
		at.RawQuery = ""
		return fmt.Errorf("browse %s: %s", at.String(), resp.Status)
	}
	return nil
}

var errNotLoopback = errors.New("not a loopback address")

func loopback(u *url.URL) error {
	if ip := net.ParseIP(u.Hostname()); u.Scheme != "http" || u.Hostname() != "localhost" && !ip.IsLoopback() {
		return fmt.Errorf("browse %s://%s: %w", u.Scheme, u.Host, errNotLoopback)
	}
	return nil
}
