package foretellbeam

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
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

// TestCleanAgain checks that a run that could not delete what earlier ones have left does
// so with its next shard, and then no more.
func TestCleanAgain(t *testing.T) {
	ctx, root := context.Background(), t.TempDir()
	c := Limit{Workers: 1}.crew("test of cleaning")
	folder := filepath.Join(root, partials)
	if err := os.WriteFile(folder, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.clean(ctx, root, "RUN"); err == nil {
		t.Fatal("a file in the place of the folder is no error")
	}
	left := filepath.Join(folder, "left")
	for _, there := range []bool{false, true} {
		os.Remove(folder)
		if err := errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(left, nil, 0o644), c.clean(ctx, root, "RUN")); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(left); (err == nil) != there {
			t.Errorf("what was left is there: %v", err == nil)
		}
	}
}

// TestStages checks that stages that end delete the folder of partial files, and
// do not disturb those that begin.
func TestStages(t *testing.T) {
	ctx, root := context.Background(), t.TempDir()
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			for k := range 500 {
				s, err := create(ctx, root, "", filepath.Join(root, fmt.Sprintf("%d-%d", i, k%2)))
				if err != nil {
					t.Error(err)
					return
				}
				if k%3 == 0 {
					s.abort(ctx)
				} else if err := s.commit(ctx); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 8 {
		t.Errorf("%v, %v, want 8 files and no folder", entries, err)
	}
}

// TestStageCommit checks that files that get no names are deleted.
func TestStageCommit(t *testing.T) {
	ctx, root := context.Background(), t.TempDir()
	s, err := newStage(ctx, root, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "a/b", "c"} {
		if err := s.next(ctx, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.commit(ctx); err == nil {
		t.Error("a is a file and a folder")
	}
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 1 || entries[0].Name() != "a" {
		t.Errorf("%v, %v, want a alone", entries, err)
	}
}
