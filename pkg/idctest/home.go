package idctest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// homeMark begins a config that WriteHome made, and may replace.
const homeMark = "# written by idctest\n"

// WriteHome writes what a person has who has logged in: in dir/.aws a config with a session for each instance and a
// profile for each account and role, and a token for each session in sso/cache. The session of the default instance is
// named idctest, that of another by the first label of its host; a profile is named ROLE-ACCOUNT, as aws configure sso
// names it, after the name of its session and a dash where that is not idctest. The directory is made if need be. An
// existing config is replaced if WriteHome wrote it, and is an error otherwise.
//
// It returns the environment, as KEY=VALUE, in which clients find these files and no others, with AWS_PROFILE set to
// the first profile. It goes beside that of [Server.Env].
func (s *Server) WriteHome(dir string) ([]string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, ".aws", "config")
	switch old, err := os.ReadFile(config); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case !bytes.HasPrefix(old, []byte(homeMark)):
		return nil, fmt.Errorf("%s exists, and idctest did not write it", config)
	}
	s.mu.Lock()
	accounts := map[string][]Account{s.StartURL: s.cfg.Accounts}
	maps.Copy(accounts, s.cfg.Instances)
	s.mu.Unlock()

	text, sessions, first, err := s.homeConfig(accounts)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(config, text, 0o600); err != nil {
		return nil, err
	}
	for name, startURL := range sessions {
		if _, err := s.IssueToken(startURL).WriteCache(dir, name); err != nil {
			return nil, err
		}
	}
	env := []string{
		"HOME=" + dir, "USERPROFILE=" + dir, "AWS_CONFIG_FILE=" + config,
		"AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(dir, ".aws", "credentials"),
		// Keys would come before the profile. Clients take an empty variable for one that is not set.
		"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_SESSION_TOKEN=",
		"AWS_REGION=" + s.Region, "AWS_DEFAULT_REGION=" + s.Region,
	}
	if first != "" {
		env = append(env, "AWS_PROFILE="+first, "AWS_DEFAULT_PROFILE="+first)
	}
	return env, nil
}

// homeConfig returns the config that [Server.WriteHome] writes for these accounts, the start URLs of its sessions by
// their names, and its first profile.
func (s *Server) homeConfig(accounts map[string][]Account) (text []byte, sessions map[string]string, first string, err error) {
	var b bytes.Buffer
	b.WriteString(homeMark)
	taken := map[string]bool{}
	instances := slices.Sorted(maps.Keys(accounts))
	instances = append([]string{s.StartURL}, slices.DeleteFunc(instances, func(u string) bool { return u == s.StartURL })...)
	sessions = map[string]string{}
	for _, startURL := range instances {
		name, prefix := "idctest", ""
		if startURL != s.StartURL {
			u, err := url.Parse(startURL)
			if err != nil {
				return nil, nil, "", err
			}
			name, _, _ = strings.Cut(u.Hostname(), ".")
			for base, i := name, 2; sessions[name] != ""; i++ {
				name = fmt.Sprintf("%s-%d", base, i)
			}
			prefix = name + "-"
		}
		sessions[name] = startURL
		fmt.Fprintf(&b, "\n[sso-session %s]\nsso_start_url = %s\nsso_region = %s\nsso_registration_scopes = %s\n",
			name, startURL, s.Region, accountScope)
		for _, a := range accounts[startURL] {
			for _, role := range a.Roles {
				profile := prefix + portableName(role) + "-" + a.ID
				if taken[profile] {
					continue
				}
				taken[profile] = true
				if first == "" {
					first = profile
				}
				fmt.Fprintf(&b, "\n[profile %s]\nsso_session = %s\nsso_account_id = %s\nsso_role_name = %s\nregion = %s\n",
					profile, name, a.ID, role, s.Region)
			}
		}
	}
	return b.Bytes(), sessions, first, nil
}

// portableName replaces what not every SDK reads in the name of a profile.
func portableName(name string) string {
	return strings.Map(func(r rune) rune {
		if isWord(r) || strings.ContainsRune("@+.%:/-", r) {
			return r
		}
		return '-'
	}, name)
}

// EnvTB is what [Server.Setenv] needs of a test; [testing.TB] has it.
type EnvTB interface {
	TB
	Setenv(key, value string)
	TempDir() string
}

// Setenv makes the environment of a test that in which AWS clients, those in the test's own process and those in
// programs that it starts, talk to this server: with the home directory of [Server.WriteHome], in a directory of the
// test's own, which it returns. The environment is restored when the test ends. It is not for parallel tests.
func (s *Server) Setenv(t EnvTB) (home string) {
	t.Helper()
	home = t.TempDir()
	env, err := s.WriteHome(home)
	if err != nil {
		t.Fatalf("idctest: %v", err)
		return ""
	}
	for _, pair := range append(s.Env(), env...) {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	return home
}
