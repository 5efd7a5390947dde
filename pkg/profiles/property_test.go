package profiles_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/profiles"
)

// world is a random config with a random listing and random options, small
// enough that names and identities meet often.
type world struct {
	config, credentials string
	inputs              []profiles.Input
	args                []string
}

var (
	someNames    = []string{"a", "A", "b", "B", "c", "e", "Admin-111111111111", "Dev-222222222222", "okta-1", "corp-1", "x/y", "d", "D"}
	someRoles    = []string{"Admin", "admin", "Dev", "R~1", "R-1"}
	someAccounts = []string{"1", "2", "3"}
	someSessions = []string{"okta", "corp", "else"}
)

func randomWorld(r *rand.Rand) world {
	of := func(list []string) string { return list[r.IntN(len(list))] }
	w := world{config: sessions}
	names := slices.Clone(someNames)
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:r.IntN(len(names))] {
		text := strings.Join([]string{name, of(someSessions), of(someAccounts), of(someRoles)}, " ")
		text = strings.ReplaceAll(text, "~", "=")
		switch r.IntN(8) {
		case 0:
			w.config += "\n# of " + name + "\n" + section(text+" output=text")
		case 1:
			w.config += "\n[profile " + name + "]\nrole_arn = x\nsource_profile = " + of(someNames) + "\n"
		case 2:
			w.credentials += "[" + name + "]\naws_access_key_id = AKIA\n"
		case 3:
			w.config += ours(text + " region=eu-west-1 mine=1")
			w.credentials += "[" + name + "]\naws_access_key_id = AKIA\n"
		default:
			w.config += ours(text+" region=eu-west-1 mine=1") + strings.Repeat("; after\n", r.IntN(2))
		}
	}
	for _, session := range someSessions[:1+r.IntN(2)] {
		var accounts []string
		for _, account := range someAccounts[:r.IntN(4)] {
			var roles []string
			for _, role := range someRoles {
				if r.IntN(2) == 0 {
					roles = append(roles, role)
				}
			}
			accounts = append(accounts, account+"/"+strings.Join(roles, ",")+"="+of(someNames))
		}
		in := listed(session, accounts...)
		if r.IntN(5) == 0 {
			in = unlisted(in, of([]string{"7", "8"}))
		}
		w.inputs = append(w.inputs, in)
	}
	for _, args := range [][]string{
		{"--name", "{{.AccountName}}"},
		{"--name", "{{.RoleName}}-{{.AccountId}}"},
		{"--name", "{{.AccountName}}-{{.RoleName | lower}}"},
		{"--client-region", "1*=us-east-1"}, {"--set", "output=json"}, {"--set", "mine="},
		{"--prune"}, {"--prune", "--prune-limit", "100%"}, {"--overwrite"},
		{"--account", "!2*"}, {"--role", "a*"}, {"AWS_REGION", "sa-east-1"},
		{"--name", "{{.AccountName}}"},
	} {
		if r.IntN(4) == 0 {
			w.args = append(w.args, args...)
		}
	}
	return w
}

// sectionsOf are the sections of a config by header, each with its lines.
func sectionsOf(config string) map[string]string {
	all := map[string]string{}
	header := ""
	for line := range strings.Lines(config) {
		if strings.HasPrefix(line, "[") {
			header = strings.TrimSpace(line)
		}
		if line = strings.TrimSpace(line); line != "" {
			all[header] += line + "\n"
		}
	}
	return all
}

func TestAnyPlan(t *testing.T) {
	n := 3_000 // 100,000 are as good
	if testing.Short() {
		n = 500
	}
	for seed := range uint64(n) {
		w := randomWorld(rand.New(rand.NewPCG(seed, 5)))
		if flaw := w.flaw(t); flaw != "" {
			t.Fatalf("seed %d: %s\noptions %q\nlisting %s\nconfig:\n%s\ncredentials:\n%s", seed, flaw, w.args, w.listing(), w.config, w.credentials)
		}
	}
}

func (w world) listing() string {
	text := ""
	for _, in := range w.inputs {
		text += fmt.Sprint(in.Session.Name, *in.Listing, " ")
	}
	return text
}

func (w world) flaw(t *testing.T) string {
	o := options(t, w.args...)
	first, out := makePlan(t, w.config, w.credentials, w.inputs, o)
	file := awsconfig.Parse("config", awsconfig.ConfigFile, []byte(out))
	if err := file.Err(); err != nil {
		return "AWS cannot read the result: " + err.Error()
	}
	if n := strings.Count("\n"+out, "\n["); n != len(sectionsOf(out))-min(1, len(sectionsOf(out)[""])) {
		return "two sections have one name:\n" + out
	}
	if flaw := w.foreignFlaw(o, out); flaw != "" {
		return flaw + "\n" + out
	}
	if flaw := w.pruneFlaw(o, first, file); flaw != "" {
		return flaw + "\n" + out
	}
	if flaw := w.rowFlaw(first, file); flaw != "" {
		return flaw + "\n" + out
	}
	if strings.Count(out, "source_profile") < strings.Count(w.config, "source_profile") {
		return "" // --overwrite took what kept a profile from being renamed or removed
	}
	second, again := makePlan(t, out, w.credentials, w.inputs, o)
	if again != out || second.Changes() {
		return "a second run changes something:\n" + strings.Join(second.Diff("config"), "\n")
	}
	for _, r := range second.Rows {
		if r.State == profiles.Added || r.State == profiles.Changed || r.State == profiles.Renamed || r.State == profiles.Removed {
			return fmt.Sprintf("a second run says %v", r)
		}
	}
	return ""
}

// foreignFlaw finds a section that is none of this run's business and was
// changed all the same.
func (w world) foreignFlaw(o profiles.Options, out string) string {
	was, is := sectionsOf(w.config), sectionsOf(out)
	for header, body := range was {
		isOurs := strings.Contains(body, "managed_by = sso-profiles")
		atHand := false
		for _, in := range w.inputs {
			atHand = atHand || strings.Contains(body, "sso_session = "+in.Session.Name+"\n")
		}
		if isOurs && atHand || o.Overwrite && !isOurs && strings.HasPrefix(header, "[profile") {
			continue
		}
		// comments after a section that goes stay, and stand below the one before it
		if !strings.HasPrefix(is[header], body) {
			return "foreign section is not as it was: " + header
		}
	}
	if strings.Count(out, ";") != strings.Count(w.config, ";") || strings.Count(out, "#") != strings.Count(w.config, "#") {
		return "comments are lost"
	}
	return ""
}

// pruneFlaw finds a profile that is gone and must not be.
func (w world) pruneFlaw(o profiles.Options, plan *profiles.Plan, file *awsconfig.File) string {
	removed := map[string]int{}
	for _, r := range plan.Rows {
		if r.State == profiles.Removed {
			removed[r.Session]++
		}
	}
	for _, in := range w.inputs {
		generated := 0
		for header, body := range sectionsOf(w.config) {
			if strings.HasPrefix(header, "[profile") && strings.Contains(body, "managed_by") && strings.Contains(body, "sso_session = "+in.Session.Name+"\n") {
				generated++
			}
		}
		n := removed[in.Session.Name]
		if n > 0 && (!o.Prune || !in.Listing.Complete() || len(in.Listing.Assignments) == 0 || n > o.PruneLimit.Of(generated)) {
			return fmt.Sprintf("%d of %d profiles of %s were removed", n, generated, in.Session.Name)
		}
		delete(removed, in.Session.Name)
	}
	if len(removed) > 0 {
		return fmt.Sprintf("profiles of other sessions were removed: %v", removed)
	}
	// names that others rely on
	was, is := sectionsOf(w.config), awsconfig.Merge(file, nil)
	for header, body := range was {
		_, source, ok := strings.Cut(body, "source_profile = ")
		source, _, _ = strings.Cut(source, "\n")
		old, there := was["[profile "+source+"]"]
		if !ok || !there || header == "[profile "+source+"]" || !strings.Contains(old, "managed_by") {
			continue
		}
		if p, ok := is.Profile(source); !ok || !strings.Contains(old, "sso_role_name = "+p.Get("sso_role_name")+"\n") || !strings.Contains(old, "sso_account_id = "+p.Get("sso_account_id")+"\n") {
			return fmt.Sprintf("%q was renamed or removed, though %s builds on it", source, header)
		}
	}
	return ""
}

// rowFlaw finds a row that says something untrue about the file.
func (w world) rowFlaw(plan *profiles.Plan, file *awsconfig.File) string {
	before := awsconfig.Merge(awsconfig.Parse("", awsconfig.ConfigFile, []byte(w.config)), awsconfig.Parse("", awsconfig.CredentialsFile, []byte(w.credentials)))
	after := awsconfig.Merge(file, awsconfig.Parse("", awsconfig.CredentialsFile, []byte(w.credentials)))
	want := 0
	for _, in := range w.inputs {
		want += len(in.Listing.Assignments)
	}
	rows := 0
	for _, r := range plan.Rows {
		for _, side := range []struct {
			config *awsconfig.Config
			name   string
		}{{before, r.Before}, {after, r.After}} {
			if side.name == "" {
				continue
			}
			p, ok := side.config.Profile(side.name)
			if !ok || p.Get("sso_account_id") != r.Assignment.ID || p.Get("sso_role_name") != r.Assignment.Role || p.Get("sso_session") != r.Session {
				return fmt.Sprintf("the file has no %q as %+v says", side.name, r)
			}
		}
		if p, ok := after.Profile(r.After); ok && p.Get("region") != r.Region {
			return fmt.Sprintf("the region is not as %+v says", r)
		}
		if r.State == profiles.Removed {
			if p, ok := after.Profile(r.Profile); ok && p.Get("sso_account_id") == r.Assignment.ID && p.Get("sso_role_name") == r.Assignment.Role && p.Get("sso_session") == r.Session {
				return fmt.Sprintf("still there: %+v", r)
			}
		}
		if r.Listed() && (r.State != profiles.Unchanged || r.Was() != "") {
			rows++
		}
	}
	if rows > want {
		return fmt.Sprintf("%d rows for %d assignments", rows, want)
	}
	return ""
}
