package profiles_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/profiles"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/wire"
)

// newSync is a run on files of its own.
func newSync(t *testing.T, config string) *profiles.Sync {
	t.Helper()
	dir := t.TempDir()
	s := &profiles.Sync{
		ConfigPath: filepath.Join(dir, "config"), CredentialsPath: filepath.Join(dir, "credentials"),
		Store: &safefile.Store{LockDir: filepath.Join(dir, "lock")}, Concurrency: 4,
	}
	write(t, s.ConfigPath, config)
	return s
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestWriteKeepsTheOldFile(t *testing.T) {
	s := newSync(t, sessions)
	inputs := []profiles.Input{listed("okta", "1/Admin")}
	backup := s.ConfigPath + awsconfig.BackupSuffix

	plan, err := s.Write(t.Context(), inputs)
	if err != nil || plan.Summary() != "1 added" {
		t.Fatal(plan, err)
	}
	if got := read(t, backup); got != sessions {
		t.Errorf("the backup of a file to which was only added holds %q", got)
	}

	old := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := os.Chtimes(s.ConfigPath, old, old); err != nil {
		t.Fatal(err)
	}
	if plan, err = s.Write(t.Context(), inputs); err != nil || plan.Summary() != "1 unchanged" {
		t.Fatal(plan, err)
	}
	if info, err := os.Stat(s.ConfigPath); err != nil || !info.ModTime().Equal(old) {
		t.Errorf("a run with nothing new wrote the file: %v", err)
	}

	before := read(t, s.ConfigPath)
	s.Options.Regions = saoPaulo(t)
	if plan, err = s.Write(t.Context(), inputs); err != nil || plan.Summary() != "1 changed" {
		t.Fatal(plan, err)
	}
	if read(t, backup) != before || !strings.Contains(read(t, s.ConfigPath), "region = sa-east-1") {
		t.Errorf("backup:\n%s", read(t, backup))
	}
}

func TestPreviewWritesNothing(t *testing.T) {
	s := newSync(t, sessions)
	write(t, s.CredentialsPath, "[Admin-111111111111]\naws_access_key_id = AKIA\n")
	plan, err := s.Preview(t.Context(), []profiles.Input{listed("okta", "1/Admin,Dev")})
	if err != nil || plan.Summary() != "1 added, 1 foreign" {
		t.Fatal(plan, err)
	}
	if planned, err := plan.Bytes(); err != nil || !strings.HasPrefix(string(planned), sessions+"\n[profile Dev-111111111111]\n") || read(t, s.ConfigPath) != sessions {
		t.Errorf("planned:\n%s", planned)
	}
}

// What was read before counts only as long as it is what the files hold.
func TestConfigReadBefore(t *testing.T) {
	inputs := []profiles.Input{listed("okta", "1/Admin,Dev")}
	for _, changed := range []string{"", "config", "credentials"} {
		s := newSync(t, sessions)
		var err error
		if s.Config, err = awsconfig.Load(t.Context(), s.ConfigPath, s.CredentialsPath); err != nil {
			t.Fatal(err)
		}
		want := "2 added"
		switch changed {
		case "config":
			write(t, s.ConfigPath, sessions+"[profile Admin-111111111111]\nregion = x\n")
			want = "1 added, 1 foreign"
		case "credentials":
			write(t, s.CredentialsPath, "[Dev-111111111111]\nregion = x\n")
			want = "1 added, 1 foreign"
		}
		if plan, err := s.Write(t.Context(), inputs); err != nil || plan.Summary() != want {
			t.Errorf("%q changed: %v %v", changed, plan.Summary(), err)
		}
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	inputs := []profiles.Input{listed("okta", "1/Admin")}
	for _, which := range []string{"config", "credentials"} {
		s := newSync(t, sessions)
		path := filepath.Join(filepath.Dir(s.ConfigPath), which)
		_ = os.Remove(path)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write(t.Context(), inputs); fault.KindOf(err) != fault.File {
			t.Errorf("%s: %v", which, err)
		}
		if _, err := s.Preview(t.Context(), inputs); fault.KindOf(err) != fault.File {
			t.Errorf("%s: %v", which, err)
		}
	}
}

func TestWriteStops(t *testing.T) {
	s := newSync(t, sessions)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Write(ctx, []profiles.Input{listed("okta", "1/Admin")}); fault.KindOf(err) != fault.Canceled {
		t.Error(err)
	}
	if read(t, s.ConfigPath) != sessions {
		t.Error("written all the same")
	}
}

// token is a token source with one token.
type token string

func (s token) Token(context.Context) (string, error)         { return string(s), nil }
func (s token) Renew(context.Context, string) (string, error) { return string(s), nil }

func TestList(t *testing.T) {
	const corp = "https://corp.awsapps.com/start"
	srv := idctest.New(t, idctest.Config{Accounts: idctest.MakeAccounts(5, 2), Instances: map[string][]idctest.Account{corp: idctest.MakeAccounts(3, 1)}})
	w, err := wire.New(wire.Settings{Endpoints: map[wire.Service]string{wire.Portal: srv.URL}, Timeout: time.Minute, Program: "test"})
	if err != nil {
		t.Fatal(err)
	}
	source := func(session, startURL string) profiles.Source {
		client, err := portal.New(w, srv.Region, wire.NewPace(), token(srv.IssueToken(startURL).AccessToken))
		if err != nil {
			t.Fatal(err)
		}
		return profiles.Source{Session: portal.Session{Name: session, StartURL: startURL, Region: srv.Region}, Portal: client}
	}
	s := newSync(t, sessions)
	var mu sync.Mutex
	var last [2]int
	s.Progress = func(done, known int) {
		mu.Lock()
		defer mu.Unlock()
		if done < last[0] || known < last[1] || done > known {
			t.Errorf("%d of %d after %v", done, known, last)
		}
		last = [2]int{done, known}
	}
	inputs := s.List(t.Context(), []profiles.Source{source("okta", srv.StartURL), source("corp", corp)})
	if len(inputs) != 2 || inputs[0].Session.Name != "okta" || inputs[0].Session.Region != srv.Region || inputs[1].Session.StartURL != corp {
		t.Fatalf("%+v", inputs)
	}
	if n, m := len(inputs[0].Listing.Assignments), len(inputs[1].Listing.Assignments); n != 10 || m != 3 {
		t.Errorf("%d and %d assignments", n, m)
	}
	if last != [2]int{8, 8} {
		t.Errorf("progress ended at %v", last)
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		session, region string
		rules           []string
		want            fault.Kind
	}{
		{session: "my-sso", region: "eu-central-1"},
		{session: "two words", region: "eu-central-1", want: fault.Config},
		{session: "dév", region: "eu-central-1", want: fault.Config},
		{session: "a#b", region: "eu-central-1", want: fault.Config},
		{session: "", region: "eu-central-1", want: fault.Config},
		{session: "okta", region: "eu-central-1", rules: []string{"us-east-1"}},
		{session: "okta", region: "eu-central-1", rules: []string{"prod*=cn-north-1"}}, // the accounts tell
		{session: "okta", region: "eu-central-1", rules: []string{"cn-north-1"}, want: fault.Usage},
		{session: "okta", region: "eu-central-1", rules: []string{"us-east-1", "us-gov-west-1"}},
		{session: "gov", region: "us-gov-west-1", rules: []string{"us-gov-east-1"}},
		{session: "gov", region: "us-gov-west-1", rules: []string{"us-east-1"}, want: fault.Usage},
		{session: "eu", region: "eusc-de-east-1", rules: []string{"eu-central-1"}, want: fault.Usage},
	} {
		s := profiles.Sync{}
		var err error
		if s.Options.Regions, err = profiles.ParseRegionRules(test.rules); err != nil {
			t.Fatal(err)
		}
		err = s.Check(portal.Session{Name: test.session, Region: test.region})
		if (err != nil) != (test.want != 0) || err != nil && fault.KindOf(err) != test.want {
			t.Errorf("%+v: %v", test, err)
		}
	}
}
