package portal_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/wire"
)

// Replies of a server: no panic, no endless listing, and what comes out is an
// account id, a role's name and credentials, or an error.
func FuzzReply(f *testing.F) {
	for _, body := range []string{
		`{"accountList":[{"accountId":"111111111111","accountName":"a","emailAddress":"b"}],"nextToken":null}`, `{"accountList":[null,{"accountId":null}]}`, `{"accountList":[],"nextToken":"x"}`,
		`{"roleList":[{"roleName":"Admin","accountId":"111111111111"}]}`, `{"roleList":[{"roleName":"../x"}]}`, `{"roleCredentials":{"accessKeyId":"a","secretAccessKey":"b","sessionToken":"c","expiration":1e12}}`,
		`{"roleCredentials":{"expiration":-9223372036854775808}}`, `{"message":"x","__type":"y#Z"}`, `{}`, `{"accountList":{}}`, `{"nextToken":{}}`, "", "<html>", "\xff", `{"a":"\ud800"}`,
	} {
		for _, status := range []int{200, 403, 500} {
			f.Add(status, body)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return
		}
		answer := func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
		c := impatient(t, &fake{strike: func(*request) reply { return answer }})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, a := range c.List(ctx, 2, nil, nil).Assignments {
			if len(a.ID) != 12 {
				t.Fatalf("account %q", a.ID)
			}
			if a.Role == "" || strings.ContainsAny(a.Role, "/\\\n\x00") {
				t.Fatalf("role %q", a.Role)
			}
		}
		keys, _, err := c.RoleCredentials(ctx, "111111111111", "Admin")
		if err == nil && (keys.AccessKeyID == "" || keys.SecretAccessKey == "" || keys.SessionToken == "") {
			t.Fatal("credentials that lack something")
		}
	})
}

// impatient is a client that tries everything once.
func impatient(t *testing.T, f *fake) *portal.Client {
	t.Helper()
	f.listening, f.closed = make(chan net.Conn), make(chan struct{})
	server := &http.Server{Handler: f}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(f) // ends with ErrServerClosed
	}()
	w, err := wire.New(wire.Settings{Endpoint: "http://127.0.0.1:1", Dial: f.dial, MaxAttempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.CloseIdle()
		_ = server.Close()
		<-done
	})
	c, err := portal.New(w, "eu-central-1", wire.NewPace(), oneToken{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type oneToken struct{}

func (oneToken) Token(context.Context) (string, error)         { return "t", nil }
func (oneToken) Renew(context.Context, string) (string, error) { return "u", nil }
