// Package built gives tests the binaries as a user has them, and an
// environment in which they can do no harm.
package built

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"aws-sso-plugins/pkg/cli"
)

// Nowhere is an address that refuses connections, the discard port: what a
// test forgets to point at its own server goes there and fails.
const Nowhere = "http://127.0.0.1:9"

// Build compiles the programs and idc into dir, as they are released: static
// and stripped.
func Build(dir string) error {
	args := []string{"build", "-trimpath", "-ldflags", "-s -w", "-o", dir + string(filepath.Separator), "aws-sso-plugins/pkg/idctest/idc"}
	for _, program := range cli.Programs() {
		args = append(args, "aws-sso-plugins/cmd/"+program)
	}
	build := exec.Command("go", args...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// SealedEnv returns the least environment that a program needs, with the
// binaries in dir first on the PATH: a home folder of its own, and no way to
// AWS or to instance metadata. It has nothing of the caller's settings. The
// environment of an idctest.Server is to be appended and takes precedence.
func SealedEnv(dir, home string) []string {
	env := []string{
		"HOME=" + home,
		"USERPROFILE=" + home, // HOME's name on Windows
		"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH"),
		"TZ=UTC",
		"AWS_EC2_METADATA_DISABLED=true",
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_STS", "HTTPS_PROXY", "https_proxy"} {
		env = append(env, name+"="+Nowhere)
	}
	// What Windows needs to start a program, and where coverage goes.
	for _, name := range []string{"SYSTEMROOT", "GOCOVERDIR"} {
		if v := os.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}
