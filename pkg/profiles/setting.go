package profiles

import (
	"fmt"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
)

// ParseSettings reads KEY=VALUE values; KEY= removes the key, and of several
// values for one key the last counts. Keys that make up the profile's identity
// or hold credentials are refused, as is what AWS clients would not read
// alike: faults of kind Usage.
func ParseSettings(values []string) ([]awsconfig.KeyValue, error) {
	var settings []awsconfig.KeyValue
	for _, value := range values {
		kv, err := parseSetting(value)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(settings, func(s awsconfig.KeyValue) bool { return s.Key == kv.Key }); i >= 0 {
			settings[i] = kv
			continue
		}
		settings = append(settings, kv)
	}
	return settings, nil
}

func parseSetting(text string) (awsconfig.KeyValue, error) {
	key, value, ok := strings.Cut(text, "=")
	// a line break is refused wherever it stands
	kv := awsconfig.KeyValue{Key: strings.Trim(key, " \t"), Value: strings.Trim(value, " \t")}
	if !ok || kv.Key == "" {
		return kv, fault.Newf(fault.Usage, "--set %q is not KEY=VALUE", text).WithHint("for example --set output=json")
	}
	if why := reservedKey(kv.Key); why != "" {
		return kv, fault.New(fault.Usage, fmt.Sprintf("--set cannot write %q", kv.Key), why)
	}
	checked := kv
	if checked.Value == "" {
		checked.Value = "x" // the key of one that is to be removed is checked all the same
	}
	return kv, checked.Check()
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
