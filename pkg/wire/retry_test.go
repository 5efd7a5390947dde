package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// reply answers one attempt.
type reply func(w http.ResponseWriter, r *http.Request)

const (
	accountsBody = `{"accountList":[{"accountId":"111111111111","accountName":"one"}]}`
	identityBody = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>` +
		`<Arn>arn:aws:sts::111111111111:assumed-role/r/s</Arn><UserId>U:s</UserId><Account>111111111111</Account>` +
		`</GetCallerIdentityResult></GetCallerIdentityResponse>`
	page = "<!DOCTYPE html>\n<html><body>Please log in to the guest network</body></html>"
)

func answer(status int, contentType, body string, headers ...string) reply {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func ok(body string) reply { return answer(200, "application/json", body) }

func refuse(status int, code, message string, headers ...string) reply {
	body, err := json.Marshal(map[string]string{"__type": "com.amazonaws.x#" + code, "message": message})
	if err != nil {
		panic(err)
	}
	return answer(status, "application/json", string(body), headers...)
}

// raw sends bytes as they are and ends the connection.
func raw(text string) reply {
	return func(w http.ResponseWriter, r *http.Request) {
		// The request has arrived whole: else the client may fail to send the
		// rest of it before it sees an answer.
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = conn.Write([]byte(text))
		_ = conn.Close()
	}
}

func reset() reply { return raw("") }

func cut(status int, body string) reply {
	return raw(fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status, len(body)+10, body))
}

func hang(_ http.ResponseWriter, r *http.Request) {
	// The server sees a client leave once it has read what that sent.
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// trickle begins an answer and never ends it.
func trickle(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = w.Write([]byte(`{"accountList":[`))
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func huge(w http.ResponseWriter, _ *http.Request) {
	piece := strings.Repeat(" ", 1<<20)
	for range 9 {
		_, _ = w.Write([]byte(piece))
	}
	_, _ = w.Write([]byte(accountsBody))
}

// script answers the nth attempt with the nth reply, and all further ones with
// the last.
type script struct {
	replies []reply

	mu    sync.Mutex
	times []time.Time // of the attempts
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	n := len(s.times)
	s.times = append(s.times, time.Now())
	s.mu.Unlock()
	s.replies[min(n, len(s.replies)-1)](w, r)
}

func (s *script) attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.times)
}

// gap is the time between the attempts n and n+1, counted from 0.
func (s *script) gap(n int) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.times) < n+2 {
		return -1
	}
	return s.times[n+1].Sub(s.times[n])
}

// client is what the calls below need.
type client struct {
	t    *testing.T
	w    *wire.Wire
	pace *wire.Pace
}

func newClient(t *testing.T, s wire.Settings, pace *wire.Pace) *client {
	t.Helper()
	w, err := wire.New(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.CloseIdle)
	return &client{t, w, pace}
}

func (c *client) config(s wire.Service) aws.Config {
	c.t.Helper()
	cfg, err := c.w.Config(s, "eu-central-1", c.pace)
	if err != nil {
		c.t.Fatal(err)
	}
	return cfg
}

// The calls of the three services, by the name of the operation.
var operations = map[string]func(context.Context, *client) error{
	"ListAccounts": func(ctx context.Context, c *client) error {
		out, err := sso.NewFromConfig(c.config(wire.Portal)).ListAccounts(ctx, &sso.ListAccountsInput{AccessToken: aws.String("canary")})
		if err == nil && len(out.AccountList) != 1 {
			c.t.Errorf("got %d accounts, want 1", len(out.AccountList))
		}
		return err
	},
	"Logout": func(ctx context.Context, c *client) error {
		_, err := sso.NewFromConfig(c.config(wire.Portal)).Logout(ctx, &sso.LogoutInput{AccessToken: aws.String("canary")})
		return err
	},
	"CreateToken": func(ctx context.Context, c *client) error {
		_, err := ssooidc.NewFromConfig(c.config(wire.OIDC)).CreateToken(ctx, &ssooidc.CreateTokenInput{
			ClientId: aws.String("id"), ClientSecret: aws.String("canary"), GrantType: aws.String("refresh_token"), RefreshToken: aws.String("canary"),
		})
		return err
	},
	"RegisterClient": func(ctx context.Context, c *client) error {
		_, err := ssooidc.NewFromConfig(c.config(wire.OIDC)).RegisterClient(ctx, &ssooidc.RegisterClientInput{
			ClientName: aws.String("x"), ClientType: aws.String("public"),
		})
		return err
	},
	"GetCallerIdentity": func(ctx context.Context, c *client) error {
		cfg := c.config(wire.STS)
		cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "canary", SessionToken: "canary"}, nil
		})
		out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err == nil && aws.ToString(out.Account) != "111111111111" {
			c.t.Errorf("got account %q", aws.ToString(out.Account))
		}
		return err
	},
}

func TestRetries(t *testing.T) {
	t.Parallel()
	const once = 1
	identity := answer(200, "text/xml", identityBody)
	tests := []struct {
		operation string
		name      string
		fault     reply
		right     reply
		attempts  int // of a call that always meets the fault; once: it is final
		kind      fault.Kind
		why       string // what a person reads
	}{
		{"ListAccounts", "reset", reset(), ok(accountsBody), 8, fault.Unreachable, "the connection to 127.0.0.1:1 broke: it was closed in the middle"},
		{"ListAccounts", "reset in the header", raw("HTTP/1.1 200 OK\r\n"), ok(accountsBody), 8, fault.Unreachable, "the connection to 127.0.0.1:1 broke: it was closed in the middle"},
		{"ListAccounts", "not HTTP", raw("220 ftp.example.com\r\n\r\n"), ok(accountsBody), 8, fault.Unreachable, `the connection to 127.0.0.1:1 broke: malformed HTTP status code "ftp.example.com"`},
		{"ListAccounts", "cut", cut(200, accountsBody), ok(accountsBody), 8, fault.Reply, "127.0.0.1:1: the reply was cut off"},
		{"ListAccounts", "cut JSON", ok(accountsBody[:30]), ok(accountsBody), 8, fault.Reply, "127.0.0.1:1: the reply was cut off"},
		{"ListAccounts", "cut refusal", cut(403, `{"message":`), ok(accountsBody), 8, fault.Reply, "127.0.0.1:1: the reply was cut off"},
		{"ListAccounts", "empty", ok(""), ok(accountsBody), 8, fault.Reply, "127.0.0.1:1: the reply was empty"},
		{"ListAccounts", "blank", ok(" \r\n"), ok(accountsBody), 8, fault.Reply, "127.0.0.1:1: the reply was empty"},
		{"ListAccounts", "other JSON", ok(`{"accountList":"none"}`), ok(accountsBody), 8, fault.Reply, "the reply (status 200) makes no sense"},
		{"ListAccounts", "page", answer(200, "text/html", page), ok(accountsBody), 3, fault.Reply, "127.0.0.1:1: the reply was not from AWS (a proxy or a captive portal?)"},
		{"ListAccounts", "redirect", answer(302, "text/html", page, "Location", "http://127.0.0.1:1/login"), ok(accountsBody), 3, fault.Reply, "127.0.0.1:1: the reply was not from AWS (a proxy or a captive portal?)"},
		{"ListAccounts", "page with 401", answer(401, "text/html", page), ok(accountsBody), 3, fault.Reply, "127.0.0.1:1: the reply was not from AWS (a proxy or a captive portal?)"},
		{"ListAccounts", "page with 403", answer(403, "text/html", page), ok(accountsBody), 3, fault.Reply, "127.0.0.1:1: the reply was not from AWS (a proxy or a captive portal?)"},
		{"ListAccounts", "huge", huge, nil, once, fault.Reply, "127.0.0.1:1: the reply was larger than 8 MiB"},
		{"ListAccounts", "hang", hang, ok(accountsBody), 2, fault.Timeout, "no answer from 127.0.0.1:1 within 15s"},
		{"ListAccounts", "trickle", trickle, ok(accountsBody), 2, fault.Timeout, "no answer from 127.0.0.1:1 within 15s"},
		{"ListAccounts", "500 with a page", answer(500, "text/html", page), ok(accountsBody), 8, fault.Reply, "AWS answered 500"},
		{"ListAccounts", "502 with a page", answer(502, "text/html", page), ok(accountsBody), 8, fault.Reply, "AWS answered 502"},
		{"ListAccounts", "503 without a body", answer(503, "", ""), ok(accountsBody), 8, fault.Reply, "AWS answered 503"},
		{"ListAccounts", "504", refuse(504, "GatewayTimeout", "too late"), ok(accountsBody), 8, fault.Reply, "AWS answered 504 GatewayTimeout: too late"},
		{"ListAccounts", "400", refuse(400, "InvalidRequestException", "no such page"), nil, once, fault.Request, "AWS answered 400 InvalidRequestException: no such page"},
		{"ListAccounts", "401", refuse(401, "UnauthorizedException", "Session token not found or invalid"), nil, once, fault.Login, "AWS answered 401 UnauthorizedException: Session token not found or invalid"},
		{"ListAccounts", "401 without a body", answer(401, "", ""), nil, once, fault.Login, "AWS answered 401"},
		{"ListAccounts", "403", refuse(403, "ForbiddenException", "No access"), nil, once, fault.Denied, "AWS answered 403 ForbiddenException: No access"},
		{"ListAccounts", "404", refuse(404, "ResourceNotFoundException", "\x1b[2Jgone\nfor good"), nil, once, fault.Request, `AWS answered 404 ResourceNotFoundException: \x1b[2Jgone\nfor good`},

		{"Logout", "page", answer(200, "text/html", page), ok(""), 3, fault.Reply, "127.0.0.1:1: the reply was not from AWS (a proxy or a captive portal?)"},
		{"Logout", "throttled without a pace", refuse(429, "TooManyRequestsException", "slower"), ok(""), 8, fault.Throttled, "AWS answered 429 TooManyRequestsException: slower"},

		// A grant is spent by its arrival. Only what certainly got no answer
		// is tried again, and once.
		{"CreateToken", "reset", reset(), ok(`{"accessToken":"a"}`), 2, fault.Unreachable, "the connection to 127.0.0.1:1 broke: it was closed in the middle"},
		{"CreateToken", "reset after a byte", raw("H"), nil, once, fault.Unreachable, "the connection to 127.0.0.1:1 broke: it was closed in the middle"},
		{"CreateToken", "reset in the header", raw("HTTP/1.1 200 OK\r\n"), nil, once, fault.Unreachable, "the connection to 127.0.0.1:1 broke: it was closed in the middle"},
		{"CreateToken", "cut", cut(200, `{"accessToken"`), nil, once, fault.Reply, "127.0.0.1:1: the reply was cut off"},
		{"CreateToken", "cut JSON", ok(`{"accessToken"`), nil, once, fault.Reply, "127.0.0.1:1: the reply was cut off"},
		{"CreateToken", "empty", ok(""), nil, once, fault.Reply, "127.0.0.1:1: the reply was empty"},
		{"CreateToken", "page", answer(200, "text/html", page), nil, once, fault.Reply, "127.0.0.1:1: the reply was not from AWS (a proxy or a captive portal?)"},
		{"CreateToken", "hang", hang, nil, once, fault.Timeout, "no answer from 127.0.0.1:1 within 15s"},
		{"CreateToken", "500", refuse(500, "InternalServerException", "oops"), nil, once, fault.Reply, "AWS answered 500 InternalServerException"},
		{"CreateToken", "429", refuse(429, "TooManyRequestsException", "slower"), nil, once, fault.Throttled, "AWS answered 429 TooManyRequestsException: slower"},

		{"RegisterClient", "reset", reset(), ok(`{}`), 4, fault.Unreachable, "the connection to 127.0.0.1:1 broke: it was closed in the middle"},
		{"RegisterClient", "500", refuse(500, "InternalServerException", "oops"), ok(`{}`), 4, fault.Reply, "AWS answered 500 InternalServerException"},
		{"RegisterClient", "400", refuse(400, "InvalidClientMetadataException", ""), nil, once, fault.Request, "AWS answered 400 InvalidClientMetadataException"},

		{"GetCallerIdentity", "cut XML", answer(200, "text/xml", identityBody[:150]), identity, 8, fault.Reply, "127.0.0.1:1: the reply was cut off"},
		{"GetCallerIdentity", "empty", answer(200, "text/xml", ""), identity, 8, fault.Reply, "127.0.0.1:1: the reply was empty"},
		{"GetCallerIdentity", "page", answer(200, "text/html", page), identity, 3, fault.Reply, "127.0.0.1:1: the reply was not from AWS (a proxy or a captive portal?)"},
		{"GetCallerIdentity", "XML page", answer(200, "application/xhtml+xml", "<?xml version='1.0'?>\n<html>Response</html>"), identity, 3, fault.Reply, "127.0.0.1:1: the reply was not from AWS (a proxy or a captive portal?)"},
		{"GetCallerIdentity", "JSON", ok(`{}`), identity, 3, fault.Reply, "127.0.0.1:1: the reply was not from AWS (a proxy or a captive portal?)"},
		{"GetCallerIdentity", "403", stsError(403, "AccessDenied", "no"), nil, once, fault.Denied, "AWS answered 403 AccessDenied: no"},
		{"GetCallerIdentity", "503", stsError(503, "ServiceUnavailable", "no"), identity, 8, fault.Reply, "AWS answered 503 ServiceUnavailable: no"},
	}
	for _, test := range tests {
		t.Run(test.operation+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				always := &script{replies: []reply{test.fault}}
				c := newClient(t, inMemory(t, always.ServeHTTP), nil)
				begun := time.Now()
				err := wire.Fault(operations[test.operation](t.Context(), c), "it failed")
				if got := always.attempts(); got != test.attempts {
					t.Errorf("%d attempts, want %d", got, test.attempts)
				}
				if fault.KindOf(err) != test.kind {
					t.Errorf("a fault of kind %v, want %v", fault.KindOf(err), test.kind)
				}
				if want := "it failed: " + test.why; err == nil || err.Error() != want {
					t.Errorf("got  %v\nwant %s", err, want)
				}
				if took := time.Since(begun); took > 31*time.Second {
					t.Errorf("it took %v to give up", took)
				}
			})
			if test.right == nil {
				return
			}
			synctest.Test(t, func(t *testing.T) {
				passing := &script{replies: []reply{test.fault, test.right}}
				c := newClient(t, inMemory(t, passing.ServeHTTP), nil)
				if err := operations[test.operation](t.Context(), c); err != nil || passing.attempts() != 2 {
					t.Errorf("%d attempts, %v; want the second to succeed", passing.attempts(), err)
				}
			})
		})
	}
}

func stsError(status int, code, message string) reply {
	return answer(status, "text/xml", `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>`+
		code+`</Code><Message>`+message+`</Message></Error><RequestId>r</RequestId></ErrorResponse>`)
}

func TestMaxAttemptsBoundsFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		operation string
		most      int
		attempts  int
	}{
		{"ListAccounts", 1, 1},
		{"ListAccounts", 3, 3},
		{"ListAccounts", 20, 20},
		{"RegisterClient", 2, 2},
		{"RegisterClient", 20, 4},
		{"CreateToken", 1, 1},
		{"CreateToken", 20, 2},
	} {
		t.Run(fmt.Sprint(test.operation, " ", test.most), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				always := &script{replies: []reply{reset()}}
				s := inMemory(t, always.ServeHTTP)
				s.MaxAttempts = test.most
				if err := operations[test.operation](t.Context(), newClient(t, s, nil)); err == nil {
					t.Error("no error")
				}
				if got := always.attempts(); got != test.attempts {
					t.Errorf("%d attempts, want %d", got, test.attempts)
				}
			})
		})
	}
}

// Throttled calls are paced, not counted: 30 refusals and an attempt limit of
// two end well, and faults between them count as ever.
func TestThrottledCallsArePaced(t *testing.T) {
	slow := refuse(429, "TooManyRequestsException", "HTTP 429 Unknown Code")
	foreign := answer(429, "text/html", page)
	for _, test := range []struct {
		name      string
		operation string
		throttle  reply
		right     reply
	}{
		{"code", "ListAccounts", slow, ok(accountsBody)},
		{"page", "ListAccounts", foreign, ok(accountsBody)},
		{"status 400", "GetCallerIdentity", stsError(400, "Throttling", "Rate exceeded"), answer(200, "text/xml", identityBody)},
	} {
		for _, newRetries := range []string{"", "true"} {
			t.Run(test.name+newRetries, func(t *testing.T) {
				// With this the SDK forgets to tell a retryer how a second
				// attempt ended.
				t.Setenv("AWS_NEW_RETRIES_2026", newRetries)
				synctest.Test(t, func(t *testing.T) {
					s := &script{}
					for range 15 {
						s.replies = append(s.replies, test.throttle)
					}
					s.replies = append(s.replies, answer(503, "", ""))
					for range 15 {
						s.replies = append(s.replies, test.throttle)
					}
					s.replies = append(s.replies, test.right)
					settings := inMemory(t, s.ServeHTTP)
					settings.MaxAttempts = 2
					pace := wire.NewPace()
					if err := operations[test.operation](t.Context(), newClient(t, settings, pace)); err != nil {
						t.Error(err)
					}
					if _, refused := pace.Rate(); refused != 30 || s.attempts() != 32 {
						t.Errorf("%d refusals in %d attempts, want 30 in 32", refused, s.attempts())
					}
				})
			})
		}
	}
}

// A refusal for another reason is an answer: the service let the call through.
func TestPaceCountsEveryAnswerAsServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{refuse(403, "ForbiddenException", "No access")}}
		pace := wire.NewPace()
		c := newClient(t, inMemory(t, s.ServeHTTP), pace)
		leave(t, pace).Throttled(0)
		for range 40 {
			_ = operations["ListAccounts"](t.Context(), c)
		}
		before, _ := pace.Rate()
		leave(t, pace).Throttled(0)
		if after, _ := pace.Rate(); after < 20 {
			t.Errorf("the rate fell from %v to %v a second, although 20 a second were answered", before, after)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	date := func(ahead time.Duration) string {
		// the bubble's clock begins at this time
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(ahead).Format(http.TimeFormat)
	}
	for _, test := range []struct {
		name    string
		headers []string
		wait    time.Duration // exact; 0: a random pause of at most 200 ms
	}{
		{"none", nil, 0},
		{"seconds", []string{"Retry-After", "7"}, 7 * time.Second},
		{"date", []string{"Retry-After", date(9 * time.Second)}, 9 * time.Second},
		{"date by the server's clock", []string{"Retry-After", date(time.Hour + 9*time.Second), "Date", date(time.Hour)}, 9 * time.Second},
		{"milliseconds of AWS", []string{"X-Amz-Retry-After", "1500"}, 1500 * time.Millisecond},
		{"the longer one", []string{"X-Amz-Retry-After", "1500", "Retry-After", "2"}, 2 * time.Second},
		{"an hour", []string{"Retry-After", "3600"}, time.Minute},
		{"for ever", []string{"Retry-After", strings.Repeat("9", 30)}, time.Minute},
		{"a date far away", []string{"Retry-After", date(24 * time.Hour)}, time.Minute},
		{"a date in the past", []string{"Retry-After", date(-time.Hour)}, 0},
		{"zero", []string{"Retry-After", "0"}, 0},
		{"negative", []string{"Retry-After", "-5"}, 0},
		{"nonsense", []string{"Retry-After", "soon", "X-Amz-Retry-After", "1s"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{replies: []reply{answer(503, "", "", test.headers...), ok(accountsBody)}}
				if err := operations["ListAccounts"](t.Context(), newClient(t, inMemory(t, s.ServeHTTP), nil)); err != nil {
					t.Fatal(err)
				}
				switch got := s.gap(0); {
				case test.wait > 0 && got != test.wait:
					t.Errorf("the second attempt came after %v, want %v", got, test.wait)
				case test.wait == 0 && (got <= 0 || got > 200*time.Millisecond):
					t.Errorf("the second attempt came after %v, want a pause of up to 200 ms", got)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				s := &script{replies: []reply{refuse(429, "TooManyRequestsException", "", test.headers...), ok(accountsBody)}}
				if err := operations["ListAccounts"](t.Context(), newClient(t, inMemory(t, s.ServeHTTP), wire.NewPace())); err != nil {
					t.Fatal(err)
				}
				if got := s.gap(0); got != test.wait {
					t.Errorf("throttled: the second attempt came after %v, want %v", got, test.wait)
				}
			})
		})
	}
}

// The pauses are random, grow, and stay under 20 s.
func TestPausesGrowWithFullJitter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{answer(503, "", "")}}
		settings := inMemory(t, s.ServeHTTP)
		settings.MaxAttempts = 200
		_ = operations["ListAccounts"](t.Context(), newClient(t, settings, nil))
		most, sum := 200*time.Millisecond, time.Duration(0)
		distinct := map[time.Duration]bool{}
		for i := range 199 {
			got := s.gap(i)
			if got <= 0 || got > most {
				t.Errorf("pause %d is %v, want up to %v", i+1, got, most)
			}
			distinct[got] = true
			most = min(2*most, 20*time.Second)
			sum += got
		}
		if mean := sum / 199; mean < 7*time.Second || mean > 13*time.Second {
			t.Errorf("the pauses are %v on average, want about 10 s", mean)
		}
		if len(distinct) < 190 {
			t.Errorf("only %d of 199 pauses differ", len(distinct))
		}
	})
}

// Pacing is waiting, not answering slowly.
func TestTimeoutLeavesThePaceOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{ok(accountsBody)}}
		settings := inMemory(t, s.ServeHTTP)
		settings.Timeout = time.Second
		pace := wire.NewPace()
		leave(t, pace).Throttled(time.Minute)
		begun := time.Now()
		if err := operations["ListAccounts"](t.Context(), newClient(t, settings, pace)); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took != time.Minute {
			t.Errorf("took %v, want the minute that the service asked for", took)
		}
	})
}

// Wherever a call waits, it ends with its context, as Canceled.
func TestCancelEndsACallAtOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		replies []reply
		paced   time.Duration
	}{
		{"answer", []reply{hang}, 0},
		{"body", []reply{trickle}, 0},
		{"pause", []reply{answer(503, "", "", "Retry-After", "60")}, 0},
		{"pace", []reply{ok(accountsBody)}, time.Minute},
		{"throttled", []reply{refuse(429, "TooManyRequestsException", "", "Retry-After", "60")}, 0},
	} {
		for name, operation := range operations {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := &script{replies: test.replies}
					pace := wire.NewPace()
					if test.paced > 0 {
						leave(t, pace).Throttled(test.paced)
					}
					c := newClient(t, inMemory(t, s.ServeHTTP), pace)
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(5*time.Second, cancel)
					begun := time.Now()
					err := operation(ctx, c)
					if test.name != "answer" && (name == "CreateToken" && test.paced == 0 || name != "ListAccounts" && test.name == "body") {
						return // these end by themselves, for good reasons
					}
					if took := time.Since(begun); took != 5*time.Second {
						t.Errorf("ended after %v, want 5 s", took)
					}
					if !errors.Is(err, context.Canceled) || fault.KindOf(wire.Fault(err, "")) != fault.Canceled {
						t.Errorf("got %v", err)
					}
				})
			})
		}
	}
}

// A clock that is off is found out by the server's Date, and corrected: for the
// call at hand, and for all that follow.
func TestClockIsCorrected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const ahead = 2 * time.Hour
		var refused int
		handler := func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
			signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
			if err != nil || time.Until(signed) < ahead-time.Minute {
				refused++
				stsError(403, "SignatureDoesNotMatch", "Signature expired")(w, r)
				return
			}
			answer(200, "text/xml", identityBody)(w, r)
		}
		cfg := newClient(t, inMemory(t, handler), wire.NewPace()).config(wire.STS)
		cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "s", SessionToken: "t"}, nil
		})
		client := sts.NewFromConfig(cfg)
		for range 3 {
			if _, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
				t.Fatal(err)
			}
		}
		if refused != 1 {
			t.Errorf("%d calls were signed with the wrong time, want the first attempt of the first", refused)
		}
	})
}

func TestDeadlineIsATimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{hang}}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		err := wire.Fault(operations["ListAccounts"](ctx, newClient(t, inMemory(t, s.ServeHTTP), nil)), "it failed")
		if fault.KindOf(err) != fault.Timeout || err.Error() != "it failed: the time is up" {
			t.Errorf("got %v (%v)", err, fault.KindOf(err))
		}
	})
}

// An empty document is an answer to nobody, where it is said what is needed.
func TestRequire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{ok(`{}`), ok(`{"accountList":null}`), ok(accountsBody)}}
		c := newClient(t, inMemory(t, s.ServeHTTP), nil)
		cfg := c.config(wire.Portal)
		cfg.APIOptions = append(cfg.APIOptions, wire.Require(func(output any) bool {
			out, ok := output.(*sso.ListAccountsOutput)
			return ok && out.AccountList != nil
		}))
		in := &sso.ListAccountsInput{AccessToken: aws.String("canary")}
		out, err := sso.NewFromConfig(cfg).ListAccounts(t.Context(), in)
		if err != nil || len(out.AccountList) != 1 || s.attempts() != 3 {
			t.Errorf("after %d attempts: %v, %v", s.attempts(), out, err)
		}
		s.replies = s.replies[:1]
		_, err = sso.NewFromConfig(cfg).ListAccounts(t.Context(), in)
		var reply *wire.ReplyError
		if !errors.As(err, &reply) || *reply != (wire.ReplyError{Host: "127.0.0.1:1", Status: 200, Fault: wire.Hollow}) {
			t.Errorf("got %v", err)
		}
		if want := "127.0.0.1:1: the reply lacks what it should hold"; reply.Error() != want {
			t.Errorf("got %q, want %q", reply.Error(), want)
		}
	})
}

func TestStatusAndCode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			reply  reply
			status int
			code   string
		}{
			{refuse(403, "ForbiddenException", ""), 403, "ForbiddenException"},
			{answer(404, "", ""), 404, "UnknownError"},
			{answer(200, "text/html", page), 0, ""},
			{reset(), 0, ""},
		} {
			s := &script{replies: []reply{test.reply}}
			err := operations["ListAccounts"](t.Context(), newClient(t, inMemory(t, s.ServeHTTP), nil))
			if wire.Status(err) != test.status || wire.Code(err) != test.code {
				t.Errorf("status %d, code %q; want %d, %q", wire.Status(err), wire.Code(err), test.status, test.code)
			}
		}
		if wire.Status(nil) != 0 || wire.Code(nil) != "" || wire.Fault(nil, "x") != nil {
			t.Error("nil is not nothing")
		}
	})
}

// A fault in the chain keeps its kind, its reason and its hint.
func TestFaultKeepsAFaultInside(t *testing.T) {
	t.Parallel()
	inner := fault.New(fault.Login, `session "okta" is over`, "the token expired").WithHint("run: sso-login okta")
	err := wire.Fault(fmt.Errorf("wrapped: %w", inner), "no credentials for role %q", "Admin")
	if fault.KindOf(err) != fault.Login || fault.HintOf(err) != inner.Hint || !errors.Is(err, inner) {
		t.Errorf("got %v, %v, %q", err, fault.KindOf(err), fault.HintOf(err))
	}
	if want := `no credentials for role "Admin": session "okta" is over: the token expired`; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

// What the log shows holds no secret, and nothing that a terminal acts on.
func TestLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(3 * time.Second)
			w.Header().Set("X-Amzn-Requestid", "id-1")
			_, _ = w.Write([]byte(accountsBody))
		}
		odd := answer(403, "application/json", `{"message":"canary"}`, "X-Amz-Request-Id", "\x9b2J"+strings.Repeat("x", 300))
		s := &script{replies: []reply{reset(), slow, odd}}
		settings := inMemory(t, s.ServeHTTP)
		var log []wire.Exchange
		settings.Log = func(e wire.Exchange) { log = append(log, e) }
		c := newClient(t, settings, nil)
		_ = operations["ListAccounts"](t.Context(), c)
		_ = operations["ListAccounts"](t.Context(), c)
		if len(log) != 3 {
			t.Fatalf("%d lines, want 3", len(log))
		}
		for i, e := range log {
			if e.Method != "GET" || e.Host != "127.0.0.1:1" || e.Path != "/assignment/accounts" {
				t.Errorf("line %d: %+v", i, e)
			}
			if text := fmt.Sprintf("%+v", e); strings.Contains(text, "canary") || strings.ContainsAny(text, "\x1b\x9b\n") { //nolint:staticcheck // a byte that a terminal acts on, not a character
				t.Errorf("line %d: %q", i, text)
			}
		}
		if log[0].Status != 0 || log[0].Err == nil {
			t.Errorf("of the reset: %+v", log[0])
		}
		if log[1].Status != 200 || log[1].Err != nil || log[1].RequestID != "id-1" || log[1].Duration != 3*time.Second {
			t.Errorf("of the answer: %+v", log[1])
		}
		if log[2].Status != 403 || log[2].RequestID == "" || len(log[2].RequestID) > 250 {
			t.Errorf("of the refusal: %+v", log[2])
		}
	})
}

// Many calls at once share what they may, and each is counted by itself.
func TestCallsAreCountedEachByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		seen := map[string]int{}
		handler := func(w http.ResponseWriter, r *http.Request) {
			token := r.Header.Get("X-Amz-Sso_bearer_token")
			mu.Lock()
			seen[token]++
			n := seen[token]
			mu.Unlock()
			if n < 4 {
				answer(503, "", "")(w, r)
				return
			}
			ok(accountsBody)(w, r)
		}
		settings := inMemory(t, handler)
		settings.MaxAttempts = 4
		portal := sso.NewFromConfig(newClient(t, settings, wire.NewPace()).config(wire.Portal))
		var calls sync.WaitGroup
		for i := range 50 {
			calls.Go(func() {
				if _, err := portal.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: aws.String(strconv.Itoa(i))}); err != nil {
					t.Errorf("call %d: %v", i, err)
				}
			})
		}
		calls.Wait()
		for token, n := range seen {
			if n != 4 {
				t.Errorf("call %s had %d attempts, want 4", token, n)
			}
		}
	})
}
