package wire

// For the tests of package wire_test.
type (
	ReplyError   = replyError
	TimeoutError = timeoutError
)

const (
	Hollow       = replyHollow
	TooManyParts = replyTooManyParts
)
