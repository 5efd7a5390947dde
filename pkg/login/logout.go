package login

import (
	"context"
	"errors"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/tokencache"
)

// Logout ends the session at the portal, and removes its token and the role
// credentials that the AWS CLI has cached for it ([Engine.Roles]). Role
// credentials that were issued stay valid at AWS until they expire. Other
// sessions stay as they are. existed reports whether there was a token file;
// that there was none is no error.
//
// The files are removed even if the portal cannot be reached; the error then is of kind
// Unreachable, Timeout or Reply. It is of kind File for a file that is still
// there, and joins both where both happened.
func (e *Engine) Logout(ctx context.Context, s portal.Session) (existed bool, err error) {
	release, err := e.Cache.Store.Lock(ctx, refreshLock(s))
	if err != nil {
		return false, fault.Annotate(err, "cannot log out of %s", quoted(s)).OrKind(fault.File)
	}
	defer release()

	// Whatever is in the file, also of a start URL that the session had before.
	t, found, err := e.Cache.Token(ctx, s.Key())
	if err == nil && found {
		err = e.endAtPortal(ctx, s, t)
	}
	atPortal := err

	// What was asked for is done also if the portal used up the time.
	local, stop := outlive(ctx)
	defer stop()
	existed, err = e.Cache.RemoveToken(local, s.Key())
	switch {
	case err != nil:
		err = fault.Annotate(err, "cannot remove the token of %s", quoted(s)).OrKind(fault.File)
	case atPortal != nil:
		atPortal = fault.Annotate(atPortal, "logged out on this machine only")
	}
	return existed, errors.Join(atPortal, err, e.removeRoles(local, s))
}

// removeRoles removes the role credentials that are cached for the session.
func (e *Engine) removeRoles(ctx context.Context, s portal.Session) error {
	if e.Roles == nil {
		return nil
	}
	_, err := e.Cache.RemoveRoles(ctx, s.Key(), e.Roles(s))
	return err
}

// endAtPortal revokes a token. The portal takes the access token only, so one
// that has expired is refreshed for it: else the session would live on.
func (e *Engine) endAtPortal(ctx context.Context, s portal.Session, t tokencache.Token) error {
	if e.left(t) <= 0 {
		if !e.refreshable(s, t) || !owns(s, t) {
			return nil
		}
		r, err := e.spend(ctx, s, t)
		switch {
		case errors.Is(err, errOver):
			return nil
		case err != nil:
			return fault.Annotate(err, "cannot end %s at the portal", quoted(s))
		}
		t = r.token
	}
	if t.Region == "" {
		t.Region = s.Region
	}
	if err := portal.Logout(ctx, e.Wire, t.Region, t.AccessToken); err != nil {
		return fault.Annotate(err, "%s", quoted(s))
	}
	return nil
}
