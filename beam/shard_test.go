package foretellbeam

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/memfs"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"
)

func TestList(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a.npy", "b.txt", "x/a.npy", "x/y/c.npy.fore", partials + "/left", "x[1].npy", "..odd"} {
		p := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(root)
	for _, test := range []struct {
		pattern, suffix, want string
	}{
		{"*.npy", "", "a.npy x[1].npy"},
		{"./*.npy", "", "a.npy x[1].npy"},
		{root + "/*", "", "..odd a.npy b.txt x/a.npy x/y/c.npy.fore x[1].npy"},
		{".", ".npy", "a.npy x/a.npy x[1].npy"},
		{"x", "", "a.npy y/c.npy.fore"},
		{"x/", "", "a.npy y/c.npy.fore"},
		{"x/*/*", "", "y/c.npy.fore"},
		{"*/*", "", "x/a.npy x/y/c.npy.fore"},
		{"..*", "", "..odd"},
		{"../" + filepath.Base(root) + "/*.txt", "", "b.txt"},
		{"x[1].npy", "", "x[1].npy"},
		{"x/a.npy", "", "a.npy"},
	} {
		shards, err := list(context.Background(), test.pattern, &MatchOptions{Suffix: test.suffix})
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
		}
		var names []string
		for _, s := range shards {
			names = append(names, s.Name)
			if _, err := os.Stat(s.Path); err != nil {
				t.Error(err)
			}
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%s: %s, want %s", test.pattern, got, test.want)
		}
	}
	socket, err := net.Listen("unix", "x/socket") // what is no regular file
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for _, pattern := range []string{"none*", "[", "nofs://x/*", "x", "x/s*"} {
		if shards, err := list(context.Background(), pattern, &MatchOptions{}); err == nil {
			t.Errorf("%s: %v, want an error", pattern, shards)
		}
	}
}

func TestTarget(t *testing.T) {
	for _, test := range []struct{ target, root, path string }{
		{"out", "out/", "out/d/a.npy.fore"},
		{"out/", "out/", "out/d/a.npy.fore"},
		{"gs://b/x/*.f", "gs://b/x/", "gs://b/x/d/a.npy.f"},
		{"gs://b", "gs://b/", "gs://b/d/a.npy.fore"},
		{"/x/pre-*", "/x/", "/x/pre-d/a.npy"},
	} {
		to := Target(test.target)
		if root, p := to.Root(), to.path("d/a.npy", ".fore"); root != test.root || p != test.path {
			t.Errorf("%s: %s and %s, want %s and %s", test.target, root, p, test.root, test.path)
		}
	}
}

// TestRemote runs a pipeline over a file system that is not local.
func TestRemote(t *testing.T) {
	ctx := context.Background()
	files := memfs.New(ctx)
	for i := range 4 {
		if err := filesystem.Write(ctx, files, fmt.Sprintf("memfs://in/%d.txt", i), []byte("some text")); err != nil {
			t.Fatal(err)
		}
	}
	if err := filesystem.Write(ctx, files, "memfs://out/"+partials+"/left", nil); err != nil {
		t.Fatal(err)
	}
	for _, status := range []string{Written, Kept} {
		p, s := beam.NewPipelineWithRoot()
		shards := Match(s, "memfs://in/*", MatchOptions{})
		records := Compress(s, shards, beam.PCollection{}, "memfs://out/", CompressOptions{Model: "static"})
		WriteManifest(s, "memfs://out/"+ManifestName, records)
		ptest.RunAndValidate(t, p)
		totals, err := ReadManifest(ctx, "memfs://out/"+ManifestName, func(Record) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if totals.Status[status] != 4 {
			t.Errorf("%v, want 4 %s", totals.Status, status)
		}
		names, err := files.List(ctx, "memfs://out/*")
		if err != nil {
			t.Fatal(err)
		}
		if len(names) != 5 {
			t.Errorf("outputs %v, want four and a manifest", names)
		}
	}
}

// TestSample checks that the order in which shards come does not matter.
func TestSample(t *testing.T) {
	fn := &sampleFn{Count: 5}
	var shards []Shard
	for i := range 40 {
		shards = append(shards, Shard{Name: fmt.Sprint(i)})
	}
	one := fn.CreateAccumulator()
	for _, s := range shards {
		one = fn.AddInput(one, s)
	}
	parts := [3]sample{}
	for i, s := range slices.Backward(shards) {
		parts[i%3] = fn.AddInput(parts[i%3], s)
	}
	other := fn.MergeAccumulators(parts[2], fn.MergeAccumulators(parts[0], parts[1]))
	if !slices.Equal(one.Shards, other.Shards) || len(one.Shards) != 5 {
		t.Errorf("%v and %v", one, other)
	}
}
