package wire_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aws-sso-plugins/pkg/wire"
)

// The program names itself, beside what the SDK says.
func TestUserAgent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ program, version, want string }{
		{"sso-test", "1.2.3", " sso-test/1.2.3"},
		{"", "", " aws-sso-plugins/devel"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var got string
			s := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
				got = r.UserAgent()
				ok(accountsBody)(w, r)
			})
			s.Program, s.Version = test.program, test.version
			if err := operations["ListAccounts"](t.Context(), newClient(t, s, nil)); err != nil {
				t.Error(err)
			}
			if !strings.HasPrefix(got, "aws-sdk-go-v2/") || !strings.Contains(got, test.want) {
				t.Errorf("User-Agent: %q, want it to hold %q", got, test.want)
			}
		})
	}
}

func TestTimeoutIsTheSettings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, hang)
		s.Timeout, s.MaxAttempts = 4*time.Second, 1
		begun := time.Now()
		err := operations["ListAccounts"](t.Context(), newClient(t, s, nil))
		var timeout *wire.TimeoutError
		if !errors.As(err, &timeout) || !timeout.Timeout() || timeout.After != 4*time.Second || time.Since(begun) != 4*time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}
