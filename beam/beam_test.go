package foretellbeam_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"
	"github.com/foretell/foretell"
	foretellbeam "github.com/foretell/foretell/beam"
	"github.com/foretell/foretell/tokens"
)

// TestMain gives the tests temporary files of their own, as Beam leaves some behind.
func TestMain(m *testing.M) {
	temporary, err := os.MkdirTemp("", "foretell-beam-*")
	if err == nil {
		err = os.Setenv("TMPDIR", temporary)
	}
	if err != nil {
		panic(err)
	}
	code := ptest.MainRetWithDefault(m, "prism")
	os.RemoveAll(temporary)
	os.Exit(code)
}

// array returns an npy file of rows of 8 tokens below 512 that depend on those
// above them.
func array(t testing.TB, seed uint64, rows int) []byte {
	t.Helper()
	b, err := tokens.AppendNPYHeader(nil, tokens.Info{Type: tokens.Uint16, Shape: []int{rows, 8}})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 1))
	var row [8]uint16
	for range rows {
		for i := range row {
			if r.IntN(4) == 0 {
				row[i] = uint16(r.IntN(64) * r.IntN(8))
			}
			b = binary.LittleEndian.AppendUint16(b, row[i])
		}
	}
	return b
}

// write makes files in a new folder.
func write(t testing.TB, files map[string][]byte) string {
	t.Helper()
	root := t.TempDir()
	for name, b := range files {
		p := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// read returns all files in a folder, without the manifest.
func read(t testing.TB, root string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == foretellbeam.ManifestName {
			return err
		}
		b, err := os.ReadFile(p)
		files[filepath.ToSlash(strings.TrimPrefix(p, root+string(filepath.Separator)))] = b
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// samples returns shards of every kind.
func samples(t testing.TB) map[string][]byte {
	files := map[string][]byte{"words.txt": []byte(strings.Repeat("to be or not to be ", 40)), "empty.bin": {}}
	for i := range 6 {
		files[fmt.Sprintf("deep/%d.npy", i)] = array(t, uint64(i), 100+10*i)
	}
	return files
}

type builder func(s beam.Scope, shards beam.PCollection) beam.PCollection

// run runs a pipeline over a pattern and returns its manifest by name.
func run(t testing.TB, pattern, suffix string, build builder) (map[string]foretellbeam.Record, *foretellbeam.Totals, beam.PipelineResult) {
	t.Helper()
	manifest := filepath.Join(t.TempDir(), foretellbeam.ManifestName)
	p, s := beam.NewPipelineWithRoot()
	foretellbeam.WriteManifest(s, manifest, build(s, foretellbeam.Match(s, pattern, foretellbeam.MatchOptions{Suffix: suffix})))
	result, err := ptest.RunWithMetrics(p)
	if err != nil {
		t.Fatal(err)
	}
	records := map[string]foretellbeam.Record{}
	totals, err := foretellbeam.ReadManifest(context.Background(), manifest, func(r foretellbeam.Record) error {
		records[r.Name] = r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return records, totals, result
}

func compressTo(out string, opts foretellbeam.CompressOptions) builder {
	return func(s beam.Scope, shards beam.PCollection) beam.PCollection {
		return foretellbeam.Compress(s, shards, beam.PCollection{}, foretellbeam.Target(out), opts)
	}
}

// noLimit lets any number of shards fail.
var noLimit = foretellbeam.Limit{MaxFailures: -1}

var small = foretellbeam.CompressOptions{Model: "adaptive", Limit: noLimit}

func TestRoundTrip(t *testing.T) {
	files := samples(t)
	in, out, back := write(t, files), t.TempDir(), t.TempDir()
	records, totals, result := run(t, in, "", compressTo(out, small))
	if len(records) != len(files) || totals.Status[foretellbeam.Written] != len(files) {
		t.Fatalf("%d records, %v; want %d written", len(records), totals.Status, len(files))
	}
	var content, size, count int64
	for name, want := range files {
		fore, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name)+".fore"))
		if err != nil {
			t.Fatal(err)
		}
		r := records[name]
		if r.Bytes != int64(len(fore)) || r.Content != int64(len(want)) {
			t.Errorf("%s: the manifest says %d bytes of %d, the files have %d of %d", name, r.Bytes, r.Content, len(fore), len(want))
		}
		at, err := foretell.OpenReaderAt(bytes.NewReader(fore), int64(len(fore)), nil)
		if err != nil {
			t.Fatal(err)
		}
		d, err := at.Describe()
		if err != nil {
			t.Fatal(err)
		}
		if d.Hash != r.Hash {
			t.Errorf("%s: the manifest has the hash %s, the file %s", name, r.Hash, d.Hash)
		}
		for _, m := range d.Members {
			count += m.Tokens
		}
		content += int64(len(want))
		size += int64(len(fore))
	}
	if totals.Content != content || totals.Bytes != size || totals.Tokens != count {
		t.Errorf("totals %+v, want %d tokens, %d bytes of %d", totals, count, size, content)
	}
	metrics := map[string]int64{}
	for _, c := range result.Metrics().AllMetrics().Counters() {
		if c.Namespace() == "foretell" {
			metrics[c.Name()] += c.Result()
		}
	}
	want := map[string]int64{"tokens": count, "content_bytes": content, "bytes": size, "shards_written": int64(len(files))}
	if !maps.Equal(metrics, want) {
		t.Errorf("metrics %v, want %v", metrics, want)
	}

	_, totals, _ = run(t, out, ".fore", func(s beam.Scope, shards beam.PCollection) beam.PCollection {
		return foretellbeam.Verify(s, shards, beam.PCollection{}, foretellbeam.ReadOptions{Limit: noLimit})
	})
	if totals.Status[foretellbeam.Whole] != len(files) || totals.Content != content {
		t.Errorf("verify: %+v", totals)
	}
	for _, status := range []string{foretellbeam.Written, foretellbeam.Kept} {
		_, totals, _ = run(t, out, ".fore", func(s beam.Scope, shards beam.PCollection) beam.PCollection {
			return foretellbeam.Decompress(s, shards, beam.PCollection{}, foretellbeam.Target(back), foretellbeam.ReadOptions{Limit: noLimit})
		})
		if totals.Status[status] != len(files) {
			t.Errorf("decompress: %+v, want all %s", totals, status)
		}
	}
	if got := read(t, back); !maps.EqualFunc(got, files, bytes.Equal) {
		t.Errorf("decompression gives %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(files)))
	}
}

// TestParquet checks that tables become their columns, and that another run keeps them.
func TestParquet(t *testing.T) {
	table, err := os.ReadFile("../internal/parquet/testdata/zstd.parquet")
	if err != nil {
		t.Fatal(err)
	}
	in, out, back := write(t, map[string][]byte{"a.parquet": table}), t.TempDir(), t.TempDir()
	var content int64
	for _, status := range []string{foretellbeam.Written, foretellbeam.Kept} {
		records, _, _ := run(t, in, "", compressTo(out, small))
		r := records["a.parquet"]
		if r.Status != status || r.Note != "" {
			t.Fatalf("%+v, want it %s without a note", r, status)
		}
		content = r.Content
	}
	fore, err := os.ReadFile(filepath.Join(out, "a.parquet.fore"))
	if err != nil {
		t.Fatal(err)
	}
	at, err := foretell.OpenReaderAt(bytes.NewReader(fore), int64(len(fore)), nil)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, m := range at.Members() {
		names = append(names, m.Name)
	}
	if !slices.Contains(names, "input_ids") || !slices.Contains(names, "input_ids.offsets") {
		t.Errorf("the members are %v", names)
	}
	run(t, out, ".fore", func(s beam.Scope, shards beam.PCollection) beam.PCollection {
		return foretellbeam.Decompress(s, shards, beam.PCollection{}, foretellbeam.Target(back), foretellbeam.ReadOptions{Limit: noLimit})
	})
	b := read(t, back)["a.parquet"]
	if int64(len(b)) != content || !bytes.HasPrefix(b, []byte("PAR1")) || !bytes.HasSuffix(b, []byte("PAR1")) {
		t.Errorf("%d bytes come back, want a table of %d", len(b), content)
	}
}

// TestSameBytes checks that workers and threads change no byte, and that a shard
// becomes what foretell.Compress makes of it.
func TestSameBytes(t *testing.T) {
	files := samples(t)
	in := write(t, files)
	want := map[string][]byte{}
	for name, b := range files {
		src, err := tokens.NewSource(filepath.Base(name), bytes.NewReader(b), tokens.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var fore bytes.Buffer
		if _, err := foretell.Compress(&fore, src, &foretell.WriterOptions{Model: "adaptive", BlockTokens: 100}); err != nil {
			t.Fatal(err)
		}
		src.Close()
		want[name+".fore"] = fore.Bytes()
	}
	for _, workers := range []int{1, 3} {
		opts := foretellbeam.CompressOptions{
			Model: "adaptive", BlockTokens: 100, Threads: workers,
			Limit: foretellbeam.Limit{Workers: workers, MaxFailures: -1},
		}
		out := t.TempDir()
		run(t, in, "", compressTo(out, opts))
		if got := read(t, out); !maps.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("%d workers: other files than foretell.Compress writes", workers)
		}
	}
}

// TestAgain checks which outputs a second run keeps.
func TestAgain(t *testing.T) {
	files := samples(t)
	in, out := write(t, files), t.TempDir()
	again := func(opts foretellbeam.CompressOptions, kept int) map[string]foretellbeam.Record {
		t.Helper()
		records, totals, _ := run(t, in, "", compressTo(out, opts))
		if totals.Status[foretellbeam.Kept] != kept || totals.Status[foretellbeam.Written] != len(files)-kept {
			t.Errorf("%v, want %d kept", totals.Status, kept)
		}
		return records
	}
	first := again(small, 0)
	outputs := read(t, out)
	second := again(small, len(files))
	for name, r := range first {
		r.Status = foretellbeam.Kept
		if r != second[name] {
			t.Errorf("a kept shard is recorded as %+v, a written one as %+v", second[name], r)
		}
	}
	quick := small
	quick.Recheck = foretellbeam.RecheckQuick
	again(quick, len(files))

	// A damaged output, one cut short, one of another input and one that is
	// missing are written again; what a run that was ended left goes away.
	path := func(i int) string { return filepath.Join(out, "deep", fmt.Sprintf("%d.npy.fore", i)) }
	damaged, err := os.ReadFile(path(0))
	if err != nil {
		t.Fatal(err)
	}
	damaged[len(damaged)/2] ^= 1
	left := filepath.Join(out, ".foretell-partial", "left")
	for name, b := range map[string][]byte{path(0): damaged, path(1): damaged[:100], left: nil} {
		os.MkdirAll(filepath.Dir(name), 0o755)
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(path(2), path(3)); err != nil {
		t.Fatal(err)
	}
	again(small, len(files)-4)
	if got := read(t, out); !maps.EqualFunc(got, outputs, bytes.Equal) {
		t.Errorf("the outputs are %v, want those of the first run", slices.Sorted(maps.Keys(got)))
	}

	// Other options are other outputs, another input is another output.
	static := small
	static.Model = "static"
	again(static, 0)
	if err := os.WriteFile(filepath.Join(in, "words.txt"), []byte("other words"), 0o644); err != nil {
		t.Fatal(err)
	}
	again(static, len(files)-1)
}

// TestBadShards checks that a shard that cannot be compressed is recorded and
// stops no other.
func TestBadShards(t *testing.T) {
	files := samples(t)
	good := len(files)
	files["floats.npy"] = bytes.Replace(array(t, 1, 8), []byte("<u2"), []byte("<f2"), 1)
	files["short.npy"] = array(t, 1, 8)[:150]
	in, out := write(t, files), t.TempDir()
	strict := small
	strict.Strict = true
	records, totals, result := run(t, in, "", compressTo(out, strict))
	if totals.Status[foretellbeam.Written] != good || totals.Kinds["unsupported"] != 1 || totals.Kinds["truncated"] != 1 {
		t.Errorf("%+v, want %d written, one unsupported and one truncated", totals, good)
	}
	for _, name := range []string{"floats.npy", "short.npy"} {
		if records[name].Error == "" || records[name].Bytes != 0 {
			t.Errorf("%+v", records[name])
		}
		if _, err := os.Stat(filepath.Join(out, name+".fore")); err == nil {
			t.Errorf("%s has an output", name)
		}
	}
	failures := int64(0)
	for _, c := range result.Metrics().AllMetrics().Counters() {
		if strings.HasPrefix(c.Name(), "failures_") {
			failures += c.Result()
		}
	}
	if failures != 2 {
		t.Errorf("the metrics count %d failures", failures)
	}

	// Unless it is asked to fail, what is no array of integers is kept as bytes.
	kept := t.TempDir()
	records, totals, _ = run(t, in, "", compressTo(kept, small))
	if totals.Status[foretellbeam.Written] != good+2 || !strings.Contains(records["floats.npy"].Note, "kept as bytes") || records["words.txt"].Note != "" {
		t.Errorf("%+v, %+v", totals, records["floats.npy"])
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(kept, name+".fore"))
		if err == nil {
			r, rerr := foretell.NewReader(bytes.NewReader(got), nil)
			if rerr != nil {
				t.Fatal(rerr)
			}
			if n := r.ContentSize(); n != int64(len(want)) && !strings.HasSuffix(name, "z") {
				t.Errorf("%s: %d bytes of content, want %d", name, n, len(want))
			}
			err = r.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}

	// Damage to a .fore file is found by Verify and gives no output.
	fore := filepath.Join(out, "words.txt.fore")
	b, err := os.ReadFile(fore)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 4
	if err := os.WriteFile(fore, b, 0o644); err != nil {
		t.Fatal(err)
	}
	back := t.TempDir()
	for verb, build := range map[string]builder{
		"verify": func(s beam.Scope, shards beam.PCollection) beam.PCollection {
			return foretellbeam.Verify(s, shards, beam.PCollection{}, foretellbeam.ReadOptions{Limit: noLimit})
		},
		"decompress": func(s beam.Scope, shards beam.PCollection) beam.PCollection {
			return foretellbeam.Decompress(s, shards, beam.PCollection{}, foretellbeam.Target(back), foretellbeam.ReadOptions{Limit: noLimit})
		},
	} {
		if _, totals, _ := run(t, out, ".fore", build); totals.Status[foretellbeam.Failed] != 1 {
			t.Errorf("%s: %+v, want one failure", verb, totals)
		}
	}
	if _, err := os.Stat(filepath.Join(back, "words.txt")); err == nil {
		t.Error("a damaged file was decompressed")
	}
}

func TestMaxFailures(t *testing.T) {
	files := map[string][]byte{}
	for i := range 12 {
		files[fmt.Sprintf("%d.npy", i)] = []byte("\x93NUMPY")
	}
	opts := small
	opts.Strict, opts.Limit = true, foretellbeam.Limit{Workers: 1, MaxFailures: 2}
	_, totals, _ := run(t, write(t, files), "", compressTo(t.TempDir(), opts))
	if totals.Status[foretellbeam.Failed] != 3 || totals.Status[foretellbeam.Skipped] != 9 {
		t.Errorf("%v, want 3 failed and 9 skipped", totals.Status)
	}
}

func TestPrior(t *testing.T) {
	files := map[string][]byte{"bad.npy": []byte("\x93NUMPY")}
	const good = 3
	for i := range good {
		files[fmt.Sprintf("%d.npy", i)] = array(t, uint64(i), 100)
	}
	in := write(t, files)
	opts := foretellbeam.CompressOptions{BlockTokens: 1 << 12, Strict: true, Limit: noLimit}
	train := foretellbeam.TrainOptions{Shards: 4, Tokens: 2000}
	var priors [][]byte
	plain := t.TempDir()
	_, without, _ := run(t, in, "", compressTo(plain, opts))
	for _, embed := range []bool{false, true} {
		out := t.TempDir()
		file := filepath.Join(out, "prior")
		opts.EmbedPrior = embed
		trained := func(s beam.Scope, shards beam.PCollection) beam.PCollection {
			return foretellbeam.Compress(s, shards, foretellbeam.TrainPrior(s, shards, file, train), foretellbeam.Target(out), opts)
		}
		records, with, _ := run(t, in, "", trained)
		if with.Status[foretellbeam.Written] != good || len(records["0.npy"].Prior) != 64 {
			t.Fatalf("%+v", with)
		}
		if !embed && with.Bytes >= without.Bytes {
			t.Errorf("%d bytes with a prior, %d without", with.Bytes, without.Bytes)
		}
		prior, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		priors = append(priors, prior)
		_, with, _ = run(t, in, "", trained)
		if with.Status[foretellbeam.Kept] != good {
			t.Errorf("a second run: %+v", with)
		}
		_, checked, _ := run(t, out, ".fore", func(s beam.Scope, shards beam.PCollection) beam.PCollection {
			prior := foretellbeam.ReadPrior(s, file)
			if embed {
				prior = beam.PCollection{}
			}
			return foretellbeam.Verify(s, shards, prior, foretellbeam.ReadOptions{MaxMemory: 1 << 32, Limit: noLimit})
		})
		if checked.Status[foretellbeam.Whole] != good {
			t.Errorf("verify: %+v", checked)
		}
	}
	if !bytes.Equal(priors[0], priors[1]) {
		t.Error("the same shards give two priors")
	}
}

func TestStats(t *testing.T) {
	in := write(t, map[string][]byte{"a.npy": array(t, 1, 50), "b.u16": {1, 0, 2, 0, 1, 0, 2, 0}})
	out := filepath.Join(t.TempDir(), "stats.jsonl")
	p, s := beam.NewPipelineWithRoot()
	members, _ := foretellbeam.Stats(s, foretellbeam.Match(s, in+"/*", foretellbeam.MatchOptions{}), small)
	foretellbeam.WriteStats(s, out, members)
	ptest.RunAndValidate(t, p)
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"shard":"a.npy"`) || !strings.Contains(lines[1], `"tokens":4,"distinct":2,"order0_bits":1,`) {
		t.Errorf("%s", b)
	}
}
