package oidc

// For the tests of package oidc_test.
var (
	ErrSlowDown = errSlowDown
	ErrNoise    = errNoise
)
