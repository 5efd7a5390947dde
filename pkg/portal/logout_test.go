package portal_test

import (
	"testing"
	"testing/synctest"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
)

func TestLogout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		strike reply
		calls  int
		kind   fault.Kind
		why    string // "" if all is well
	}{
		{"empty", text(200, ""), 1, 0, ""},
		{"document", text(200, "{}"), 1, 0, ""},
		{"token is gone", refuse(401, "UnauthorizedException", "Session token not found or invalid", 0), 1, 0, ""},
		{"403", refuse(403, "ForbiddenException", "No access", 0), 1, fault.Denied, "AWS answered 403 ForbiddenException: No access"},
		{"400", refuse(400, "InvalidRequestException", "", 0), 1, fault.Request, "AWS answered 400 InvalidRequestException"},
		{"page", text(200, "<html>log in</html>"), 3, fault.Reply, "127.0.0.1:1: the reply was not from AWS (a proxy or a captive portal?)"},
		{"page with 401", text(401, "<html>log in</html>"), 3, fault.Reply, "127.0.0.1:1: the reply was not from AWS (a proxy or a captive portal?)"},
		{"503", text(503, ""), 8, fault.Reply, "AWS answered 503"},
		{"429", refuse(429, "TooManyRequestsException", "", 0), 8, fault.Throttled, "AWS answered 429 TooManyRequestsException"},
		{"reset", broken, 8, fault.Unreachable, "the connection to 127.0.0.1:1 broke: it was closed in the middle"},
		{"hang", hang, 2, fault.Timeout, "no answer from 127.0.0.1:1 within 15s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{strike: func(*request) reply { return test.strike }}
				err := portal.Logout(t.Context(), f.wire(t), "eu-central-1", "canary")
				if test.why == "" && err != nil {
					t.Error(err)
				}
				if test.why != "" {
					says(t, err, test.kind, "cannot end the session at the portal: "+test.why)
				}
				if f.count() != test.calls || *f.calls[0] != (request{op: opLogout, token: "canary"}) {
					t.Errorf("%d calls, want %d; the first is %+v", f.count(), test.calls, f.calls[0])
				}
			})
		})
	}
}
