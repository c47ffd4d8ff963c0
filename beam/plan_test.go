package foretellbeam

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretell/foretell"
)

// TestPlan checks which outputs are refused.
func TestPlan(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, folder := range []string{"in", "real"} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// Two ways to one folder, and an input that is elsewhere.
	err := errors.Join(os.WriteFile("real/x", nil, 0o644), os.Symlink("in", "link"), os.Symlink("../real/x", "in/y.fore"))
	if err != nil {
		t.Skip(err)
	}
	abs, err := filepath.Abs("in")
	if err != nil {
		t.Fatal(err)
	}
	compress := func(to string) planFn { return planFn{To: Target(to), Suffix: ".fore"} }
	decompress := func(to string) planFn { return planFn{To: Target(to), Cut: ".fore"} }
	for _, test := range []struct {
		fn         planFn
		names      string // of shards in the folder in
		why        string // each is refused, "" for none
		wantedGood string // those that are not
	}{
		{compress("out"), "a a.fore d/a", "", "a a.fore d/a"},
		{compress("in"), "a d/a", "", "a d/a"},
		{compress("in/*"), "a d/a", "replace an input", ""},
		{compress("link/*"), "a", "replace an input", ""},
		{compress(abs + "/*"), "a", "replace an input", ""},
		{compress("in"), "a a.fore", "replace an input", "a.fore"},
		{compress("in"), "a a.fore/b", "folder of inputs", "a.fore/b"},
		{compress("real/../in"), "a a.fore", "replace an input", "a.fore"},
		{compress("out/*"), "a a/b", "is the folder of others", "a/b"},
		{compress("out/*"), "a m/manifest", "another file of this run", "a"},
		{compress("out/*"), "a m", "is the folder of others", "a"},
		{compress("out/*"), "a ../b c/.. ./d " + partials + "/e", "no output can be called", "a"},
		{compress("gs://b/out/*"), "a ../b", "no output can be called", "a"},

		{decompress("out"), "x.fore z.fore", "", "x.fore z.fore"},
		{decompress("out"), "x x.fore", "does not end in .fore", "x.fore"},
		{decompress("in"), "x.fore", "", "x.fore"},
		{decompress("link"), "x.fore x.fore.fore", "replace an input", "x.fore"},
		{decompress("out"), "a.fore a/b.fore ab.fore", "is the folder of others", "a/b.fore ab.fore"},
		{decompress("gs://b"), "a.fore a/b.fore", "is the folder of others", "a/b.fore"},
		{decompress("."), "in.fore", "is a folder of inputs", ""},
		{decompress("real"), "x.fore y.fore", "replace an input", "y.fore"},
		{decompress("out"), "m/manifest.fore m.fore a.fore", "the", "a.fore"},
		{decompress("out"), ".fore a/.fore b.fore", "nothing is left", "b.fore"},
		{decompress("out"), "..fore ...fore " + partials + ".fore", "no output can be called", ""},
	} {
		test.fn.Reserved = []string{"out/m/manifest"}
		var shards []Shard
		for name := range strings.FieldsSeq(test.names) {
			shards = append(shards, Shard{Path: "in/" + name, Name: name})
		}
		var good []string
		for _, task := range test.fn.tasks(append(shards, shards...)) {
			if task.Refused == "" {
				good = append(good, task.Shard.Name)
			} else if !strings.Contains(task.Refused, test.why) || test.why == "" || !errors.Is(task.err(), foretell.ErrUnsupported) {
				t.Errorf("%s: %s to %s: %v, want %q", test.names, task.Shard.Name, test.fn.To, task.err(), test.why)
			}
		}
		if got := strings.Join(good, " "); got != test.wantedGood {
			t.Errorf("%s to %s: %q are written, want %q", test.names, test.fn.To, got, test.wantedGood)
		}
	}

	// Shards of two folders may have one name.
	fn := compress("out")
	for _, task := range fn.tasks([]Shard{{"in/a", "a"}, {"real/a", "a"}}) {
		if !strings.Contains(task.Refused, "the same output") {
			t.Errorf("%+v", task)
		}
	}
}

// TestInputs checks that what a run writes is not among the shards of the next.
func TestInputs(t *testing.T) {
	var all []Shard
	for _, name := range []string{"a", "a.fore", "b.fore", "manifest.jsonl", "out/a.fore", "out/c.fore", "prior"} {
		all = append(all, Shard{Path: "d/" + name, Name: name})
	}
	for _, test := range []struct {
		opts MatchOptions
		want string
	}{
		{MatchOptions{}, "a prior a.fore b.fore out/a.fore out/c.fore manifest.jsonl"},
		{MatchOptions{Output: "d", Reserved: []string{"./d/manifest.jsonl", "d/prior"}}, "a b.fore out/a.fore out/c.fore"},
		{MatchOptions{Output: "d/out/"}, "a prior a.fore b.fore out/c.fore manifest.jsonl"},
		{MatchOptions{Output: "d/*"}, "a prior a.fore b.fore out/a.fore out/c.fore manifest.jsonl"},
	} {
		var names []string
		for _, s := range test.opts.inputs(all) {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%+v: %s, want %s", test.opts, got, test.want)
		}
	}
}

// TestOutputs checks what the files of a shard may be called.
func TestOutputs(t *testing.T) {
	for _, test := range []struct{ names, want string }{
		{"one", "o"},
		{"a b/c", "o/a o/b/c"},
		{"a a", ""},
		{"a a/b", ""},
		{"a ../b", ""},
	} {
		var files []foretell.File
		for name := range strings.FieldsSeq(test.names) {
			files = append(files, foretell.File{Name: name})
		}
		got, err := outputs("o", files)
		if strings.Join(got, " ") != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s: %v, %v, want %q", test.names, got, err, test.want)
		}
	}
}
