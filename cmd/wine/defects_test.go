//go:build wine

package wine

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// defect is something that wine does otherwise than Windows.
type defect struct {
	program string   // in testdata; it prints "wine" where the defect shows, and "windows" where it does not
	what    string   // what wine does, and what Windows does
	tests   []string // the tests that fail for it alone: PACKAGE.TEST, without their subtests
}

// defects are those of wine 8.0, which Debian 12 has.
var defects = []defect{
	{
		program: "symlink",
		what:    "os.Symlink reports success and makes a file that nobody can open; Windows makes a link",
		tests: []string{
			"safefile.TestLinks", "safefile.TestLinksThatLeadNowhere", "safefile.TestLinkSharesTheLock", "safefile.TestLinkMoved",
			"safefile.TestLinkMovedWhileWaiting", "safefile.TestBackupThroughALink",
		},
	},
	{
		program: "delete",
		what: "NtSetInformationFile answers STATUS_NOT_IMPLEMENTED for FileDispositionInformationEx, so that os.RemoveAll removes nothing; " +
			"Windows deletes, and an older one answers that it does not know the class. The tests are built with an overlay that takes the one answer for the other",
	},
}

// isWines reports whether wine alone is to blame for the failure of a test, which
// may be a subtest.
func isWines(pkg, test string) bool {
	test, _, _ = strings.Cut(test, "/")
	return slices.ContainsFunc(defects, func(d defect) bool { return slices.Contains(d.tests, pkg+"."+test) })
}

// A wine that has mended a defect needs no entry for it.
func TestDefectsAreStillThere(t *testing.T) {
	for _, d := range defects {
		t.Run(d.program, func(t *testing.T) {
			exe := filepath.Join(t.TempDir(), d.program+".exe")
			build(t, exe, nil, "build", "./testdata/"+d.program)
			switch out := strings.TrimSpace(run(t, ".", exe)); out {
			case "wine":
				t.Log(d.what)
			case "windows":
				t.Errorf("wine no longer has this defect; remove it from the list: %s", d.what)
			default:
				t.Errorf("%s printed %q", d.program, out)
			}
		})
	}
}
