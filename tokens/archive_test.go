package tokens

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/realdata"
)

func compressed(t testing.TB, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// A named is a file in an archive.
type named struct {
	name string
	b    []byte
}

func tarOf(t testing.TB, format tar.Format, files ...named) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.b)), Format: format, ModTime: time.Unix(1e9, 0)}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func zipOf(t testing.TB, method uint16, files ...named) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, f := range files {
		e, err := w.CreateHeader(&zip.FileHeader{Name: f.name, Method: method, Modified: time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write(f.b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// realFiles returns some of the real arrays as they lie in their archives.
func realFiles(t *testing.T) []named {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(realdata.Dir(t), "encodec", "*.npz"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no npz files")
	}
	var list []named
	for _, p := range paths {
		z, err := zip.OpenReader(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, named{strings.TrimSuffix(filepath.Base(p), ".npz") + "/" + f.Name, b})
		}
		z.Close()
	}
	return list
}

// sameZip checks that an archive has just the given files, all stored.
func sameZip(t *testing.T, b []byte, files []named) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if len(z.File) != len(files) {
		t.Fatalf("%d files, want %d", len(z.File), len(files))
	}
	for i, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name != files[i].name || f.Method != zip.Store || !bytes.Equal(got, files[i].b) {
			t.Errorf("file %d is %s of %d bytes, want %s of %d", i, f.Name, len(got), files[i].name, len(files[i].b))
		}
	}
}

func TestRealArchives(t *testing.T) {
	files := realFiles(t)
	stored := zipOf(t, zip.Store, files...) // with data descriptors, unlike NumPy's
	if out := both(t, "all.npz", stored, Options{}); len(out) != 1 || !bytes.Equal(out[0].content, stored) || out[0].repacked {
		t.Error("a stored npz does not come back")
	}
	out := both(t, "all.npz", zipOf(t, zip.Deflate, files...), Options{})
	if len(out) != 1 || out[0].name != "all.npz" || !out[0].repacked {
		t.Fatalf("a deflated npz comes back as %q", fileNames(out))
	}
	sameZip(t, out[0].content, files)
	if again := both(t, "all.npz", out[0].content, Options{}); again[0].repacked || !bytes.Equal(again[0].content, out[0].content) {
		t.Error("a fresh npz does not come back")
	}
	for _, format := range []tar.Format{tar.FormatUSTAR, tar.FormatPAX, tar.FormatGNU} {
		plain := tarOf(t, format, files...)
		if out := both(t, "all.tar", plain, Options{}); len(out) != 1 || !bytes.Equal(out[0].content, plain) || out[0].repacked || len(out[0].members) != len(files) {
			t.Errorf("a %v tar does not come back", format)
		}
		for in, name := range map[string]string{"all.tar.gz": "all.tar", "all.TGZ": "all.tar", "all": "all"} {
			out := both(t, in, compressed(t, plain), Options{})
			if len(out) != 1 || !bytes.Equal(out[0].content, plain) || !out[0].repacked || out[0].name != name {
				t.Errorf("the tar in %s does not come back", in)
			}
		}
	}
}

func TestNumPyArchives(t *testing.T) {
	b := readTestdata(t, "stored.npz")
	out := both(t, "stored.npz", b, Options{})
	if !bytes.Equal(out[0].content, b) || out[0].repacked || !slices.Equal(memberNames(out), []string{"line", "square"}) {
		t.Errorf("stored.npz comes back with members %q", memberNames(out))
	}
	stored, deflated := out[0].members, both(t, "deflated.npz", readTestdata(t, "deflated.npz"), Options{})
	if !deflated[0].repacked {
		t.Error("deflated.npz is not repacked")
	}
	for i, m := range deflated[0].members {
		if m.Name != stored[i].Name || m.Type != stored[i].Type || m.Fortran != stored[i].Fortran || !bytes.Equal(m.raw, stored[i].raw) {
			t.Errorf("member %v of deflated.npz differs from %v", m, stored[i])
		}
	}
	// The clock, attributes and the flag of UTF-8 names stay.
	before, err := zip.NewReader(bytes.NewReader(readTestdata(t, "deflated.npz")), int64(len(readTestdata(t, "deflated.npz"))))
	if err != nil {
		t.Fatal(err)
	}
	after, err := zip.NewReader(bytes.NewReader(deflated[0].content), int64(len(deflated[0].content)))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range before.File {
		g := after.File[i]
		if !f.Modified.Equal(g.Modified) || f.ExternalAttrs != g.ExternalAttrs || f.CRC32 != g.CRC32 {
			t.Errorf("%+v becomes %+v", f.FileHeader, g.FileHeader)
		}
	}
	long := strings.Repeat("d", 60) + "/" + strings.Repeat("n", 90) + ".npy"
	longer := "längst/" + strings.Repeat("x", 200) + ".npy"
	for name, want := range map[string][]string{
		"ustar.tar": {"short.npy", long},
		"pax.tar":   {"short.npy", long, longer},
		"gnu.tar":   {"short.npy", long, longer},
	} {
		b := readTestdata(t, name)
		out := both(t, name, b, Options{})
		if !bytes.Equal(out[0].content, b) || !slices.Equal(memberNames(out), want) {
			t.Errorf("%s comes back with members %q", name, memberNames(out))
		}
		for _, m := range out[0].members {
			if m.Type != Uint16 || !slices.Equal(m.Shape, []int{5}) {
				t.Errorf("%s: member %v", name, m.Info)
			}
		}
	}
}

func TestMembersThatAreNoArrays(t *testing.T) {
	npy := readTestdata(t, "line.npy")
	files := []named{{"folder/", nil}, {"folder/a.npy", npy}, {"folder/readme.txt", []byte("hello")}, {"b.u32", []byte("0123456789")}, {"empty.npy", nil}}
	for name, b := range map[string][]byte{
		"a.npz": zipOf(t, zip.Store, files...), "b.npz": zipOf(t, zip.Deflate, files...), "c.tar": tarOf(t, tar.FormatPAX, files...),
	} {
		out := both(t, name, b, Options{})
		if name != "b.npz" && !bytes.Equal(out[0].content, b) {
			t.Errorf("%s does not come back", name)
		}
		if name == "b.npz" {
			sameZip(t, out[0].content, files)
		}
		var got []string
		for _, m := range out[0].members {
			got = append(got, fmt.Sprintf("%s %v %v", strings.TrimSuffix(m.Name, ".npy"), m.Type, m.Shape))
		}
		want := []string{"folder/a uint16 [5]", "folder/readme.txt uint8 [5]", "b.u32 uint32 [2]", "empty uint8 [0]"}
		if !slices.Equal(got, want) {
			t.Errorf("%s: members %q", name, got)
		}
	}
}

func TestStrictRefusesArchivesWithFloats(t *testing.T) {
	files := []named{{"good.npy", readTestdata(t, "line.npy")}, {"bad.npy", readTestdata(t, "float.npy")}}
	for name, b := range map[string][]byte{
		"a.npz": zipOf(t, zip.Store, files...), "b.npz": zipOf(t, zip.Deflate, files...), "c.tar": tarOf(t, tar.FormatPAX, files...),
	} {
		_, err := readAll(NewSource(name, bytes.NewReader(b), Options{Strict: true}))
		if !errors.Is(err, fault.ErrUnsupported) || !strings.Contains(err.Error(), name+": member bad") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := readAll(NewSource(name, bytes.NewReader(b), Options{Match: []string{"good*"}})); err != nil {
			t.Errorf("%s without the bad member: %v", name, err)
		}
	}
}

func TestMatch(t *testing.T) {
	npy := readTestdata(t, "line.npy")
	files := []named{{"x/one.npy", npy}, {"x/two.npy", npy}, {"three.txt", []byte("three")}}
	for name, b := range map[string][]byte{
		"a.npz": zipOf(t, zip.Store, files...), "b.npz": zipOf(t, zip.Deflate, files...), "c.tar": tarOf(t, tar.FormatPAX, files...),
		"d.tgz": compressed(t, tarOf(t, tar.FormatPAX, files...)),
	} {
		out := both(t, name, b, Options{Match: []string{"t*"}})
		if !slices.Equal(fileNames(out), []string{"x/two.npy", "three.txt"}) || out[0].repacked ||
			!bytes.Equal(out[0].content, npy) || string(out[1].content) != "three" {
			t.Errorf("%s: files %q", name, fileNames(out))
		}
		if out := both(t, name, b, Options{Match: []string{"x/on*"}}); !slices.Equal(fileNames(out), []string{"x/one.npy"}) {
			t.Errorf("%s: files %q", name, fileNames(out))
		}
		if _, err := readAll(NewSource(name, bytes.NewReader(b), Options{Match: []string{"none"}})); err == nil {
			t.Errorf("%s: no error when nothing matches", name)
		}
	}
}

func TestOddTars(t *testing.T) {
	npy := readTestdata(t, "line.npy")
	one := tarOf(t, tar.FormatUSTAR, named{"a.npy", npy})
	two := tarOf(t, tar.FormatGNU, named{"a.npy", npy})
	joined := slices.Concat(one, two)
	garbage := slices.Concat(one[:1024], bytes.Repeat([]byte("garbage"), 100000))
	for _, test := range []struct {
		name    string
		b       []byte
		members []string
	}{
		{"joined", joined, []string{"a.npy", "a.npy#2"}},
		{"garbage", garbage, []string{"a.npy"}},
		{"no trailer", one[:1024], []string{"a.npy"}},
		{"cut padding", one[:900], []string{"a.npy"}},
		{"cut header", joined[:len(one)+100], []string{"a.npy"}},
		{"hostile", tarOf(t, tar.FormatPAX, named{"../../etc/a.npy", npy}, named{"/a/./b.npy", npy}), []string{"etc/a.npy", "a/b.npy"}},
	} {
		out := both(t, test.name, test.b, Options{})
		if len(out) != 1 || !bytes.Equal(out[0].content, test.b) || !slices.Equal(memberNames(out), test.members) {
			t.Errorf("%s comes back with members %q", test.name, memberNames(out))
		}
	}
	if _, err := readAll(NewSource("x.tar", pipe(one[:600]), Options{})); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut data: %v", err)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	npy, npz := readTestdata(t, "line.npy"), readTestdata(t, "stored.npz")
	write := func(name string, b []byte) string {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, b, 0o666); err != nil {
			t.Fatal(err)
		}
		return p
	}
	b := write("in/b.npy", npy)
	z := write("in/sub/z.npz", npz)
	write("in/a.txt", []byte("hello"))
	in := filepath.Join(dir, "in")
	for _, test := range []struct {
		inputs         []string
		files, members []string
	}{
		{[]string{b}, []string{"b.npy"}, []string{"b.npy"}},
		{[]string{z}, []string{"z.npz"}, []string{"line", "square"}},
		{[]string{z, b}, []string{"sub/z.npz", "b.npy"}, []string{"sub/z.npz/line", "sub/z.npz/square", "b.npy"}},
		{[]string{b, b}, []string{"b.npy", "b.npy#2"}, []string{"b.npy", "b.npy#2"}},
		{[]string{in}, []string{"in/a.txt", "in/b.npy", "in/sub/z.npz"}, []string{"in/a.txt", "in/b.npy", "in/sub/z.npz/line", "in/sub/z.npz/square"}},
		{[]string{filepath.Dir(z)}, []string{"sub/z.npz"}, []string{"sub/z.npz/line", "sub/z.npz/square"}},
	} {
		out, err := readAll(Open(test.inputs, Options{}))
		if err != nil || !slices.Equal(fileNames(out), test.files) || !slices.Equal(memberNames(out), test.members) {
			t.Errorf("%q: files %q, members %q, %v", test.inputs, fileNames(out), memberNames(out), err)
		}
	}
	out, err := readAll(Open([]string{in}, Options{Match: []string{"*/z.npz/line", "squ*", "in/sub/z.npz/line"}}))
	if err != nil || !slices.Equal(fileNames(out), []string{"in/sub/z.npz/line.npy", "in/sub/z.npz/square.npy"}) {
		t.Errorf("files %q, %v", fileNames(out), err)
	}
	// A folder is read without the output, a file given by name is not left out.
	old := Options{Outputs: []string{filepath.Join(in, "none"), filepath.Join(in, "sub", "..", "a.txt")}}
	out, err = readAll(Open([]string{in}, old))
	if want := []string{"in/b.npy", "in/sub/z.npz"}; err != nil || !slices.Equal(fileNames(out), want) {
		t.Errorf("files %q, %v; want %q", fileNames(out), err, want)
	}
	if out, err := readAll(Open([]string{filepath.Join(in, "a.txt")}, old)); err != nil || len(out) != 1 {
		t.Errorf("files %q, %v", fileNames(out), err)
	}
	for _, bad := range [][]string{nil, {filepath.Join(dir, "none")}, {t.TempDir()}, {"-", "-"}} {
		if _, err := readAll(Open(bad, Options{})); err == nil {
			t.Errorf("%q can be opened", bad)
		}
	}
	if err := os.Symlink(b, filepath.Join(dir, "in", "link.npy")); err != nil {
		t.Skip("no symbolic links:", err)
	}
	if out, err := readAll(Open([]string{in}, Options{})); err != nil || len(out) != 4 || !bytes.Equal(out[2].content, npy) {
		t.Errorf("files %q, %v", fileNames(out), err)
	}
	if err := os.Symlink(in, filepath.Join(dir, "in", "loop")); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(Open([]string{in}, Options{})); err == nil {
		t.Error("a link to a folder is followed")
	}
	if out, err := readAll(Open([]string{filepath.Join(dir, "in", "loop", "sub")}, Options{})); err != nil || len(out) != 1 {
		t.Errorf("a folder behind a link: %q, %v", fileNames(out), err)
	}
}

// TestSpoolLeavesNothing reads a zip from a pipe and looks for what is left.
func TestSpoolLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	s, err := NewSource("x.npz", pipe(readTestdata(t, "stored.npz")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("%d files are left, %v", len(list), err)
	}
}
