package login_test

import (
	"context"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/tokencache"
)

// roleFiles makes the AWS CLI's files of roles.
func (w *world) roleFiles(k tokencache.Key, roles iter.Seq2[string, string]) []string {
	w.t.Helper()
	var paths []string
	dir := filepath.Join(w.home, ".aws", "cli", "cache")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	for account, role := range roles {
		path := filepath.Join(dir, k.RoleFile(account, role))
		if err := os.WriteFile(path, []byte(`{"ProviderType": "sso"}`), 0o600); err != nil {
			w.t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func exists(paths ...string) (n int) {
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			n++
		}
	}
	return n
}

var twoRoles = maps.All(map[string]string{"111111111111": "Admin", "222222222222": "Reader"})

// engineWithRoles is an engine that knows of twoRoles.
func (w *world) engineWithRoles() *login.Engine {
	e := w.engine()
	e.Roles = func(portal.Session) iter.Seq2[string, string] { return twoRoles }
	return e
}

func TestLogout(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	tok := w.put()
	other := filepath.Join(w.home, ".aws", "sso", "cache", tokencache.SessionKey("other").File())
	if err := os.WriteFile(other, []byte(`{"accessToken": "x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ours, theirs := w.roleFiles(w.s.Key(), twoRoles), w.roleFiles(tokencache.SessionKey("other"), twoRoles)
	existed, err := w.engineWithRoles().Logout(t.Context(), w.s)
	if err != nil || !existed {
		t.Fatal(existed, err)
	}
	if exists(w.tokenPath()) != 0 || exists(ours...) != 0 {
		t.Error("files of the session are left")
	}
	if exists(other) != 1 || exists(theirs...) != 2 {
		t.Error("files of another session are gone")
	}
	if n := w.srv.Count(idctest.Logout); n != 1 {
		t.Errorf("%d logouts at the portal", n)
	}
	// AWS knows neither token any more.
	w.write(tok)
	e := w.engine()
	e.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	_, err = e.Check(t.Context(), w.s, login.Options{})
	w.wantFault(err, fault.Login)
}

func TestLogoutWithoutALogin(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	existed, err := w.engine().Logout(t.Context(), w.s)
	if err != nil || existed {
		t.Error(existed, err)
	}
	if calls := w.srv.Stats().Calls; len(calls) != 0 {
		t.Errorf("calls: %v", calls)
	}
}

func TestLogoutRemovesTheFilesThoughThePortalCannotBeReached(t *testing.T) {
	for kind, want := range map[idctest.FaultKind]fault.Kind{idctest.Unavailable: fault.Reply, idctest.Reset: fault.Unreachable} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, fails(idctest.Logout, kind))
			w.srv.Update(func(*idctest.Config) {})
			w.put()
			paths := w.roleFiles(w.s.Key(), twoRoles)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			existed, err := w.engineWithRoles().Logout(ctx, w.s)
			if !existed || fault.KindOf(err) != want && fault.KindOf(err) != fault.Timeout {
				t.Errorf("%v, %v: %v", existed, fault.KindOf(err), err)
			}
			if exists(append(paths, w.tokenPath())...) != 0 {
				t.Error("files are left")
			}
		})
	}
}

func TestLogoutOfATokenThatThePortalNoLongerKnows(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.put()
	w.srv.EndSession("")
	existed, err := w.engine().Logout(t.Context(), w.s)
	if err != nil || !existed || exists(w.tokenPath()) != 0 {
		t.Error(existed, err)
	}
}

// The portal takes access tokens only; the session behind one that has expired
// lives on, and so would its refresh token.
func TestLogoutOfAnExpiredTokenEndsTheSession(t *testing.T) {
	w := newWorld(t, idctest.Config{KeepRefreshToken: true})
	tok := w.put(endsIn(-time.Minute))
	if existed, err := w.engine().Logout(t.Context(), w.s); err != nil || !existed {
		t.Fatal(existed, err)
	}
	w.write(tok)
	_, err := w.engine().Check(t.Context(), w.s, login.Options{})
	w.wantFault(err, fault.Login)
}

func TestLogoutOfAnExpiredTokenWhoseSessionIsOver(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"not refreshable": func(w *world) { w.put(endsIn(-time.Minute), noRefresh) },
		"session over":    func(w *world) { w.put(endsIn(-time.Minute)); w.srv.EndSession("") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, idctest.Config{})
			prepare(w)
			if existed, err := w.engine().Logout(t.Context(), w.s); err != nil || !existed {
				t.Error(existed, err)
			}
			if n := w.srv.Count(idctest.Logout); n != 0 || exists(w.tokenPath()) != 0 {
				t.Errorf("%d logouts at the portal", n)
			}
		})
	}
}

// The session was given another start URL since: its old token still goes.
func TestLogoutOfATokenOfAnotherStartURL(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.put()
	w.s.StartURL = "https://other.awsapps.com/start"
	existed, err := w.engine().Logout(t.Context(), w.s)
	if err != nil || !existed || exists(w.tokenPath()) != 0 || w.srv.Count(idctest.Logout) != 1 {
		t.Error(existed, err)
	}
}

func TestLogoutRemovesACorruptTokenFile(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.put()
	if err := os.WriteFile(w.tokenPath(), []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	existed, err := w.engine().Logout(t.Context(), w.s)
	if err != nil || !existed || exists(w.tokenPath()) != 0 {
		t.Error(existed, err)
	}
}

func TestLogoutGoesOnPastAFileThatCannotBeRemoved(t *testing.T) {
	w := newWorld(t, fails(idctest.Logout, "UnauthorizedException"))
	w.put()
	paths := w.roleFiles(w.s.Key(), twoRoles)
	stuck := paths[0]
	if err := os.Remove(stuck); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(stuck, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	existed, err := w.engineWithRoles().Logout(t.Context(), w.s)
	if !existed || fault.KindOf(err) != fault.File {
		t.Errorf("%v, %v", existed, err)
	}
	if exists(w.tokenPath(), paths[1]) != 0 {
		t.Error("files are left")
	}
}
