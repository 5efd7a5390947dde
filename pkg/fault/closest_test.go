package fault

import "testing"

func TestClosest(t *testing.T) {
	known := []string{"okta", "partner", "AdministratorAccess-111111111111"}
	for name, want := range map[string]string{
		"otka": "okta", "OKTA": "okta", "partnr": "partner", "administratoraccess-11111111111": "AdministratorAccess-111111111111",
		"something-else": "", "": "", "a": "", "oka": "okta", "okkta": "okta", "to": "",
	} {
		if got := Closest(name, known); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestUnknownWord(t *testing.T) {
	for word, want := range map[string]string{
		"jsn":  `did you mean "json"? -o takes one of: table, json`,
		"yaml": "-o takes one of: table, json",
	} {
		if got := UnknownWord("format", word, "-o takes one of", []string{"table", "json"}); got.Hint != want || got.Kind != Usage {
			t.Errorf("%s: %v, hint %q, want %q", word, got, got.Hint, want)
		}
	}
}
