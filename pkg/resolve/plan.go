package resolve

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// Plan reads what the config says of each profile, without asking anybody. A
// name that the config does not have is a target with an Err.
func (r *Resolver) Plan(names []string) *Plan {
	pl := &planner{
		Plan: r.newPlan(), config: r.Config, sessions: sessions{config: r.Config},
		sets: make(map[setKey]*credentialSet, len(names)),
	}
	pl.targets = make([]*Target, len(names))
	for i, name := range names {
		t := &Target{Index: i, Profile: name, plan: pl.Plan}
		pl.targets[i] = t
		if p, ok := r.Config.Profile(name); ok {
			t.profile = p
			t.Err = pl.resolve(t)
		} else {
			t.Err = unknown(r.Config, name)
		}
	}
	return pl.Plan
}

func unknown(c *awsconfig.Config, name string) error {
	f := fault.Newf(fault.Config, "there is no profile of this name in %s", c.ConfigFile().Path())
	if misnamed := c.MisnamedProfile(name); misnamed != "" {
		f.What += "; " + misnamed
	}
	return f
}

// Assignment returns the one target of a plan for an assignment that needs no
// profile. Its calls go where the [Resolver.Wire] says.
func (r *Resolver) Assignment(a Assignment) *Target {
	set := newSet(fromPortal)
	w := cmp.Or(r.NoProfile, r.Wire)
	set.assignment, set.at = a, where{portal: w, tokens: w}
	set.users.Add(1)
	region := r.Region
	if region == "" {
		region = a.Session.Region
	}
	p := r.newPlan()
	p.targets = []*Target{{
		Session: a.Session, Region: region, AccountID: a.AccountID, RoleName: a.RoleName,
		plan: p, set: set, sts: stsAt{region, w},
	}}
	return p.targets[0]
}

// planner makes a Plan, in one pass over the names.
type planner struct {
	*Plan
	config   *awsconfig.Config
	sessions sessions
	sets     map[setKey]*credentialSet
}

// resolve fills in a target, or returns why it can have no credentials.
func (pl *planner) resolve(t *Target) error {
	p := t.profile
	ch := chainOf(pl.config, p)
	if last := ch.last(); last.origin == fromPortal {
		t.Session, _ = pl.sessions.of(last.profile)
	}
	t.Region = pl.region(p, ch, t.Session.Region)
	t.AccountID, t.RoleName = namesIn(p)
	at, err := pl.where(p, t.Region)
	if err != nil {
		return err
	}
	set, err := pl.set(ch, at)
	if err != nil {
		return err
	}
	if err := pl.checkRegion(p, at.sts); err != nil {
		return err
	}
	if err := pl.checkPartitions(ch, at.sts); err != nil {
		return err
	}
	t.set, t.sts = set, at.sts
	t.AccountID, t.RoleName = set.names()
	set.users.Add(1)
	return nil
}

// set finds or makes the credential set of a chain: that of its last link, and
// for each role on the way one more. The calls of all go where those of the
// first profile go.
func (pl *planner) set(ch chain, at where) (*credentialSet, error) {
	for _, l := range ch.links {
		if err := ch.checkRole(l.profile, l.origin); err != nil {
			return nil, err
		}
	}
	if ch.err != nil {
		return nil, ch.err
	}
	var set *credentialSet
	for i := len(ch.links) - 1; i >= 0; i-- {
		next, err := pl.link(ch, ch.links[i], at, set)
		if err != nil {
			return nil, err
		}
		set = next
	}
	return set, nil
}

// link finds or makes the credential set of one link of a chain. source is that
// of the next link, if there is one.
func (pl *planner) link(ch chain, l link, at where, source *credentialSet) (*credentialSet, error) {
	key := setKey{origin: l.origin, profile: l.profile.Name}
	var a Assignment
	switch l.origin {
	case fromPortal:
		var err error
		if a, err = pl.sessions.assignment(l.profile); err != nil {
			return nil, err
		}
		if err := pl.entrust(ch.links[0].profile, wire.Portal); err != nil {
			return nil, err
		}
		key = setKey{
			origin: fromPortal, session: keyOf(a.Session), account: a.AccountID, role: a.RoleName, at: where{portal: at.portal, tokens: at.tokens},
		}
	case fromRole, fromWebToken:
		key.at = at // where STS is asked for the role, and for the source
	}
	if set := pl.sets[key]; set != nil {
		return set, nil
	}
	if err := pl.check(ch, l); err != nil {
		return nil, err
	}
	set := newSet(l.origin)
	set.profile, set.at, set.assignment, set.source = l.profile, at, a, source
	if source != nil {
		source.users.Add(1)
	}
	pl.sets[key] = set
	return set, nil
}

func newSet(from origin) *credentialSet {
	return &credentialSet{origin: from, turn: make(chan struct{}, 1)}
}

// checkRole looks at the keys of a role before anybody is asked.
func (ch chain) checkRole(p *awsconfig.Profile, from origin) error {
	if from != fromRole {
		return nil
	}
	_, source := p.Lookup("source_profile")
	_, machine := p.Lookup("credential_source")
	if source && machine {
		return invalid(p, "credential_source", "source_profile and credential_source exclude each other")
	}
	serial, ok := p.Lookup("mfa_serial") // the AWS CLI asks for a code even if it is empty
	if !ok || ch.err != nil {
		return nil
	}
	return &finding{MFARequired, fault.Newf(fault.Config, "the role needs an MFA code from %q, see mfa_serial (%s); "+
		"to be asked for one, run: aws sts get-caller-identity --profile %s",
		serial, place(p, "mfa_serial"), fault.Word(ch.links[0].profile.Name))}
}

// check looks at all that a link needs before anybody is asked.
func (pl *planner) check(ch chain, l link) error {
	p := l.profile
	switch l.origin {
	case fromWebToken:
		if p.Get("role_arn") == "" {
			return invalid(p, "web_identity_token_file", "role_arn is missing")
		}
		return pl.entrust(ch.links[0].profile, wire.STS)
	case fromKeys:
		return checkKeys(p)
	case fromProcess:
		// before anything that --allow-process could mend: it would be no remedy
		if err := checkCircle(p); err != nil {
			return err
		}
		if !pl.resolver.AllowProcess {
			return skip(p, "credential_process", "only runs with --allow-process")
		}
	case fromMachine:
		if source := p.Get("credential_source"); !slices.Contains(machines, source) {
			return invalid(p, "credential_source", "credential_source is %q, and not %s or %s",
				source, strings.Join(machines[:len(machines)-1], ", "), machines[len(machines)-1])
		}
		return skip(p, "credential_source", "takes the credentials of the machine, not of the profile")
	case fromLogin:
		return skip(p, "login_session", "is the AWS CLI's own login, not Identity Center's")
	case fromNowhere:
		if n := len(ch.links); n > 1 {
			return invalid(ch.links[n-2].profile, "source_profile", "the source_profile %q has no credentials of its own", p.Name)
		}
		return &finding{Skipped, fault.Newf(fault.Nothing, "the profile has no credentials of its own")}
	}
	return nil
}

// machines are what credential_source may name, spelled as the AWS CLI wants it.
var machines = []string{"Ec2InstanceMetadata", "EcsContainer", "Environment"}

func checkKeys(p *awsconfig.Profile) error {
	for _, key := range []string{"aws_access_key_id", "aws_secret_access_key"} {
		switch value, _ := p.LookupIn(keyFile(p), key); {
		case !wire.Carries(value):
			return invalid(p, key, "%s has characters that HTTP cannot carry", key)
		case value != "":
			continue
		}
		if p.InConfig() && p.InCredentials() && key == "aws_secret_access_key" {
			return invalid(p, "aws_access_key_id", "%s is missing beside it", key)
		}
		return invalid(p, "", "%s is missing", key)
	}
	return nil
}

func skip(p *awsconfig.Profile, key, why string) error {
	return &finding{Skipped, fault.Newf(fault.Nothing, "%s %s (%s)", key, why, place(p, key))}
}

// anyRegion is where the AWS CLI asks STS if nothing says otherwise.
const anyRegion = "us-east-1"

// region returns where STS is asked for a profile. ssoRegion is that of the
// session that it reaches.
func (pl *planner) region(p *awsconfig.Profile, ch chain, ssoRegion string) string {
	if own := p.Get("region"); own != "" {
		return own
	}
	if pl.resolver.Region != "" {
		return pl.resolver.Region
	}
	if ch.last().origin == fromPortal {
		return ssoRegion
	}
	return anyRegion
}

func (pl *planner) checkRegion(p *awsconfig.Profile, at stsAt) error {
	if own, ok := p.Lookup("region"); ok && own == "" && pl.resolver.Region == "" {
		return invalid(p, "region", "region is empty") // to the AWS CLI that is not the same as none
	}
	err := at.wire.CheckRegion(wire.STS, at.region)
	switch {
	case err == nil:
		return nil
	case p.Get("region") != "":
		return invalid(p, "region", "region: %s", err)
	}
	return fault.Newf(fault.Config, "AWS_REGION: %s", err)
}

// checkPartitions compares the partition of each role with that of the region
// where STS is asked for it: no STS knows roles of another. An endpoint that was
// configured may be anybody's, and is asked.
func (pl *planner) checkPartitions(ch chain, at stsAt) error {
	here := wire.Partition(at.region)
	if here == "" || at.wire.Moved(wire.STS) {
		return nil
	}
	p := ch.links[0].profile
	for _, l := range ch.links {
		if l.origin != fromRole && l.origin != fromWebToken {
			continue
		}
		role, err := arn.Parse(l.profile.Get("role_arn"))
		switch {
		case err != nil || role.Partition == here:
			continue
		case p.Get("region") != "":
			return invalid(p, "region", "region %s is of the partition %s, and the role_arn of %q is of %s", at.region, here, l.profile.Name, role.Partition)
		case pl.resolver.Region != "":
			return invalid(l.profile, "role_arn", "role_arn is of the partition %s, and AWS_REGION, %s, is of %s", role.Partition, at.region, here)
		}
		return invalid(l.profile, "role_arn", "role_arn is of the partition %s, and %s, where STS is asked without a region, is of %s",
			role.Partition, at.region, here)
	}
	return nil
}

// namesIn returns the account and the role that a profile names, as far as it
// does.
func namesIn(p *awsconfig.Profile) (account, role string) {
	switch originOf(p, false) {
	case fromPortal:
		return p.Get("sso_account_id"), p.Get("sso_role_name")
	case fromRole, fromMachine, fromWebToken:
		return roleOf(p.Get("role_arn"))
	}
	return "", ""
}
