package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretell/foretell"
	foretellbeam "github.com/foretell/foretell/beam"
	"github.com/foretell/foretell/tokens"
)

// TestMain makes the test binary the command when the tests start it as such.
func TestMain(m *testing.M) {
	if os.Getenv("FORETELL_BEAM_COMMAND") != "" {
		main()
	}
	os.Exit(m.Run())
}

func subprocess(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "FORETELL_BEAM_COMMAND=1")
	return cmd
}

// execute runs the command and returns its exit code and what it printed.
func execute(t *testing.T, args ...string) (int, string) {
	t.Helper()
	out, err := subprocess(args...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), string(out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, string(out)
}

// shards writes n files of text and returns their folder.
func shards(t *testing.T, n, size int) string {
	t.Helper()
	in := t.TempDir()
	for i := range n {
		text := bytes.Repeat(fmt.Appendf(nil, "shard %d of the data set; ", i*i), size/20)
		if err := os.WriteFile(filepath.Join(in, fmt.Sprintf("%03d.txt", i)), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

func outputs(t *testing.T, folder string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.fore"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(b)
	}
	return files
}

// TestKilled kills a run when some of its shards are done and finishes it by
// running it again.
func TestKilled(t *testing.T) {
	const n = 40
	in, out, whole := shards(t, n, 150_000), t.TempDir(), t.TempDir()
	args := func(out string) []string {
		return []string{"--input", in + "/*.txt", "--output", out, "--model", "adaptive"}
	}
	cmd := subprocess(args(out)...)
	cmd.Env = append(cmd.Env, "TMPDIR="+t.TempDir()) // what is killed leaves its own behind
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	done := 0
	for ; done < 3; done = len(outputs(t, out)) {
		if time.Now().After(deadline) {
			t.Fatal("no shard is done after a minute")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	before := outputs(t, out)
	if _, err := os.Stat(filepath.Join(out, foretellbeam.ManifestName)); err == nil || len(before) == n {
		t.Skip("the run was over before it could be killed")
	}

	if code, text := execute(t, args(out)...); code != 0 {
		t.Fatalf("the second run fails: %s", text)
	}
	totals, err := foretellbeam.ReadManifest(context.Background(), filepath.Join(out, foretellbeam.ManifestName), func(foretellbeam.Record) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if totals.Status[foretellbeam.Kept] != len(before) || totals.Status[foretellbeam.Written] != n-len(before) {
		t.Errorf("%d shards were done; the second run has %v", len(before), totals.Status)
	}
	if code, text := execute(t, args(whole)...); code != 0 {
		t.Fatal(text)
	}
	got, want := outputs(t, out), outputs(t, whole)
	for name, b := range want {
		if got[name] != b {
			t.Errorf("%s is not what a run in one go writes", name)
		}
	}
	if len(got) != n || len(want) != n {
		t.Errorf("%d and %d outputs, want %d", len(got), len(want), n)
	}
	if _, err := os.Stat(filepath.Join(out, ".foretell-partial")); err == nil {
		t.Error("partial files are left")
	}
}

func TestCommand(t *testing.T) {
	in, out := shards(t, 3, 2000), t.TempDir()
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"--input IN --output OUT --model static", 0, "3 shards (3 written), 7500 tokens"},
		{"compress --input IN/0*.txt --output OUT/*.fore --model static", 0, "3 shards (3 kept)"},
		{"--input IN --output OUT --model nosuch", 2, `no model is called "nosuch"`},
		{"--output OUT", 2, "name the inputs"},
		{"--input IN", 2, "name the output"},
		{"--input IN --output OUT stray", 2, "unexpected argument"},
		{"shrink --input IN --output OUT", 2, `no verb is called "shrink"`},
		{"--input IN --output OUT --train-prior --model static", 2, "priors are for the models mix and best"},
		{"--input IN --output OUT --manifest OUT/p --prior OUT/p", 2, "is to be two files"},
		{"--input IN/*.none --output OUT", 1, "foretell-beam: no file matches "},
		{"verify --input OUT/*.fore --manifest OUT/found", 0, "3 shards (3 whole)"},
		{"verify --input IN/*.txt --manifest OUT/found", 1, "000.txt: failed: "},
		{"verify --input IN/*.txt --manifest OUT/found --max-failures 3", 0, "3 failed"},
		{"decompress --input OUT --output OUT/back", 0, "3 shards (3 written)"},
		{"stats --input IN --output OUT/stats", 0, "3 shards (3 whole)"},
		{"train-prior --input IN --output OUT/prior", 0, ""},
	} {
		args := strings.Fields(strings.NewReplacer("IN", in, "OUT", out).Replace(test.args))
		code, text := execute(t, args...)
		if code != test.code || !strings.Contains(text, test.want) {
			t.Errorf("%s: exit code %d, want %d and %q:\n%s", test.args, code, test.code, test.want, text)
		}
	}
	for i := range 3 {
		name := fmt.Sprintf("%03d.txt", i)
		want, err := os.ReadFile(filepath.Join(in, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(out, "back", name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s does not come back: %v", name, err)
		}
	}
}

// TestManyFiles checks that a shard of more files than a process may have open is
// decompressed.
func TestManyFiles(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell to set a limit with")
	}
	const n = 200
	in, out := shards(t, n, 100), t.TempDir()
	src, err := tokens.Open([]string{in}, tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var fore bytes.Buffer
	if _, err := foretell.Compress(&fore, src, &foretell.WriterOptions{Model: "static"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(out, "many.fore"), fore.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := subprocess("decompress", "--input", out+"/*.fore", "--output", out)
	cmd.Args = append([]string{sh, "-c", `ulimit -n 100 && exec "$0" "$@"`}, cmd.Args...)
	cmd.Path = sh
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	files, err := filepath.Glob(filepath.Join(out, "many", "*", "*.txt"))
	if err != nil || len(files) != n {
		t.Errorf("%d files, %v, want %d", len(files), err, n)
	}
}

// TestNothingLeft checks that no folder of partial files is left where outputs and
// manifest are in two folders, and no temporary file.
func TestNothingLeft(t *testing.T) {
	in, work, temporary := shards(t, 2, 100), t.TempDir(), t.TempDir()
	for _, args := range []string{
		"compress --input IN --output WORK/out --manifest WORK/m/manifest --train-prior --prior WORK/p/prior",
		"decompress --input WORK/out --output WORK/back --manifest WORK/m/manifest --prior WORK/p/prior --max-memory 4294967296",
		"train-prior --input IN --output WORK/t/prior",
		"stats --input IN --output WORK/s --manifest WORK/m/manifest",
	} {
		cmd := subprocess(strings.Fields(strings.NewReplacer("IN", in, "WORK", work).Replace(args))...)
		cmd.Env = append(cmd.Env, "TMPDIR="+temporary)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", args, err, text)
		}
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("temporary files %v, %v are left", left, err)
	}
	if left, err := filepath.Glob(filepath.Join(work, "*", ".foretell-partial")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v are left", left, err)
	}
}

// TestOneFolder checks that outputs may go where inputs are, and that the same
// command line then finds its work done.
func TestOneFolder(t *testing.T) {
	in := shards(t, 2, 100)
	for _, verb := range []string{"compress --train-prior", "stats", "decompress --max-memory 4294967296 --prior " + in + "/prior"} {
		args := append(strings.Fields(verb), "--input", in, "--output", in)
		var files [2][]string
		for i := range files {
			if code, text := execute(t, args...); code != 0 {
				t.Errorf("%s: %s", verb, text)
			}
			var err error
			if files[i], err = filepath.Glob(filepath.Join(in, "*")); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(files[0], files[1]) {
			t.Errorf("%s makes %v, then %v", verb, files[0], files[1])
		}
	}
}

// TestInTheWay checks that no output replaces an input or another output.
func TestInTheWay(t *testing.T) {
	in, work := shards(t, 2, 100), t.TempDir()
	before, err := os.ReadFile(filepath.Join(in, "001.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if code, text := execute(t, "--input", in+"/*", "--output", in+"/*", "--manifest", work+"/m", "--workers", "2"); code != 1 || !strings.Contains(text, "2 shards (2 failed)") {
		t.Errorf("exit code %d: %s", code, text)
	}
	if after, err := os.ReadFile(filepath.Join(in, "001.txt")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("an input is overwritten: %v", err)
	}

	if code, text := execute(t, "--input", in, "--output", work+"/fore"); code != 0 {
		t.Fatal(text)
	}
	fore := filepath.Join(work, "fore")
	err = errors.Join(os.Remove(filepath.Join(fore, foretellbeam.ManifestName)),
		os.Rename(filepath.Join(fore, "000.txt.fore"), filepath.Join(fore, "x.fore")),
		os.Rename(filepath.Join(fore, "001.txt.fore"), filepath.Join(fore, "x")))
	if err != nil {
		t.Fatal(err)
	}
	if code, text := execute(t, "decompress", "--input", fore+"/*", "--output", work+"/back"); code != 1 || !strings.Contains(text, "2 shards (1 written, 1 failed)") {
		t.Errorf("exit code %d: %s", code, text)
	}
	if code, text := execute(t, "decompress", "--input", fore+"/*", "--output", fore); code != 1 || !strings.Contains(text, "2 shards (2 failed)") {
		t.Errorf("exit code %d: %s", code, text)
	}
}
