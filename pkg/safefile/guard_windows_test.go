package safefile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
)

// A program that has the file open for writing is waited for.
func TestWriterHasTheFileOpen(t *testing.T) {
	k, _ := store(t)
	path := filepath.Join(folder(t), "config")
	write(t, path, "old\n", 0o644)
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := open()
	go func() {
		time.Sleep(300 * time.Millisecond)
		_, _ = f.WriteString("theirs\n")
		_ = f.Close()
	}()
	changed, err := k.Update(t.Context(), safefile.Target{Path: path, Backup: ".bak"}, func(old []byte) ([]byte, error) {
		return append(old, "ours\n"...), nil
	})
	if err != nil || !changed || content(t, path) != "old\ntheirs\nours\n" || content(t, path+".bak") != "old\ntheirs\n" {
		t.Errorf("changed %v, error %v, content %q", changed, err, content(t, path))
	}
	defer open().Close()
	_, err = k.Update(t.Context(), safefile.Target{Path: path}, becomes("new"))
	if err == nil || !strings.Contains(err.Error(), "open for writing for more than 2s") {
		t.Errorf("error %v", err)
	}
}

// A program that has the file open and shares nothing is named as the cause.
func TestAnotherProgramHasTheFile(t *testing.T) {
	k, _ := store(t)
	path := filepath.Join(folder(t), "config")
	write(t, path, "old\n", 0o644)
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		t.Fatal(err)
	}
	const shared = windows.FILE_SHARE_READ
	h, err := windows.CreateFile(name, windows.GENERIC_READ, shared, nil, windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.Update(t.Context(), safefile.Target{Path: path}, becomes("new"))
	wantFault(t, err, fault.File, `cannot write "`+path+`": `, "another program has the file open")
	if strings.Contains(err.Error(), ".,") {
		t.Errorf("a full stop of the system is left in: %v", err)
	}
	if err := windows.CloseHandle(h); err != nil {
		t.Error(err)
	}
}
