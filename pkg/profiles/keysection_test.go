package profiles_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/profiles"
	"aws-sso-plugins/pkg/resolve"
	"aws-sso-plugins/pkg/safefile"
)

var keysNow = time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)

// keySection is a section of that name whose keys end in an hour.
func keySection(name, session string) profiles.KeySection {
	return profiles.KeySection{
		Name: name, Session: portal.Session{Name: session, StartURL: "https://x.awsapps.com/start"}, Region: "eu-west-1",
		Credentials: aws.Credentials{
			AccessKeyID: "ASIA1", SecretAccessKey: "se+cret/=", SessionToken: "token==", CanExpire: true, Expires: keysNow.Add(time.Hour),
		},
	}
}

const writtenSection = `aws_access_key_id = ASIA1
aws_secret_access_key = se+cret/=
aws_session_token = token==
region = eu-west-1
expiration = 2026-11-27T11:00:00Z
managed_session = okta
managed_by = sso-creds
`

func keyFile(t *testing.T, config, credentials string) (f *profiles.KeyFile, read func() string) {
	t.Helper()
	dir := t.TempDir()
	f = &profiles.KeyFile{
		ConfigPath: filepath.Join(dir, "config"), CredentialsPath: filepath.Join(dir, "credentials"),
		Store: &safefile.Store{LockDir: filepath.Join(dir, "lock")},
	}
	for path, text := range map[string]string{f.ConfigPath: config, f.CredentialsPath: credentials} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return f, func() string {
		text, err := os.ReadFile(f.CredentialsPath)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return string(text)
	}
}

func TestKeySectionsAreWritten(t *testing.T) {
	expired := strings.Replace(writtenSection, "11:00:00Z", "10:00:00Z", 1)
	for _, tc := range []struct {
		name, config, old string
		sections          []profiles.KeySection
		want              string
		written           []string
		refused           int
	}{
		{name: "no file yet", sections: []profiles.KeySection{keySection("a", "okta"), keySection("b", "okta")},
			want: "[a]\n" + writtenSection + "\n[b]\n" + writtenSection, written: []string{"a", "b"}},
		{name: "others stay to the byte", old: "# mine\r\n[hand]\r\n  aws_access_key_id=AKIA1\r\naws_secret_access_key = x",
			sections: []profiles.KeySection{keySection("a", "okta")},
			want: "# mine\r\n[hand]\r\n  aws_access_key_id=AKIA1\r\naws_secret_access_key = x\r\n\r\n" +
				strings.ReplaceAll("[a]\n"+writtenSection, "\n", "\r\n"), written: []string{"a"}},
		{name: "ours is replaced, in its place", old: "[a]\naws_access_key_id = old\nextra = 1\nmanaged_by = sso-creds\n\n[b]\nx = y\n",
			sections: []profiles.KeySection{keySection("a", "okta")}, written: []string{"a"},
			want: "[a]\naws_access_key_id = ASIA1\nmanaged_by = sso-creds\naws_secret_access_key = se+cret/=\naws_session_token = token==\n" +
				"region = eu-west-1\nexpiration = 2026-11-27T11:00:00Z\nmanaged_session = okta\n\n[b]\nx = y\n"},
		{name: "a hand-written one of the name", old: "[a]\naws_access_key_id = mine\n", refused: 1,
			sections: []profiles.KeySection{keySection("a", "okta")}, want: "[a]\naws_access_key_id = mine\n"},
		{name: "a profile of the config of the name", config: "[profile a]\nregion = x\n", refused: 1,
			sections: []profiles.KeySection{keySection("a", "okta"), keySection("b", "okta")}, want: "[b]\n" + writtenSection, written: []string{"b"}},
		{name: "in both files, the mark too", config: "[profile a]\nregion = x\n", old: "[a]\nmanaged_by = sso-creds\n", refused: 1,
			sections: []profiles.KeySection{keySection("a", "okta")}, want: "[a]\nmanaged_by = sso-creds\n"},
		{name: "the mark of another program", old: "[a]\nmanaged_by = other\n", refused: 1,
			sections: []profiles.KeySection{keySection("a", "okta")}, want: "[a]\nmanaged_by = other\n"},
		{name: "expired ones go", old: "[old]\n" + expired + "\n[hand]\nexpiration = 2020-01-01T00:00:00Z\n\n[good]\n" + writtenSection,
			sections: []profiles.KeySection{keySection("a", "okta")}, written: []string{"a"},
			want: "\n[hand]\nexpiration = 2020-01-01T00:00:00Z\n\n[good]\n" + writtenSection + "\n[a]\n" + writtenSection},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, read := keyFile(t, tc.config, tc.old)
			written, refused, err := f.Write(t.Context(), tc.sections, keysNow)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, read()); diff != "" {
				t.Error(diff)
			}
			if !slices.Equal(written, tc.written) || len(refused) != tc.refused {
				t.Errorf("written %q, refused %v", written, refused)
			}
			for _, err := range refused {
				if fault.KindOf(err) != fault.Conflict || strings.Contains(err.Error(), "se+cret") {
					t.Error(err)
				}
			}
			if info, err := os.Stat(f.CredentialsPath); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != 0o600) {
				t.Errorf("%v, %v", info.Mode(), err)
			}
		})
	}
}

func TestKeySectionsThatAreRefused(t *testing.T) {
	bad := keySection("a", "okta")
	bad.Credentials.SecretAccessKey = "x\n[evil]\nregion = y"
	for _, tc := range []struct {
		name    string
		section profiles.KeySection
		kind    fault.Kind
	}{
		{"default", keySection("default", "okta"), fault.Usage},
		{"DEFAULT", keySection("DEFAULT", "okta"), fault.Usage},
		{"a bracket", keySection("a]b", "okta"), fault.Usage},
		{"empty", keySection("", "okta"), fault.Usage},
		{"a blank", keySection("a b", "okta"), fault.Usage},
		{"a line break in a key", bad, fault.Reply},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, read := keyFile(t, "", "[hand]\nx = y\n")
			_, _, err := f.Write(t.Context(), []profiles.KeySection{tc.section}, keysNow)
			if fault.KindOf(err) != tc.kind || read() != "[hand]\nx = y\n" {
				t.Errorf("%v, the file is %q", err, read())
			}
			if _, err := tc.section.Text(); fault.KindOf(err) != tc.kind {
				t.Error(err)
			}
		})
	}
	for _, broken := range []string{"[a]\n[a]\n", "stray\n"} {
		f, read := keyFile(t, "", broken)
		if _, _, err := f.Write(t.Context(), []profiles.KeySection{keySection("x", "okta")}, keysNow); fault.KindOf(err) != fault.Config || read() != broken {
			t.Errorf("%q: %v", broken, err)
		}
	}
}

func TestLogoutRemovesKeySections(t *testing.T) {
	other := strings.Replace(writtenSection, "= okta", "= other", 1)
	f, read := keyFile(t, "[profile b]\nx = y\n", "[a]\n"+writtenSection+"\n[o]\n"+other+"\n[c]\n"+writtenSection+"\n[hand]\nmanaged_session = okta\n")
	removed, err := f.Remove(t.Context(), portal.Session{Name: "okta"})
	if err != nil || !slices.Equal(removed, []string{"a", "c"}) {
		t.Errorf("%q, %v", removed, err)
	}
	if want := "\n[o]\n" + other + "\n[hand]\nmanaged_session = okta\n"; read() != want {
		t.Errorf("%q, want %q", read(), want)
	}
	before, _ := os.Stat(f.CredentialsPath)
	removed, err = f.Remove(t.Context(), portal.Session{Name: "okta"})
	after, _ := os.Stat(f.CredentialsPath)
	if err != nil || len(removed) > 0 || !os.SameFile(before, after) {
		t.Errorf("again: %q, %v", removed, err)
	}
	none, _ := keyFile(t, "", "")
	if removed, err := none.Remove(context.Background(), portal.Session{Name: "okta"}); err != nil || len(removed) > 0 {
		t.Errorf("without a file: %q, %v", removed, err)
	}
}

func TestKeySectionName(t *testing.T) {
	for _, tc := range []struct {
		h    resolve.Handover
		want string
	}{
		{resolve.Handover{Profile: "dev", AccountID: "111111111111", RoleName: "Admin"}, "111111111111_Admin"},
		{resolve.Handover{AccountID: "111111111111", RoleName: "a,b=c d"}, "111111111111_a-b-c-d"},
		{resolve.Handover{Profile: "two words"}, "two-words"},
	} {
		if got := profiles.KeySectionName(tc.h); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.h, got, tc.want)
		}
	}
}
