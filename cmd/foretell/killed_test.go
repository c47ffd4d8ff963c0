package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestKilled kills compress and decompress ten times each, wherever they are, and has
// them go on: what comes out is what a run in one go makes.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("takes twenty runs")
	}
	tiny, err := filepath.Abs(filepath.Join("..", "..", "model", "neural", "testdata", "tiny.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "exactness.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(path("book.txt"), text[:10000], 0o666); err != nil {
		t.Fatal(err)
	}
	start := func(args ...string) *exec.Cmd {
		cmd := exec.Command("foretell", args...)
		cmd.Stderr = new(bytes.Buffer)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	for _, c := range []struct {
		whole, out string
		args       []string
	}{
		{"whole.fore", "book.fore", []string{"compress", "--model", tiny, "--block", "500", path("book.txt"), "-o"}},
		{"book.txt", "back.txt", []string{"decompress", "--model", tiny, path("whole.fore"), "-f", "-o"}},
	} {
		begin := time.Now()
		once := "once"
		if c.whole == "whole.fore" {
			once = c.whole
		}
		if err := start(append(c.args, path(once))...).Wait(); err != nil {
			t.Fatal(err)
		}
		took := time.Since(begin)
		want, err := os.ReadFile(path(c.whole))
		if err != nil {
			t.Fatal(err)
		}
		args := append(c.args, path(c.out), "--resume")
		whole := func() bool {
			got, err := os.ReadFile(path(c.out))
			if err == nil && !bytes.Equal(got, want) {
				t.Errorf("%s after a kill gives another file", c.args[0])
			}
			return err == nil
		}
		kept := int64(0)
		for range 10 {
			cmd := start(args...)
			time.Sleep(time.Duration(r.Int64N(int64(took))))
			cmd.Process.Kill()
			cmd.Wait()
			if whole() { // it was done already
				os.Remove(path(c.out))
				os.Remove(path(c.out + ".partial"))
			}
			if info, err := os.Stat(path(c.out + ".partial")); err == nil {
				kept = max(kept, info.Size())
			}
		}
		if err := start(args...).Wait(); err != nil {
			t.Errorf("%s does not go on: %v", c.args[0], err)
		}
		if !whole() {
			t.Errorf("%s gives nothing", c.args[0])
		}
		if _, err := os.Stat(path(c.out + ".partial")); err == nil {
			t.Errorf("%s leaves what is not needed any more", c.args[0])
		}
		if kept == 0 {
			t.Errorf("%s has kept nothing", c.args[0])
		}
	}
}
