package oidc

// For the tests of package oidc_test.
var (
	ErrSlowDown = errSlowDown
	ErrNoise    = errNoise
	CheckURL    = checkURL
)

func (cb *Callback) RedirectURI() string { return cb.redirectURI() }
