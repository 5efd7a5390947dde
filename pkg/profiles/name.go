package profiles

import (
	"strings"
	"sync"

	"aws-sso-plugins/pkg/awsconfig"
)

// cleanName makes a name that every AWS client reads: each run of characters
// outside [A-Za-z0-9_@+.%:/-] becomes one "-", none stays at either end, nor a
// "." at the beginning. What would be the default profile, or a name that some
// client refuses, is no name: "".
func cleanName(name string) string {
	clean := strings.Trim(strings.TrimLeft(squeeze(name, portable()), ".-"), "-")
	if strings.EqualFold(clean, "default") || !awsconfig.PortableName(clean) {
		return ""
	}
	return clean
}

// slug returns s in lower case with each run of anything but letters and digits as
// one "-".
func slug(s string) string { return squeeze(strings.ToLower(s), alphanumeric()) }

// squeeze makes each run of bytes outside the set one "-", none at either end.
func squeeze(s string, set *[256]bool) string {
	i := 0
	for i < len(s) && set[s[i]] {
		i++
	}
	if i == len(s) {
		return s
	}
	b := append(make([]byte, 0, len(s)), s[:i]...)
	gap := true
	for ; i < len(s); i++ {
		if !set[s[i]] {
			gap = true
			continue
		}
		if gap && len(b) > 0 {
			b = append(b, '-')
		}
		gap = false
		b = append(b, s[i])
	}
	return string(b)
}

// portable and alphanumeric are sets of bytes, made when a name is.
var (
	portable = sync.OnceValue(func() *[256]bool {
		return byteSet(func(b byte) bool { return awsconfig.PortableName(string([]byte{b})) })
	})
	alphanumeric = sync.OnceValue(func() *[256]bool {
		return byteSet(func(b byte) bool { return 'a' <= b && b <= 'z' || '0' <= b && b <= '9' })
	})
)

func byteSet(has func(byte) bool) *[256]bool {
	var set [256]bool
	for b := range set {
		set[b] = has(byte(b))
	}
	return &set
}
