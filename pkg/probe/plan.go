package probe

import (
	"cmp"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// plan is what there is to do: the jobs in the order of the first profile of
// each, and the results that are known without a call.
type plan struct {
	jobs  []*job
	known []Result
}

// job is one STS call: the profiles that share credentials and STS.
type job struct {
	unit  *unit
	sts   stsAt
	asked []asked
}

type jobKey struct {
	unit *unit
	sts  stsAt
}

// asked is one profile that was asked for.
type asked struct {
	index   int
	profile *awsconfig.Profile
	session string
}

// result is what is known of the profile before anything was asked.
func (a asked) result(j *job) Result {
	account, role := j.unit.names()
	return Result{
		Profile: a.profile.Name, Index: a.index, Region: j.sts.region, Session: a.session,
		AccountID: account, RoleName: role,
	}
}

// planner makes the plan, in one pass over the names.
type planner struct {
	*run
	sessions sessions
	units    map[unitKey]*unit
	jobs     map[jobKey]*job
	plan     plan
}

func (r *run) plan(names []string) *plan {
	pl := &planner{
		run: r, sessions: sessions{config: r.Config},
		units: make(map[unitKey]*unit, len(names)), jobs: make(map[jobKey]*job, len(names)),
	}
	for i, name := range names {
		profile, ok := r.Config.Profile(name)
		if !ok {
			err := fault.Newf(fault.Config, "there is no profile of this name in %s", r.Config.ConfigFile().Path())
			pl.plan.known = append(pl.plan.known, failure(Result{Profile: name, Index: i}, err, nil, ""))
			continue
		}
		pl.add(i, profile)
	}
	return &pl.plan
}

func (pl *planner) add(index int, p *awsconfig.Profile) {
	session, _ := SessionOf(pl.Config, p)
	region := pl.region(p)
	at, err := pl.where(p, region)
	var u *unit
	if err == nil {
		u, err = pl.unit(p, at, nil)
	}
	if err == nil {
		err = pl.checkRegion(p, region)
	}
	if err != nil {
		account, role := namesIn(p)
		known := Result{Profile: p.Name, Index: index, Region: region, Session: session, AccountID: account, RoleName: role}
		pl.plan.known = append(pl.plan.known, failure(known, err, nil, ""))
		return
	}
	key := jobKey{u, at.sts}
	j := pl.jobs[key]
	if j == nil {
		j = &job{unit: u, sts: at.sts}
		pl.jobs[key] = j
		pl.plan.jobs = append(pl.plan.jobs, j)
		u.users.Add(1)
	}
	j.asked = append(j.asked, asked{index, p, session})
}

// unit finds or makes the unit of a profile. first is the one that was asked
// for, if that names this one as source_profile, itself or by way of others; at
// is where the calls of the first go.
func (pl *planner) unit(p *awsconfig.Profile, at where, first *awsconfig.Profile) (*unit, error) {
	key := unitKey{profile: p.Name}
	from := originOf(p, first != nil)
	var given assignment
	switch from {
	case fromPortal:
		var err error
		if given, err = pl.sessions.assignment(p); err != nil {
			return nil, err
		}
		if err := entrust(cmp.Or(first, p), wire.Portal, at.portal); err != nil {
			return nil, err
		}
		key = unitKey{session: keyOf(given.session), account: given.account, role: given.role, at: where{portal: at.portal}}
	case fromRole, fromWebToken:
		key.at = at // where STS is asked for the role, and for the source
	}
	key.origin = from
	if u := pl.units[key]; u != nil {
		return u, nil
	}
	u := &unit{origin: from, profile: p, at: at, assignment: given}
	if err := pl.complete(u, first); err != nil {
		return nil, err
	}
	pl.units[key] = u
	return u, nil
}

// complete looks at all that a unit needs before anybody is asked.
func (pl *planner) complete(u *unit, first *awsconfig.Profile) error {
	p := u.profile
	switch u.origin {
	case fromRole:
		return pl.completeRole(u, first)
	case fromWebToken:
		if p.Get("role_arn") == "" {
			return invalid(p, "web_identity_token_file", "role_arn is missing")
		}
		return entrust(cmp.Or(first, p), wire.STS, u.at.sts.endpoint)
	case fromKeys:
		return completeKeys(p)
	case fromProcess:
		if !pl.AllowProcess {
			return skip(p, "credential_process", "runs with --allow-process only")
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
		return &finding{Skipped, fault.Newf(fault.Nothing, "the profile has no credentials of its own")}
	}
	return nil
}

// machines are what credential_source may name, spelled as the AWS CLI wants it.
var machines = []string{"Ec2InstanceMetadata", "EcsContainer", "Environment"}

func completeKeys(p *awsconfig.Profile) error {
	for _, key := range []string{"aws_access_key_id", "aws_secret_access_key"} {
		if value, _ := p.LookupIn(keyFile(p), key); value != "" {
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

// circle says where the profiles that a role leads to name one that was passed
// already. Only a profile that names itself may, if it has keys to lend. It is a
// circle for the profile that was asked for: from elsewhere on it the way may end
// in keys.
func (pl *planner) circle(p *awsconfig.Profile) error {
	for passed := map[*awsconfig.Profile]bool{}; ; {
		passed[p] = true
		source, ok := pl.Config.Profile(p.Get("source_profile"))
		switch role := ok && originOf(source, true) == fromRole; {
		case ok && passed[source] && (role || source != p):
			return invalid(p, "source_profile", "the profiles name one another in a circle")
		case !role:
			return nil
		}
		p = source
	}
}

func (pl *planner) completeRole(u *unit, first *awsconfig.Profile) error {
	p := u.profile
	name, ok := p.Lookup("source_profile")
	_, machine := p.Lookup("credential_source")
	switch {
	case !ok:
		return invalid(p, "role_arn", "source_profile is missing")
	case machine:
		return invalid(p, "credential_source", "source_profile and credential_source exclude each other")
	}
	source, ok := pl.Config.Profile(name)
	if !ok {
		return invalid(p, "source_profile", "there is no profile %q", name)
	}
	if first == nil {
		first = p
		if err := pl.circle(p); err != nil {
			return err
		}
	}
	if originOf(source, true) == fromNowhere {
		return invalid(p, "source_profile", "the source_profile %q has no credentials of its own", name)
	}
	if serial, ok := p.Lookup("mfa_serial"); ok { // the AWS CLI asks for a code even if it is empty
		return &finding{MFARequired, fault.Newf(fault.Config, "the role asks for a code of the device %q, see mfa_serial (%s); "+
			"to be asked for one, run: aws sts get-caller-identity --profile %s", serial, place(p, "mfa_serial"), fault.Word(first.Name))}
	}
	var err error
	if u.source, err = pl.unit(source, u.at, first); err != nil {
		return err
	}
	u.source.users.Add(1)
	return nil
}

// region is where STS is asked for a profile.
func (pl *planner) region(p *awsconfig.Profile) string {
	if own := p.Get("region"); own != "" {
		return own
	}
	if pl.Region != "" {
		return pl.Region
	}
	for chain := 0; p != nil && chain < maxChain; chain++ {
		switch originOf(p, chain > 0) {
		case fromPortal:
			a, _ := pl.sessions.assignment(p)
			return a.session.Region
		case fromRole:
			p, _ = pl.Config.Profile(p.Get("source_profile"))
		default:
			return anyRegion
		}
	}
	return anyRegion
}

const (
	// anyRegion is where the AWS CLI asks STS if nothing says otherwise.
	anyRegion = "us-east-1"
	// maxChain ends the search for a region where the profiles name one another
	// in a circle.
	maxChain = 16
)

func (pl *planner) checkRegion(p *awsconfig.Profile, region string) error {
	if own, ok := p.Lookup("region"); ok && own == "" && pl.Region == "" {
		return invalid(p, "region", "region is empty") // to the AWS CLI that is not the same as none
	}
	err := wire.CheckRegion(region)
	switch {
	case err == nil:
		return nil
	case p.Get("region") != "":
		return invalid(p, "region", "region: %s", err)
	}
	return fault.Newf(fault.Config, "AWS_REGION: %s", err)
}

// namesIn is the account and the role that a profile names, as far as it does.
func namesIn(p *awsconfig.Profile) (account, role string) {
	switch originOf(p, false) {
	case fromPortal:
		return p.Get("sso_account_id"), p.Get("sso_role_name")
	case fromRole, fromMachine, fromWebToken:
		return roleOf(p.Get("role_arn"))
	}
	return "", ""
}
