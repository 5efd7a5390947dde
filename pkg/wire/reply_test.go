package wire

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"
)

// The one rule of judge: an answer of the service that was cut anywhere is
// never taken for a whole one, and never for a foreign one.
func TestEveryCutIsSeen(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		service Service
		body    string
	}{
		{Portal, `{"accountList":[{"accountId":"111111111111","accountName":"a}"}],"nextToken":null}`},
		{STS, `<GetCallerIdentityResponse xmlns="x"><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>`},
		{STS, "<?xml version=\"1.0\"?>\n<GetCallerIdentityResponse><a>></a></GetCallerIdentityResponse >\n"},
	} {
		c := &call{service: test.service}
		resp := &http.Response{StatusCode: 200}
		if got := judge(c, resp, []byte(test.body)); got != "" {
			t.Errorf("the whole of %s: %s", test.body, got)
		}
		for i := range len(bytes.TrimSpace([]byte(test.body))) {
			want := replyCutOff
			if i == 0 {
				want = replyEmpty
			}
			if got := judge(c, resp, []byte(test.body[:i])); got != want {
				t.Errorf("%q: %q, want %q", test.body[:i], got, want)
			}
		}
	}
}

// A reply that was closed is gone: its memory serves the next call.
func TestClosedReplyIsGone(t *testing.T) {
	t.Parallel()
	b := newBody(bytes.NewBufferString("canary"), nil)
	for range 2 {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if n, err := b.Read(make([]byte, 6)); n != 0 || err != io.EOF {
		t.Errorf("read %d bytes after the end, %v", n, err)
	}
}

func FuzzJudge(f *testing.F) {
	for _, seed := range []string{
		"", "{", "{}", "<", "<?", "<a", "<?xml?><Response></Response>", "<Response/>", "\xff", "</", "<>", "[]", "null",
		`{"a":"}"}`, `{"a":"\\"}`, `{"a":"\\\""}`, `{"a":[{}]}`, `{"a":"\\\\"}`, `{"a":"\u007d"} `,
	} {
		for _, status := range []int{200, 204, 302, 400, 429, 500} {
			f.Add(status, seed)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		for _, service := range append(Services(), "") {
			got := judge(&call{service: service}, &http.Response{StatusCode: status}, []byte(body))
			if (status == 429 || status >= 500) && got != "" {
				t.Errorf("status %d: %s", status, got)
			}
			if status/100 == 2 && got == "" && service == STS && !bytes.Contains([]byte(body), []byte("Response")) {
				t.Errorf("%q was taken for an answer of STS", body)
			}
		}
		text := bytes.TrimSpace([]byte(body))
		if !json.Valid(text) || len(text) == 0 || text[0] != '{' {
			return
		}
		if !shapeOfJSON(text).whole {
			t.Errorf("%s: an object was taken for a cut one", text)
		}
		for i := 1; i < len(text); i++ {
			if shapeOfJSON(text[:i]).whole {
				t.Errorf("%s: taken for a whole object", text[:i])
			}
		}
		if shapeOfJSON(append(slices.Clip(text), '}')).whole {
			t.Errorf("%s}: taken for a whole object", text)
		}
	})
}
