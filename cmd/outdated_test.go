//go:build outdated

package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The database of govulncheck is not to be had everywhere, the module proxy is:
// a module of which a newer version can be had is worth a look, and the fix of
// a known hole is in no older one. Where the proxy does not answer nothing is
// known, which is no failure.
func TestModulesAreTheNewest(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	list := exec.CommandContext(ctx, "go", "list", "-m", "-u", "-json", "all")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Skipf("the module proxy does not answer: %v", err)
	}
	type module struct {
		Path, Version string
		Indirect      bool
		Update        *struct{ Version string }
		Error         *struct{ Err string }
	}
	seen := 0
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var m module
		if err := dec.Decode(&m); err != nil {
			t.Fatal(err)
		}
		if m.Error != nil {
			t.Logf("%s: nothing is known: %s", m.Path, m.Error.Err)
		}
		if m.Indirect || m.Version == "" {
			continue
		}
		seen++
		if m.Update == nil {
			continue
		}
		if why := refused(ctx, t, m.Path+"@"+m.Update.Version); why != "" {
			t.Logf("%s %s is listed, and cannot be had: %s", m.Path, m.Update.Version, why)
			continue
		}
		t.Errorf("%s %s: %s can be had; run: go get %[1]s@%[3]s", m.Path, m.Version, m.Update.Version)
	}
	if seen == 0 {
		t.Error("no module was looked at")
	}
}

// refused says why a version cannot be downloaded, "" if it can: proxies list
// versions that they do not hand out.
func refused(ctx context.Context, t *testing.T, version string) string {
	t.Helper()
	download := exec.CommandContext(ctx, "go", "mod", "download", version)
	download.Dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(download.Dir, "go.mod"), []byte("module probe\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := download.CombinedOutput()
	if err == nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}
