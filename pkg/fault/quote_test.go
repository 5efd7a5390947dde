package fault_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"aws-sso-plugins/pkg/fault"
)

func TestPath(t *testing.T) {
	tests := map[string][2]string{ // with slashes, and on Windows
		`/home/me/.aws/config`:  {`"/home/me/.aws/config"`, `"/home/me/.aws/config"`},
		`C:\Users\new me\.aws`:  {`"C:\\Users\\new me\\.aws"`, `"C:\Users\new me\.aws"`},
		"a\x1b[31mb":            {`"a\x1b[31mb"`, `"a\x1b[31mb"`},
		"caf\u00e9/\u202egnp.x": {`"café/\u202egnp.x"`, `"café/\u202egnp.x"`},
	}
	for path, want := range tests {
		if got := fault.Path(path); got != want[onWindows()] {
			t.Errorf("%q is shown as %s, want %s", path, got, want[onWindows()])
		}
	}
}

func TestWord(t *testing.T) {
	tests := map[string][2]string{
		"okta":            {"okta", "okta"},
		"":                {"''", `""`},
		"/home/me":        {"/home/me", "/home/me"},
		`C:\me`:           {`'C:\me'`, `C:\me`},
		`C:\new me`:       {`'C:\new me'`, `"C:\new me"`},
		"a_b@c+d.e:g/h-i": {"a_b@c+d.e:g/h-i", `"a_b@c+d.e:g/h-i"`},
		"dév":             {"'dév'", "'dév'"},
		"a;id;\nb":        {"'a;id;\nb'", "'a;id;\nb'"},
		"it's mine":       {`'it'\''s mine'`, `"it's mine"`},
		"a & calc":        {"'a & calc'", `"a & calc"`},
		"@splat":          {"@splat", `"@splat"`},
		"$(calc)":         {"'$(calc)'", "'$(calc)'"},
		"%PATH%":          {"%PATH%", "'%PATH%'"},
		"a’;calc;‘":       {"'a’;calc;‘'", "'a’’;calc;‘‘'"},
		"$a'b":            {`'$a'\''b'`, "'$a''b'"},
		"back`tick":       {"'back`tick'", "'back`tick'"},
		`say "it"`:        {`'say "it"'`, `'say "it"'`},
		"line\nline":      {"'line\nline'", "'line\nline'"},
	}
	for word, want := range tests {
		if got := fault.Word(word); got != want[onWindows()] {
			t.Errorf("%q is quoted as %s, want %s", word, got, want[onWindows()])
		}
	}
}

// onWindows is the column of a table.
func onWindows() int {
	if os.PathSeparator == '\\' {
		return 1
	}
	return 0
}

// The texts of Windows end with a full stop.
func TestReason(t *testing.T) {
	text := func(s string) error { return errors.New(s) }
	stop := text("Access is denied.")
	tests := map[string]error{
		"Access is denied": &fs.PathError{Op: "open", Path: "x.tmp", Err: stop},
		"file exists":      &os.LinkError{Op: "rename", Old: "a", New: "b", Err: errors.New("file exists")},
		"no such process":  os.NewSyscallError("fcntl", errors.New("no such process")),
		"and so on...":     text("and so on..."),
		`it is "a."`:       errors.New(`it is "a."`),
	}
	for want, err := range tests {
		if got := fault.Reason(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
	err := fault.Wrap(fault.File, fault.Cause(&fs.PathError{Op: "open", Path: "x", Err: stop}), "cannot read %s", fault.Path("config"))
	if got, want := err.Error(), `cannot read "config": Access is denied`; got != want || !errors.Is(err, stop) {
		t.Errorf("%s, want %s", got, want)
	}
}
