package cli

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

// Environment reads the suite's settings from the environment, as the AWS CLI
// and the SDKs do.
type Environment struct {
	Getenv func(string) string
	Home   func() (string, error)
}

// Paths holds the absolute paths of the files that the suite works on.
type Paths struct {
	Config      string // ~/.aws/config, or AWS_CONFIG_FILE
	Credentials string // ~/.aws/credentials, or AWS_SHARED_CREDENTIALS_FILE
	Tokens      string // ~/.aws/sso/cache: no client lets it be moved
	Roles       string // ~/.aws/cli/cache, the AWS CLI's own
	Locks       string // ~/.aws/sso/lock
}

// Paths returns the paths. Without a usable home folder the error is a fault of
// kind Usage: a relative path would put secrets wherever the program was
// started.
func (e Environment) Paths() (Paths, error) {
	home, err := e.Home()
	switch {
	case err != nil || home == "":
		return Paths{}, fault.New(fault.Usage, "the home folder is not known", homeVariable+" is not set").
			WithHint("set %s to your home folder", homeVariable)
	case !filepath.IsAbs(home):
		return Paths{}, fault.Newf(fault.Usage, "%s is not an absolute path: %s", homeVariable, fault.Path(home)).
			WithHint("set %s to your home folder", homeVariable)
	}
	aws := filepath.Join(home, ".aws")
	p := Paths{
		Config:      filepath.Join(aws, "config"),
		Credentials: filepath.Join(aws, "credentials"),
		Tokens:      filepath.Join(aws, "sso", "cache"),
		Roles:       filepath.Join(aws, "cli", "cache"),
		Locks:       filepath.Join(aws, "sso", "lock"),
	}
	if v := e.Getenv("AWS_CONFIG_FILE"); v != "" {
		if p.Config, err = e.expand(v, home); err != nil {
			return Paths{}, err
		}
	}
	if v := e.Getenv("AWS_SHARED_CREDENTIALS_FILE"); v != "" {
		if p.Credentials, err = e.expand(v, home); err != nil {
			return Paths{}, err
		}
	}
	return p, nil
}

// expand reads ~ and $VAR in a path as the AWS CLI does. The SDKs take it
// literally, but then find no file, so nobody relies on that.
func (e Environment) expand(path, home string) (string, error) {
	path = os.Expand(path, e.Getenv)
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		path = filepath.Join(home, rest)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fault.Wrap(fault.Usage, err, "cannot make sense of the path %s", fault.Path(path))
	}
	return abs, nil
}

// Region returns the region that the environment sets, "" for none. The AWS CLI
// and the Go SDK look in this order.
func (e Environment) Region() string {
	if r := e.Getenv("AWS_REGION"); r != "" {
		return r
	}
	return e.Getenv("AWS_DEFAULT_REGION")
}

// Profile returns the profile that the environment names, "" for none.
func (e Environment) Profile() string {
	if p := e.Getenv("AWS_PROFILE"); p != "" {
		return p
	}
	return e.Getenv("AWS_DEFAULT_PROFILE")
}

// Wire returns what the environment says about reaching AWS.
func (e Environment) Wire() (wire.Settings, error) {
	s := wire.Settings{
		FIPS:      toSwitch(e.Getenv("AWS_USE_FIPS_ENDPOINT")),
		DualStack: toSwitch(e.Getenv("AWS_USE_DUALSTACK_ENDPOINT")),
		CABundle:  e.Getenv("AWS_CA_BUNDLE"),
	}
	if e.Getenv("REQUESTS_CA_BUNDLE") != "" {
		s.CertificateNote = " (REQUESTS_CA_BUNDLE is set: the AWS CLI takes that, too, and this program does not)"
	}
	proxy, err := e.proxy()
	if err != nil {
		return s, err
	}
	s.Proxy = proxy
	if !e.IgnoresEndpoints() {
		s.Endpoint = e.Getenv("AWS_ENDPOINT_URL")
		s.Endpoints = map[wire.Service]string{}
		for _, service := range wire.Services() {
			s.Endpoints[service] = e.Getenv(service.EnvironmentVariable())
		}
	}
	if v := e.Getenv("AWS_MAX_ATTEMPTS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return s, fault.Newf(fault.Usage, "AWS_MAX_ATTEMPTS must be a number from 1 on, not %q", v)
		}
		s.MaxAttempts = n
	}
	return s, nil
}

// IgnoresEndpoints reports whether endpoints configured in the environment or a
// file are ignored.
func (e Environment) IgnoresEndpoints() bool {
	return isTrue(e.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))
}

// toSwitch reads a variable that a client takes for on where it says true, and
// for off where it says anything else.
func toSwitch(v string) wire.Switch {
	switch {
	case v == "":
		return wire.Unset
	case isTrue(v):
		return wire.On
	}
	return wire.Off
}

func isTrue(v string) bool { return strings.EqualFold(v, "true") }

// Environment returns the environment that the run reads its settings from.
func (a *App) Environment() Environment { return a.env }

// Wire returns the connection to AWS that the environment and the flags
// describe. A run has one.
func (a *App) Wire() (*wire.Wire, error) {
	if a.wire != nil {
		return a.wire, nil
	}
	s, err := a.env.Wire()
	if err != nil {
		return nil, err
	}
	s.Timeout = a.Common.Timeout
	s.Read = func(path string, max int64) ([]byte, error) { return safefile.ReadStream(a.ctx, path, max) }
	s.Throttled = func() {
		if !a.ErrTerminal { // there the progress line says it
			a.noteOnce("AWS asks for fewer calls; waiting, and going on as fast as it lets through")
		}
	}
	s.Program, s.Version = a.Program.Name, a.Program.Version
	if a.Verbose() {
		s.Log = a.logExchange
	}
	a.wire, err = wire.New(s)
	return a.wire, err
}

func (a *App) logExchange(x wire.Exchange) {
	status := "no answer"
	if x.Status > 0 {
		status = strconv.Itoa(x.Status)
	}
	text := x.Method + " " + x.Host + x.Path + " " + status + " " + x.Duration.Round(100_000).String()
	if x.RequestID != "" {
		text += " " + x.RequestID
	}
	if x.Err != nil {
		text += " (" + fault.KindOf(wire.Fault(x.Err, "")).String() + ")"
	}
	a.Detail("%s", text)
}

// Store returns what writes and locks the suite's files. A run has one.
func (a *App) Store(p Paths) *safefile.Store {
	if a.store == nil {
		a.store = &safefile.Store{LockDir: p.Locks, Notice: func(text string) { a.noteOnce("%s", text) }}
	}
	return a.store
}

// Tokens returns the caches of tokens and role credentials.
func (a *App) Tokens(p Paths) *tokencache.Cache {
	return &tokencache.Cache{
		Dir: p.Tokens, RoleDir: p.Roles, Store: a.Store(p),
		Note: func(text string) { a.Detail("%s", text) },
	}
}

// Begin returns what every command starts with: the names to work on, the paths
// of the files, and the config. Messages call the names what. A config that the
// AWS CLI could not read is a fault of kind Config with file and line.
func (a *App) Begin(ctx context.Context, args []string, what string) (names []Name, paths Paths, config *awsconfig.Config, err error) {
	if names, err = a.names(ctx, args, what); err != nil {
		return nil, Paths{}, nil, err
	}
	if paths, err = a.env.Paths(); err != nil {
		return nil, Paths{}, nil, err
	}
	needed := make([]string, len(names))
	for i, n := range names {
		needed[i] = n.Text
	}
	if config, err = awsconfig.Load(a.ctx, paths.Config, paths.Credentials, needed...); err != nil {
		return nil, Paths{}, nil, err
	}
	return names, paths, config, config.Err()
}
