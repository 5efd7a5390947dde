package login

import (
	"net/url"
	"strconv"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

// checkSession refuses a session that no login can be made to. Its name is not
// checked: it is hashed wherever it could matter.
func checkSession(s portal.Session) error {
	u, err := url.Parse(s.StartURL)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return fault.New(fault.Config, quoted(s)+" has no start URL that can be used",
			"it must begin with https://").WithHint("a start URL looks like https://example.awsapps.com/start")
	}
	if err := wire.CheckRegion(s.Region); err != nil {
		return fault.Annotate(err, "%s has no region that can be used", quoted(s)).OrKind(fault.Config)
	}
	return nil
}

// quoted names the session in a sentence.
func quoted(s portal.Session) string { return "session " + strconv.Quote(s.Label()) }

// scopesOf returns the scopes to ask for. Without the default one there would be no
// refresh token; a legacy login must not have one.
func scopesOf(s portal.Session) []string {
	if len(s.Scopes) > 0 || s.Legacy() {
		return s.Scopes
	}
	return []string{oidc.DefaultScope}
}

// owns reports whether a token is of this session as it is configured now.
func owns(s portal.Session, t tokencache.Token) bool { return t.BelongsTo(s.StartURL, s.Region) }
