package idctest

import (
	"net/http/httptest"
	"strconv"
	"testing"
)

// The log keeps the last requests, in order, however many there were; the counts know of all.
func TestLogIsBounded(t *testing.T) {
	s := &Server{}
	s.log.reset()
	r := httptest.NewRequest("GET", "/assignment/accounts", nil)
	const more = 7
	for i := range logLimit + more {
		s.record(&call{s: s, op: ListAccounts, r: r, id: strconv.Itoa(i)}, 200)
	}
	got := s.Requests()
	if len(got) != logLimit || s.Count() != logLimit+more {
		t.Fatalf("%d kept, %d counted", len(got), s.Count())
	}
	for i := range got {
		if want := strconv.Itoa(i + more); got[i].RequestID != want {
			t.Fatalf("entry %d is request %s, want %s", i, got[i].RequestID, want)
		}
	}
}
