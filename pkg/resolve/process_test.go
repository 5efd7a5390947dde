package resolve

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWindowsWords(t *testing.T) {
	tests := map[string][]string{
		`"C:\x y\cred.exe" one "two three"`: {`C:\x y\cred.exe`, "one", "two three"},
		`C:\x\cred.exe	one  'two three'`:    {`C:\x\cred.exe`, "one", "'two", "three'"},
		`cred.exe a\\b "c\d\\" e`:           {"cred.exe", `a\\b`, `c\d\`, "e"},
		`cred.exe \"quoted\" \\\"x`:         {"cred.exe", `"quoted"`, `\"x`},
		`cred.exe "" a"b c"d`:               {"cred.exe", "", "ab cd"},
		`"C:\x y\\" \\server\share\`:        {`C:\x y\`, `\\server\share\`},
		`cred.exe %PATH% & calc`:            {"cred.exe", "%PATH%", "&", "calc"},
		` `:                                 nil,
	}
	for command, want := range tests {
		if got, ok := windowsWords(command); !ok || !slices.Equal(got, want) {
			t.Errorf("%s: %q (%v), want %q", command, got, ok, want)
		}
	}
	for _, command := range []string{`"C:\x y\cred.exe`, `cred.exe "a\"`} {
		if got, ok := windowsWords(command); ok {
			t.Errorf("%s: %q, though a quote is open", command, got)
		}
	}
}

// As botocore reads it.
func TestExpirationOfAProcess(t *testing.T) {
	later := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	output := func(expiration string) []byte {
		return []byte(`{"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s", "Expiration": ` + expiration + `}`)
	}
	for _, form := range []string{
		time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05UTC", "2006-01-02 15:04:05Z07:00",
		"2006-01-02T15:04:05.000Z", "2006-01-02 15:04:05 UTC",
	} {
		c, err := parseProcessOutput(output(`"` + later.Format(form) + `"`))
		if err != nil || !c.CanExpire || !c.Expires.Equal(later) {
			t.Errorf("%s: %v, %v", form, c.Expires, err)
		}
	}
	if c, err := parseProcessOutput(output("null")); err != nil || c.CanExpire {
		t.Errorf("none: %v", err)
	}
	for text, want := range map[string]error{
		`"2006-01-02T15:04:05Z"`: errExpired, `"tomorrow"`: errNoTime, `""`: errNoTime, "1893456000": errNoTime,
		`"` + later.Format("2006-01-02T15:04:05") + `"`: errNoTime,
	} {
		_, err := parseProcessOutput(output(text))
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "Expiration") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
