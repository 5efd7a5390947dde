//go:build unix

package safefile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOwnGroup(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"group": "root:x:0:\n" +
			"jane:x:1000:\n" +
			"joe:x:1001:joe\n" +
			"team:x:1002:jane,joe\n" +
			"ann:x:1003:joe\n" +
			"cut:x:1004\n" +
			"bob:x:1005:\n" +
			"last:x:1006:",
		"passwd": "root:x:0:0:root:/root:/bin/sh\n" +
			"jane:x:1000:1000:Jane,,,:/home/jane:/bin/sh\n" +
			"bob:x:1005:1005::/home/bob:/bin/sh\n" +
			"bobs-friend:x:1007:1005::/home/friend:/bin/sh\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for gid, want := range map[int]bool{
		0: false, 1000: true, 1001: true, 1002: false, 1003: false, 1004: false, 1005: false, 1006: true,
		100: false, // a directory service may know it, with many members
	} {
		if got := isOwnGroup(dir, gid); got != want {
			t.Errorf("group %d: %v", gid, got)
		}
	}
	if isOwnGroup(filepath.Join(dir, "none"), 1000) {
		t.Error("a group of which nothing is known")
	}
}
