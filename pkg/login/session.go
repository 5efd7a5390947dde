package login

import (
	"net/url"
	"strings"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

// Session is what one logs in to: an [sso-session] of the config, or the start
// URL of a profile that has none.
type Session struct {
	// Name is the name of the [sso-session]; empty if Legacy.
	Name string

	// StartURL is the portal, as it stands in the config: the AWS CLI and the
	// SDKs hash it as it is written.
	StartURL string

	// Region is that of the Identity Center instance, sso_region.
	Region string

	// Scopes is sso_registration_scopes in its order; nil where the config has
	// none, and the login then asks for [oidc.DefaultScope].
	Scopes []string

	// Legacy is for a profile with an sso_start_url of its own. Its token is
	// found by the start URL, comes from the device code flow only and is never
	// refreshed: so every AWS client has it.
	Legacy bool

	// Profile is, if Legacy, a profile with this start URL, for hints. It may
	// be empty.
	Profile string
}

// Key is where the session's token is kept.
func (s Session) Key() tokencache.Key {
	if s.Legacy {
		return tokencache.LegacyKey(s.StartURL)
	}
	return tokencache.SessionKey(s.Name)
}

// Label is what messages call the session: its name, or else its start URL.
func (s Session) Label() string {
	if s.Legacy {
		return s.StartURL
	}
	return s.Name
}

// Command is the command that logs in to the session, ready for a shell.
func (s Session) Command() string { return s.commandWith("") }

func (s Session) commandWith(flags string) string {
	words := []string{"sso-login"}
	if flags != "" {
		words = append(words, flags)
	}
	switch {
	case !s.Legacy && strings.HasPrefix(s.Name, "-"):
		words = append(words, "--", fault.Word(s.Name))
	case !s.Legacy:
		words = append(words, fault.Word(s.Name))
	case s.Profile != "":
		words = append(words, "--profile", fault.Word(s.Profile))
	default:
		words = append(words, "--profile", "PROFILE")
	}
	return strings.Join(words, " ")
}

// Missing is the key that a session or a profile lacks to be logged in to,
// sso_start_url or sso_region; "" where it has both.
func (s Session) Missing() string {
	switch {
	case s.StartURL == "":
		return "sso_start_url"
	case s.Region == "":
		return "sso_region"
	}
	return ""
}

// check stops what no login can be made to. A session's name is not checked:
// it is hashed wherever it could matter.
func (s Session) check() error {
	if s.Key() == (tokencache.Key{}) || s.Label() == "" {
		return fault.Newf(fault.Config, "the session has no name")
	}
	u, err := url.Parse(s.StartURL)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return fault.New(fault.Config, s.inWords()+" has no start URL that can be used",
			"it must begin with https://").WithHint("a start URL looks like https://example.awsapps.com/start")
	}
	if err := wire.CheckRegion(s.Region); err != nil {
		return fault.Wrap(fault.Config, err, "%s has no region that can be used", s.inWords())
	}
	return nil
}

// inWords is the session in a sentence.
func (s Session) inWords() string { return "session " + quote(s.Label()) }

// scopes are those to ask for. Without the default one there would be no
// refresh token; a legacy login must not have one.
func (s Session) scopes() []string {
	if len(s.Scopes) > 0 || s.Legacy {
		return s.Scopes
	}
	return []string{oidc.DefaultScope}
}

// owns says whether a token is of this session as it is configured now. A
// token that does not say where it is from is: only two of its fields are
// always there.
func (s Session) owns(t tokencache.Token) bool {
	return (t.StartURL == "" || portalOf(t.StartURL) == portalOf(s.StartURL)) &&
		(t.Region == "" || t.Region == s.Region)
}

// portalOf is a start URL without what does not tell one portal from another:
// people paste https://x.awsapps.com/start/#/ and https://x.awsapps.com/start.
func portalOf(startURL string) string {
	u, err := url.Parse(startURL)
	if err != nil {
		return startURL
	}
	return strings.ToLower(u.Host) + strings.TrimRight(u.Path, "/")
}
