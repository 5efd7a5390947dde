package oidc

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"aws-sso-plugins/pkg/fault"
)

func TestGrantWithoutUse(t *testing.T) {
	token, empty := "a token", ""
	now := time.Now()
	for name, out := range map[string]*ssooidc.CreateTokenOutput{
		"{}":              {},
		"no token":        {ExpiresIn: 3600},
		"empty token":     {AccessToken: &empty, ExpiresIn: 3600},
		"no expiry":       {AccessToken: &token},
		"negative expiry": {AccessToken: &token, ExpiresIn: -5},
	} {
		g, err := grantOf(out, now, now)
		if !errors.Is(err, ErrNoToken) || fault.KindOf(err) != fault.Login || g.AccessToken != "" {
			t.Errorf("%s: %v, %v", name, g, err)
		}
	}
}

// A token that cannot be sent to the portal is no login.
func TestGrantThatHTTPCannotCarry(t *testing.T) {
	for _, token := range []string{"a\nb", "a\x00", "\x7f", "a\r\nX-Y: z"} {
		g, err := grantOf(&ssooidc.CreateTokenOutput{AccessToken: &token, ExpiresIn: 3600}, time.Now(), time.Now())
		if fault.KindOf(err) != fault.Reply || g.AccessToken != "" {
			t.Errorf("%q: %v, %v", token, g, err)
		}
	}
}

func TestGrantExpiry(t *testing.T) {
	token := "a token"
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		name     string
		seconds  int32
		server   time.Time
		want     time.Time
		skew     time.Duration
		isCapped bool
	}{
		{"by our clock", 3600, now.Add(time.Second), now.Add(time.Hour), 0, false},
		{"no Date", 3600, time.Time{}, now.Add(time.Hour), 0, false},
		{"two minutes are no skew", 3600, now.Add(2 * time.Minute), now.Add(time.Hour), 0, false},
		{"two minutes and a second are", 3600, now.Add(121 * time.Second), now.Add(time.Hour + 121*time.Second), 121 * time.Second, false},
		{"we are two hours behind", 3600, now.Add(2 * time.Hour), now.Add(3 * time.Hour), 2 * time.Hour, false},
		{"we are two hours ahead", 3600, now.Add(-2 * time.Hour), now.Add(-time.Hour), -2 * time.Hour, false},
		{"90 days", 90 * 86400, now, now.Add(MaxLifetime), 0, false},
		{"absurdly long", 1<<31 - 1, now, now.Add(MaxLifetime), 0, true},
	} {
		g, err := grantOf(&ssooidc.CreateTokenOutput{AccessToken: &token, ExpiresIn: tc.seconds}, now, tc.server)
		if err != nil || !g.ExpiresAt.Equal(tc.want) || g.Skew != tc.skew || g.Capped != tc.isCapped {
			t.Errorf("%s: %v, skew %v, capped %v, %v", tc.name, g.ExpiresAt, g.Skew, g.Capped, err)
		}
	}
}
