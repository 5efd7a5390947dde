//go:build conformance

package conformance

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"aws-sso-plugins/cmd/built"
)

var (
	which     = flag.String("clients", "", "run these clients only, ids separated by commas or spaces")
	cache     = flag.String("cache", "", "install the clients into this folder; default a folder in the user's cache")
	peersOnly = flag.Bool("peers", false, "run TestPeers, and print its table")

	update = flag.Bool("update", false, "write the table into docs/conformance.md, if every client was run and has passed")
)

// binaries is the folder of the suite as it is built, and of a browser.
var binaries string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(prepareAndRun(m))
}

func prepareAndRun(m *testing.M) int {
	if err := choose(*which); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	dir, err := os.MkdirTemp("", "sso-conformance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binaries = dir
	if err := errors.Join(built.Build(dir), writeBrowser(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if *peersOnly {
		broken := installPeers(installedClients())
		status := m.Run()
		if broken {
			status = 1
		}
		fmt.Print("\n", peerTable())
		return status
	}
	broken := installAll()
	status := m.Run()
	if broken {
		status = 1
	}
	fmt.Print("\n", table(), "\n")
	if *update {
		if err := writeTable("../../docs/conformance.md", status == 0); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	printAbsent()
	return status
}

// writeBrowser makes a browser in which somebody signs in. Like one that a person
// uses it does not keep the program that opens it waiting: the AWS CLI answers
// the callback only after that.
func writeBrowser(dir string) error {
	script := "#!/bin/sh\n'" + filepath.Join(dir, "idc") + "' browse \"$1\" >/dev/null 2>&1 &\n"
	return os.WriteFile(filepath.Join(dir, "browser"), []byte(script), 0o755)
}

// installAll installs the clients that are asked for. It reports whether one
// could have been had and is broken.
func installAll() (broken bool) {
	w := installedClients()
	for _, c := range clients {
		if c.absent != "" {
			continue
		}
		started := time.Now()
		p, err := c.install(context.Background(), w)
		var not absence
		switch {
		case err == nil:
			c.program = p
			printLine("ready", c, "", time.Since(started))
		case errors.As(err, &not):
			c.absent = err.Error()
			printLine("skip", c, c.absent, time.Since(started))
		default:
			c.absent = "it could not be built"
			broken = true
			printLine("FAIL", c, err.Error(), time.Since(started))
		}
	}
	return broken
}

// installedClients is where clients are installed.
func installedClients() installer {
	w := installer{dir: *cache}
	if w.dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			user = os.TempDir()
		}
		w.dir = filepath.Join(user, "aws-sso-plugins", "conformance")
	}
	return w
}
