package wire_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/pkg/wire"
)

// TestReplyIsBoundedByItsStructure sends replies that are small on the wire and
// made of so many parts that what the SDK makes of them would take hundreds of
// megabytes, or half a minute.
func TestReplyIsBoundedByItsStructure(t *testing.T) {
	const most = 8 << 20 // bytes, the largest reply that is read at all
	fill := func(before, part, after string) string {
		return before + strings.Repeat(part, (most-len(before)-len(after))/len(part)) + after
	}
	half := (most - 64) / 2
	bodies := map[string]struct {
		operation, body string
	}{
		"entries of a list":  {"ListAccounts", fill(`{"accountList":[`, "{},", "{}]}")},
		"numbers in a list":  {"ListAccounts", fill(`{"x":[`, "1,", "1]}")},
		"keys of an object":  {"RegisterClient", fill(`{"a":0`, `,"":0`, "}")},
		"lists in lists":     {"ListAccounts", `{"x":` + strings.Repeat("[", half) + strings.Repeat("]", half) + "}"},
		"objects in objects": {"CreateToken", strings.Repeat(`{"":`, most/5-20) + "0" + strings.Repeat("}", most/5-20)},
		"an open end":        {"ListAccounts", fill(`{"x":`, "[", "")},
		"elements of STS":    {"GetCallerIdentity", fill("<GetCallerIdentityResponse>", "<a/>", "</GetCallerIdentityResponse>")},
		"deep elements of STS": {
			"GetCallerIdentity", "<GetCallerIdentityResponse>" + strings.Repeat("<a>", most/8) + strings.Repeat("</a>", most/8) + "</GetCallerIdentityResponse>",
		},
		"attributes of STS": {"GetCallerIdentity", "<GetCallerIdentityResponse" + strings.Repeat(` a=""`, most/5-20) + "></GetCallerIdentityResponse>"},
	}
	for name, tt := range bodies {
		for _, status := range []int{200, 400, 503} {
			for _, compressed := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%d/compressed=%t", name, status, compressed), func(t *testing.T) {
					err := wasteOn(t, tt.operation, tt.body, status, compressed)
					var reply *wire.ReplyError
					if status != 200 && wire.Status(err) == status {
						return
					}
					if !errors.As(err, &reply) || reply.Fault != wire.TooManyParts {
						t.Errorf("it ended with %v", err)
					}
				})
			}
		}
	}
	// One long text is large and not complex: it costs a few times its size.
	long := fill(`{"message":"`, "a", `"}`)
	_ = wasteOn(t, "ListAccounts", long, 400, true)
	_ = wasteOn(t, "ListAccounts", fill(`{"message":"`, `\u0041`, `"}`), 400, true)
	_ = wasteOn(t, "GetCallerIdentity", fill("<ErrorResponse><Error><Message>", "&lt;", "</Message></Error></ErrorResponse>"), 400, true)
}

// wasteOn makes one call that is answered with body, and fails the test if it
// allocated 100 MiB or, in make bench, took 5 s. What the server needs is not counted.
func wasteOn(t *testing.T, operation, body string, status int, compressed bool) error {
	t.Helper()
	sent := []byte(body)
	if compressed {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(sent)
		_ = z.Close()
		sent = b.Bytes()
	}
	settings := inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
		if compressed {
			w.Header().Set("Content-Encoding", "gzip")
		}
		w.WriteHeader(status)
		_, _ = w.Write(sent)
	})
	settings.MaxAttempts = 1
	c := newClient(t, settings, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	err := operations[operation](t.Context(), c)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Error("it was taken for an answer")
	}
	if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got >= 100 {
		t.Errorf("%d MiB were allocated", got)
	}
	if took >= replyTime {
		t.Errorf("it took %s", took)
	}
	return err
}
