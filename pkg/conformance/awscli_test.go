//go:build conformance

package conformance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// cliVersion finds the version in what aws --version prints.
var cliVersion = regexp.MustCompile(`^aws-cli/(\d+)\.(\d+)(\.\d+)?`)

// commandLine is the AWS CLI behind argv.
func commandLine(ctx context.Context, env []string, argv ...string) (program, error) {
	out, err := command(ctx, time.Minute, "", env, append(argv, "--version")...)
	if err != nil {
		return program{}, fmt.Errorf("%s --version: %w\n%s", strings.Join(argv, " "), err, out)
	}
	m := cliVersion.FindSubmatch(out)
	if m == nil {
		return program{}, fmt.Errorf("%s --version: %q", strings.Join(argv, " "), out)
	}
	major, _ := strconv.Atoi(string(m[1]))
	minor, _ := strconv.Atoi(string(m[2]))
	return program{
		version: strings.TrimPrefix(string(m[0]), "aws-cli/"), argv: argv, env: env, isCLI: true,
		ignoresEndpointVariables: major == 2 && minor < 13,
	}, nil
}

// debianCLI is the AWS CLI v2 of the system, from the package awscli if there
// is none. Other tools put an aws of version 1 first on the PATH.
func debianCLI(ctx context.Context, _ installer) (program, error) {
	const packaged = "/usr/bin/aws"
	for range 2 {
		candidates := []string{packaged}
		if path, err := exec.LookPath("aws"); err == nil {
			candidates = append(candidates, path)
		}
		for _, path := range candidates {
			if p, err := commandLine(ctx, nil, path); err == nil && strings.HasPrefix(p.version, "2.") {
				return p, nil
			}
		}
		if err := needFromDebian(ctx, packaged, "awscli"); err != nil {
			return program{}, err
		}
	}
	return program{}, absence("there is no AWS CLI of version 2, and the package awscli holds none")
}

// trixieCLI is the AWS CLI v2 of Debian 13, which logs in by the authorization
// code where that of Debian 12 knows only the device code. Its packages, down
// to the C library, are unpacked and not installed, and run on any Debian.
func trixieCLI(ctx context.Context, w installer) (program, error) {
	dir := filepath.Join(w.dir, "trixie")
	if p, err := unpackedCLI(ctx, dir); err == nil {
		return p, nil
	}
	for _, tool := range []string{"apt-get", "dpkg"} {
		if err := need(tool); err != nil {
			return program{}, err
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return program{}, err
	}
	if err := unpack(ctx, dir, "trixie", "awscli"); err != nil {
		return program{}, err
	}
	return unpackedCLI(ctx, dir)
}

func unpackedCLI(ctx context.Context, root string) (program, error) {
	loaders, err := filepath.Glob(filepath.Join(root, "usr", "lib", "*", "ld-linux-*.so.*"))
	if err != nil || len(loaders) != 1 {
		return program{}, fmt.Errorf("want one program loader below %s: %v %w", root, loaders, err)
	}
	pythons, err := filepath.Glob(filepath.Join(root, "usr", "bin", "python3.??"))
	if err != nil || len(pythons) != 1 {
		return program{}, fmt.Errorf("want one python below %s: %v %w", root, pythons, err)
	}
	usr := filepath.Join(root, "usr")
	env := []string{"PYTHONHOME=" + usr, "PYTHONPATH=" + filepath.Join(usr, "lib", "python3", "dist-packages")}
	return commandLine(ctx, env, loaders[0], "--library-path", filepath.Dir(loaders[0]), pythons[0],
		filepath.Join(usr, "bin", "aws"))
}

// unpack puts a package of another Debian release, and all that it depends on,
// below dir. It comes from the archive that this system's own packages come
// from, and apt-get is kept from looking at what is installed here.
func unpack(ctx context.Context, dir, release, name string) error {
	const keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
	if _, err := os.Stat(keys); err != nil {
		return absence("this is no Debian: " + err.Error())
	}
	targets, err := command(ctx, time.Minute, "", nil, "apt-get", "indextargets", "--format", "$(REPO_URI)",
		"Origin: Debian", "Label: Debian", "Component: main", "Identifier: Packages")
	archive, _, _ := strings.Cut(string(targets), "\n")
	if err != nil || archive == "" {
		return absence("apt-get knows no package archive of Debian: run apt-get update")
	}
	apt := filepath.Join(dir, "apt")
	for _, sub := range []string{"lists/partial", "archives/partial"} {
		if err := os.MkdirAll(filepath.Join(apt, sub), 0o755); err != nil {
			return err
		}
	}
	sources := filepath.Join(apt, "sources.list")
	if err := os.WriteFile(sources, []byte("deb [signed-by="+keys+"] "+archive+" "+release+" main\n"), 0o644); err != nil {
		return err
	}
	nothing := filepath.Join(apt, "status") // what is installed: nothing
	if err := os.WriteFile(nothing, nil, 0o644); err != nil {
		return err
	}
	options := []string{
		"apt-get", "-qq", "-o", "Dir::Etc::sourcelist=" + sources, "-o", "Dir::Etc::sourceparts=-",
		"-o", "Dir::State::lists=" + filepath.Join(apt, "lists"), "-o", "Dir::State::status=" + nothing,
		"-o", "Dir::Cache=" + apt, "-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=1",
		"-o", "APT::Update::Error-Mode=any",
	}
	for _, args := range [][]string{{"update"}, {"install", "--download-only", "--no-install-recommends", "-y", name}} {
		if err := fetch(ctx, debianPackages, "", nil, append(options, args...)...); err != nil {
			return err
		}
	}
	archives, err := filepath.Glob(filepath.Join(apt, "archives", "*.deb"))
	if err != nil {
		return err
	}
	for _, path := range archives {
		if err := build(ctx, "", nil, "dpkg", "-x", path, dir); err != nil {
			return err
		}
	}
	return os.RemoveAll(apt)
}

// python is the folder of the virtual environment that the AWS CLI v1 and
// boto3 share.
func python(ctx context.Context, w installer) (string, error) {
	if err := needFromDebian(ctx, "python3", "python3", "python3-venv"); err != nil {
		return "", err
	}
	dir, _, err := w.driver("python", func(dir string) error {
		// Debian has the module that makes an environment usable in a package
		// of its own.
		venv := filepath.Join(dir, "venv")
		if _, err := command(ctx, time.Minute, dir, nil, "python3", "-c", "import ensurepip"); err != nil {
			return absence("python3 has no ensurepip: python3-venv is not installed")
		}
		if err := build(ctx, dir, nil, "python3", "-m", "venv", venv); err != nil {
			return err
		}
		return fetch(ctx, "PyPI", dir, nil, filepath.Join(venv, "bin", "pip"), "--disable-pip-version-check", "--retries", "1",
			"--timeout", "30", "install", "--quiet", "--no-deps", "-r", "requirements.txt")
	}, func(dir string) (string, error) {
		return tellsVersion(ctx, filepath.Join(dir, "venv", "bin", "python"), filepath.Join(dir, "caller.py"))
	})
	return dir, err
}

func pypiCLI(ctx context.Context, w installer) (program, error) {
	dir, err := python(ctx, w)
	if err != nil {
		return program{}, err
	}
	return commandLine(ctx, nil, filepath.Join(dir, "venv", "bin", "aws"))
}
