package fault_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"aws-sso-plugins/pkg/fault"
)

func Example() {
	inner := fault.New(fault.Login, "", "the session ended").WithHint("run: sso-login okta")
	err := fault.Annotate(inner, "cannot list the accounts of %q", "okta")
	fmt.Println(err)
	fmt.Println(fault.KindOf(err), "-", fault.HintOf(err))
	// Output:
	// cannot list the accounts of "okta": the session ended
	// login - run: sso-login okta
}

func TestError(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		text string
		kind fault.Kind
		hint string
	}{
		{"what and why", fault.New(fault.File, "cannot write", "disk full"), "cannot write: disk full", fault.File, ""},
		{"what alone", fault.Newf(fault.Usage, "unknown session %q", "x\n"), `unknown session "x\n"`, fault.Usage, ""},
		{"why alone", fault.New(fault.Login, "", "over"), "over", fault.Login, ""},
		{"cause speaks where why is silent", fault.Wrap(fault.File, fs.ErrNotExist, "no config"), "no config: file does not exist", fault.File, ""},
		{
			"the fault inside gives its kind, reason and hint",
			fault.Annotate(fault.New(fault.Throttled, "portal", "429").WithHint("wait"), "cannot list"),
			"cannot list: portal: 429", fault.Throttled, "wait",
		},
		{
			"Wrap has the kind that it is given",
			fault.Wrap(fault.Conflict, fault.New(fault.Throttled, "portal", "429").WithHint("wait"), "cannot list"),
			"cannot list: portal: 429", fault.Conflict, "wait",
		},
		{"a kind for a plain error", fault.Annotate(io.EOF, "x").OrKind(fault.Reply), "x: EOF", fault.Reply, ""},
		{"a kind that is known stays", fault.Annotate(fault.New(fault.Denied, "", "no"), "x").OrKind(fault.Reply), "x: no", fault.Denied, ""},
		{
			"through a foreign wrapper",
			fmt.Errorf("outer: %w", fault.New(fault.Denied, "a", "b").WithHint("h")), "outer: a: b", fault.Denied, "h",
		},
		{"no fault", errors.New("plain"), "plain", fault.Unknown, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.err.Error(); got != tc.text {
				t.Errorf("text %q, want %q", got, tc.text)
			}
			if got := fault.KindOf(tc.err); got != tc.kind {
				t.Errorf("kind %v, want %v", got, tc.kind)
			}
			if got := fault.HintOf(tc.err); got != tc.hint {
				t.Errorf("hint %q, want %q", got, tc.hint)
			}
		})
	}
	if !errors.Is(fault.Wrap(fault.File, fs.ErrNotExist, "x"), fs.ErrNotExist) {
		t.Error("the cause is lost")
	}
	if fault.KindOf(nil) != fault.Unknown || fault.HintOf(nil) != "" {
		t.Error("nil has a kind or a hint")
	}
}

func TestWithHintLeavesTheOriginal(t *testing.T) {
	e := fault.New(fault.File, "a", "b")
	_ = e.WithHint("c")
	if e.Hint != "" {
		t.Error("the original got the hint")
	}
}

func TestEveryKindHasAName(t *testing.T) {
	if _, ok := fault.KindNamed("no such"); ok {
		t.Error("a kind that does not exist has a name")
	}
	seen := map[string]bool{}
	for k := fault.Unknown; k <= fault.Canceled; k++ {
		if s := k.String(); s == "" || seen[s] {
			t.Errorf("kind %d is named %q", k, s)
		} else {
			seen[s] = true
		}
		if named, ok := fault.KindNamed(k.String()); named != k || !ok {
			t.Errorf("the kind named %q is %v, %v", k, named, ok)
		}
	}
}
