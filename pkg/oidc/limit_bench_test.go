//go:build bench

package oidc_test

import "time"

// loginTime limits how long a login may take: less than the time that a
// connection has for its headers.
const loginTime = 3 * time.Second
