package profiles

import (
	"bytes"
	"context"
	"sync"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/safefile"
)

// Source is a session to list.
type Source struct {
	Session portal.Session
	Portal  *portal.Client
}

// Sync is one run.
type Sync struct {
	ConfigPath, CredentialsPath string
	// Config, if not nil, is the two files as they were read before. They are
	// not parsed again where they still hold the same.
	Config      *awsconfig.Config
	Store       *safefile.Store
	Concurrency int // calls at once, for each session
	Options     Options
	// Progress is called by List with how many accounts of all sessions were asked
	// and how many are known so far.
	Progress func(done, known int)
}

// List asks the portal for the assignments of every session in the accounts that
// the filter picks, all sessions at once: each has a pace of its own. What could
// not be listed is in the listings.
func (s *Sync) List(ctx context.Context, sources []Source) []Input {
	inputs := make([]Input, len(sources))
	var pick func(portal.Account) bool
	if globs := s.Options.Filter.Accounts; !globs.matchAll() {
		pick = func(a portal.Account) bool { return globs.match(a.ID, a.Name) }
	}
	progress := sumProgress(s.Progress)
	var wg sync.WaitGroup
	for i, source := range sources {
		part := progress()
		wg.Go(func() {
			inputs[i] = Input{
				Session: source.Session,
				Listing: source.Portal.List(ctx, s.Concurrency, pick, part),
			}
		})
	}
	wg.Wait()
	return inputs
}

// Check refuses a session that no profiles can be made for: one whose name not
// every AWS client reads, as a fault of kind Config, and one of another
// partition than a region that the options give all profiles, as a fault of
// kind Usage.
func (s *Sync) Check(session portal.Session) error {
	if !awsconfig.PortableName(session.Name) {
		return fault.Newf(fault.Config, "the session name %q is not read by every AWS client", session.Name).
			WithHint("rename the section: letters, digits and _@+.%%:/- only")
	}
	return s.Options.Regions.checkAll(session)
}

// Preview plans and writes nothing.
func (s *Sync) Preview(ctx context.Context, inputs []Input) (*Plan, error) {
	file, err := awsconfig.ReadFile(ctx, s.ConfigPath, awsconfig.ConfigFile)
	if err != nil {
		return nil, err
	}
	plan, err := s.plan(ctx, file.Bytes(), inputs)
	if err != nil {
		return nil, err
	}
	_, err = plan.edit.Bytes()
	return plan, err
}

// Write plans and writes, under the lock and with what the file holds then. A
// plan without changes leaves the file as it is, to its modification time.
func (s *Sync) Write(ctx context.Context, inputs []Input) (*Plan, error) {
	var plan *Plan
	target := safefile.Target{Path: s.ConfigPath, Backup: awsconfig.BackupSuffix}
	_, err := s.Store.Update(ctx, target, func(old []byte) ([]byte, error) {
		var err error
		if plan, err = s.plan(ctx, old, inputs); err != nil {
			return nil, err
		}
		return plan.edit.Bytes()
	})
	if err != nil {
		return nil, err
	}
	return plan, nil
}

func (s *Sync) plan(ctx context.Context, old []byte, inputs []Input) (*Plan, error) {
	credentials, err := awsconfig.ReadFile(ctx, s.CredentialsPath, awsconfig.CredentialsFile)
	if err != nil {
		return nil, err
	}
	config := s.Config
	if config == nil || !holds(config.ConfigFile(), old) || !holds(config.CredentialsFile(), credentials.Bytes()) {
		config = awsconfig.Merge(awsconfig.Parse(s.ConfigPath, awsconfig.ConfigFile, old), credentials)
	}
	if s.Options.Adopt {
		return newAdoption(config, inputs, s.Options)
	}
	return newPlan(config, inputs, s.Options)
}

func holds(f *awsconfig.File, text []byte) bool { return bytes.Equal(f.Bytes(), text) }

// sumProgress returns a function that makes the progress function of one more
// listing; all of them tell the sums of all listings.
func sumProgress(tell func(done, known int)) func() func(done, known int) {
	var mu sync.Mutex
	var allDone, allKnown int
	return func() func(done, known int) {
		var lastDone, lastKnown int
		return func(done, known int) {
			mu.Lock()
			defer mu.Unlock()
			allDone, allKnown = allDone+done-lastDone, allKnown+known-lastKnown
			lastDone, lastKnown = done, known
			tell(allDone, allKnown)
		}
	}
}
