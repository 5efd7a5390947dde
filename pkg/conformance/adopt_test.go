//go:build conformance

package conformance

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"aws-sso-plugins/pkg/idctest"
)

// A profile of another tool that sso-profiles adopts is who it was before, with a
// login for what it was, by session or by start URL, and for what it is now.
func TestAdoptedProfilesAreWhoTheyWere(t *testing.T) {
	archive, err := txtar.ParseFile("../../cmd/testdata/sso-profiles/adopt_tools.txtar")
	if err != nil {
		t.Fatal(err)
	}
	accounts := idctest.MakeAccounts(2, 1)
	for i := range accounts {
		accounts[i].Roles = []string{"Admin", "ReadOnly"}
	}
	each(t, legacy, func(t *testing.T, c *client) {
		adopted := 0
		for _, file := range archive.Files {
			tool, isConfig := strings.CutSuffix(file.Name, ".ini")
			if !isConfig {
				continue
			}
			h := newHome(t, c, idctest.Config{Accounts: accounts})
			h.env = append(h.env, "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1") // not every tool writes one
			h.write(".aws/config", string(file.Data))
			h.must("sso-login", "okta")
			planned := h.run("sso-profiles", "okta", "--adopt", "--dry-run", "-o", "text").stdout
			var names []string
			for line := range strings.Lines(planned) {
				fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
				// of names with blanks only Python's clients find the profiles
				blank := strings.Contains(fields[0], " ") && !c.isCLI && c.id != "boto3"
				if fields[5] != "adopted" || blank {
					continue
				}
				names = append(names, fields[0])
				if strings.Contains(h.must("sso-profiles", "--local", "-o", "jsonl", "--account", fields[1], "--role", fields[2]), `"sso_start_url"`) {
					h.must("sso-login", "--profile", fields[0], "--use-device-code")
				}
			}
			if len(names) == 0 { // all of it stands between marks
				continue
			}
			var before, after map[string]identity
			h.without(tool, func() { before = h.who(c, names...) })
			if got := h.run("sso-profiles", "okta", "--adopt"); got.status > 1 {
				t.Fatalf("%s: %+v", tool, got)
			}
			h.without(tool, func() { after = h.who(c, names...) })
			if !maps.Equal(before, after) || len(before) != len(names) {
				t.Errorf("%s: before %v, after %v", tool, before, after)
			}
			for _, name := range slices.Sorted(maps.Keys(after)) {
				if !strings.Contains(after[name].arn, ":assumed-role/AWSReservedSSO_") {
					t.Errorf("%s: %s is %q", tool, name, after[name].arn)
				}
			}
			h.must(append([]string{"sso-test", "-q"}, names...)...)
			adopted += len(names)
		}
		if adopted < 8 {
			t.Errorf("%d profiles adopted", adopted)
		}
	})
}
