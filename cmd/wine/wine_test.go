//go:build wine

package wine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/pkg/cli"
)

// overlay is a file for `go build -overlay`; see the defect "delete".
var overlay string

func TestMain(m *testing.M) {
	status, err := prepareAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func prepareAndRun(m *testing.M) (int, error) {
	for _, tool := range []string{"wine", "x86_64-w64-mingw32-gcc"} {
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Printf("windows-test: skipped: there is no %s here; on Debian: apt-get install wine64 wine gcc-mingw-w64-x86-64\n", tool)
			return 0, nil
		}
	}
	scratch, err := os.MkdirTemp("", "wine")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(scratch)
	if err := errors.Join(preparePrefix(), prepareOverlay(scratch)); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// preparePrefix makes wine's C: drive in the user's cache, which takes a while
// the first time, and puts the DLL that Go needs on it.
func preparePrefix() error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	prefix := filepath.Join(cache, "aws-sso-plugins", "wine")
	if err := os.MkdirAll(filepath.Dir(prefix), 0o700); err != nil {
		return err
	}
	os.Setenv("WINEPREFIX", prefix)
	os.Setenv("WINEDEBUG", "-all")
	os.Setenv("WINEDLLOVERRIDES", "mscoree,mshtml=") // it would offer to install them
	system32 := filepath.Join(prefix, "drive_c", "windows", "system32")
	dll := filepath.Join(system32, "bcryptprimitives.dll")
	if _, err := os.Stat(dll); err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	// Not CombinedOutput: the server that wine leaves running keeps a pipe open.
	if err := exec.CommandContext(ctx, "wine", "wineboot", "--init").Run(); err != nil {
		return fmt.Errorf("wine cannot start: %w", err)
	}
	cc := exec.CommandContext(ctx, "x86_64-w64-mingw32-gcc", "-shared", "-o", dll, "testdata/bcryptprimitives.c", "-ladvapi32")
	if out, err := cc.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// prepareOverlay makes a copy of the standard library's file that deletes, in
// which the answer of wine counts as that of an older Windows.
func prepareOverlay(dir string) error {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "internal", "syscall", "windows", "at_windows.go")
	source, err := os.ReadFile(original)
	if err != nil {
		return err
	}
	const before, after = "case STATUS_INVALID_INFO_CLASS,", "case NTStatus(0xC0000002), STATUS_INVALID_INFO_CLASS,"
	if !bytes.Contains(source, []byte(before)) {
		return fmt.Errorf("%s has another form than expected", original)
	}
	mended := filepath.Join(dir, "at_windows.go")
	if err := os.WriteFile(mended, bytes.Replace(source, []byte(before), []byte(after), 1), 0o600); err != nil {
		return err
	}
	data, err := json.Marshal(map[string]map[string]string{"Replace": {original: mended}})
	if err != nil {
		return err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return os.WriteFile(overlay, data, 0o600)
}

// build runs the go command, `build` or `test -c`, for Windows.
func build(t *testing.T, out string, flags []string, verb ...string) {
	t.Helper()
	args := append([]string{}, verb[:len(verb)-1]...)
	args = append(append(args, flags...), "-o", out, verb[len(verb)-1])
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// run starts a program under wine, in dir, and returns what it printed.
func run(t *testing.T, dir, exe string, args ...string) string {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "wine", append([]string{exe}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	status := cmd.Run()
	data, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if status != nil && !errors.As(status, &exit) || ctx.Err() != nil {
		t.Fatalf("%s: %v %v\n%s", exe, status, ctx.Err(), data)
	}
	return string(data)
}

func TestPackages(t *testing.T) {
	const format = `{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{"\t"}}{{.Dir}}{{end}}`
	list := exec.CommandContext(t.Context(), "go", "list", "-f", format, "../../pkg/...")
	list.Env = append(os.Environ(), "GOOS=windows")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if len(packages) == 0 {
		t.Fatal("no packages")
	}
	for ; len(packages) > 0; packages = packages[2:] {
		pkg, dir := packages[0], packages[1]
		name := strings.TrimPrefix(pkg, "aws-sso-plugins/pkg/")
		t.Run(name, func(t *testing.T) {
			exe := filepath.Join(t.TempDir(), "test.exe")
			build(t, exe, []string{"-overlay", overlay}, "test", "-c", pkg)
			judge(t, name, run(t, dir, exe, "-test.v"))
		})
	}
}

// The programs as built, alone and together.
func TestScripts(t *testing.T) {
	dir := t.TempDir()
	for _, program := range append(cli.Programs(), "") {
		path := "../" + program
		if program == "" {
			program, path = "idc", "../../pkg/idctest/idc"
		}
		build(t, filepath.Join(dir, program+".exe"), nil, "build", path)
	}
	exe := filepath.Join(dir, "scripts.exe")
	build(t, exe, []string{"-overlay", overlay}, "test", "-c", "..")
	judge(t, "cmd", run(t, "..", exe, "-test.v", "-test.run", "^TestScripts$", "-binaries", "Z:"+strings.ReplaceAll(dir, "/", `\`)))
}

var (
	failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)
	pass    = regexp.MustCompile(`(?m)^\s*--- PASS: (\S+)`)
)

// judge fails for each test that failed and that wine is not to blame for.
func judge(t *testing.T, pkg, out string) {
	t.Helper()
	ended := strings.HasSuffix(out, "\nPASS\n") || strings.HasSuffix(out, "\nPASS\r\n")
	own, wines := 0, 0
	for _, m := range failure.FindAllStringSubmatch(out, -1) {
		ended = true
		if isWines(pkg, m[1]) {
			wines++
			continue
		}
		own++
		t.Errorf("%s fails", m[1])
	}
	if !ended || strings.Contains(out, "panic: ") {
		t.Error("the tests did not end")
		own++
	}
	t.Logf("%d passed, %d failed, %d more failed for want of a real Windows", len(pass.FindAllString(out, -1)), own, wines)
	if own > 0 {
		t.Log(out)
	}
}
