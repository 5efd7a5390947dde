package profiles

import (
	"fmt"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
)

// Settings are further keys of the profiles, as --set gives them. The zero value
// is none.
type Settings []setting

// setting is a key with its value: an empty one removes the key.
type setting struct {
	awsconfig.KeyValue
	template *expression // of the value; nil: it is the same for all
}

// ParseSettings reads KEY=VALUE values; KEY= removes the key, and of several
// values for one key the last counts. A value with {{ in it is a template of
// the fields and functions that [ParseTemplate] describes. Keys that make up
// the profile's identity or hold credentials are refused, as are templates in
// keys by which a client runs a command or calls another host, and what AWS
// clients would not read alike: faults of kind Usage.
func ParseSettings(values []string) (Settings, error) {
	var settings Settings
	for _, value := range values {
		s, err := parseSetting(value)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(settings, func(other setting) bool { return other.Key == s.Key }); i >= 0 {
			settings[i] = s
			continue
		}
		settings = append(settings, s)
	}
	return settings, nil
}

func parseSetting(text string) (setting, error) {
	key, value, ok := strings.Cut(text, "=")
	// a line break is refused wherever it stands
	s := setting{KeyValue: awsconfig.KeyValue{Key: strings.Trim(key, " \t"), Value: strings.Trim(value, " \t")}}
	if !ok || s.Key == "" {
		return s, fault.Newf(fault.Usage, "--set %q is not KEY=VALUE", text).WithHint("for example --set output=json")
	}
	if why := reservedKey(s.Key); why != "" {
		return s, fault.New(fault.Usage, fmt.Sprintf("--set cannot write %q", s.Key), why)
	}
	if strings.Contains(s.Value, "{{") {
		return s.withTemplate()
	}
	checked := s.KeyValue
	if checked.Value == "" {
		checked.Value = "x" // the key of one that is to be removed is checked all the same
	}
	return s, checked.Check()
}

func (s setting) withTemplate() (setting, error) {
	if !takesTemplate(s.Key) {
		return s, fault.New(fault.Usage, fmt.Sprintf("--set %s takes no template", s.Key),
			"who names the accounts would choose a command that is run, or a host that is called")
	}
	if err := (awsconfig.KeyValue{Key: s.Key, Value: "x"}).Check(); err != nil {
		return s, err
	}
	e, err := parseExpression("--set "+s.Key, s.Value, cleanValue)
	if err != nil {
		return s, err
	}
	s.template = &e
	_, err = s.of(sample.Session, portal.Assignment{
		Account: portal.Account{ID: sample.AccountId, Name: sample.AccountName, Email: sample.AccountEmail}, Role: sample.RoleName,
	})
	return s, err
}

// of returns the key with its value for an assignment. An error says that the
// template fails for it, or makes a value that AWS clients read in different ways.
func (s setting) of(session string, a portal.Assignment) (awsconfig.KeyValue, error) {
	if s.template == nil {
		return s.KeyValue, nil
	}
	value, err := s.template.of(session, a)
	kv := awsconfig.KeyValue{Key: s.Key, Value: strings.Trim(value, " ")}
	if err == nil && kv.Value != "" {
		err = kv.Check()
	}
	return kv, err
}

// of appends the keys for an assignment to keys. Those whose template fails for
// it are left out, and failed is called with the reason of each.
func (s Settings) of(keys []awsconfig.KeyValue, session string, a portal.Assignment, failed func(error)) []awsconfig.KeyValue {
	for i := range s {
		kv, err := s[i].of(session, a)
		if err != nil {
			failed(err)
			continue
		}
		keys = append(keys, kv)
	}
	return keys
}

// cleanValue returns text as it may stand in a value: each run of characters
// that a profile's name may not hold becomes one "-", or one blank if a blank is
// among them. Blanks between characters stay, none of these stands at either
// end.
func cleanValue(text string) string {
	var b strings.Builder
	portable := portable()
	for i := 0; i < len(text); {
		if portable[text[i]] {
			b.WriteByte(text[i])
			i++
			continue
		}
		start := i
		for i < len(text) && !portable[text[i]] {
			i++
		}
		switch gap := text[start:i]; {
		case b.Len() == 0 || i == len(text):
		case strings.Trim(gap, " ") == "":
			b.WriteString(gap)
		case strings.Contains(gap, " "):
			b.WriteByte(' ')
		default:
			b.WriteByte('-')
		}
	}
	return b.String()
}

func reservedKey(key string) string {
	switch key = strings.ToLower(key); {
	case key == "region":
		return "use --client-region"
	case key == markKey:
		return "it marks the profiles that sso-profiles may change"
	case strings.HasPrefix(key, "sso_"):
		return "it comes from the assignment"
	case strings.HasPrefix(key, "aws_"), key == "credential_process", key == "credential_source",
		key == "source_profile", key == "role_arn", key == "web_identity_token_file", key == "login_session":
		return "it would give the profile other credentials"
	}
	return ""
}

// takesTemplate reports whether names that come from others may stand in a key's
// value: not where a client runs the value or takes a host or a trusted
// certificate from it. aws-vault runs mfa_process.
func takesTemplate(key string) bool {
	switch key = strings.ToLower(key); key {
	case "cli_pager", "endpoint_url", "services", "ca_bundle":
		return false
	}
	return !strings.HasSuffix(key, "_process")
}
