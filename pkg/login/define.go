package login

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/wire"
)

// Definition is an [sso-session] that is to stand in the config once a login to
// it has succeeded.
type Definition struct {
	// Session has the name, the start URL (as [portal.CleanStartURL] returns
	// it) and, where it is known, the region. Nil Scopes mean that nothing was
	// said of them: a new session gets [oidc.DefaultScope], one that exists
	// keeps its own. Scopes that are empty remove the key.
	Session portal.Session

	// Replace gives a session that exists these values in the place of its own.
	Replace bool
}

// Change is a key of an existing session whose value a definition would change.
type Change struct {
	Key      string
	Old, New string // empty: the key is absent
}

// Changes returns what a definition would change in a session that exists, in
// the order of its keys; none where the session has these values already.
func (d Definition) Changes(existing *awsconfig.Session) []Change {
	var changes []Change
	for _, kv := range d.keys(existing) {
		old := existing.Get(kv.Key)
		if kv.Key == keyStartURL {
			if clean, err := portal.CleanStartURL(old); err == nil && clean == kv.Value {
				continue // the same portal, written in another way
			}
		}
		if kv.Key == keyRegion && old == "" && kv.Value == portal.RegionOf(existing.StartURL) {
			continue
		}
		if kv.Key == keyScopes && old == "" && kv.Value == oidc.DefaultScope {
			continue
		}
		if old != kv.Value {
			changes = append(changes, Change{kv.Key, old, kv.Value})
		}
	}
	return changes
}

const (
	keyStartURL = "sso_start_url"
	keyRegion   = "sso_region"
	keyScopes   = "sso_registration_scopes"
)

// keys returns the keys that the definition wants; one without a value is to be
// absent. existing is nil for a new session.
func (d Definition) keys(existing *awsconfig.Session) []awsconfig.KeyValue {
	keys := []awsconfig.KeyValue{{Key: keyStartURL, Value: d.Session.StartURL}}
	if d.Session.Region != "" {
		keys = append(keys, awsconfig.KeyValue{Key: keyRegion, Value: d.Session.Region})
	}
	switch {
	case d.Session.Scopes != nil:
		keys = append(keys, awsconfig.KeyValue{Key: keyScopes, Value: strings.Join(d.Session.Scopes, ",")})
	case existing == nil:
		keys = append(keys, awsconfig.KeyValue{Key: keyScopes, Value: oidc.DefaultScope})
	}
	return keys
}

// Define logs in to a session that the config does not have, or not with these
// values, and writes it to the config at path once the login has succeeded: a
// mistyped start URL leaves nothing behind. A session that has these values
// already is logged in to as [Engine.Ensure] does.
//
// A session that exists with other values is a fault of kind Usage, unless
// [Definition.Replace] is set; then a login is made in any case, and its token
// takes the place of the old one. The other faults are those of Ensure, kind
// Usage for a definition that cannot be used, and kind File or Config for a
// config that cannot be edited; that is tried before anybody is asked.
func (e *Engine) Define(ctx context.Context, path string, d Definition, o Options) (State, error) {
	if err := e.completeRegion(ctx, &d.Session); err != nil {
		return State{}, err
	}
	existing, next, err := d.rehearse(ctx, path)
	if err != nil {
		return State{}, err
	}
	s := d.Session
	if existing != nil {
		s = d.merged(existing)
		if next == nil {
			return e.Ensure(ctx, s, o)
		}
		o.Force = true
	} else {
		s.Unwritten = true
		if s.Scopes == nil {
			s.Scopes = []string{oidc.DefaultScope}
		}
	}
	st, err := e.Ensure(ctx, s, o)
	st.Session.Unwritten = false
	if err != nil {
		return st, err
	}
	if err := e.writeDefinition(ctx, path, d); err != nil {
		return State{}, fault.Annotate(err, "logged in, but cannot write [sso-session %s]", s.Name).OrKind(fault.File)
	}
	e.notify(Notice, s, fmt.Sprintf("wrote [sso-session %s] to %s", s.Name, path), "")
	return st, nil
}

// completeRegion sets the region of a session from its start URL, where nothing
// else says it.
func (e *Engine) completeRegion(ctx context.Context, s *portal.Session) error {
	if s.Region == "" {
		s.Region = portal.RegionOf(s.StartURL)
	}
	if s.Region == "" {
		resolved, err := portal.ResolveStartURL(ctx, e.Wire, s.StartURL)
		if err != nil {
			return err
		}
		s.Region = portal.RegionOf(resolved)
	}
	if s.Region == "" {
		return fault.Newf(fault.Usage, "the start URL %q does not say its region", s.StartURL).
			WithHint("add --sso-region REGION, that of the Identity Center instance")
	}
	if err := wire.CheckRegion(s.Region); err != nil {
		return fault.Wrap(fault.Usage, err, "--sso-region")
	}
	return nil
}

// merged returns the session as it stands once the definition is written over
// the one that exists.
func (d Definition) merged(existing *awsconfig.Session) portal.Session {
	s := d.Session
	if old := existing.StartURL; old != "" {
		if clean, err := portal.CleanStartURL(old); err == nil && clean == s.StartURL {
			s.StartURL = old // every client hashes it as it is written
		}
	}
	if s.Scopes == nil {
		s.Scopes = existing.Scopes
	}
	return s
}

// rehearse reads the config and makes the edit without writing it. It returns
// the session that exists, if one does, and the new content, nil where nothing
// changes.
func (d Definition) rehearse(ctx context.Context, path string) (existing *awsconfig.Session, next []byte, err error) {
	config, err := awsconfig.Load(ctx, path, "")
	if err != nil {
		return nil, nil, err
	}
	next, existing, err = d.edit(config.ConfigFile())
	if err != nil || next == nil {
		return existing, nil, err
	}
	return existing, next, safefile.Rehearse(path, len(next))
}

// edit returns the config with the definition in it, nil where it holds it
// already, and the session that it had.
func (d Definition) edit(file *awsconfig.File) (next []byte, existing *awsconfig.Session, err error) {
	edit := file.Edit()
	existing, ok := awsconfig.Merge(file, nil).Session(d.Session.Name)
	if !ok {
		keys := slices.DeleteFunc(d.keys(nil), func(kv awsconfig.KeyValue) bool { return kv.Value == "" })
		if err := edit.AddSession(d.Session.Name, keys...); err != nil {
			return nil, nil, err
		}
		next, err = edit.Bytes()
		return next, nil, err
	}
	changes := d.Changes(existing)
	switch {
	case len(changes) == 0:
		return nil, existing, nil
	case !d.Replace:
		return nil, existing, d.conflict(existing, changes)
	}
	for _, c := range changes {
		if c.New == "" {
			err = edit.UnsetSession(d.Session.Name, c.Key)
		} else {
			err = edit.SetSession(d.Session.Name, awsconfig.KeyValue{Key: c.Key, Value: c.New})
		}
		if err != nil {
			return nil, existing, err
		}
	}
	next, err = edit.Bytes()
	return next, existing, err
}

// conflict refuses to change a session that exists: whoever logs in by its name
// today would log in elsewhere tomorrow.
func (d Definition) conflict(existing *awsconfig.Session, changes []Change) error {
	var differ []string
	for _, c := range changes {
		differ = append(differ, fmt.Sprintf("%s = %s, not %s", c.Key, orAbsent(c.Old), orAbsent(c.New)))
	}
	path, line := existing.Pos("")
	words := []string{"sso-login", d.Session.Name, "--sso-start-url", d.Session.StartURL, "--sso-region", d.Session.Region, "--replace"}
	for i, word := range words {
		words[i] = fault.Word(word)
	}
	return fault.New(fault.Usage, fmt.Sprintf("%s:%d", path, line),
		fmt.Sprintf("[sso-session %s] already exists with %s", d.Session.Name, strings.Join(differ, "; "))).
		WithHint("to change it, run: %s", strings.Join(words, " "))
}

func orAbsent(value string) string {
	if value == "" {
		return "(none)"
	}
	return value
}

// writeDefinition writes the session to the config. Where that fails and the
// config has a session of this name with other values, the token just stored is
// removed: the AWS CLI looks for tokens by the name alone, and would use it for
// that other session.
func (e *Engine) writeDefinition(ctx context.Context, path string, d Definition) error {
	ctx, stop := outlive(ctx)
	defer stop()
	foreign := false
	target := safefile.Target{Path: path, Backup: awsconfig.BackupSuffix}
	_, err := e.Cache.Store.Update(ctx, target, func(old []byte) ([]byte, error) {
		next, existing, err := d.edit(awsconfig.Parse(path, awsconfig.ConfigFile, old))
		foreign = existing != nil && len(d.Changes(existing)) > 0
		switch {
		case err != nil:
			return nil, err
		case next == nil:
			return old, nil
		}
		return next, nil
	})
	if err != nil && foreign {
		if _, rerr := e.Cache.RemoveToken(ctx, d.Session.Key()); rerr != nil {
			e.notify(Warning, d.Session, "cannot remove the token: "+rerr.Error(), fault.HintOf(rerr))
		}
	}
	return err
}
