// Package realdata finds the real data that tests and benchmarks run on, none of
// which is part of the repository.
package realdata

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Dir returns the folder of real data: FORETELL_DATA, or the folder shared/data
// beside the repository. Without either the test is skipped.
func Dir(tb testing.TB) string {
	tb.Helper()
	return folder(tb, "FORETELL_DATA", "data")
}

// Models returns the folder of networks too large for real data: FORETELL_MODELS,
// or the folder models beside the repository. Without either the test is skipped.
func Models(tb testing.TB) string {
	tb.Helper()
	return folder(tb, "FORETELL_MODELS", filepath.Join("..", "models"))
}

// folder returns the folder that a variable names, or the one at a path from the
// folder shared beside the repository.
func folder(tb testing.TB, variable, path string) string {
	tb.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		dir = filepath.Join(root(), "..", "shared", path)
	}
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("point %s at what this needs: %v", variable, err)
	}
	return dir
}

// root returns the root of the repository, in whose folders tests run.
func root() string {
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module github.com/foretell/foretell\n") {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return "."
}

// Opticks returns Newton's Opticks, which comes with Go. Where it does not, the test
// is skipped.
func Opticks(tb testing.TB) []byte {
	tb.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		tb.Skip("no go command to find Go's test data with: ", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src", "testdata", "Isaac.Newton-Opticks.txt"))
	if err != nil {
		tb.Skip("the Go installation lacks its test data: ", err)
	}
	return text
}
