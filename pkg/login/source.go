package login

import (
	"context"
	"errors"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

// Source is the session's token for those who call its portal. It reads the
// cache when first asked and refreshes the token when less than 15
// minutes are left, once for all callers and, by the lock, for all
// processes. It never logs in.
//
// Make one for a run and share it: what it learns, that the session is over
// for one, it tells every caller without asking AWS again.
func (e *Engine) Source(s portal.Session) portal.TokenSource { return e.SourceBy(e.Wire, s) }

// SourceBy is [Engine.Source] for callers whose profiles reach AWS by another
// way than the engine's: a refresh goes by w. Sources of one session share its
// token by the cache, so one refresh does for all of them.
func (e *Engine) SourceBy(w *wire.Wire, s portal.Session) portal.TokenSource {
	by := *e
	by.Wire = w
	return &source{engine: &by, session: s, turn: make(chan struct{}, 1), renewals: map[string]renewal{}}
}

// How long a refresh is not tried again: while the old token is good or the
// session is over, and while AWS cannot be reached. All calls of a moment share
// one outcome then, and a run gets over a fault that passes.
const (
	retryRefresh = time.Minute
	retryReach   = 5 * time.Second
)

type source struct {
	engine  *Engine
	session portal.Session

	turn chan struct{} // held by the caller at work; guards the rest

	token  tokencache.Token
	until  time.Time // when token ends, by our clock
	loaded bool
	issued time.Time // when a refresh here got token; zero: it was in the cache

	failed   error              // of the last refresh
	failedAt time.Time          // when that was
	renewals map[string]renewal // by the token that the portal refused
}

// renewal is what came of renewing a token.
type renewal struct {
	token string
	err   error
	at    time.Time
}

var _ portal.TokenSource = (*source)(nil)

// Token is part of [portal.TokenSource].
func (s *source) Token(ctx context.Context) (string, error) {
	if err := s.enter(ctx); err != nil {
		return "", err
	}
	defer s.leave()
	if err := s.load(ctx); err != nil {
		return "", err
	}
	now := s.engine.now()
	left := s.until.Sub(now)
	switch {
	case left >= defaultValidFor:
		return s.token.AccessToken, nil
	case left > 0 && (!s.engine.refreshable(s.session, s.token) || s.within(retryRefresh, s.issued) || s.within(retryRefresh, s.failedAt)):
		return s.token.AccessToken, nil
	case s.failed != nil && s.within(retryAfter(s.failed), s.failedAt):
		return "", s.failed
	}
	switch err := s.refresh(ctx); {
	case err == nil:
		return s.token.AccessToken, nil
	case left > 0 && ctx.Err() == nil:
		s.engine.warnOfRefresh(s.session, s.token, err)
		return s.token.AccessToken, nil
	default:
		return "", err
	}
}

// Renew is part of [portal.TokenSource].
func (s *source) Renew(ctx context.Context, refused string) (string, error) {
	if err := s.enter(ctx); err != nil {
		return "", err
	}
	defer s.leave()
	if done, ok := s.renewals[refused]; ok && (done.err == nil || s.within(retryAfter(done.err), done.at)) {
		return done.token, done.err
	}
	if s.loaded && s.token.AccessToken != refused {
		return s.token.AccessToken, nil
	}
	if err := s.load(ctx); err != nil {
		return "", err
	}
	err := s.revive(ctx, refused)
	if ctx.Err() != nil {
		return "", err // this caller's own end, not the others'
	}
	done := renewal{err: err, at: s.engine.now()}
	if err == nil {
		done.token = s.token.AccessToken
	}
	s.renewals[refused] = done
	return done.token, done.err
}

// revive gets another token in place of one that the portal refused, although
// it should be good: the session was ended, or somebody else refreshed.
func (s *source) revive(ctx context.Context, refused string) error {
	if s.within(retryRefresh, s.issued) {
		return s.ended("AWS refuses a token that it has just issued")
	}
	stale := s.token
	stale.AccessToken = refused
	r, err := s.engine.refresh(ctx, s.session, stale)
	if errors.Is(err, errOver) {
		return s.ended("AWS no longer accepts its token, which " + s.nominal())
	}
	if err != nil {
		return err
	}
	s.take(r)
	return nil
}

// nominal says until when the token claims to be valid.
func (s *source) nominal() string {
	verb := "would be good until "
	if s.engine.left(s.token) <= 0 {
		verb = "expired at "
	}
	return verb + s.engine.clock(s.token.ExpiresAt)
}

func (s *source) ended(why string) error {
	return &fault.Error{
		Kind: fault.Login, What: quoted(s.session) + " is over", Why: why,
		Hint: "run: " + s.session.LoginCommand("--force"), Err: errOver,
	}
}

// load reads the token once; later ones come from refreshes.
func (s *source) load(ctx context.Context) error {
	if s.loaded {
		return nil
	}
	t, found, err := s.engine.token(ctx, s.session)
	if err != nil {
		return err
	}
	if !found {
		return s.engine.missing(ctx, s.session)
	}
	s.token, s.until, s.loaded = t, t.ExpiresAt, true
	return nil
}

// refresh gets another token for all callers, and remembers if there is none.
func (s *source) refresh(ctx context.Context) error {
	r, err := s.engine.refresh(ctx, s.session, s.token)
	if err != nil {
		if ctx.Err() == nil {
			s.failed, s.failedAt = err, s.engine.now()
		}
		return err
	}
	s.take(r)
	return nil
}

func (s *source) take(r renewed) {
	now := s.engine.now()
	s.token, s.until, s.failed = r.token, now.Add(r.goodFor), nil
	if r.action == Refreshed {
		s.issued = now
	}
}

// within reports whether at is less than a while ago.
func (s *source) within(while time.Duration, at time.Time) bool {
	return !at.IsZero() && s.engine.now().Sub(at) < while
}

// retryAfter returns how long a failure is not tried again.
func retryAfter(err error) time.Duration {
	if fault.KindOf(err) == fault.Login {
		return retryRefresh
	}
	return retryReach
}

// enter waits for the caller's turn: a lock that ctx can end.
func (s *source) enter(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	default: // there is something to wait for
	}
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Canceled, ctx.Err(), "the token of %s was waited for", quoted(s.session))
	}
}

func (s *source) leave() { <-s.turn }
