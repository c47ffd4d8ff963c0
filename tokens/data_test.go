package tokens

import (
	"os"
	"path/filepath"
	"testing"
)

// dataFolder returns the folder of real data: $FORETELL_DATA, else one that may lie
// beside the repository. Without either the test is skipped.
func dataFolder(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("FORETELL_DATA")
	if dir == "" {
		wd, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := os.Stat(filepath.Join(wd, "go.mod")); err == nil {
				break
			}
			up := filepath.Dir(wd)
			if up == wd {
				t.Fatal("no go.mod above the test")
			}
			wd = up
		}
		dir = filepath.Join(wd, "..", "shared", "data")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no real data: set FORETELL_DATA (%v)", err)
	}
	return dir
}
