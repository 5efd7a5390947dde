package safefile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Making the backup takes time, in which another program may write.
func TestWriteInPlaceLooksAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte("read"), 0o600); err != nil {
		t.Fatal(err)
	}
	at, err := resolve(path)
	if err != nil {
		t.Fatal(err)
	}
	was, err := readSnapshot(at)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	k := &Store{}
	changed, err := k.writeInPlace(context.Background(), Target{Path: path}, at, was, []byte("ours"), backup{})
	if changed || !errors.Is(err, errChanged) {
		t.Errorf("changed %v, error %v", changed, err)
	}
	if data, _ := os.ReadFile(path); string(data) != "theirs" {
		t.Errorf("content %q", data)
	}
	if exists(path + inPlaceSuffix) {
		t.Error("a backup of nothing is left")
	}
}
