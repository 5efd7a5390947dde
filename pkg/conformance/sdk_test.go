//go:build conformance

package conformance

import (
	"context"
	"encoding/json"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// driven is a driver that is installed and told its version.
func driven(version string, err error, argv ...string) (program, error) {
	if err != nil {
		return program{}, err
	}
	return program{version: version, argv: argv}, nil
}

func boto3(ctx context.Context, w installer) (program, error) {
	dir, err := python(ctx, w)
	if err != nil {
		return program{}, err
	}
	argv := []string{filepath.Join(dir, "venv", "bin", "python"), filepath.Join(dir, "caller.py")}
	version, err := tellsVersion(ctx, argv...)
	return driven(version, err, argv...)
}

func goSDK(ctx context.Context, w installer) (program, error) {
	caller := func(dir string) string { return filepath.Join(dir, "caller") }
	dir, version, err := w.driver("go", func(dir string) error {
		if err := fetch(ctx, "the Go module proxy", dir, nil, "go", "mod", "download"); err != nil {
			return err
		}
		return build(ctx, dir, []string{"CGO_ENABLED=0"}, "go", "build", "-o", caller(dir), ".")
	}, func(dir string) (string, error) { return tellsVersion(ctx, caller(dir)) })
	return driven(version, err, caller(dir))
}

func javaScriptSDK(ctx context.Context, w installer) (program, error) {
	if err := needFromDebian(ctx, "npm", "nodejs", "npm"); err != nil {
		return program{}, err
	}
	if err := atLeast(ctx, "node", 20); err != nil {
		return program{}, err
	}
	caller := func(dir string) []string { return []string{"node", filepath.Join(dir, "caller.mjs")} }
	dir, version, err := w.driver("js", func(dir string) error {
		return fetch(ctx, "the npm registry", dir, nil, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries", "1")
	}, func(dir string) (string, error) { return tellsVersion(ctx, caller(dir)...) })
	return driven(version, err, caller(dir)...)
}

func javaSDK(ctx context.Context, w installer) (program, error) {
	if err := needFromDebian(ctx, "mvn", "maven", "default-jdk-headless"); err != nil {
		return program{}, err
	}
	if err := atLeast(ctx, "javac", 17); err != nil {
		return program{}, err
	}
	caller := func(dir string) []string {
		// the Java machine starts twice as fast without its second compiler
		return []string{
			"java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp",
			filepath.Join(dir, "target", "classes") + string(filepath.ListSeparator) + filepath.Join(dir, "target", "dependency", "*"),
			"Caller",
		}
	}
	dir, version, err := w.driver("java", func(dir string) error {
		maven := []string{"mvn", "--batch-mode", "--quiet", "-Dmaven.repo.local=" + filepath.Join(w.dir, "maven")}
		// All that compiling needs comes with the first, from Maven Central.
		if err := fetch(ctx, "Maven Central", dir, nil, append(maven, "dependency:copy-dependencies", "resources:resources")...); err != nil {
			return err
		}
		return build(ctx, dir, nil, append(maven, "compile")...)
	}, func(dir string) (string, error) { return tellsVersion(ctx, caller(dir)...) })
	return driven(version, err, caller(dir)...)
}

func rustSDK(ctx context.Context, w installer) (program, error) {
	if err := need("cargo"); err != nil {
		return program{}, err
	}
	if err := atLeast(ctx, "rustc", 1, 94); err != nil {
		return program{}, err
	}
	target := filepath.Join(w.dir, "cargo-target")
	caller := filepath.Join(target, "debug", "caller")
	_, version, err := w.driver("rust", func(dir string) error {
		if err := fetch(ctx, "crates.io", dir, nil, "cargo", "--quiet", "fetch", "--locked"); err != nil {
			return err
		}
		jobs := strconv.Itoa(min(2, runtime.NumCPU()))
		return build(ctx, dir, nil, "cargo", "--quiet", "build", "--offline", "--locked", "--jobs", jobs, "--target-dir", target)
	}, func(string) (string, error) { return tellsVersion(ctx, caller) })
	return driven(version, err, caller)
}

func kubectl(ctx context.Context, _ installer) (program, error) {
	if err := need("kubectl"); err != nil {
		return program{}, err
	}
	out, err := command(ctx, time.Minute, "", nil, "kubectl", "version", "--client", "-o", "json")
	if err != nil {
		return program{}, absence("kubectl tells no version: " + lastLine(out, err))
	}
	var told struct {
		ClientVersion struct{ Major, Minor, GitVersion string }
	}
	if err := json.Unmarshal(out, &told); err != nil {
		return program{}, err
	}
	return program{version: versionNumber.FindString(told.ClientVersion.GitVersion), argv: []string{"kubectl"}}, nil
}

var versionNumber = regexp.MustCompile(`\d+(\.\d+)*`)

// atLeast is an absence unless the tool is of this version or a newer one.
func atLeast(ctx context.Context, tool string, want ...int) error {
	if err := need(tool); err != nil {
		return err
	}
	out, err := command(ctx, time.Minute, "", nil, tool, "--version")
	if err != nil {
		return absence(tool + " --version: " + lastLine(out, err))
	}
	told := versionNumber.FindString(string(out))
	if !reaches(told, want) {
		return absence(tool + " is " + told + ", too old for the SDK")
	}
	return nil
}

func reaches(version string, want []int) bool {
	have := strings.Split(version, ".")
	for i, w := range want {
		if i >= len(have) {
			return false
		}
		if h, err := strconv.Atoi(have[i]); err != nil || h != w {
			return err == nil && h > w
		}
	}
	return true
}
