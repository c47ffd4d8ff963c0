//go:build linux || darwin

package foretell_test

import (
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/foretell/foretell"
)

// TestFindPassesOverPipes looks for a model in a folder that holds a named pipe, which
// nobody writes to, before the model and under its name.
func TestFindPassesOverPipes(t *testing.T) {
	dir := t.TempDir()
	content := []byte("a model")
	need := foretell.Need{Kind: foretell.NeedWeights, Name: "b.gguf", Sum: sha256.Sum256(content), Size: int64(len(content))}
	for _, name := range []string{"a", "b.gguf"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Skip(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "c"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := foretell.Find(need, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || string(got) != string(content) {
		t.Errorf("%q, %v", got, err)
	}
}
