//go:build conformance

package conformance

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/idctest"
)

// chromium returns the command of a Chromium that shows no window, with a user of
// its own and without a word to anybody but the page.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		return path + " --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking" +
			" --disable-component-update --disable-sync --user-data-dir=" + t.TempDir() + " --dump-dom"
	}
	t.Skip("there is no Chromium: apt-get install chromium")
	return ""
}

// The whole login in a real browser: the page of AWS, the way back to the port of
// sso-login, and the page that says how it ended.
func TestLoginInChromium(t *testing.T) {
	for _, tc := range []struct {
		name     string
		approval idctest.Approval
		status   int
		page     string
	}{
		{"approved", idctest.OnVisit, 0, `sso-login is signed in to "<bdi>okta</bdi>".`},
		{"refused", idctest.Declined, 3, `sso-login got no token for "<bdi>okta</bdi>".`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHome(t, &client{}, idctest.Config{Approval: tc.approval})
			h.env = append(h.env, "BROWSER="+chromium(t)+" %s &", "PATH="+binaries+string(os.PathListSeparator)+os.Getenv("PATH"))
			h.write(".aws/config", "[sso-session okta]\nsso_start_url = "+startURL+"\nsso_region = "+region+"\n")
			// With -v what the browser prints is shown: the page as it stands in it.
			got := h.exits(tc.status, "sso-login", "okta", "-v")
			if !strings.Contains(got.stderr, tc.page) {
				t.Errorf("the browser does not show %q:\n%s", tc.page, got.stderr)
			}
			if n := h.idc.Count(idctest.Authorize); n != 1 {
				t.Errorf("the page of AWS was opened %d times", n)
			}
		})
	}
}
