//go:build conformance

package conformance

import (
	"strings"
	"testing"

	"aws-sso-plugins/pkg/idctest"
)

// allowedCharacters are those of a profile's name that every client reads.
const allowedCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@+.%:/-"

// Five profiles of sixty whose names hold every allowed character between them,
// the special ones first, last and next to each other.
func TestGeneratedProfilesAnswer(t *testing.T) {
	accounts := []idctest.Account{
		{ID: "012345678901", Name: "ABCDEFGHIJKLMnopqrstuvwxyz"},
		{ID: "112345678901", Name: "NOPQRSTUVWXYZabcdefghijklm"},
		{ID: "212345678901", Name: "0123456789"},
		{ID: "312345678901", Name: "@+.%:/_-x"},
		{ID: "412345678901", Name: "/opt/100%"},
	}
	for i := range accounts {
		accounts[i].Roles = []string{"AdministratorAccess", "Read+Only", "Power_User@2."}
	}
	accounts = append(accounts, idctest.MakeAccounts(15, 3)...)
	ours := []struct{ profile, account, role string }{
		{"ABCDEFGHIJKLMnopqrstuvwxyz:AdministratorAccess", "012345678901", "AdministratorAccess"},
		{"NOPQRSTUVWXYZabcdefghijklm:Read+Only", "112345678901", "Read+Only"},
		{"0123456789:Power_User@2.", "212345678901", "Power_User@2."},
		{"@+.%:/_-x:Read+Only", "312345678901", "Read+Only"},
		{"/opt/100%:AdministratorAccess", "412345678901", "AdministratorAccess"},
	}
	var all strings.Builder
	var names []string
	for _, o := range ours {
		all.WriteString(o.profile)
		names = append(names, o.profile)
	}
	for _, char := range allowedCharacters {
		if !strings.ContainsRune(all.String(), char) {
			t.Fatalf("no name holds %q", char)
		}
	}

	each(t, answering, func(t *testing.T, c *client) {
		h := newHome(t, c, idctest.Config{Accounts: accounts})
		const session = "okta_@+.%:/-9"
		h.login(session)
		made := h.must("sso-profiles", session, "--name", "{{.AccountName}}:{{.RoleName}}", "--client-region", "eu-west-1", "-o", "name")
		if n := strings.Count(made, "\n"); n != 60 {
			t.Fatalf("%d profiles, want 60:\n%s", n, made)
		}
		h.without(c.String(), func() {
			told := h.who(c, names...)
			for _, o := range ours {
				h.isOne(told[o.profile], o.profile, o.account, o.role)
			}
		})
	})
}
