//go:build !bench

package oidc_test

import "time"

// loginTime limits how long a login may take, which only `make bench` holds: a
// busy machine stops a process for seconds.
const loginTime = time.Hour
