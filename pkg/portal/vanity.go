package portal

import (
	"context"
	"fmt"
	"net/url"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// ResolveStartURL returns the access portal behind a start URL. One at a host
// of AWS ([IsHost]) is the portal itself and comes back as it is. A vanity URL,
// such as https://aws.acme.example, redirects to the portal: it is asked once,
// the first redirect alone counts, and that must lead to a host of AWS by https,
// as in the AWS CLI since 2.35.13. What is hashed and written stays the vanity
// URL; requests carry the portal's.
//
// A vanity URL that leads elsewhere or nowhere is a fault of kind Config; one
// that does not answer a fault of [wire.Wire.Redirect].
func ResolveStartURL(ctx context.Context, w *wire.Wire, startURL string) (string, error) {
	u, err := url.Parse(startURL)
	if err != nil || IsHost(u.Hostname()) {
		return startURL, nil //nolint:nilerr // what is no URL is refused where the session is checked
	}
	to, err := w.Redirect(ctx, startURL)
	if err != nil {
		return "", err
	}
	no := func(why string) (string, error) {
		return "", fault.New(fault.Config, fmt.Sprintf("%q is not the start URL of an access portal", startURL), why).
			WithHint("a start URL looks like https://example.awsapps.com/start, or redirects to such a page")
	}
	if to == "" {
		return no("it is not at a host of AWS, and does not redirect to one")
	}
	if target, err := url.Parse(to); err != nil || target.Scheme != "https" || !IsHost(target.Hostname()) || target.User != nil {
		return no(fmt.Sprintf("it redirects to %.200q, which is not an access portal of AWS", to))
	}
	portal, err := CleanStartURL(to)
	if err != nil {
		return no(fmt.Sprintf("it redirects to %.200q, which cannot be read", to))
	}
	return portal, nil
}
