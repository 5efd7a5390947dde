package cmd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors are the packages from the roof down: each imports only what is below
// it. pkg/idctest stands beside the house: nothing but tests imports it, and it
// imports nothing of ours.
var floors = []string{
	"cmd", "pkg/cli", "pkg/report", "pkg/login", "pkg/profiles", "pkg/probe", "pkg/fanout", "pkg/resolve", "pkg/oidc", "pkg/portal",
	"pkg/wire", "pkg/tokencache", "pkg/awsconfig", "pkg/safefile", "pkg/fault",
}

const module = "aws-sso-plugins/"

func TestImportsRunDownTheHouse(t *testing.T) {
	eachFile(t, func(path string, file *ast.File) {
		from := floorOf(filepath.ToSlash(filepath.Dir(path)))
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			to, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			to = floorOf(to)
			switch {
			case strings.HasPrefix(from, "pkg/idctest"):
				if !strings.HasPrefix(to, "pkg/idctest") {
					t.Errorf("%s imports %s: strangers use it without the rest", path, imported)
				}
			case strings.HasPrefix(to, "pkg/idctest"):
				t.Errorf("%s imports %s, which is for tests", path, imported)
			case slices.Index(floors, from) < 0 || slices.Index(floors, to) < 0:
				t.Errorf("%s or %s has no place in the house", from, to)
			case slices.Index(floors, to) < slices.Index(floors, from):
				t.Errorf("%s imports %s: imports run down", path, imported)
			}
		}
	})
}

// outside is what only pkg/cli, the mains and pkg/idctest may touch.
var outside = map[string][]string{
	"os":  {"Args", "Environ", "Exit", "ExpandEnv", "Getenv", "LookupEnv", "Setenv", "Stdin", "Stdout", "Stderr", "UserHomeDir"},
	"fmt": {"Print", "Printf", "Println"},
	"log": {"Fatal", "Fatalf", "Fatalln", "Print", "Printf", "Println"},
}

func TestOnlyCLIKnowsTheOutside(t *testing.T) {
	eachFile(t, func(path string, file *ast.File) {
		floor := floorOf(filepath.ToSlash(filepath.Dir(path)))
		if floor == "cmd" || floor == "pkg/cli" || strings.HasPrefix(floor, "pkg/idctest") {
			return
		}
		for _, spec := range file.Imports {
			if strings.Contains(spec.Path.Value, "alecthomas/kong") {
				t.Errorf("%s knows of flags", path)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && slices.Contains(outside[pkg.Name], sel.Sel.Name) {
				t.Errorf("%s uses %s.%s", path, pkg.Name, sel.Sel.Name)
			}
			return true
		})
	})
}

func floorOf(dir string) string {
	switch parts := strings.Split(dir, "/"); {
	case parts[0] == "cmd":
		return "cmd"
	case len(parts) >= 2:
		return parts[0] + "/" + parts[1]
	}
	return dir
}

// eachFile parses every Go file of the module that is not a test, by its path
// from the module's root. A folder with a go.mod is another module.
func eachFile(t *testing.T, check func(path string, file *ast.File)) {
	t.Helper()
	seen := 0
	for _, root := range []string{"cmd", "pkg"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(path string, entry os.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
					return filepath.SkipDir
				}
			}
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel("..", path)
			if err != nil {
				return err
			}
			seen++
			check(rel, file)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 20 {
		t.Fatalf("only %d files were looked at", seen)
	}
}
