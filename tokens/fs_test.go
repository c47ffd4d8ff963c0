package tokens

import (
	"embed"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

//go:embed *_test.go
var sources embed.FS

// TestOpenFS holds the files of an fs.FS to those of the system.
func TestOpenFS(t *testing.T) {
	npy, err := AppendNPYHeader(nil, Info{Type: Uint8, Form: NPY, Shape: []int{2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{
		"-":              {Data: []byte("no standard input")},
		"a/ids.u16":      {Data: []byte{1, 0, 2, 0}},
		"a/b/tokens.npy": {Data: append(npy, 1, 2, 3, 4, 5, 6)},
		"c/empty":        {},
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	yields := func(s *Source, err error) (got []Part) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for p, err := range All(s) {
			if err != nil {
				t.Fatal(err)
			}
			if p.Data != nil {
				b, err := io.ReadAll(p.Data)
				if err != nil {
					t.Fatal(err)
				}
				p.Bytes, p.Data = b, nil
			}
			p.Bytes = append([]byte(nil), p.Bytes...)
			got = append(got, p)
		}
		if done, total := s.Progress(); done != total {
			t.Errorf("%d of %d bytes read", done, total)
		}
		return got
	}
	for _, inputs := range [][]string{{"a"}, {"c", "a/b"}, {"a/ids.u16"}, {"a/b/tokens.npy", "c/empty"}} {
		var paths []string
		for _, in := range inputs {
			paths = append(paths, filepath.Join(dir, filepath.FromSlash(in)))
		}
		want := yields(Open(paths, Options{}))
		for _, fsys := range []fs.FS{files, os.DirFS(dir)} {
			if diff := cmp.Diff(want, yields(OpenFS(fsys, inputs, Options{}))); diff != "" {
				t.Errorf("%v: %s", inputs, diff)
			}
		}
	}
	if got := yields(OpenFS(files, []string{"-"}, Options{})); len(got) != 2 || string(got[1].Bytes) != "no standard input" {
		t.Errorf("the file -: %+v", got)
	}
	if got := yields(OpenFS(files, []string{"."}, Options{})); got[0].Name != "-" || got[2].Name != "a/b/tokens.npy" {
		t.Errorf("all files: %+v", got)
	}
	if got := yields(OpenFS(sources, []string{"fs_test.go"}, Options{})); len(got) != 2 {
		t.Errorf("an embedded file: %+v", got)
	}
	for _, bad := range []string{"nothing", "/a", "../a", ""} {
		if _, err := OpenFS(files, []string{bad}, Options{}); err == nil {
			t.Errorf("%q was opened", bad)
		}
	}
}
