package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/wire"
)

// obtain gets a unit's credentials. What the plan could tell without asking
// anybody is told already.
func (r *run) obtain(u *unit) (aws.Credentials, error) {
	switch u.origin {
	case fromPortal:
		return r.roleCredentials(u)
	case fromRole:
		return r.assumeRole(u)
	case fromWebToken:
		return r.assumeRoleWithToken(u)
	case fromProcess:
		return runProcess(r.ctx, u.profile)
	default:
		value := func(key string) string {
			value, _ := u.profile.LookupIn(keyFile(u.profile), key)
			return value
		}
		return credentials.NewStaticCredentialsProvider(
			value("aws_access_key_id"), value("aws_secret_access_key"),
			cmp.Or(value("aws_security_token"), value("aws_session_token")), // the old name first, as in the AWS CLI
		).Retrieve(r.ctx)
	}
}

// portalKey tells apart the portals of sessions, and their endpoints.
type portalKey struct {
	session  sessionKey
	endpoint string
}

// portalOf is the portal of one session.
type portalOf struct {
	client *portal.Client
	route  *route
	err    error // the region makes no client

	over error // there is no login; guarded by run.mu
}

func (r *run) portal(u *unit) *portalOf {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, p := u.assignment.session, u.profile
	key := portalKey{keyOf(s), u.at.portal}
	if po := r.portals[key]; po != nil {
		return po
	}
	po := &portalOf{}
	r.portals[key] = po
	w, err := r.Wire.WithEndpoint(wire.Portal, "endpoint_url", key.endpoint)
	if err != nil {
		po.err = err
		return po
	}
	cfg, err := w.Config(wire.Portal, s.Region, nil)
	if err != nil {
		po.err = err
		return po
	}
	po.route = r.newRoute(wire.Portal, cfg, key.endpoint, r.sessionPlace(s, p))
	po.client, po.err = portal.New(w, s.Region, wire.NewPace(), r.Tokens(s))
	return po
}

// sessionPlace says where the region of a session is set.
func (r *run) sessionPlace(s portal.Session, p *awsconfig.Profile) string {
	if section, ok := r.Config.Session(s.Name); ok && s.Name != "" {
		return setting("sso_region", "sso-session "+s.Name, section)
	}
	return setting("sso_region", "profile "+p.Name, p)
}

// roleCredentials asks the portal, unless the session is known to be over: then
// nobody asks again.
func (r *run) roleCredentials(u *unit) (aws.Credentials, error) {
	a := u.assignment
	po := r.portal(u)
	if err := r.overOf(po); err != nil {
		return aws.Credentials{}, err
	}
	var got aws.Credentials
	err := po.route.call(func(ctx context.Context) (err error) {
		got, err = po.client.RoleCredentials(ctx, a.account, a.role)
		return err
	})
	switch fault.KindOf(err) {
	case fault.Login:
		return got, r.end(po, err)
	case fault.Denied:
		return got, denied(a, err)
	}
	return got, err
}

func (r *run) overOf(po *portalOf) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if po.over != nil {
		return po.over
	}
	return po.err
}

// end remembers that a session has no login, and tells it once. The error says
// what is the matter with the session, whichever role was asked for.
func (r *run) end(po *portalOf, err error) error {
	var cause *fault.Error
	if errors.As(errors.Unwrap(err), &cause) {
		err = cause
	}
	r.mu.Lock()
	first := po.over == nil
	if first {
		po.over = err
	}
	err = po.over
	r.mu.Unlock()
	if first {
		r.notify(err)
	}
	return err
}

// denied says what 403 means here: the token is good, the assignment is not.
func denied(a assignment, err error) error {
	f := fault.Newf(fault.Denied, "role %q is not assigned to you in account %s", a.role, a.account)
	var answered *fault.Error
	if errors.As(err, &answered) {
		f.Why = answered.Why
	}
	f.Err = err
	return f
}

func (r *run) assumeRole(u *unit) (aws.Credentials, error) {
	p := u.profile
	base, err := u.source.get(r)
	if err != nil {
		return aws.Credentials{}, fault.Annotate(err, "source_profile %q", p.Get("source_profile"))
	}
	service, err := r.sts(u.at.sts, p)
	if err != nil {
		return aws.Credentials{}, err
	}
	var got aws.Credentials
	err = service.route.call(func(ctx context.Context) error {
		lent := lentClient{service.client, with(base)}
		got, err = stscreds.NewAssumeRoleProvider(lent, p.Get("role_arn"), func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = cmp.Or(p.Get("role_session_name"), roleSessionName)
			if id, ok := p.Lookup("external_id"); ok {
				o.ExternalID = &id
			}
			if seconds, err := strconv.Atoi(p.Get("duration_seconds")); err == nil {
				o.Duration = time.Duration(seconds) * time.Second
			}
		}).Retrieve(ctx)
		return roleFault(err, p)
	})
	return got, err
}

func (r *run) assumeRoleWithToken(u *unit) (aws.Credentials, error) {
	service, err := r.sts(u.at.sts, u.profile)
	if err != nil {
		return aws.Credentials{}, err
	}
	p := u.profile
	var got aws.Credentials
	err = service.route.call(func(ctx context.Context) error {
		token := tokenFile(p.Get("web_identity_token_file"))
		got, err = stscreds.NewWebIdentityRoleProvider(service.client, p.Get("role_arn"), token, func(o *stscreds.WebIdentityRoleOptions) {
			o.RoleSessionName = cmp.Or(p.Get("role_session_name"), roleSessionName)
		}).Retrieve(ctx)
		var file *fs.PathError
		if errors.As(err, &file) {
			return invalid(p, "web_identity_token_file", "cannot read %q: %s", file.Path, file.Err)
		}
		return roleFault(err, p)
	})
	return got, err
}

// tokenFile is stscreds.IdentityTokenFile with an error that can be told apart.
type tokenFile string

// GetIdentityToken reads the file.
func (f tokenFile) GetIdentityToken() ([]byte, error) { return os.ReadFile(string(f)) }

// roleSessionName is what CloudTrail shows of a profile that names none.
const roleSessionName = "sso-test"

// roleFault is a failure to assume the role of a profile.
func roleFault(err error, p *awsconfig.Profile) error {
	if wire.Code(err) == "ValidationError" {
		// the request consists of the profile's keys
		return &finding{InvalidConfig, wire.Fault(err, "STS does not take what the profile says of the role %q", p.Get("role_arn"))}
	}
	return stsFault(err, "cannot assume %q", p.Get("role_arn"))
}

// lentClient is the region's client with credentials of its own.
type lentClient struct {
	client *sts.Client
	option func(*sts.Options)
}

// AssumeRole is what stscreds calls.
func (l lentClient) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput, options ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	return l.client.AssumeRole(ctx, in, append(options, l.option)...)
}

const (
	// processTimeout is how long a credential_process may run, as in the SDKs.
	processTimeout = time.Minute
	// processGrace is how long the children of a process that was ended may
	// hold its output open.
	processGrace = 500 * time.Millisecond
)

// runProcess runs a credential_process command. What it prints on standard
// output is secret, so nothing of it is ever told; the last line of its
// standard error is.
func runProcess(ctx context.Context, p *awsconfig.Profile) (aws.Credentials, error) {
	argv, err := processWords(p)
	if err != nil {
		return aws.Credentials{}, err
	}
	limited, cancel := context.WithTimeout(ctx, processTimeout)
	defer cancel()
	said := &lastLine{}
	builder := processcreds.NewCommandBuilderFunc(func(ctx context.Context) (*exec.Cmd, error) {
		// Without standard input: nobody is there to answer a question.
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // what it is for, and only with --allow-process
		cmd.Stderr, cmd.WaitDelay = said, processGrace
		return cmd, nil
	})
	got, err := processcreds.NewProviderCommand(builder, func(o *processcreds.Options) { o.Timeout = -1 }).Retrieve(limited)
	switch {
	case err == nil:
		return got, nil
	case ctx.Err() != nil:
		return aws.Credentials{}, wire.Fault(ctx.Err(), "the credential_process was stopped")
	case limited.Err() != nil:
		return aws.Credentials{}, fault.Newf(fault.Timeout, "the credential_process gave no answer within %s", processTimeout)
	}
	return aws.Credentials{}, &finding{Failed, processFault(err, said.text(), p.Get("credential_process"))}
}

// processWords are the program and the arguments of a credential_process. The
// AWS CLI asks no shell, though the Go SDK does: what only a shell understands
// must not pass here.
func processWords(p *awsconfig.Profile) ([]string, error) {
	command := p.Get("credential_process")
	if runtime.GOOS == "windows" {
		return []string{"cmd.exe", "/C", command}, nil // whose rules for quotes are about those of the AWS CLI there
	}
	switch words, ok := awsconfig.ShellWords(command); {
	case !ok:
		return nil, invalid(p, "credential_process", "credential_process ends within a quote, or in a backslash")
	case len(words) == 0:
		return nil, invalid(p, "credential_process", "credential_process holds no command")
	default:
		return words, nil
	}
}

func processFault(err error, said, command string) error {
	f := fault.New(fault.Process, "the credential_process failed", "what it printed are no credentials")
	var (
		exit  *exec.ExitError
		start *exec.Error
		path  *fs.PathError
	)
	switch {
	case errors.As(err, &exit):
		f.Why = exit.ProcessState.String()
	case errors.As(err, &start):
		f.Why = fmt.Sprintf("cannot run %q: %s", start.Name, start.Err)
	case errors.As(err, &path):
		f.Why = fmt.Sprintf("cannot run %q: %s", path.Path, path.Err)
	}
	if said != "" {
		f.Why += ": " + said
	}
	if runtime.GOOS != "windows" && strings.ContainsAny(command, "~$|&;<>`") {
		f.Why += ": the AWS CLI runs it without a shell"
	}
	return f
}

// lastLine keeps the end of what is written.
type lastLine struct{ tail []byte }

const tailSize = 1 << 10

func (l *lastLine) Write(b []byte) (int, error) {
	l.tail = append(l.tail, b...)
	l.tail = l.tail[max(0, len(l.tail)-tailSize):]
	return len(b), nil
}

func (l *lastLine) text() string {
	lines := strings.Split(strings.TrimSpace(string(l.tail)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
