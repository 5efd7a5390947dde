//go:build bench

package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/idctest"
)

// TestBenchCreds holds sso-creds against the AWS CLI, against a program that
// links what it links and does nothing, and against the least time that a
// throttled portal allows.
func TestBenchCreds(t *testing.T) {
	t.Log(heading)
	t.Run("start", func(t *testing.T) {
		b := newBench(t, idctest.Config{Accounts: accounts(33, 3)})
		b.shell("sso-profiles -o name >names")
		name := b.firstName(t)
		b.run("sso-creds", name) // the cache is filled
		installed := t.TempDir()
		linked := install(t, linkedProgram(t), installed)
		for _, start := range []struct {
			what string
			args []string
		}{
			{"`sso-creds` from the cache, 99 profiles", []string{"sso-creds", name}},
			{"`sso-login`, the token is good, 99 profiles, against what it links", []string{"sso-login", "okta"}},
			{"`sso-login --help`, against what it links", []string{"sso-login", "--help"}},
		} {
			program := install(t, filepath.Join(binaries, start.args[0]), installed)
			var ratios []float64
			var least measured
			for i := range 300 {
				idle := b.measure(linked).wall
				m := b.measure(program, start.args[1:]...)
				ratios = append(ratios, m.wall.Seconds()/idle.Seconds())
				if i == 0 || m.wall < least.wall {
					least = m
				}
			}
			ratio := median(ratios)
			record(t, start.what, least, "%.2f times a Go program that links the same and does nothing; must be under 1.3", ratio)
			bar(t, ratio < 1.3, "%s takes %.2f times a program that links the same (median of 300 pairs; bar 1.3)", strings.Join(start.args, " "), ratio)
		}
	})
	t.Run("aws", func(t *testing.T) {
		b := newBench(t, idctest.Config{Accounts: accounts(33, 3)})
		b.shell("sso-profiles -o name >names")
		if err := b.srv.WriteModels(filepath.Join(b.home, ".aws", "models")); err != nil {
			t.Fatal(err)
		}
		name := b.firstName(t)
		b.run("sso-creds", name)
		cli := b.exporter(name)
		if cli == "" {
			t.Skip("there is no AWS CLI that has configure export-credentials and reads its cache (version 2)")
		}
		var ratios []float64
		var ours, theirs measured
		for i := range 11 {
			x := best(3, func() measured { return b.measure(cli, "configure", "export-credentials", "--profile", name) })
			m := best(3, func() measured { return b.run("sso-creds", name) })
			ratios = append(ratios, x.wall.Seconds()/m.wall.Seconds())
			if i == 0 || m.wall < ours.wall {
				ours = m
			}
			if i == 0 || x.wall < theirs.wall {
				theirs = x
			}
		}
		times := median(ratios)
		record(t, "`aws configure export-credentials`, one profile", theirs, "%.0f times the time of `sso-creds` from the cache; must be 100", times)
		bar(t, times > 100, "%.0f times less time than aws configure export-credentials (median of 11 pairs, each of the best of 3; bar 100)", times)
	})
	t.Run("floor", func(t *testing.T) {
		b := newBench(t, idctest.Config{Accounts: accounts(300, 3)})
		b.names(t)
		b.srv.Update(throttle)
		m := b.shell("sso-creds - -o json <names >out; grep -c AccessKeyId out | xargs seq")
		const floor = (900 - 20) / 20.0
		record(t, "`sso-creds -o json`, 900 profiles, nothing cached, 20 calls/s, burst 20", m, "%.3f of the least possible, 44 s; must be under 1.05", m.wall.Seconds()/floor)
		bar(t, m.wall.Seconds() < floor*1.05 && m.lines == 900, "%.3f of the floor of 44 s, %d of 900 profiles", m.wall.Seconds()/floor, m.lines)
	})
}

// exporter returns an AWS CLI that exports the credentials of a profile, "" if
// there is none: the first on the PATH may be of version 1.
func (b *bench) exporter(name string) string {
	for _, cli := range []string{"aws", "/usr/bin/aws", "/usr/local/bin/aws"} {
		export := exec.Command(cli, "configure", "export-credentials", "--profile", name)
		export.Env = b.env()
		if export.Run() == nil {
			return cli
		}
	}
	return ""
}

func (b *bench) firstName(t *testing.T) string {
	t.Helper()
	list, err := os.ReadFile(filepath.Join(b.home, "names"))
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(string(list), "\n")
	return name
}

// linkedProgram builds a program that links kong and the clients of the three
// services, and does nothing.
func linkedProgram(t *testing.T) string {
	t.Helper()
	source := filepath.Join(t.TempDir(), "linked.go")
	text := `package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	if len(os.Args) > 99 { // never, but the linker does not know
		fmt.Println(kong.Parse(nil), sso.New(sso.Options{}), ssooidc.New(ssooidc.Options{}), sts.New(sts.Options{}))
	}
}
`
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	linked := filepath.Join(t.TempDir(), "linked")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", linked, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return linked
}
