package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

// DeviceCode is a login that waits for a person at some browser (RFC 8628 3.2).
type DeviceCode struct {
	// UserCode is what the person must find on the page, or type there.
	UserCode string

	// VerificationURL is the page where the code is typed, CompleteURL the one
	// that has it already; CompleteURL may be empty. Both are safe to open and to
	// print: https, or http on a loopback address, without controls and spaces.
	VerificationURL, CompleteURL string

	// ExpiresAt is when the code ends. It has a monotonic reading: setting the
	// clock does not move it.
	ExpiresAt time.Time

	interval   time.Duration // between two polls
	deviceCode string
}

// String returns until when the login lasts, and no secret.
func (d DeviceCode) String() string {
	return "device code until " + d.ExpiresAt.UTC().Format(time.RFC3339)
}

// Format prints [DeviceCode.String], whatever the verb.
func (d DeviceCode) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, d.String()) }

const (
	defaultInterval = 5 * time.Second // RFC 8628 3.2
	maxInterval     = time.Minute
	defaultCodeLife = 10 * time.Minute // what Identity Center gives
	maxCodeLife     = 30 * time.Minute

	// slowDownStep is added for good at each slow_down (RFC 8628 3.5).
	slowDownStep = 5 * time.Second

	// maxPollFaults is how many polls in a row may go without an answer.
	maxPollFaults  = 5
	maxPollBackoff = 30 * time.Second
)

// StartDevice begins the device code flow for the portal at startURL
// (https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_StartDeviceAuthorization.html).
// A refusal is a fault of kind Login, an answer that cannot be shown to a
// person one of kind Reply.
func (c *Client) StartDevice(ctx context.Context, r tokencache.Registration, startURL string) (DeviceCode, error) {
	const what = "cannot start the login"
	begun := time.Now()
	out, err := c.sdk.StartDeviceAuthorization(ctx, &ssooidc.StartDeviceAuthorizationInput{
		ClientId: &r.ClientID, ClientSecret: &r.ClientSecret, StartUrl: &startURL,
	})
	if err != nil {
		return DeviceCode{}, explain(err, what)
	}
	d := DeviceCode{
		UserCode:        aws.ToString(out.UserCode),
		VerificationURL: aws.ToString(out.VerificationUri),
		CompleteURL:     aws.ToString(out.VerificationUriComplete),
		ExpiresAt:       begun.Add(within(out.ExpiresIn, defaultCodeLife, maxCodeLife)),
		interval:        within(out.Interval, defaultInterval, maxInterval),
		deviceCode:      aws.ToString(out.DeviceCode),
	}
	if err := d.check(); err != nil {
		return DeviceCode{}, fault.Annotate(err, what).OrKind(fault.Reply)
	}
	return d, nil
}

// within returns a server's number of seconds: missing if it gave none, most if
// it gave more than that.
func within(seconds int32, missing, most time.Duration) time.Duration {
	if seconds <= 0 {
		return missing
	}
	return min(time.Duration(seconds)*time.Second, most)
}

// check keeps out of a terminal and a browser what does not belong there.
func (d DeviceCode) check() error {
	if d.deviceCode == "" || !showable(d.UserCode) {
		return fault.New(fault.Reply, "", "AWS answered without a code, or with one that cannot be shown")
	}
	if err := checkURL(d.VerificationURL); err != nil {
		return err
	}
	if d.CompleteURL == "" {
		return nil
	}
	return checkURL(d.CompleteURL)
}

// showable reports whether a user code is letters, digits and hyphens, as those
// of AWS are: XXXX-XXXX.
func showable(code string) bool {
	for _, c := range []byte(code) {
		if c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return 0 < len(code) && len(code) <= 40
}

// WaitDevice asks AWS, at the code's interval, until the person has answered
// (RFC 8628 3.4, 3.5), the code has run out or ctx is done. The first question
// comes an interval after the call: nobody approves a login at once.
//
// The faults: [ErrDenied], [ErrExpired], [ErrInvalidGrant], [ErrInvalidClient],
// [ErrNoToken]; kind Canceled when ctx was. Polls without an answer are repeated
// a few times, with growing pauses.
func (c *Client) WaitDevice(ctx context.Context, r tokencache.Registration, d DeviceCode) (Grant, error) {
	return poll(ctx, d, func(ctx context.Context) (Grant, error) {
		return c.token(ctx, r, &ssooidc.CreateTokenInput{GrantType: aws.String(grantDevice), DeviceCode: &d.deviceCode})
	})
}

func poll(ctx context.Context, d DeviceCode, ask func(context.Context) (Grant, error)) (Grant, error) {
	waiting, cancel := context.WithDeadline(ctx, d.ExpiresAt)
	defer cancel()
	var (
		interval  = max(d.interval, time.Second)
		slowDowns int
		faults    int
	)
	for {
		select {
		case <-time.After(backoff(interval, faults)):
		case <-waiting.Done():
			return Grant{}, unfinished(ctx, slowDowns)
		}
		g, err := ask(waiting)
		switch {
		case err == nil:
			return g, nil
		case waiting.Err() != nil:
			return Grant{}, unfinished(ctx, slowDowns)
		case errors.Is(err, errPending):
			faults = 0
		case errors.Is(err, errSlowDown):
			faults = 0
			slowDowns++
			interval += slowDownStep
		case errors.Is(err, ErrExpired):
			return Grant{}, expired(slowDowns, err)
		case unanswered(err) && faults < maxPollFaults:
			faults++
		default:
			return Grant{}, err
		}
	}
}

// backoff doubles the interval with each poll that got no answer (RFC 8628 3.5).
func backoff(interval time.Duration, faults int) time.Duration {
	if faults == 0 {
		return interval
	}
	return max(interval, min(interval<<faults, maxPollBackoff))
}

// unanswered reports whether a poll failed on the way, or in the service, so that
// the person's login may still be under way.
func unanswered(err error) bool {
	switch fault.KindOf(err) {
	case fault.Timeout, fault.Unreachable, fault.Throttled:
		return true
	default:
		return wire.Status(err) >= 500
	}
}

// unfinished tells a code that ran out from a caller that gave up.
func unfinished(caller context.Context, slowDowns int) error {
	if err := givenUp(caller); err != nil {
		return err
	}
	return expired(slowDowns, nil)
}

func expired(slowDowns int, err error) error {
	f := &fault.Error{
		Kind: fault.Login, Why: "nobody approved the login before its code expired", Err: ErrExpired,
	}
	if err != nil {
		f.Err = fmt.Errorf("%w: %w", ErrExpired, err)
	}
	if slowDowns >= 2 {
		// A client that keeps the interval by its own clock, and is still too
		// fast, has a clock that runs fast: virtual machines after a sleep.
		f.Err = fmt.Errorf("%w: %w", errSlowDown, f.Err)
		f.Hint = "AWS asked to slow down again and again: does the clock of this machine run too fast?"
	}
	return f
}
