package wire

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"aws-sso-plugins/pkg/fault"
)

// Redirect returns where a page redirects to, "" where it does not. It asks
// with HEAD, and with GET where the server does not serve that, sends nothing
// but the URL, and follows nothing; a Location that is relative is made
// absolute. The server may be anybody's.
//
// Faults: as of [Fault] where the server does not answer; Reply where it
// answers with a status of 500 or more.
func (w *Wire) Redirect(ctx context.Context, page string) (string, error) {
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		resp, err := w.transport.head(ctx, method, page) //nolint:bodyclose // head has closed it
		if err != nil {
			return "", Fault(err, "cannot ask %q for the access portal", page)
		}
		switch code := resp.StatusCode; {
		case code == http.StatusMethodNotAllowed || code == http.StatusNotImplemented:
			continue
		case code >= 500:
			return "", fault.New(fault.Reply, fmt.Sprintf("cannot ask %q for the access portal", page),
				fmt.Sprintf("%s answered %d", resp.Request.URL.Host, code))
		case code < 300 || code >= 400:
			return "", nil
		}
		to, err := resp.Location()
		if err != nil {
			return "", nil //nolint:nilerr // a redirect to nowhere leads to no portal
		}
		return to.String(), nil
	}
	return "", nil
}

// head makes one attempt for the header of a page.
func (t *transport) head(ctx context.Context, method, page string) (*http.Response, error) {
	if err := t.trust(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, page, http.NoBody)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	resp, err := t.base().RoundTrip(req)
	if err != nil {
		err = t.explain(ctx, req, err)
	}
	if t.log != nil {
		t.log(exchange(req, resp, err, time.Since(start)))
	}
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	return resp, nil
}
