package probe_test

import (
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/probe"
	"aws-sso-plugins/pkg/resolve"
)

func indexes(results iter.Seq[probe.Result]) []int {
	var all []int
	for r := range results {
		all = append(all, r.Index)
	}
	return all
}

func of(indexes ...int) iter.Seq[probe.Result] {
	return func(yield func(probe.Result) bool) {
		for _, i := range indexes {
			if !yield(probe.Result{Index: i}) {
				return
			}
		}
	}
}

func TestInOrder(t *testing.T) {
	tests := []struct{ in, want []int }{
		{nil, nil},
		{[]int{0, 1, 2}, []int{0, 1, 2}},
		{[]int{2, 1, 0}, []int{0, 1, 2}},
		{[]int{3, 0, 5, 1}, []int{0, 1, 3, 5}}, // broken off: 2 and 4 never came
		{[]int{9}, []int{9}},
	}
	for _, tt := range tests {
		if got := indexes(probe.InOrder(of(tt.in...))); !slices.Equal(got, tt.want) {
			t.Errorf("%v comes as %v, want %v", tt.in, got, tt.want)
		}
	}
	all := rand.Perm(1000)
	if got := indexes(probe.InOrder(of(all...))); !slices.IsSorted(got) || len(got) != 1000 {
		t.Errorf("%d results, in order: %t", len(got), slices.IsSorted(got))
	}
}

func TestInOrderDoesNotWaitForTheEnd(t *testing.T) {
	var given, seen []int
	source := func(yield func(probe.Result) bool) {
		for _, i := range []int{1, 0, 2, 4, 3} {
			given = append(given, i)
			if !yield(probe.Result{Index: i}) {
				return
			}
		}
	}
	for r := range probe.InOrder(source) {
		seen = append(seen, r.Index)
		if r.Index == 2 {
			break
		}
	}
	if !slices.Equal(seen, []int{0, 1, 2}) || !slices.Equal(given, []int{1, 0, 2}) {
		t.Errorf("%v came after %v were there", seen, given)
	}
}

func TestVerdict(t *testing.T) {
	reply := fault.New(fault.Reply, "5xx", "")
	result := func(s resolve.Status) probe.Result {
		r := probe.Result{Status: s}
		if s == resolve.Failed {
			r.Err = reply
		}
		return r
	}
	tests := []struct {
		statuses string
		named    bool
		want     probe.Verdict
	}{
		{"", false, probe.Healthy},
		{"ok ok", false, probe.Healthy},
		{"ok skipped", false, probe.Healthy},
		{"ok skipped", true, probe.Unhealthy},
		{"skipped", false, probe.Healthy},
		{"login-required", false, probe.LoginNeeded},
		{"ok login-required login-required", false, probe.LoginNeeded},
		{"skipped login-required", false, probe.LoginNeeded},
		{"skipped login-required", true, probe.Unhealthy},
		{"login-required access-denied", false, probe.Unhealthy},
		{"login-required unreachable", false, probe.Unhealthy},
		{"unreachable", false, probe.Outage},
		{"unreachable skipped", false, probe.Outage},
		{"unreachable timeout throttled error", false, probe.Outage},
		{"unreachable ok", false, probe.Unhealthy},
		{"error ok", false, probe.Unhealthy},
		{"unreachable invalid-config", false, probe.Unhealthy},
		{"timeout access-denied", false, probe.Unhealthy},
		{"access-denied", false, probe.Unhealthy},
		{"sts-denied", false, probe.Unhealthy},
		{"wrong-identity", false, probe.Unhealthy},
		{"invalid-config", false, probe.Unhealthy},
		{"mfa-required", false, probe.Unhealthy},
	}
	for _, tt := range tests {
		tally := probe.Tally{Named: tt.named}
		for s := range strings.FieldsSeq(tt.statuses) {
			tally.Add(result(resolve.Status(s)))
		}
		if got := tally.Verdict(); got != tt.want {
			t.Errorf("%q, named %t: %d, want %d", tt.statuses, tt.named, got, tt.want)
		}
	}
	own := probe.Tally{}
	own.Add(probe.Result{Status: resolve.Failed, Err: fault.New(fault.Request, "400", "")})
	if own.Verdict() != probe.Unhealthy {
		t.Error("a request that AWS calls wrong is not the service's failure")
	}
}

func TestSummary(t *testing.T) {
	var tally probe.Tally
	if got := tally.Summary(0); got != "" {
		t.Errorf("nothing is %q", got)
	}
	for _, s := range []resolve.Status{resolve.Failed, resolve.OK, resolve.OK, resolve.LoginRequired} {
		tally.Add(probe.Result{Status: s})
	}
	if got, want := tally.Summary(6), "2 ok, 1 login-required, 1 error, 2 not checked"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if tally.Done() != 4 || tally.Count(resolve.OK) != 2 || tally.Count(resolve.Skipped) != 0 {
		t.Errorf("%d done, %d ok", tally.Done(), tally.Count(resolve.OK))
	}
}

func TestParseStatuses(t *testing.T) {
	all, err := probe.ParseStatuses("")
	if err != nil {
		t.Fatal(err)
	}
	failed, err := probe.ParseStatuses(" failed ,ok")
	if err != nil {
		t.Fatal(err)
	}
	two, err := probe.ParseStatuses("timeout,skipped")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range probe.Statuses() {
		if !all.Has(s) {
			t.Errorf("all has no %s", s)
		}
		if failed.Has(s) != (s != resolve.Skipped) {
			t.Errorf("failed, ok has %s: %t", s, failed.Has(s))
		}
		if two.Has(s) != (s == resolve.Timeout || s == resolve.Skipped) {
			t.Errorf("timeout, skipped has %s: %t", s, two.Has(s))
		}
	}
	for _, list := range []string{"fine", "ok,", ",", "OK"} {
		_, err := probe.ParseStatuses(list)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Usage || f.Hint == "" {
			t.Errorf("%q: %v", list, err)
		}
	}
}

func TestAsked(t *testing.T) {
	asked := []resolve.Status{
		resolve.OK, resolve.AccessDenied, resolve.STSDenied, probe.WrongIdentity, resolve.Throttled, resolve.Timeout, resolve.Failed,
	}
	for _, s := range probe.Statuses() {
		if s.Asked() != slices.Contains(asked, s) {
			t.Errorf("%s: %t", s, s.Asked())
		}
	}
}
