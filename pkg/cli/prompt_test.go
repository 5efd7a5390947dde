package cli

import (
	"context"
	"errors"
	"os"
	"testing"

	"aws-sso-plugins/pkg/fault"
)

func short(answer string) (string, error) {
	if len(answer) > 3 {
		return "", errors.New("too long")
	}
	return answer, nil
}

func TestAsk(t *testing.T) {
	for _, tc := range []struct {
		name, stdin, fallback, want, said string
	}{
		{"an answer", " ab \n", "", "ab", "Name: "},
		{"the fallback", "\n", "x", "x", "Name [x]: "},
		{"again until it fits", "abcd\nabc\n", "", "abc", "Name: sso-test: warning: too long\nName: "},
		{"nothing is no answer", "\nab\n", "", "ab", "Name:   (this needs an answer; Ctrl-C gives up)\nName: "},
		{"a last line without an end", "ab", "", "ab", "Name: "},
	} {
		a := app(t, tc.stdin)
		got, err := Ask(t.Context(), a.Console, "Name", tc.fallback, short)
		if err != nil || got != tc.want {
			t.Errorf("%s: %q, %v; want %q", tc.name, got, err, tc.want)
		}
		if text := said(t, a); text != tc.said {
			t.Errorf("%s: said %q, want %q", tc.name, text, tc.said)
		}
	}
	if _, err := Ask(t.Context(), app(t, "").Console, "Name", "x", short); fault.KindOf(err) != fault.Usage {
		t.Errorf("end of input: %v", err)
	}
}

func TestConfirm(t *testing.T) {
	for stdin, want := range map[string]bool{
		"y\n": true, "yes\n": true, "Y\n": true, "Yes\n": true, "n\n": false, "No\n": false, "\n": false, "maybe\ny\n": true,
	} {
		a := app(t, stdin)
		if got, err := a.Confirm(t.Context(), "Replace it?"); err != nil || got != want {
			t.Errorf("%q: %t, %v; want %t", stdin, got, err, want)
		}
	}
}

func TestAskStopsWithTheContext(t *testing.T) {
	a := app(t, "")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	a.stdin = r
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Ask(ctx, a.Console, "Name", "", short); fault.KindOf(err) != fault.Canceled {
		t.Errorf("%v", err)
	}
}

func TestChoose(t *testing.T) {
	for stdin, want := range map[string]int{"2\n": 1, "b\n": 1, "\n": 0, "9\na\n": 0} {
		got, err := app(t, stdin).Choose(t.Context(), "Which", []string{"a", "b"})
		if err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", stdin, got, err, want)
		}
	}
}
