package idctest_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Whoever tests with this package gets no dependency with it.
func TestImportsStandardLibraryAlone(t *testing.T) {
	n := 0
	for _, dir := range []string{".", "idc"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				n++
				path, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				first, _, _ := strings.Cut(path, "/")
				own := dir == "idc" && path == "aws-sso-plugins/pkg/idctest"
				if !own && (strings.Contains(first, ".") || first == "aws-sso-plugins") {
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d imports were found", n)
	}
}
