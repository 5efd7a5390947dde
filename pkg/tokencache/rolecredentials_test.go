package tokencache_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/tokencache"
)

var admin = tokencache.Role{
	Session: okta, StartURL: full.StartURL, Region: full.Region, AccountID: "111111111111", Name: "Admin",
}

// issued is what the portal gives for a role.
func issued(lifetime time.Duration) aws.Credentials {
	return aws.Credentials{
		AccessKeyID: "ASIACANARY", SecretAccessKey: "canary/secret+", SessionToken: "canary-session==",
		CanExpire: true, Expires: time.Now().Add(lifetime).UTC().Truncate(time.Second), AccountID: "111111111111",
	}
}

// portalOf counts its calls and answers each with the same credentials.
type portalOf struct {
	calls       atomic.Int32
	credentials aws.Credentials
	token       string
	err         error
}

func (p *portalOf) fetch(context.Context) (aws.Credentials, string, error) {
	p.calls.Add(1)
	return p.credentials, p.token, p.err
}

// loggedIn is a cache with a token of okta, from an hour ago.
func loggedIn(t *testing.T) (*tokencache.Cache, func() []string) {
	t.Helper()
	c, notes := setup(t)
	token := full
	token.LoginAt = settled
	if err := c.PutToken(ctx, okta, token); err != nil {
		t.Fatal(err)
	}
	return c, notes
}

func rolePath(c *tokencache.Cache, r tokencache.Role) string {
	return filepath.Join(c.RoleDir, r.Session.RoleFile(r.AccountID, r.Name))
}

// entry is a file as the AWS CLI writes it.
func entry(account string, expires time.Time) string {
	return `{"ProviderType": "sso", "Credentials": {"AccessKeyId": "ASIACACHED", "SecretAccessKey": "cached", ` +
		`"SessionToken": "cached==", "Expiration": "` + expires.UTC().Format("2006-01-02T15:04:05Z") + `", "AccountId": "` + account + `"}}`
}

func TestRoleCredentialsAreWrittenAsTheAWSCLIDoes(t *testing.T) {
	c, notes := loggedIn(t)
	p := &portalOf{credentials: issued(time.Hour), token: full.AccessToken}
	for range 3 {
		got, err := c.RoleCredentials(ctx, admin, 15*time.Minute, p.fetch)
		if err != nil || got.AccessKeyID != "ASIACANARY" || got.SecretAccessKey != "canary/secret+" ||
			got.SessionToken != "canary-session==" || !got.Expires.Equal(p.credentials.Expires) || !got.CanExpire {
			t.Fatalf("%s until %s, error %v", got.AccessKeyID, got.Expires, err)
		}
	}
	if n := p.calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
	want := `{"ProviderType": "sso", "Credentials": {"AccessKeyId": "ASIACANARY", "SecretAccessKey": "canary/secret+", ` +
		`"SessionToken": "canary-session==", "Expiration": "` + p.credentials.Expires.Format("2006-01-02T15:04:05Z") +
		`", "AccountId": "111111111111"}}`
	if got := content(t, rolePath(c, admin)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if info, err := os.Stat(rolePath(c, admin)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if len(notes()) > 0 {
		t.Errorf("notes %q", notes())
	}
}

func TestWhichRoleCredentialsCount(t *testing.T) {
	soon, later := time.Now().Add(10*time.Minute), time.Now().Add(time.Hour)
	good := entry("111111111111", later)
	legacy := tokencache.LegacyKey(full.StartURL)
	for _, tc := range []struct {
		name    string
		content string
		age     time.Duration // of the entry; the token's is an hour
		role    func(*tokencache.Role)
		token   func(*tokencache.Token)
		fetched bool
	}{
		{name: "of the AWS CLI", content: good},
		{name: "as old as the token", content: good, age: time.Hour},
		{name: "older than the token", content: good, age: time.Hour + time.Second, fetched: true},
		{name: "the token has expired", content: good, token: func(t *tokencache.Token) { t.ExpiresAt = settled }},
		{name: "of another account", content: entry("222222222222", later), fetched: true},
		{name: "of an AWS CLI that names no account", content: strings.Replace(good, `, "AccountId": "111111111111"`, "", 1), fetched: true},
		{name: "ends within 15 minutes", content: entry("111111111111", soon), fetched: true},
		{name: "has ended", content: entry("111111111111", settled), fetched: true},
		{name: "the session has another start URL now", content: good, fetched: true,
			role: func(r *tokencache.Role) { r.StartURL = "https://d-2.awsapps.com/start" }},
		{name: "the session has another region now", content: good, fetched: true,
			role: func(r *tokencache.Role) { r.Region = "us-east-1" }},
		{name: "the start URL is written in another way", content: good,
			role: func(r *tokencache.Role) { r.StartURL += "/#/" }},
		{name: "of a session without a token", content: good, fetched: true,
			role: func(r *tokencache.Role) { r.Session = tokencache.SessionKey("other") }},
		{name: "a legacy login without a token", content: good, fetched: true,
			role: func(r *tokencache.Role) { r.Session = legacy }},
		{name: "old UTC suffix", content: strings.Replace(good, `Z"`, `UTC"`, 1)},
		{name: "no zone", content: strings.Replace(good, `Z"`, `"`, 1), fetched: true},
		{name: "bytes after it", content: good + "}"},
		{name: "empty", content: "", fetched: true},
		{name: "cut", content: good[:40], fetched: true},
		{name: "null", content: "null", fetched: true},
		{name: "a list", content: "[]", fetched: true},
		{name: "an empty object", content: "{}", fetched: true},
		{name: "credentials are a text", content: `{"Credentials": "x"}`, fetched: true},
		{name: "no secret", content: strings.Replace(good, `"SecretAccessKey": "cached", `, "", 1), fetched: true},
		{name: "a line break in the secret", content: strings.Replace(good, `"cached"`, `"ca\nched"`, 1), fetched: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := setup(t)
			token := full
			token.LoginAt = settled
			if tc.token != nil {
				tc.token(&token)
			}
			if err := c.PutToken(ctx, okta, token); err != nil {
				t.Fatal(err)
			}
			role := admin
			if tc.role != nil {
				tc.role(&role)
			}
			path := place(t, c.RoleDir, filepath.Base(rolePath(c, role)), tc.content)
			written := time.Now().Add(-tc.age)
			if tc.age > 0 {
				written = settled.Add(time.Hour - tc.age)
			}
			if err := os.Chtimes(path, written, written); err != nil {
				t.Fatal(err)
			}
			p := &portalOf{credentials: issued(time.Hour), token: full.AccessToken}
			got, err := c.RoleCredentials(ctx, role, 15*time.Minute, p.fetch)
			switch {
			case err != nil:
				t.Fatal(err)
			case tc.fetched && (p.calls.Load() != 1 || got.AccessKeyID != "ASIACANARY"):
				t.Errorf("%d calls, key %s", p.calls.Load(), got.AccessKeyID)
			case !tc.fetched && (p.calls.Load() != 0 || got.AccessKeyID != "ASIACACHED"):
				t.Errorf("%d calls, key %s", p.calls.Load(), got.AccessKeyID)
			}
			// what does not count is replaced, where the session has a token
			if tc.fetched && role == admin && !strings.Contains(content(t, path), "ASIACANARY") {
				t.Errorf("the entry is still %s", content(t, path))
			}
		})
	}
}

func TestRoleCredentialsOfAnotherPerson(t *testing.T) {
	other := full
	other.AccessToken = "canary-other"
	for _, tc := range []struct {
		name  string
		login func(t *testing.T, c *tokencache.Cache)
	}{
		{"another login", func(t *testing.T, c *tokencache.Cache) {
			if err := c.PutToken(ctx, okta, other); err != nil {
				t.Fatal(err)
			}
		}},
		{"a logout", func(t *testing.T, c *tokencache.Cache) {
			if _, err := c.RemoveToken(ctx, okta); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := loggedIn(t)
			p := &portalOf{credentials: issued(time.Hour), token: full.AccessToken}
			// while the portal answers
			got, err := c.RoleCredentials(ctx, admin, 0, func(ctx context.Context) (aws.Credentials, string, error) {
				tc.login(t, c)
				return p.fetch(ctx)
			})
			if err != nil || got.AccessKeyID != "ASIACANARY" {
				t.Fatalf("%s, %v", got.AccessKeyID, err)
			}
			if _, err := os.Stat(rolePath(c, admin)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("an entry was written: %v", err)
			}
		})
	}
	t.Run("a login by a client that leaves the cache alone", func(t *testing.T) {
		c, _ := loggedIn(t)
		p := &portalOf{credentials: issued(time.Hour), token: full.AccessToken}
		if _, err := c.RoleCredentials(ctx, admin, 0, p.fetch); err != nil {
			t.Fatal(err)
		}
		if err := c.PutToken(ctx, okta, other); err != nil {
			t.Fatal(err)
		}
		q := &portalOf{credentials: issued(time.Hour), token: other.AccessToken}
		if _, err := c.RoleCredentials(ctx, admin, 0, q.fetch); err != nil || q.calls.Load() != 1 {
			t.Errorf("%d calls, error %v", q.calls.Load(), err)
		}
	})
	for name, change := range map[string]func(path string, content []byte) error{
		"a login that writes in place": func(path string, content []byte) error { return os.WriteFile(path, content, 0o600) },
		"a file that was moved there": func(path string, content []byte) error {
			if err := os.WriteFile(path+".new", content, 0o600); err != nil {
				return err
			}
			if err := os.Chtimes(path+".new", settled, settled.Add(time.Second)); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		},
		"a token of another portal": func(path string, content []byte) error {
			return os.WriteFile(path, bytes.Replace(content, []byte(full.Region), []byte("us-gone-9"), 1), 0o600)
		},
		"no token": func(path string, _ []byte) error { return os.Remove(path) },
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := loggedIn(t)
			p := &portalOf{credentials: issued(time.Hour), token: full.AccessToken}
			for range 2 {
				if _, err := c.RoleCredentials(ctx, admin, 0, p.fetch); err != nil {
					t.Fatal(err)
				}
				// As old as it can be, but for what is newer than the token.
				if err := os.Chtimes(rolePath(c, admin), settled, settled); err != nil {
					t.Fatal(err)
				}
			}
			content, err := os.ReadFile(c.TokenPath(okta))
			if err == nil {
				err = change(c.TokenPath(okta), content)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.RoleCredentials(ctx, admin, 0, p.fetch); err != nil || p.calls.Load() != 2 {
				t.Errorf("%d calls, error %v", p.calls.Load(), err)
			}
		})
	}
	t.Run("our own refresh", func(t *testing.T) {
		c, _ := loggedIn(t)
		p := &portalOf{credentials: issued(time.Hour), token: full.AccessToken}
		if _, err := c.RoleCredentials(ctx, admin, 0, p.fetch); err != nil {
			t.Fatal(err)
		}
		token, _, err := c.Token(ctx, okta)
		if err != nil {
			t.Fatal(err)
		}
		token.AccessToken = "canary-refreshed"
		if err := c.PutToken(ctx, okta, token); err != nil {
			t.Fatal(err)
		}
		if _, err := c.RoleCredentials(ctx, admin, 0, p.fetch); err != nil || p.calls.Load() != 1 {
			t.Errorf("%d calls, error %v", p.calls.Load(), err)
		}
	})
}

// process is a cache of the same files, with locks of its own.
func process(c *tokencache.Cache) *tokencache.Cache {
	return &tokencache.Cache{Dir: c.Dir, RoleDir: c.RoleDir, Store: &safefile.Store{LockDir: c.Store.LockDir}}
}

func TestManyProcessesMakeOneFetch(t *testing.T) {
	home, _ := loggedIn(t)
	p := &portalOf{credentials: issued(time.Hour), token: full.AccessToken}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			got, err := process(home).RoleCredentials(ctx, admin, 15*time.Minute, p.fetch)
			if err != nil || got.AccessKeyID != "ASIACANARY" {
				t.Errorf("%s, %v", got.AccessKeyID, err)
			}
		})
	}
	all.Wait()
	if n := p.calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// What somebody else fetched while one waited is taken although it ends sooner
// than one would like: no other would live longer.
func TestWaitersTakeWhatWasFetched(t *testing.T) {
	home, _ := loggedIn(t)
	waiting := make(chan struct{})
	leader := &portalOf{credentials: issued(time.Hour), token: full.AccessToken}
	var both sync.WaitGroup
	both.Go(func() {
		_, err := process(home).RoleCredentials(ctx, admin, 0, func(ctx context.Context) (aws.Credentials, string, error) {
			both.Go(func() {
				follower := process(home)
				follower.Store.Notice = func(string) { close(waiting) } // after a second
				other := &portalOf{err: errors.New("asked again")}
				got, err := follower.RoleCredentials(ctx, admin, 2*time.Hour, other.fetch)
				if err != nil || got.AccessKeyID != "ASIACANARY" {
					t.Errorf("%s, %v", got.AccessKeyID, err)
				}
			})
			<-waiting
			return leader.fetch(ctx)
		})
		if err != nil {
			t.Error(err)
		}
	})
	both.Wait()
}

func TestRoleCredentialsThatCannotBeKept(t *testing.T) {
	c, notes := loggedIn(t)
	place(t, filepath.Dir(c.RoleDir), "cache", "a file where the folder should be")
	p := &portalOf{credentials: issued(time.Hour), token: full.AccessToken}
	got, err := c.RoleCredentials(ctx, admin, 0, p.fetch)
	if err != nil || got.AccessKeyID != "ASIACANARY" || len(notes()) == 0 {
		t.Errorf("%s, %v, notes %q", got.AccessKeyID, err, notes())
	}
	for _, note := range notes() {
		if strings.Contains(note, "canary") {
			t.Errorf("note %q", note)
		}
	}
}

func TestRoleCredentialsKeepTheFetchsError(t *testing.T) {
	c, _ := loggedIn(t)
	denied := fault.Newf(fault.Denied, "no")
	p := &portalOf{err: denied}
	if _, err := c.RoleCredentials(ctx, admin, 0, p.fetch); !errors.Is(err, denied) {
		t.Error(err)
	}
	endless := &portalOf{credentials: issued(time.Hour), token: full.AccessToken}
	endless.credentials.CanExpire = false
	if _, err := c.RoleCredentials(ctx, admin, 0, endless.fetch); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(rolePath(c, admin)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("credentials without an end were kept: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.RoleCredentials(ended, admin, 0, p.fetch); fault.KindOf(err) != fault.Canceled {
		t.Errorf("after the end: %v", err)
	}
}

func TestRoleAccounts(t *testing.T) {
	c, _ := setup(t)
	if got := slices.Collect(c.RoleAccounts(ctx)); len(got) > 0 {
		t.Errorf("without a folder: %q", got)
	}
	for name, text := range map[string]string{
		"a.json": entry("111111111111", settled), "b.json": entry("222222222222", settled), "c.json": entry("111111111111", settled),
		"d.json": "{}", "e.json": "", "session.db": entry("333333333333", settled),
		"f.json": strings.Replace(entry("444444444444", settled), `, "AccountId": "444444444444"`, "", 1),
	} {
		place(t, c.RoleDir, name, text)
	}
	if got := slices.Sorted(c.RoleAccounts(ctx)); !slices.Equal(got, []string{"111111111111", "222222222222"}) {
		t.Errorf("%q", got)
	}
}
