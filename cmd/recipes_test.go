package cmd

import (
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// What the script of the recipes runs is what docs/recipes.md shows.
func TestRecipesAreThoseThatAreRun(t *testing.T) {
	page, err := os.ReadFile("../docs/recipes.md")
	if err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile("testdata/pipeline/recipes.txtar")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		shown[strings.TrimSpace(line)] = true
	}
	run := 0
	for _, file := range archive.Files {
		if !strings.HasSuffix(file.Name, ".sh") {
			continue
		}
		for line := range strings.Lines(string(file.Data)) {
			line = strings.TrimSuffix(strings.TrimSpace(line), " >written") // for the script alone
			if run++; !shown[line] && !strings.HasPrefix(line, "echo ") {
				t.Errorf("%s runs %q, which docs/recipes.md does not show", file.Name, line)
			}
		}
	}
	if run < 10 {
		t.Errorf("%d lines are run", run)
	}
}
