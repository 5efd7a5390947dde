package portal_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/fault"
)

const wholeCredentials = `{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"t","expiration":1700000000123}}`

func TestRoleCredentials(t *testing.T) {
	t.Parallel()
	whole := aws.Credentials{
		AccessKeyID: "ASIA", SecretAccessKey: "s", SessionToken: "t", Source: "IAM Identity Center", AccountID: "123456789012",
		CanExpire: true, Expires: time.UnixMilli(1700000000123),
	}
	timeless := whole
	timeless.CanExpire, timeless.Expires = false, time.Time{}
	for _, test := range []struct {
		name string
		body string
		want aws.Credentials
	}{
		{"whole", wholeCredentials, whole},
		{"no expiration", `{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"t"}}`, timeless},
		{"null expiration", `{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"t","expiration":null}}`, timeless},
		{"negative expiration", `{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"t","expiration":-5}}`, timeless},
		{"unknown fields", `{"new":{},"roleCredentials":{"x":[1],"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"t","expiration":1700000000123}}`, whole},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{strike: func(*request) reply { return text(200, test.body) }}
				got, _, err := f.client(t, &source{}).RoleCredentials(t.Context(), "123456789012", "Admin")
				if err != nil || got != test.want {
					t.Errorf("got %+v, %v", got, err)
				}
				if f.count() != 1 || *f.calls[0] != (request{op: opCredentials, account: "123456789012", token: "t1"}) {
					t.Errorf("calls: %+v", f.calls)
				}
			})
		})
	}
}

// Keys that cannot be sent to STS are a fault where they arrive.
func TestRoleCredentialsThatHTTPCannotCarry(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"roleCredentials":{"accessKeyId":"AS\nIA","secretAccessKey":"s","sessionToken":"t"}}`,
		`{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"t\u0000"}}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{strike: func(*request) reply { return text(200, body) }}
			got, token, err := f.client(t, &source{}).RoleCredentials(t.Context(), "123456789012", "Admin")
			if fault.KindOf(err) != fault.Reply || got != (aws.Credentials{}) || token != "" {
				t.Errorf("got %+v, %q, %v", got, token, err)
			}
		})
	}
}

func TestRoleCredentialsFaults(t *testing.T) {
	t.Parallel()
	lacks := "127.0.0.1:1: the reply lacks what it should hold"
	for _, test := range []struct {
		name   string
		strike reply
		calls  int // while it lasts
		kind   fault.Kind
		why    string
	}{
		{"403", refuse(403, "ForbiddenException", "No access", 0), 1, fault.Denied, "AWS answered 403 ForbiddenException: No access"},
		{"400", refuse(400, "InvalidRequestException", "RoleName must be supplied", 0), 1, fault.Request, "AWS answered 400 InvalidRequestException: RoleName must be supplied"},
		{"401", refuse(401, "UnauthorizedException", "Session token not found or invalid", 0), 1, fault.Login, `the session "okta" is over: the token expired at 17:02`},
		{"500", text(500, ""), 8, fault.Reply, "AWS answered 500"},
		{"empty", text(200, ""), 8, fault.Reply, "127.0.0.1:1: the reply was empty"},
		{"cut", cut, 8, fault.Reply, "127.0.0.1:1: the reply was cut off"},
		{"page", text(200, "<html>"), 3, fault.Reply, "127.0.0.1:1: the reply was not from AWS (a proxy or a captive portal?)"},
		{"hollow", text(200, `{}`), 8, fault.Reply, lacks},
		{"null", text(200, `{"roleCredentials":null}`), 8, fault.Reply, lacks},
		{"null fields", text(200, `{"roleCredentials":{"accessKeyId":null,"secretAccessKey":null,"sessionToken":null,"expiration":null}}`), 8, fault.Reply, lacks},
		{"no key", text(200, `{"roleCredentials":{"secretAccessKey":"canary","sessionToken":"canary"}}`), 8, fault.Reply, lacks},
		{"no secret", text(200, `{"roleCredentials":{"accessKeyId":"canary","secretAccessKey":"","sessionToken":"canary"}}`), 8, fault.Reply, lacks},
		{"no session", text(200, `{"roleCredentials":{"accessKeyId":"canary","secretAccessKey":"canary"}}`), 8, fault.Reply, lacks},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{strike: func(*request) reply { return test.strike }}
				got, _, err := f.client(t, &source{}).RoleCredentials(t.Context(), "123456789012", "Admin")
				says(t, err, test.kind, `no credentials for role "Admin" in account 123456789012: `+test.why)
				if got != (aws.Credentials{}) || strings.Contains(fmt.Sprintf("%+v", err), "canary") {
					t.Errorf("got %+v beside the error %+v", got, err)
				}
				if f.count() != test.calls {
					t.Errorf("%d calls, want %d", f.count(), test.calls)
				}
			})
			if test.calls == 1 {
				return
			}
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				f.strike = func(*request) reply {
					if len(f.calls) == 1 {
						return test.strike
					}
					return text(200, wholeCredentials)
				}
				if _, _, err := f.client(t, &source{}).RoleCredentials(t.Context(), "123456789012", "Admin"); err != nil || f.count() != 2 {
					t.Errorf("%d calls, %v; want the second to succeed", f.count(), err)
				}
			})
		})
	}
}

// A token that ended is renewed once for all callers.
func TestRoleCredentialsRenewTheToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{latency: 50 * time.Millisecond, strike: func(c *request) reply {
			if c.token == "t1" {
				return refuse(401, "UnauthorizedException", "Session token not found or invalid", 0)
			}
			return text(200, wholeCredentials)
		}}
		tokens := &source{renewals: 1, wait: time.Second}
		c := f.client(t, tokens)
		done := make(chan error)
		for range 50 {
			go func() {
				_, _, err := c.RoleCredentials(t.Context(), "123456789012", "Admin")
				done <- err
			}()
		}
		for range 50 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if tokens.nth != 1 || f.count() != 100 {
			t.Errorf("%d renewals, %d calls; want 1, 100", tokens.nth, f.count())
		}
	})
}
