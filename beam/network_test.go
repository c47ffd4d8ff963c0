package foretellbeam_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	foretellbeam "github.com/foretell/foretell/beam"
)

// TestNetwork codes text under a network, and reads it with the network where it was,
// where it is found by its hash, and nowhere.
func TestNetwork(t *testing.T) {
	tiny, err := os.ReadFile("../model/neural/testdata/tiny.gguf")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("FORETELL_MODELS", "")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	models := t.TempDir()
	// Other bytes after the weights make another file, which no other test has loaded.
	file := filepath.Join(models, "a network")
	if err := os.WriteFile(file, append(tiny, "beam"...), 0o644); err != nil {
		t.Fatal(err)
	}
	in, out, back := t.TempDir(), t.TempDir(), t.TempDir()
	for _, name := range []string{"a.txt", "b.txt"} {
		if err := os.WriteFile(filepath.Join(in, name), []byte(strings.Repeat(name+" is the text of a file. ", 20)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	network, err := foretellbeam.FindNetwork(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal(network); err != nil || !strings.Contains(string(b), network.Sum) || network.Size != int64(len(tiny)+4) {
		t.Errorf("a network travels as %s (%v)", b, err)
	}
	opts := foretellbeam.CompressOptions{Network: network, Limit: noLimit}
	compress := func(opts foretellbeam.CompressOptions) *foretellbeam.Totals {
		_, totals, _ := run(t, in, "", func(s beam.Scope, shards beam.PCollection) beam.PCollection {
			return foretellbeam.Compress(s, shards, beam.PCollection{}, foretellbeam.Target(out), opts)
		})
		return totals
	}
	// What is at the path is another file.
	other := opts
	other.Network.Sum = strings.Repeat("00", 32)
	if totals := compress(other); totals.Status[foretellbeam.Failed] != 2 {
		t.Errorf("under another network: %v", totals.Status)
	}
	verify := func(place string) *foretellbeam.Totals {
		_, totals, _ := run(t, out, ".fore", func(s beam.Scope, shards beam.PCollection) beam.PCollection {
			return foretellbeam.Verify(s, shards, beam.PCollection{}, foretellbeam.ReadOptions{Network: place, Limit: noLimit})
		})
		return totals
	}
	if totals := compress(opts); totals.Status[foretellbeam.Written] != 2 {
		t.Fatalf("under a network: %v, %v", totals.Status, totals.Kinds)
	}
	if totals := compress(opts); totals.Status[foretellbeam.Kept] != 2 {
		t.Errorf("again: %v", totals.Status)
	}
	if totals := verify(file); totals.Status[foretellbeam.Whole] != 2 {
		t.Errorf("verified: %v, %v", totals.Status, totals.Kinds)
	}
	// What is loaded needs no file any more.
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	_, totals, _ := run(t, out, ".fore", func(s beam.Scope, shards beam.PCollection) beam.PCollection {
		return foretellbeam.Decompress(s, shards, beam.PCollection{}, foretellbeam.Target(back), foretellbeam.ReadOptions{Limit: noLimit})
	})
	if totals.Status[foretellbeam.Written] != 2 {
		t.Errorf("decompressed: %v, %v", totals.Status, totals.Kinds)
	}
	for _, name := range []string{"a.txt", "b.txt"} {
		want, err := os.ReadFile(filepath.Join(in, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(back, name)); err != nil || string(got) != string(want) {
			t.Errorf("%s comes back changed (%v)", name, err)
		}
	}
	opts.Model = "mix"
	if opts.Check() == nil {
		t.Error("a network and a model")
	}
}
