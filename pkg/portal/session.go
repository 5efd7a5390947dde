package portal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/tokencache"
)

// Session is what an access token belongs to: an [sso-session] of the config,
// or the start URL of a profile that names no session. The second is a legacy
// session; it has no Name.
type Session struct {
	// Name is the name of the [sso-session]; empty for a legacy session.
	Name string

	// StartURL is sso_start_url as it stands in the config: the AWS CLI and the
	// SDKs hash it as it is written.
	StartURL string

	// Region is sso_region, the region of the Identity Center instance; without
	// that key the region that the start URL's host names.
	Region string

	// Profile is, for a legacy session, a profile with this start URL, so that
	// hints can name it. It may be empty.
	Profile string

	// Scopes is sso_registration_scopes in its order; nil where the config has
	// none.
	Scopes []string

	// Unwritten marks a session that the config does not have yet. The command
	// that logs in to it has to define it.
	Unwritten bool
}

// SessionIn returns the session of an [sso-session] section. Where a key that
// a login needs is missing, the error is of kind Config with file and line; the
// session then holds what the section has.
func SessionIn(section *awsconfig.Session) (Session, error) {
	s := Session{Name: section.Name, StartURL: section.StartURL, Region: cmp.Or(section.Region, RegionOf(section.StartURL)), Scopes: section.Scopes}
	if missing := s.missing(); missing != "" {
		return s, badKey(section, "", "%s is missing in [sso-session %s]", missing, s.Name)
	}
	return s, nil
}

// LegacySession returns the session of a profile that has sso_start_url and
// sso_region of its own. Its errors are those of [SessionIn].
func LegacySession(p *awsconfig.Profile) (Session, error) {
	s := Session{StartURL: p.Get("sso_start_url"), Profile: p.Name}
	s.Region = cmp.Or(p.Get("sso_region"), RegionOf(s.StartURL))
	switch s.missing() {
	case "":
		return s, nil
	case "sso_start_url":
		return s, badKey(p, "sso_start_url", "the profile %q has neither sso_session nor sso_start_url", p.Name)
	default:
		return s, badKey(p, "sso_region", "sso_region is missing")
	}
}

// missing returns the key without which nobody can log in to the session,
// sso_start_url or sso_region; "" if both are set.
func (s Session) missing() string {
	switch {
	case s.StartURL == "":
		return "sso_start_url"
	case s.Region == "":
		return "sso_region"
	}
	return ""
}

// The scopes whose tokens the portal answers: the AWS CLI's, and granted's.
const (
	accountScope = "sso:account:access"
	portalScope  = "sso-portal:*"
)

// CheckAccounts returns a fault of kind Config, with file and line, for a
// section whose tokens are not for accounts and roles, else nil: its scopes are
// all for something else, as codecatalyst:read_write, and the portal refuses such
// tokens. A login does not mend it.
func CheckAccounts(section *awsconfig.Session) error {
	if s := section.Scopes; len(s) == 0 || slices.Contains(s, accountScope) || slices.Contains(s, portalScope) {
		return nil
	}
	return badKey(section, "sso_registration_scopes", "sso_registration_scopes of [sso-session %s] lacks %s, so its logins reach no accounts",
		section.Name, accountScope)
}

// section is a section of the config that knows where its keys stand.
type section interface {
	Pos(key string) (path string, line int)
}

// badKey returns a fault of a section's key, or of its header where the key is
// absent.
func badKey(in section, key, format string, args ...any) error {
	path, line := in.Pos(key)
	if line == 0 {
		path, line = in.Pos("")
	}
	return fault.New(fault.Config, fmt.Sprintf("%s:%d", path, line), fmt.Sprintf(format, args...))
}

// HintForMissing returns what to do about a session that the config does not
// have: the similar name that is probably meant, or the command that defines it.
func HintForMissing(c *awsconfig.Config, name string) string {
	var known []string
	for _, s := range c.Sessions() {
		known = append(known, s.Name)
	}
	if meant := fault.Closest(name, known); meant != "" {
		return fmt.Sprintf("did you mean %q?", meant)
	}
	if !awsconfig.PortableName(name) || strings.HasPrefix(name, "-") {
		name = "NAME" // none that a session could be given
	}
	return fmt.Sprintf("run: sso-login %s --sso-start-url URL --sso-region REGION", name)
}

// Legacy reports whether the session is the start URL of a profile. Its token
// is found by the start URL, comes from the device code flow only and is never
// refreshed: so every AWS client has it.
func (s Session) Legacy() bool { return s.Name == "" }

// Key returns the key of the session's token file.
func (s Session) Key() tokencache.Key {
	if s.Legacy() {
		return tokencache.LegacyKey(s.StartURL)
	}
	return tokencache.SessionKey(s.Name)
}

// Label returns what messages call the session: its name, or else its start
// URL.
func (s Session) Label() string {
	if s.Legacy() {
		return s.StartURL
	}
	return s.Name
}

// LoginCommand returns the command that logs in to the session, with the given
// flags, quoted for a shell. If the session is unwritten it also defines it.
func (s Session) LoginCommand(flags ...string) string {
	words := append([]string{"sso-login"}, flags...)
	if s.Unwritten {
		words = append(words, "--sso-start-url", fault.Word(s.StartURL), "--sso-region", s.Region)
	}
	switch {
	case strings.HasPrefix(s.Name, "-"):
		words = append(words, "--", fault.Word(s.Name))
	case !s.Legacy():
		words = append(words, fault.Word(s.Name))
	case s.Profile != "":
		words = append(words, "--profile", fault.Word(s.Profile))
	default:
		words = append(words, "--profile", "PROFILE")
	}
	return strings.Join(words, " ")
}
