//go:build conformance

package conformance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// installer installs clients into dir, which is kept after the run.
type installer struct{ dir string }

const (
	fetchPatience = 3 * time.Minute // a registry that hangs is one that does not answer
	buildPatience = 30 * time.Minute
)

// unresponsive are the registries that timed out. They are not asked again.
var unresponsive = map[string]bool{}

// fetch runs a command that downloads from a registry. A failure is an absence: the
// registry does not answer, or does not have the package.
func fetch(ctx context.Context, registry, dir string, env []string, argv ...string) error {
	if unresponsive[registry] {
		return absence(registry + " does not answer")
	}
	out, err := command(ctx, fetchPatience, dir, env, argv...)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		unresponsive[registry] = true
		return absence(fmt.Sprintf("%s did not answer for %s", registry, fetchPatience))
	case err != nil:
		return absence(registry + " did not serve it: " + lastLine(out, err))
	}
	return nil
}

// build runs a command that needs no registry. A failure is an error of the driver.
func build(ctx context.Context, dir string, env []string, argv ...string) error {
	if out, err := command(ctx, buildPatience, dir, env, argv...); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
	}
	return nil
}

func command(ctx context.Context, patience time.Duration, dir string, env []string, argv ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.WaitDelay = time.Second // a child that holds the output open
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return out, err
}

// lastLine returns the last line of a command's output, or the error if there is no
// output.
func lastLine(out []byte, err error) string {
	lines := strings.Split(string(bytes.TrimSpace(out)), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

// driver returns the folder of an installed driver, and its version. It copies the
// sources and calls prepare if the sources have changed or the driver does not run.
func (w installer) driver(name string, prepare func(dir string) error, version func(dir string) (string, error)) (dir, told string, err error) {
	sources := os.DirFS(filepath.Join("testdata", name))
	sum, err := sumOf(sources)
	if err != nil {
		return "", "", err
	}
	dir = filepath.Join(w.dir, name+"-"+sum)
	ready := filepath.Join(dir, ".ready")
	if _, err := os.Stat(ready); err == nil {
		if told, err := version(dir); err == nil {
			return dir, told, nil
		}
	}
	older, err := filepath.Glob(filepath.Join(w.dir, name+"-*"))
	if err != nil {
		return "", "", err
	}
	for _, path := range older {
		if err := os.RemoveAll(path); err != nil {
			return "", "", err
		}
	}
	if err := os.CopyFS(dir, sources); err != nil {
		return "", "", err
	}
	if err := prepare(dir); err != nil {
		return "", "", err
	}
	if told, err = version(dir); err != nil {
		return "", "", err
	}
	return dir, told, os.WriteFile(ready, nil, 0o644)
}

func sumOf(files fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(data), data)
		return err
	})
	return hex.EncodeToString(h.Sum(nil))[:12], err
}

// tellsVersion runs a driver with --version.
func tellsVersion(ctx context.Context, argv ...string) (string, error) {
	out, err := command(ctx, time.Minute, "", nil, append(argv, "--version")...)
	if err != nil {
		return "", fmt.Errorf("%s --version: %w\n%s", strings.Join(argv, " "), err, out)
	}
	return lastLine(out, nil), nil
}

// need returns an absence unless the tool is on the PATH.
func need(tool string) error {
	if _, err := exec.LookPath(tool); err != nil {
		return absence(tool + " is not installed")
	}
	return nil
}

// needFromDebian installs a missing tool from Debian's packages, where that needs no
// question.
func needFromDebian(ctx context.Context, tool string, packages ...string) error {
	err := need(tool)
	if err == nil {
		return nil
	}
	if need("apt-get") != nil || os.Getuid() != 0 {
		return fmt.Errorf("%w, and this is no root shell of a Debian system", err)
	}
	quiet := []string{"DEBIAN_FRONTEND=noninteractive"}
	if err := fetch(ctx, debianPackages, "", quiet, "apt-get", "-qq", "-o", "APT::Update::Error-Mode=any", "update"); err != nil {
		return err
	}
	// another apt-get on this machine may hold the lock
	install := []string{"apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=150", "install", "--no-install-recommends"}
	if err := fetch(ctx, debianPackages, "", quiet, append(install, packages...)...); err != nil {
		return err
	}
	return need(tool)
}

const debianPackages = "Debian's package archive"
