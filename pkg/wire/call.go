package wire

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// call is what one call of a client met so far. The SDK makes a stack of
// middleware for each call, so it stands in there, and travels in the context
// to the retryer and to the transport. One goroutine uses it, answered aside.
type call struct {
	service   Service
	setting   string // what moves the service from AWS's own endpoint, "" if nothing
	operation string
	pace      *Pace  // nil: not paced
	notify    func() // that throttling lasts; may be nil

	faults  int // attempts that failed, throttled ones not counted
	timeout int // of these: without an answer in time
	lookup  int // of these: the name server failed
	refused int // of these: no connection was made
	foreign int // of these: answered by somebody else

	// answered says that a byte of an answer came, for calls that spend
	// something.
	answered atomic.Bool

	pause time.Duration // before the next attempt
}

// The operations that differ from all others.
const (
	opLogout      = "Logout"
	opCreateToken = "CreateToken"
)

// spends reports whether the call uses up what it sends: a second try of a grant
// that arrived looks like a grant that is not valid, and ends the session.
func (c *call) spends() bool { return c.service == OIDC && c.operation == opCreateToken }

type callKey struct{}

// callOf returns the call that a context belongs to. A client that was not made
// from [Wire.Config] has an empty one, which may do nothing twice.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// follow puts a call into the stack of each call of a client.
func follow(service Service, setting string, pace *Pace, notify func()) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		c := &call{service: service, setting: setting, operation: stack.ID(), pace: pace, notify: notify}
		if err := stack.Initialize.Add(c, middleware.Before); err != nil {
			return err
		}
		// Inside the loop of attempts, and before an attempt is signed: a
		// signature must not age in the queue.
		return stack.Finalize.Insert(c, "Retry", middleware.After)
	}
}

// ID names the middleware.
func (c *call) ID() string { return "Call" }

// HandleInitialize begins the call.
func (c *call) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	return next.HandleInitialize(context.WithValue(ctx, callKey{}, c), in)
}

// HandleFinalize makes one attempt: when it may, and telling the pace how it
// ended. The SDK's own place for that, the release of an attempt's token, is
// passed over for all attempts but the first where AWS_NEW_RETRIES_2026 is set.
func (c *call) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	turn, err := c.wait(ctx)
	if err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, err
	}
	out, metadata, err := next.HandleFinalize(ctx, in)
	if c.pace != nil {
		switch {
		case throttled(err):
			if turn.Throttled(retryAfter(err)) && c.notify != nil {
				c.notify()
			}
		case err == nil, answered(err):
			turn.Served()
		default:
			turn.Failed()
		}
	}
	if req, ok := in.Request.(*smithyhttp.Request); ok && err != nil && c.setting != "" {
		err = &movedError{host: req.URL.Host, setting: c.setting, err: err}
	}
	return out, metadata, err
}

// movedError is an error at an endpoint that is not AWS's own: whoever answers
// there, and the setting that led there.
type movedError struct {
	host, setting string
	err           error
}

// Error returns the text of the cause.
func (e *movedError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *movedError) Unwrap() error { return e.err }

func (c *call) wait(ctx context.Context) (Turn, error) {
	if c.pause > 0 {
		select {
		case <-time.After(c.pause):
		case <-ctx.Done():
			return Turn{}, ctx.Err()
		}
		c.pause = 0
	}
	if c.pace == nil {
		return Turn{}, nil
	}
	return c.pace.Wait(ctx)
}

// Require makes an answer without the fields that it is there for a
// replyError with the fault replyHollow, so that it is tried again: complete gets
// the output of each call (a pointer, of the type that the operation returns)
// and reports whether it is whole. It goes into aws.Config.APIOptions.
//
// The SDK takes `{}` for an answer to any call: no accounts, no credentials.
func Require(complete func(output any) bool) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(requirement(complete), middleware.Before)
	}
}

type requirement func(output any) bool

// ID names the middleware.
func (r requirement) ID() string { return "Require" }

// HandleDeserialize looks at the output.
func (r requirement) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if err != nil || r(out.Result) {
		return out, metadata, err
	}
	hollow := &replyError{Status: http.StatusOK, Fault: replyHollow}
	if req, ok := in.Request.(*smithyhttp.Request); ok {
		hollow.Host = req.URL.Host
	}
	return out, metadata, hollow
}
