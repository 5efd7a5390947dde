package wire

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// retryer decides for the SDK which attempts are made again. When, [call]
// knows: it waits for the pause that is set here, and for the pace.
//
// The SDK's own retryers give up a throttled call after three attempts, keep a
// quota that runs dry in long listings, never read Retry-After and take a cut
// or empty 200 for a final answer.
type retryer struct{ maxAttempts int }

var _ aws.RetryerV2 = retryer{}

const (
	// The pause before the nth retry is a random part (full jitter) of
	// firstPause doubled n-1 times. Eight attempts take 13 s on average, and
	// 26 s at most.
	firstPause = 200 * time.Millisecond
	maxPause   = 20 * time.Second

	// maxRetryAfter is how long a server may make us wait. Asked for more, we
	// ask again then.
	maxRetryAfter = 60 * time.Second

	// Some faults are given fewer attempts than others, since a person waits
	// for them to pass: a server that hung twice hangs, a name server that
	// failed three times is not there (offline), and so is AWS where somebody
	// else answered three times; where nobody listens, a load balancer may be
	// restarting for a moment.
	maxTimeouts = 2
	maxLookups  = 3
	maxRefused  = 4
	maxForeign  = 3

	// maxLogin is how many attempts a call of a login has: somebody sits in
	// front of it and can try again.
	maxLogin = 4
	// maxSpent is how many attempts a call has that spends what it sends.
	maxSpent = 2
)

// MaxAttempts is unlimited for the SDK: GetRetryToken counts, because
// throttled attempts do not count.
func (r retryer) MaxAttempts() int { return 0 }

// IsErrorRetryable reports whether another attempt may end better.
func (r retryer) IsErrorRetryable(err error) bool { return throttled(err) || passing(err) }

var errGivenUp = errors.New("given up after repeated faults")

// GetRetryToken refuses once the call met as many faults as it may, and sets
// the pause before the next attempt otherwise.
func (r retryer) GetRetryToken(ctx context.Context, err error) (func(error) error, error) {
	c := callOf(ctx)
	if c.spends() {
		if c.faults++; c.faults >= min(maxSpent, r.maxAttempts) || !unanswered(c, err) {
			return nil, errGivenUp
		}
		c.pause = pause(c.faults, err)
		return release, nil
	}
	if throttled(err) && c.pace != nil {
		return release, nil // the pace knows when
	}
	most := r.maxAttempts
	if c.service == OIDC {
		most = min(most, maxLogin)
	}
	if c.count(err); c.hopeless(most) {
		return nil, errGivenUp
	}
	c.pause = pause(c.faults, err)
	return release, nil
}

func (c *call) count(err error) {
	c.faults++
	var (
		reply   *replyError
		timeout *timeoutError
		broken  *connectionError
	)
	switch {
	case errors.As(err, &timeout):
		c.timeout++
	case errors.As(err, &reply) && reply.Fault == replyForeign:
		c.foreign++
	case errors.As(err, &broken) && broken.lookup():
		c.lookup++
	case errors.As(err, &broken) && broken.refused():
		c.refused++
	}
}

func (c *call) hopeless(maxAttempts int) bool {
	return c.faults >= maxAttempts || c.timeout >= maxTimeouts || c.foreign >= maxForeign || c.lookup >= maxLookups ||
		c.refused >= maxRefused
}

// pause returns how long to wait after the nth fault of a call: as long as the
// server asked for, or a random time that grows.
func pause(n int, err error) time.Duration {
	if asked := retryAfter(err); asked > 0 {
		return asked
	}
	most := min(maxPause, firstPause<<min(n-1, 10))
	return rand.N(most) + 1 //nolint:gosec // it only spreads the callers
}

// RetryDelay is nothing: the call waits by itself.
func (r retryer) RetryDelay(int, error) (time.Duration, error) { return 0, nil }

// GetAttemptToken is part of the interface; the call waits by itself.
func (r retryer) GetAttemptToken(context.Context) (func(error) error, error) { return release, nil }

// GetInitialToken does nothing: GetAttemptToken takes its place.
func (r retryer) GetInitialToken() func(error) error { return release }

func release(error) error { return nil }

// throttled reports whether the service asked for fewer calls: by status, or by
// a code of its own (STS answers 400 Throttling).
func throttled(err error) bool {
	if err == nil {
		return false
	}
	if status(err) == http.StatusTooManyRequests {
		return true
	}
	_, ok := retry.DefaultThrottleErrorCodes[Code(err)]
	return ok
}

// passing reports whether a fault is of the kind that goes away by itself.
func passing(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	var (
		reply   *replyError
		timeout *timeoutError
		broken  *connectionError
		skew    interface{ RetryableError() bool }
	)
	switch {
	case errors.As(err, &reply):
		return reply.Fault != replyTooLarge && reply.Fault != replyTooManyParts
	case errors.As(err, &timeout):
		return true
	case errors.As(err, &broken):
		return broken.passing()
	case status(err) >= 500:
		return true
	case status(err)/100 == 2:
		return true // the SDK cannot read what it was sent
	}
	// The SDK found the clock to be off, and has corrected its own.
	return errors.As(err, &skew) && skew.RetryableError()
}

// unanswered reports whether a call failed before a byte of an answer came.
func unanswered(c *call, err error) bool {
	var broken *connectionError
	return !c.answered.Load() && errors.As(err, &broken) && broken.passing()
}

// answered reports whether err came with an answer, of any use or none.
func answered(err error) bool {
	var reply *replyError
	return status(err) > 0 || errors.As(err, &reply)
}

// status returns the status of the HTTP answer that err came from, 0 without one.
func status(err error) int {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) {
		return resp.HTTPStatusCode()
	}
	return 0
}

// Code returns the error code that the service gave ("ForbiddenException"), or "".
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// Status returns the HTTP status of the answer that err came from, 0 without one.
// An answer that was not from AWS has none.
func Status(err error) int { return status(err) }

// retryAfter returns how long the server asked to wait, 0 where it did not: by
// Retry-After (RFC 9110 10.2.3, seconds or a date), or by X-Amz-Retry-After
// (milliseconds) where a service sends that.
func retryAfter(err error) time.Duration {
	var resp *smithyhttp.ResponseError
	if !errors.As(err, &resp) || resp.Response == nil || resp.Response.Response == nil {
		return 0
	}
	header := resp.Response.Header
	asked := max(
		inUnits(header.Get(takenRetryAfter), time.Millisecond),
		inUnits(header.Get("Retry-After"), time.Second),
		untilDate(header.Get("Retry-After"), header.Get("Date")))
	return min(asked, maxRetryAfter)
}

// takenRetryAfter is where the transport puts what X-Amz-Retry-After says.
const takenRetryAfter = "X-Retry-After-Milliseconds"

// takeRetryAfter hides X-Amz-Retry-After from the SDK, which from v1.48 on
// waits for as long as it says, on top of the pause and the pace here.
func takeRetryAfter(header http.Header) {
	if asked := header.Get("X-Amz-Retry-After"); asked != "" {
		header.Del("X-Amz-Retry-After")
		header.Set(takenRetryAfter, asked)
	}
}

// inUnits reads a number of units of time, 0 where it is none.
func inUnits(value string, unit time.Duration) time.Duration {
	n, err := strconv.ParseUint(value, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return maxRetryAfter
	}
	if err != nil {
		return 0
	}
	return time.Duration(min(n, uint64(maxRetryAfter/unit))) * unit
}

// untilDate returns the time up to a date, by the server's clock: ours may be off.
func untilDate(value, date string) time.Duration {
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(date)
	if err != nil {
		now = time.Now()
	}
	return at.Sub(now)
}
