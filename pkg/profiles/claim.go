package profiles

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
)

// claim is the assignment that a profile is for, as far as its keys say it.
type claim struct {
	session, startURL, region string
	account, role             string
}

// claimOf reads the keys of Identity Center; else those that granted writes beside
// its credential_process; else the role in the credential_process of aws-sso-cli.
func claimOf(profile *awsconfig.Profile) claim {
	for _, prefix := range []string{"", "granted_"} {
		c := claim{
			session: profile.Get(prefix + "sso_session"), startURL: profile.Get(prefix + "sso_start_url"), region: profile.Get(prefix + "sso_region"),
			account: profile.Get(prefix + "sso_account_id"), role: profile.Get(prefix + "sso_role_name"),
		}
		if c.account != "" || c.role != "" {
			return c
		}
	}
	if process := profile.Get("credential_process"); strings.Contains(process, "aws-sso") {
		if m := roleARN().FindStringSubmatch(process); m != nil {
			return claim{account: m[1], role: m[2]}
		}
	}
	return claim{}
}

var roleARN = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`--arn[ =]["']?arn:aws[a-z-]*:iam::(\d{12}):role/(?:\S*/)?([\w+=,.@-]+)`)
})

// sessionOf returns the session of this run that a claim is of, or why none is.
// Where both are empty the profile belongs to another session, and is not reported.
func (a *adoption) sessionOf(c claim) (session string, why refusal) {
	switch {
	case c.session != "":
		if a.inputs[c.session] == nil {
			return "", refusal{}
		}
		return c.session, refusal{}
	case c.startURL == "":
		for _, name := range sortedKeys(a.inputs) {
			if _, ok := a.listed[identity{name, c.account, c.role}]; ok {
				return name, refusal{}
			}
		}
		return "", refusal{}
	}
	var same, sameRegion []string
	atHand := false
	for _, section := range a.merged.Sessions() {
		s, err := portal.SessionIn(section)
		if err != nil || !samePortal(s.StartURL, c.startURL) {
			continue
		}
		same = append(same, s.Name)
		atHand = atHand || a.inputs[s.Name] != nil
		if c.region == "" || c.region == s.Region {
			sameRegion = append(sameRegion, s.Name)
		}
	}
	switch {
	case a.options.Named && !atHand:
		return "", refusal{}
	case len(same) == 0:
		return "", refusal{why: "no [sso-session] has its start URL", hint: fmt.Sprintf("run: sso-login NAME --sso-start-url %s --sso-region %s",
			fault.Word(c.startURL), fault.Word(cmp.Or(c.region, "REGION")))}
	case len(sameRegion) == 0 && !atHand:
		return "", refusal{}
	case len(sameRegion) == 0:
		return "", refusal{why: fmt.Sprintf("its sso_region is %q, and that of %s another", c.region, quotedList(same))}
	case len(sameRegion) > 1:
		return "", refusal{why: "its start URL is that of several sessions, " + quotedList(sameRegion),
			hint: "put sso_session = NAME in the place of sso_start_url and sso_region"}
	case a.inputs[sameRegion[0]] == nil:
		return "", refusal{}
	}
	return sameRegion[0], refusal{}
}

// samePortal reports whether two start URLs lead to one access portal. What a
// browser puts at the end does not count.
func samePortal(a, b string) bool { return a == b || portalURL(a) == portalURL(b) }

func portalURL(startURL string) string {
	if clean, err := portal.CleanStartURL(startURL); err == nil {
		return clean
	}
	if end := strings.IndexAny(startURL, "?#"); end >= 0 {
		startURL = startURL[:end]
	}
	return strings.TrimRight(startURL, "/")
}
