package idctest

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// WriteModels writes, below dir, endpoint rules that send Identity Center and STS calls of the AWS CLI and of botocore
// to this server, for versions that do not know AWS_ENDPOINT_URL_SSO. They look for them in ~/.aws/models, and in the
// directories of AWS_DATA_PATH. Existing files are replaced.
func (s *Server) WriteModels(dir string) error {
	type parameter struct {
		BuiltIn       string `json:"builtIn"`
		Required      bool   `json:"required"`
		Default       any    `json:"default,omitempty"`
		Type          string `json:"type"`
		Documentation string `json:"documentation"`
	}
	text := func(builtIn string) parameter {
		return parameter{BuiltIn: builtIn, Type: "String", Documentation: "Not used."}
	}
	boolean := func(builtIn string) parameter {
		return parameter{BuiltIn: builtIn, Required: true, Default: false, Type: "Boolean", Documentation: "Not used."}
	}
	type rule struct {
		Conditions []any          `json:"conditions"`
		Endpoint   map[string]any `json:"endpoint"`
		Type       string         `json:"type"`
	}
	rules := struct {
		Version    string               `json:"version"`
		Parameters map[string]parameter `json:"parameters"`
		Rules      []rule               `json:"rules"`
	}{
		Version: "1.0",
		// The clients pass these in, whether a rule asks for them or not.
		Parameters: map[string]parameter{
			"Region":            text("AWS::Region"),
			"Endpoint":          text("SDK::Endpoint"),
			"UseDualStack":      boolean("AWS::UseDualStack"),
			"UseFIPS":           boolean("AWS::UseFIPS"),
			"UseGlobalEndpoint": boolean("AWS::STS::UseGlobalEndpoint"),
		},
		Rules: []rule{{
			Conditions: []any{},
			Endpoint:   map[string]any{"url": s.URL, "properties": struct{}{}, "headers": struct{}{}},
			Type:       "endpoint",
		}},
	}
	data, err := json.MarshalIndent(rules, "", "  ")
	if err != nil {
		return err
	}
	for _, service := range []string{"sso/2019-06-10", "sso-oidc/2019-06-10", "sts/2011-06-15"} {
		d := filepath.Join(dir, filepath.FromSlash(service))
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(d, "endpoint-rule-set-1.json"), append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}
