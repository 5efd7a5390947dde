//go:build bench

package cmd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/idctest"
)

// TestBenchExec holds sso-exec against xargs of the same width. Both are run by a
// shell that reads the names from a file.
func TestBenchExec(t *testing.T) {
	width := strconv.Itoa(max(2*runtime.NumCPU(), 8))
	t.Log(heading)
	t.Run("true", func(t *testing.T) {
		b := newBench(t, idctest.Config{Accounts: accounts(500, 2)})
		b.names(t)
		b.shell("sso-exec - -- true <names >/dev/null") // the cache is filled
		var ratios []float64
		var ours, theirs measured
		for i := range 7 {
			x := b.shell("xargs -P " + width + " -n 1 true <names")
			m := b.shell("sso-exec - -- true <names")
			ratios = append(ratios, m.wall.Seconds()/x.wall.Seconds())
			if i == 0 || m.wall < ours.wall {
				ours = m
			}
			if i == 0 || x.wall < theirs.wall {
				theirs = x
			}
		}
		ratio := median(ratios)
		record(t, "`xargs -P "+width+" -n 1 true`, 1,000 names", theirs, "")
		record(t, "`sso-exec - -- true`, 1,000 profiles from the cache", ours, "%.2f of the time of xargs; must be under 1.25", ratio)
		bar(t, ratio < 1.25, "%.2f of the time of xargs (median of 7 pairs; bar 1.25)", ratio)
	})
	t.Run("floor", func(t *testing.T) {
		b := newBench(t, idctest.Config{Accounts: accounts(250, 2)})
		b.names(t)
		b.srv.Update(throttle)
		m := b.shell("sso-exec - -- sh -c 'echo $SSO_ROLE_NAME' <names")
		record(t, "`sso-exec`, 500 profiles, nothing cached, 20 calls/s, burst 20", m, "%.3f of the least possible, 24 s; must be under 1.05", m.wall.Seconds()/24)
		bar(t, m.wall.Seconds() < 24*1.05 && m.lines == 500, "%.3f of the floor of 24 s, %d of 500 lines", m.wall.Seconds()/24, m.lines)
	})
	t.Run("output", func(t *testing.T) {
		b := newBench(t, idctest.Config{Accounts: accounts(100, 2)})
		b.names(t)
		const size = (1 << 30) / 200
		output := fmt.Sprintf("yes $SSO_PROFILE | head -c %d", size)
		b.shell(fmt.Sprintf("while read -r SSO_PROFILE; do %s; done <names | cksum >want", output))
		m := b.shell("sso-exec - --concurrency 200 -o raw -- sh -c '" + output + "' <names >got")
		b.shell("cksum <got | cmp - want")
		record(t, "1 GiB of output from 200 commands at once", m, "byte for byte; the peak must be under 64 MiB")
		bar(t, m.peakMiB < 64, "a peak of %.0f MiB (bar 64)", m.peakMiB)
	})
	t.Run("aws", func(t *testing.T) { benchAWS(t, width, "", func(*idctest.Config) {}) })
	t.Run("aws at 20 calls a second", func(t *testing.T) { benchAWS(t, width, " at 20 calls/s, burst 20", throttle) })
}

// benchAWS has the AWS CLI ask for its own credentials, as whoever has no sso-exec
// would run it, and sso-exec hand them over.
func benchAWS(t *testing.T, width, how string, limit func(*idctest.Config)) {
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("there is no aws on the PATH")
	}
	b := newBench(t, idctest.Config{Accounts: accounts(50, 2)})
	b.names(t)
	if err := b.srv.WriteModels(filepath.Join(b.home, ".aws", "models")); err != nil {
		t.Fatal(err)
	}
	b.srv.Update(limit)
	b.clearRoles(t)
	x := b.shell("xargs -P " + width + " -I {} aws sts get-caller-identity --profile {} --output text <names || true")
	b.clearRoles(t)
	m := b.shell("sso-exec - -- aws sts get-caller-identity --output text <names || true")
	record(t, "`xargs -P "+width+" aws sts get-caller-identity --profile`, 100"+how, x, "%d of 100 lost", 100-x.lines)
	record(t, "`sso-exec - -- aws sts get-caller-identity`, 100"+how, m, "%d of 100 lost; %.2f of the time", 100-m.lines, m.wall.Seconds()/x.wall.Seconds())
	bar(t, m.lines == 100, "%d of 100 lost", 100-m.lines)
}

func throttle(c *idctest.Config) { c.Rate, c.Burst = 20, 20 }

// names makes the profiles and writes their names into a file.
func (b *bench) names(t *testing.T) {
	t.Helper()
	b.shell("sso-profiles -o name >names")
	list, err := os.ReadFile(filepath.Join(b.home, "names"))
	if err != nil || strings.Count(string(list), "\n") < 100 {
		t.Fatalf("%d names, %v", strings.Count(string(list), "\n"), err)
	}
}

func (b *bench) clearRoles(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(b.home, ".aws", "cli", "cache")); err != nil {
		t.Fatal(err)
	}
}

// shell measures a script in the home folder. Standard output is what its lines
// are counted of.
func (b *bench) shell(script string) measured {
	b.t.Helper()
	return b.measure("sh", "-c", "cd "+b.home+" && PATH="+binaries+":$PATH && "+script)
}
