package profiles_test

import (
	"fmt"
	"testing"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/profiles"
)

// many is a listing of n assignments, five in each account.
func many(n int) []profiles.Input {
	in := listed("okta")
	for i := range n {
		in.Listing.Assignments = append(in.Listing.Assignments, portal.Assignment{
			Account: portal.Account{ID: fmt.Sprintf("%012d", i/5), Name: fmt.Sprintf("Account %d", i/5)},
			Role:    fmt.Sprintf("Role%d", i%5),
		})
	}
	return []profiles.Input{in}
}

// round is what a run does of a run beyond the listing: read, plan, make the new
// file and read it back.
func round(b *testing.B, old []byte, inputs []profiles.Input, o profiles.Options) []byte {
	config := awsconfig.Merge(awsconfig.Parse("config", awsconfig.ConfigFile, old), nil)
	plan, err := profiles.Make(config, inputs, o)
	if err != nil {
		b.Fatal(err)
	}
	out, err := plan.Bytes()
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// saoPaulo gives every profile another region.
func saoPaulo(tb testing.TB) profiles.RegionRules {
	rules, err := profiles.ParseRegionRules([]string{"sa-east-1"})
	if err != nil {
		tb.Fatal(err)
	}
	return rules
}

func BenchmarkRun(b *testing.B) {
	template, err := profiles.ParseTemplate("{{.AccountName | slug}}-{{.RoleName | lower}}")
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1_000, 10_000, 50_000} {
		inputs := many(n)
		old := round(b, []byte(sessions), inputs, profiles.Options{})
		for _, bench := range []struct {
			name   string
			config []byte
			o      profiles.Options
		}{
			{"first", []byte(sessions), profiles.Options{}},
			{"same", old, profiles.Options{}},
			{"renamed", old, profiles.Options{Template: template}},
			{"region", old, profiles.Options{Regions: saoPaulo(b)}},
		} {
			b.Run(fmt.Sprintf("%s/%d", bench.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					round(b, bench.config, inputs, bench.o)
				}
			})
		}
	}
}

func BenchmarkDiff(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		old := round(b, []byte(sessions), many(n), profiles.Options{})
		config := awsconfig.Merge(awsconfig.Parse("config", awsconfig.ConfigFile, old), nil)
		plan, err := profiles.Make(config, many(n), profiles.Options{Regions: saoPaulo(b)})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				plan.Diff("config")
			}
		})
	}
}
