//go:build unix

package safefile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOwnGroup(t *testing.T) {
	file := filepath.Join(t.TempDir(), "group")
	const groups = "root:x:0:\n" +
		"jane:x:1000:\n" +
		"joe:x:1001:joe\n" +
		"team:x:1002:jane,joe\n" +
		"ann:x:1003:joe\n" +
		"cut:x:1004\n" +
		"last:x:1005:"
	if err := os.WriteFile(file, []byte(groups), 0o600); err != nil {
		t.Fatal(err)
	}
	for gid, want := range map[int]bool{
		0: false, 1000: true, 1001: true, 1002: false, 1003: false, 1004: false, 1005: true,
		100: false, // a directory service may know it, with many members
	} {
		if got := isOwnGroup(file, gid); got != want {
			t.Errorf("group %d: %v", gid, got)
		}
	}
	if isOwnGroup(file+".none", 1000) {
		t.Error("a group of which nothing is known")
	}
}
