package foretellbeam

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/memfs"
)

// TestCleanLiteral checks that the folder of outputs is no pattern where partial
// files are deleted.
func TestCleanLiteral(t *testing.T) {
	ctx := context.Background()
	t.Chdir(t.TempDir())
	touch := func(folder, name string) string {
		p := filepath.Join(folder, partials, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
		return p
	}
	other, ours, left := touch("g1", "other"), touch("g[1]", "RUNours"), touch("g[1]", "left")
	for _, root := range []string{"g[1]/", "none/"} {
		if err := clean(ctx, root, "RUN"); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{other, ours} {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(left); err == nil {
		t.Errorf("%s is still there", left)
	}
	if err := clean(ctx, "memfs://g[1]/", "RUN"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a remote folder that is a pattern: %v", err)
	}
}
