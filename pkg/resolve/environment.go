package resolve

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/awsconfig"
)

// Environment is what has to change in the environment of a program so that
// every AWS client in it acts as a role.
type Environment struct {
	Set   []Variable // in the order in which people read them
	Unset []string

	// Notes says what of [default] holds for the program although it does not
	// for the profile, and no variable can switch off. Each is a sentence.
	Notes []string
}

// Variable is an environment variable.
type Variable struct {
	Name, Value string
	// Text says that the value is a name, a path or a URL of the config, which
	// may hold any character. Other values are those of AWS.
	Text bool
}

// IsPlain reports whether a value consists of characters that no shell and no
// reader of a file takes for anything else, inside quotes or outside: letters,
// digits and + / = _ . : @ -. All keys and tokens of AWS are plain.
func IsPlain(value string) bool {
	return strings.IndexFunc(value, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+/=_.:@-", r))
	}) < 0
}

// Handover says whom a program is to act as.
type Handover struct {
	// Profile is the name of the profile; "" for an assignment without one.
	Profile             string
	AccountID, RoleName string
	// Region is "" if neither the profile nor its session has one.
	Region string
}

// Handover returns whom a program is to act as that is handed the target's
// credentials. Its region is the profile's, else the session's, and never the
// environment's, which may be that of an earlier handover.
func (t *Target) Handover() Handover {
	h := Handover{Profile: t.Profile, AccountID: t.AccountID, RoleName: t.RoleName, Region: t.Session.Region}
	if t.profile != nil {
		h.Region = cmp.Or(t.profile.Get("region"), h.Region)
	}
	return h
}

// settingsVariable names the variables of an [Environment] that hold settings
// of the profile, separated by colons. Settings of the environment win over
// those of a profile; without this list those that were handed over for one
// profile would win over the next one's.
const settingsVariable = "SSO_SETTINGS"

// roleVariables are the variables of a role itself. Each is set or unset.
var roleVariables = []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_ACCOUNT_ID",
	"AWS_REGION", "AWS_DEFAULT_REGION", "SSO_PROFILE", "SSO_ACCOUNT_ID", "SSO_ROLE_NAME",
}

// otherSources are the variables by which a client would take other
// credentials than those in the environment, or beside them.
var otherSources = []string{
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
}

// RoleEnvironment returns the environment of a program that acts with
// credentials. environ is the environment that it would have otherwise, as
// NAME=VALUE.
//
// The keys come with what else the config says of the profile and the
// environment leaves open: ca_bundle, FIPS, dual stack and endpoints. A client
// in the program knows no profile and reads [default]: what only that section
// says is switched off. For an assignment without a profile [default], or the
// profile that AWS_PROFILE names, counts as it does in every client.
func RoleEnvironment(config *awsconfig.Config, h Handover, credentials aws.Credentials, environ []string) Environment {
	expires := ""
	if credentials.CanExpire {
		expires = credentials.Expires.UTC().Format(time.RFC3339)
	}
	b := newEnvironmentBuilder(environ)
	for i, value := range []string{
		credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken, expires,
		cmp.Or(credentials.AccountID, h.AccountID), h.Region, h.Region, h.Profile, h.AccountID, h.RoleName,
	} {
		b.setOrUnset(roleVariables[i], value)
	}
	b.Unset = append(b.Unset, otherSources...)
	name := cmp.Or(h.Profile, b.given["AWS_PROFILE"], b.given["AWS_DEFAULT_PROFILE"], defaultProfile)
	b.addSettings(config, name)
	return b.finish()
}

// ProfileEnvironment returns the environment of a program that finds the
// credentials of the profile by itself: it names the profile and has no keys.
func ProfileEnvironment(h Handover, environ []string) Environment {
	b := newEnvironmentBuilder(environ)
	b.setOrUnset("AWS_PROFILE", h.Profile)
	values := map[string]string{
		"AWS_REGION": h.Region, "AWS_DEFAULT_REGION": h.Region,
		"SSO_PROFILE": h.Profile, "SSO_ACCOUNT_ID": h.AccountID, "SSO_ROLE_NAME": h.RoleName,
	}
	for _, name := range roleVariables {
		b.setOrUnset(name, values[name])
	}
	b.Unset = append(b.Unset, slices.DeleteFunc(slices.Clone(otherSources), func(name string) bool { return name == "AWS_PROFILE" })...)
	return b.finish()
}

// NoRole returns the environment of a program that is to act as nobody: it
// unsets all that [RoleEnvironment] may set.
func NoRole(environ []string) Environment {
	b := newEnvironmentBuilder(environ)
	b.Unset = slices.Concat(roleVariables, otherSources)
	return b.finish()
}

// Apply returns environ, whose entries are NAME=VALUE, as the program should
// have it.
func (e Environment) Apply(environ []string) []string {
	changes := func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.ContainsFunc(e.Set, func(v Variable) bool { return variableKey(v.Name) == variableKey(name) }) ||
			slices.ContainsFunc(e.Unset, func(unset string) bool { return variableKey(unset) == variableKey(name) })
	}
	applied := make([]string, 0, len(environ)+len(e.Set))
	for _, pair := range environ {
		if !changes(pair) {
			applied = append(applied, pair)
		}
	}
	for _, v := range e.Set {
		applied = append(applied, v.Name+"="+v.Value)
	}
	return applied
}

// variableKey returns what two names of the same variable agree in.
func variableKey(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}

// WithoutHandover returns getenv without the settings that an earlier handover
// took from the config for its own profile.
func WithoutHandover(getenv func(string) string) func(string) string {
	earlier := settingsIn(getenv(settingsVariable))
	return func(name string) string {
		if slices.Contains(earlier, name) {
			return ""
		}
		return getenv(name)
	}
}

type environmentBuilder struct {
	Environment
	given    map[string]string // what the environment says by itself, of AWS_ and SSO_ variables
	earlier  []string          // variables that an earlier handover has set
	settings []string          // variables that this one has set
}

func newEnvironmentBuilder(environ []string) *environmentBuilder {
	b := &environmentBuilder{given: map[string]string{}}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if name = variableKey(name); strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "SSO_") {
			b.given[name] = value
		}
	}
	b.earlier = settingsIn(b.given[settingsVariable])
	for _, name := range b.earlier {
		delete(b.given, name)
	}
	return b
}

func (b *environmentBuilder) setOrUnset(name, value string) {
	if value == "" {
		b.Unset = append(b.Unset, name)
		return
	}
	b.Set = append(b.Set, Variable{Name: name, Value: value, Text: name == "SSO_PROFILE" || name == "SSO_ROLE_NAME" || name == "AWS_PROFILE"})
}

// setting hands over a setting of the config, unless the environment has it.
func (b *environmentBuilder) setting(name, value string) {
	if value != "" && b.given[name] == "" {
		b.Set = append(b.Set, Variable{Name: name, Value: value, Text: true})
		b.settings = append(b.settings, name)
	}
}

// finish names the settings, and unsets those of an earlier handover.
func (b *environmentBuilder) finish() Environment {
	b.setOrUnset(settingsVariable, strings.Join(b.settings, ":"))
	for _, name := range b.earlier {
		if !slices.Contains(b.settings, name) {
			b.Unset = append(b.Unset, name)
		}
	}
	return b.Environment
}

// settable reports whether a handover may have set a variable: the list of an
// earlier one comes from the environment, and goes into a script.
func settable(name string) bool {
	switch name {
	case caBundle, useFIPS, useDualStack, ignoreEndpoints, endpointURL:
		return true
	}
	id, ok := strings.CutPrefix(name, endpointURL+"_")
	return ok && serviceVariable(strings.ToLower(id)) == name
}

// settingsIn returns the variables that the list of a handover names.
func settingsIn(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ":"), func(name string) bool { return !settable(name) })
}

const (
	defaultProfile = "default"

	caBundle        = "AWS_CA_BUNDLE"
	useFIPS         = "AWS_USE_FIPS_ENDPOINT"
	useDualStack    = "AWS_USE_DUALSTACK_ENDPOINT"
	endpointURL     = "AWS_ENDPOINT_URL"
	ignoreEndpoints = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
)

// serviceVariable returns the variable that moves one service, by its id in a
// services section; "" for an id that is none.
func serviceVariable(id string) string {
	plain := strings.IndexFunc(id, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_') }) < 0
	if id == "" || !plain {
		return ""
	}
	return endpointURL + "_" + strings.ToUpper(id)
}

// addSettings hands over the settings of a profile, and switches off those of
// [default] that it does not have.
func (b *environmentBuilder) addSettings(config *awsconfig.Config, name string) {
	profile, ok := config.Profile(name)
	if !ok {
		return
	}
	fallback, ok := config.Profile(defaultProfile)
	if !ok || name == defaultProfile {
		fallback = nil
	}
	b.setting(caBundle, profile.Get("ca_bundle"))
	if fallback != nil && fallback.Get("ca_bundle") != "" && profile.Get("ca_bundle") == "" && b.given[caBundle] == "" {
		b.Notes = append(b.Notes, "the ca_bundle of [default] holds for the program, too: no variable can switch it off")
	}
	for _, s := range []struct{ variable, key string }{{useFIPS, "use_fips_endpoint"}, {useDualStack, "use_dualstack_endpoint"}} {
		value := switchValue(profile.Get(s.key))
		if value == "" && fallback != nil && switchValue(fallback.Get(s.key)) == "true" {
			value = "false"
		}
		b.setting(s.variable, value)
	}
	b.addEndpoints(endpointsOf(config, profile), endpointsOf(config, fallback))
}

// switchValue returns "true" or "false", or "" for what is neither.
func switchValue(text string) string {
	text = strings.ToLower(text)
	if text != "true" && text != "false" {
		return ""
	}
	return text
}

// endpoints are where a profile has services.
type endpoints struct {
	all       string            // endpoint_url; "": AWS's own
	byService map[string]string // by variable
}

func (e endpoints) none() bool { return e.all == "" && len(e.byService) == 0 }

// endpointsOf reads a profile; nil has none.
func endpointsOf(config *awsconfig.Config, p *awsconfig.Profile) endpoints {
	if p == nil {
		return endpoints{}
	}
	if strings.EqualFold(p.Get("ignore_configured_endpoint_urls"), "true") {
		return endpoints{}
	}
	e := endpoints{all: p.Get("endpoint_url"), byService: map[string]string{}}
	name := p.Get("services")
	section, ok := config.Service(name)
	if name == "" || !ok {
		return e
	}
	for _, id := range section.Keys() {
		if url, variable := section.EndpointURL(id), serviceVariable(id); url != "" && variable != "" {
			e.byService[variable] = url
		}
	}
	return e
}

// addEndpoints hands over the endpoints of a profile. Where the environment
// moves all services it wins over whatever a file has, for one service or for
// all. A variable for all services also keeps clients from those of [default].
func (b *environmentBuilder) addEndpoints(own, fallback endpoints) {
	if b.given[endpointURL] != "" || strings.EqualFold(b.given[ignoreEndpoints], "true") {
		return
	}
	for _, variable := range slices.Sorted(maps.Keys(own.byService)) {
		b.setting(variable, own.byService[variable])
	}
	b.setting(endpointURL, own.all)
	switch {
	case own.all != "", fallback.none(), fallback.equal(own):
	case own.none() && !b.endpointGiven():
		b.setting(ignoreEndpoints, "true")
	default:
		// that variable would switch off the others as well
		b.Notes = append(b.Notes, "endpoints of [default] hold for the program, too, beside those of the profile")
	}
}

// endpointGiven reports whether the environment moves any service: then
// endpoints cannot be ignored as a whole.
func (b *environmentBuilder) endpointGiven() bool {
	for name, value := range b.given {
		if value != "" && strings.HasPrefix(name, endpointURL) {
			return true
		}
	}
	return false
}

func (e endpoints) equal(o endpoints) bool {
	return e.all == o.all && maps.Equal(e.byService, o.byService)
}
