package cli

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/fault"
)

// What botocore 1.44.8 with urllib3 2.8.0 makes of each value; "" where it
// refuses it.
func TestProxyIsReadAsBotocoreDoes(t *testing.T) {
	for value, want := range map[string]string{
		"http://us:p%ss@host:1":      "http://us:p%25ss@host:1",
		"http://us:p^ss@host:1":      "http://us:p%5Ess@host:1",
		"http://us:p ss@host:1":      "http://us:p%20ss@host:1",
		"http://us:p@ss@host:1":      "http://us:p%40ss@host:1",
		"http://us:p:ss@host:1":      "http://us:p%3Ass@host:1",
		"http://us:p%40ss@host:1":    "http://us:p%40ss@host:1",
		"http://us:p%zz%41@host:1":   "http://us:p%25zzA@host:1",
		"http://us:a%2fb@host:1":     "http://us:a%2Fb@host:1",
		"http://%zz:p@host:1":        "http://%25zz:p@host:1",
		"http://us:\"p|{}`<>@host:1": "http://us:%22p%7C%7B%7D%60%3C%3E@host:1",
		"http://us@host:1":           "http://us@host:1",
		"http://us:@host:1":          "http://us:@host:1",
		"us:p@host:1":                "http://us:p@host:1",
		"host:1":                     "http://host:1",
		"//host:1":                   "http://host:1",
		"http://host":                "http://host",
		"http://host:1/path":         "http://host:1",
		"http://[::1]:1":             "http://[::1]:1",
		"https://host:1":             "https://host:1",
		"HTTP://host:1":              "http://host:1", // more than botocore does
		"socks5://host:1":            "socks5://host:1",
		"http://us:p#ss@host:1":      "",
		`http://us:p\ss@host:1`:      "",
		"http://us:p[ss@host:1":      "",
		"http://us:p]ss@host:1":      "",
		"http://us:p/ss@host:1":      "",
		"http://us:p?ss@host:1":      "",
		"http://us:p\u00e9@host:1":   "",
		"http://host:1 ":             "",
		" http://host:1":             "",
		"http://host:1\n":            "",
		"http://host:99999":          "",
		"http://host:port":           "",
		"http://ho st:1":             "",
		"http://":                    "",
		"http://:1":                  "",
		"ftp://host:1":               "",
		"http:/host:1":               "",
	} {
		env := Environment{Getenv: func(name string) string { return map[string]string{"HTTPS_PROXY": value}[name] }}
		find, err := env.proxy()
		if want == "" {
			if fault.KindOf(err) != fault.Usage || !strings.HasPrefix(err.Error(), "HTTPS_PROXY is not the URL of a proxy: ") {
				t.Errorf("%q: %v, want a fault that names the variable", value, err)
			} else if strings.Contains(err.Error()+fault.HintOf(err), "us:p") || strings.Contains(err.Error(), "host:1") {
				t.Errorf("%q: the fault quotes the value: %v", value, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", value, err)
			continue
		}
		got, err := find(request("https://portal.sso.eu-central-1.amazonaws.com/"))
		if err != nil || got == nil || got.String() != want {
			t.Errorf("%q: %v, %v, want %s", value, got, err, want)
		}
	}
}

func TestProxyVariables(t *testing.T) {
	for _, tc := range []struct {
		name, env, url, want string
	}{
		{"none", "", "https://aws/", ""},
		{"lower case counts", "HTTPS_PROXY=http://upper https_proxy=http://lower", "https://aws/", "http://lower"},
		{"an exception", "HTTPS_PROXY=http://p NO_PROXY=.amazonaws.com", "https://sts.amazonaws.com/", ""},
		{"an exception in lower case", "HTTPS_PROXY=http://p no_proxy=10.0.0.0/8", "https://10.1.2.3/", ""},
		{"none of the exceptions", "HTTPS_PROXY=http://p NO_PROXY=example.com", "https://sts.amazonaws.com/", "http://p"},
		{"plain http", "HTTPS_PROXY=http://p", "http://aws/", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set := map[string]string{}
			for pair := range strings.FieldsSeq(tc.env) {
				name, value, _ := strings.Cut(pair, "=")
				set[name] = value
			}
			find, err := Environment{Getenv: func(name string) string { return set[name] }}.proxy()
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if find != nil {
				if u, err := find(request(tc.url)); err != nil {
					t.Fatal(err)
				} else if u != nil {
					got = u.String()
				}
			}
			if got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func request(to string) *http.Request {
	u, err := url.Parse(to)
	if err != nil {
		panic(err)
	}
	return &http.Request{URL: u}
}
