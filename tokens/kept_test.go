package tokens

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/foretell/foretell/internal/fault"
	"github.com/klauspost/compress/gzip"
)

// noted reads all of b and returns what Note was told.
func noted(t *testing.T, name string, b []byte, opts Options) (out []output, notes []string) {
	t.Helper()
	opts.Note = func(err error) {
		if !known(err) {
			t.Errorf("%s: a note of no known kind: %v", name, err)
		}
		notes = append(notes, err.Error())
	}
	out, err := readAll(NewSource(name, bytes.NewReader(b), opts))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	opts.Strict = true
	if _, err := readAll(NewSource(name, bytes.NewReader(b), opts)); (err != nil) != (len(notes) > 0) {
		t.Errorf("%s: notes %q, but in strict mode error %v", name, notes, err)
	}
	return out, notes
}

// one checks that there is one note, and what it says.
func one(t *testing.T, notes []string, parts ...string) {
	t.Helper()
	if len(notes) != 1 {
		t.Fatalf("notes %q, want one", notes)
	}
	for _, p := range parts {
		if !strings.Contains(notes[0], p) {
			t.Errorf("note %q does not speak of %q", notes[0], p)
		}
	}
}

func TestOnePartThatCannotBeCoded(t *testing.T) {
	npy, float := readTestdata(t, "line.npy"), readTestdata(t, "float.npy")
	files := []named{{"good.npy", npy}, {"bad.npy", float}, {"also.npy", npy}}
	for name, b := range map[string][]byte{
		"a.npz": zipOf(t, zip.Store, files...), "b.npz": zipOf(t, zip.Deflate, files...), "c.tar": tarOf(t, tar.FormatPAX, files...),
	} {
		out, notes := noted(t, name, b, Options{})
		one(t, notes, name+": member bad", "quantised")
		var got []string
		for _, m := range out[0].members {
			got = append(got, fmt.Sprintf("%s %v %d", m.Name, m.Type, m.Form))
		}
		end, form := ".npy", " uint16 1"
		if strings.HasSuffix(name, ".npz") {
			end, form = "", " uint16 3"
		}
		if want := []string{"good" + end + form, "bad.npy uint8 0", "also" + end + form}; !slices.Equal(got, want) {
			t.Errorf("%s: members %q, want %q", name, got, want)
		}
		if !bytes.Equal(out[0].members[1].raw, float) {
			t.Errorf("%s: the float array is not kept byte for byte", name)
		}
		if name == "b.npz" {
			sameZip(t, out[0].content, files)
		} else if !bytes.Equal(out[0].content, b) {
			t.Errorf("%s does not come back", name)
		}
	}
	for _, name := range []string{"float.npy", "record.npy", "object.npy", "text.npy", "time.npy"} {
		b := readTestdata(t, name)
		for _, in := range []string{name, "x.dac"} {
			out, notes := noted(t, in, b, Options{Dtype: Uint32})
			one(t, notes, in+": ")
			if m := out[0].members; len(m) != 1 || m[0].Name != in || m[0].Type != Uint8 || m[0].Form != Raw || !bytes.Equal(m[0].raw, b) {
				t.Errorf("%s is not kept as bytes", name)
			}
		}
	}
}

func TestArraysThatAreCutOff(t *testing.T) {
	npy := readTestdata(t, "u2_le_C.npy")
	for _, n := range []int{6, 9, 60, 128, 129, len(npy) - 1} {
		cut := npy[:n]
		out, notes := noted(t, "cut.npy", cut, Options{})
		one(t, notes, "cut.npy: ", "cut off")
		if !bytes.Equal(out[0].content, cut) || out[0].members[0].Form != Raw || out[0].members[0].Type != Uint8 {
			t.Errorf("%d bytes are not kept", n)
		}
		whole := tarOf(t, tar.FormatUSTAR, named{"cut.npy", cut}, named{"good.npy", npy})
		out, notes = noted(t, "x.tar", whole, Options{})
		one(t, notes, "member cut.npy")
		if m := out[0].members; len(m) != 2 || !bytes.Equal(m[0].raw, cut) || m[1].Form != NPY || m[1].Type != Uint16 {
			t.Errorf("%d bytes in a tar: members %q", n, memberNames(out))
		}
		// A pipe tells of its end too late, once data has been handed out.
		_, err := readAll(NewSource("cut.npy", pipe(cut), Options{}))
		if n < 128 && err != nil || n >= 128 && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes from a pipe: %v", n, err)
		}
	}
}

func TestSeveralArraysInOneFile(t *testing.T) {
	a, b, float := readTestdata(t, "u2_le_C.npy"), readTestdata(t, "i4_be_F.npy"), readTestdata(t, "float.npy")
	all := slices.Concat(a, b, a)
	for _, out := range [][]output{both(t, "x.npy", all, Options{}), both(t, "x.tar", tarOf(t, tar.FormatGNU, named{"x.npy", all}), Options{})} {
		if !slices.Equal(memberNames(out), []string{"x.npy", "x.npy#2", "x.npy#3"}) {
			t.Errorf("members %q", memberNames(out))
		}
		if m := out[0].members; m[1].Type != Int32 || !m[1].BigEndian || !m[1].Fortran || !bytes.HasSuffix(a, m[2].raw) {
			t.Errorf("members %+v", m)
		}
	}
	// A picked file comes out whole.
	out := both(t, "x.tar", tarOf(t, tar.FormatGNU, named{"x.npy", all}, named{"y", a}), Options{Match: []string{"x*"}})
	if len(out) != 1 || !bytes.Equal(out[0].content, all) {
		t.Error("a picked file of several arrays does not come out whole")
	}
	out, notes := noted(t, "x.npy", slices.Concat(a, float), Options{})
	one(t, notes, "quantised")
	if m := out[0].members; len(m) != 2 || !bytes.Equal(m[1].raw, float) || m[1].Form != Raw {
		t.Errorf("members %q of an array with floats behind it", memberNames(out))
	}
	out, notes = noted(t, "x.npy", slices.Concat(a, []byte("something else")), Options{})
	one(t, notes, "14 bytes behind")
	if len(out[0].members) != 1 || !bytes.HasSuffix(out[0].content, []byte("something else")) {
		t.Error("bytes behind an array are not kept")
	}
}

func TestSparseTars(t *testing.T) {
	for _, dialect := range []string{"gnu", "0.0", "0.1", "1.0"} {
		packed, err := os.ReadFile(filepath.Join("testdata", "tar", "sparse-"+dialect+".tar.gz"))
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		for name, b := range map[string][]byte{"s.tar": plain, "s.tar.gz": packed} {
			out, notes := noted(t, name, b, Options{})
			one(t, notes, "member many.u16", "sparse")
			if !bytes.Equal(out[0].content, plain) || !slices.Equal(memberNames(out), []string{"many.u16", "last.u16"}) {
				t.Errorf("%s, %s: members %q", dialect, name, memberNames(out))
			}
			m := out[0].members
			if m[0].Form != Stored || m[0].Type != Uint8 || len(m[0].raw) < 8<<12 || m[1].Form != Raw || m[1].Type != Uint16 || len(m[1].raw) != 1000 {
				t.Errorf("%s, %s: members %+v, %+v", dialect, name, m[0].Info, m[1].Info)
			}
			if _, err := readAll(NewSource(name, bytes.NewReader(b), Options{Match: []string{"many*"}})); !errors.Is(err, fault.ErrUnsupported) {
				t.Errorf("%s, %s: a sparse file is picked: %v", dialect, name, err)
			}
			out, notes = noted(t, name, b, Options{Match: []string{"last*"}})
			if len(out) != 1 || len(out[0].content) != 1000 || len(notes) > 0 {
				t.Errorf("%s, %s: the file behind a sparse one does not come out, notes %q", dialect, name, notes)
			}
		}
	}
}

// TestTarsThatAreNotUnderstood looks for members behind what is not understood.
func TestTarsThatAreNotUnderstood(t *testing.T) {
	npy := readTestdata(t, "line.npy")
	two := tarOf(t, tar.FormatUSTAR, named{"a.npy", npy}, named{"b.npy", npy})
	changed := func(change func(head []byte)) []byte {
		b := bytes.Clone(two)
		change(b[:tarBlock])
		fixTarSum(b[:tarBlock])
		return b
	}
	for name, test := range map[string]struct {
		b       []byte
		members string
		say     string
	}{
		"size too small": {changed(func(h []byte) { copy(h[124:], "00000000000") }), "a.npy", "no header"},
		"continued":      {changed(func(h []byte) { h[156] = 'M' }), "a.npy b.npy", "type 'M'"},
		"other sparse":   {changed(func(h []byte) { h[156] = 'S' }), "", "sparse file in a form"},
		"long header":    {changed(func(h []byte) { h[156] = 'x'; copy(h[124:], "00010000000") }), "", "header of 2097152 bytes"},
		"bad header":     {changed(func(h []byte) { h[156] = 'x' }), "", "malformed"},
		"garbage":        {append(bytes.Clone(two), "garbage that is as long as a header: "+strings.Repeat("x", 700)...), "a.npy b.npy", "no header"},
		"cut data":       {two[:600], "a.npy", "cut off"},
		"cut header":     {two[:1200], "a.npy", "cut off"},
	} {
		out, notes := noted(t, name, test.b, Options{})
		one(t, notes, test.say)
		if !bytes.Equal(out[0].content, test.b) || strings.Join(memberNames(out), " ") != test.members {
			t.Errorf("%s: members %q", name, memberNames(out))
		}
	}
	out, _ := noted(t, "x", two[:600], Options{})
	if out[0].members[0].Form != Stored {
		t.Error("a file that is cut off is taken for one that is whole")
	}
}

// TestCutInputs cuts a tar.gz everywhere: what is not an error has every member.
func TestCutInputs(t *testing.T) {
	var files []named
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 12 {
		b := make([]byte, 80)
		for j := range b {
			b[j] = byte(rnd.IntN(8))
		}
		files = append(files, named{fmt.Sprintf("%02d.u16", i), b})
	}
	whole := compressed(t, tarOf(t, tar.FormatUSTAR, files...))
	for n := range len(whole) {
		for name, r := range map[string]io.Reader{"file": bytes.NewReader(whole[:n]), "pipe": pipe(whole[:n])} {
			out, err := readAll(NewSource("x.tgz", r, Options{}))
			if err == nil && (len(out) != 1 || out[0].repacked || !bytes.Equal(out[0].content, whole[:n])) {
				t.Fatalf("%s of %d of %d bytes: taken for a whole archive", name, n, len(whole))
			}
			if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s of %d bytes: %v", name, n, err)
			}
		}
	}
	// A reader that says that it was cut off, as that of an HTTP body.
	for what, b := range map[string][]byte{
		"tar": tarOf(t, tar.FormatPAX, files...), "npy": slices.Concat(readTestdata(t, "line.npy"), []byte("tail")),
		"raw": []byte("raw bytes"), "tgz": whole, "npz": readTestdata(t, "deflated.npz"),
	} {
		for _, n := range []int{0, 1, 100, 512, 1000, len(b) - 1, len(b)} {
			r := io.MultiReader(bytes.NewReader(b[:min(n, len(b))]), iotest.ErrReader(io.ErrUnexpectedEOF))
			if _, err := readAll(NewSource("x", r, Options{})); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: a reader that is cut off after %d bytes is taken for whole", what, n)
			}
		}
	}
}

func TestBytesBehindGzip(t *testing.T) {
	plain := tarOf(t, tar.FormatUSTAR, named{"a.u16", []byte("tokens")})
	packed := compressed(t, plain)
	half := slices.Concat(compressed(t, plain[:700]), compressed(t, plain[700:]))
	for _, b := range [][]byte{packed, half, append(bytes.Clone(packed), 0), append(bytes.Clone(half), make([]byte, 5000)...)} {
		out, notes := noted(t, "x.tar.gz", b, Options{})
		if len(notes) > 0 || !bytes.Equal(out[0].content, plain) || out[0].name != "x.tar" {
			t.Errorf("%d bytes: notes %q", len(b), notes)
		}
	}
	for _, n := range []int{1, 3, 9, 10, 11, 5000} {
		for _, zeros := range []int{0, 1, 512} {
			b := slices.Concat(packed, make([]byte, zeros), bytes.Repeat([]byte("j"), n))
			out, notes := noted(t, "x.tar.gz", b, Options{})
			one(t, notes, fmt.Sprintf("%d bytes behind", n))
			if !bytes.Equal(out[0].content, plain) {
				t.Error("the tar does not come back")
			}
		}
	}
	bad := append(bytes.Clone(packed), "\x1f\x8b\x08 and no more of it"...)
	if _, err := readAll(NewSource("x.tgz", bytes.NewReader(bad), Options{})); err == nil || !known(err) {
		t.Errorf("a damaged second part: %v", err)
	}
}

func TestLongNames(t *testing.T) {
	folder := strings.Repeat("d", 200) + "/"
	npy := readTestdata(t, "line.npy")
	for _, folders := range []int{11, 20, 30} {
		name := strings.Repeat(folder, folders) + "a.u16"
		b := tarOf(t, tar.FormatPAX, named{name, []byte("1234")}, named{name + ".npy", npy})
		out, notes := noted(t, "x.tar", b, Options{})
		if (len(notes) > 0) != (len(name) > maxLabel) {
			t.Errorf("%d bytes: notes %.100q", len(name), notes)
		}
		m := out[0].members
		if m[0].Type != Uint16 || !strings.HasSuffix(name, m[0].Name) || !strings.HasSuffix(m[0].Name, "/a.u16") || len(notes) == 0 && m[0].Name != name {
			t.Errorf("a path of %d bytes becomes one of %d of %v", len(name), len(m[0].Name), m[0].Type)
		}
		if len(name) > MaxName {
			if _, err := readAll(NewSource(name, strings.NewReader("x"), Options{})); !errors.Is(err, fault.ErrLimit) {
				t.Errorf("a file with a path of %d bytes: %v", len(name), err)
			}
			continue
		}
		if out := both(t, name, []byte("1234"), Options{}); out[0].name != name || out[0].members[0].Type != Uint16 {
			t.Errorf("a path of %d bytes is cut", len(name))
		}
	}
	// The number of a second file of one name is no part of its ending.
	b := tarOf(t, tar.FormatUSTAR, named{"a.u16", []byte("1234")}, named{"a.u16", []byte("1234")})
	if m := both(t, "x.tar", b, Options{})[0].members; m[1].Type != Uint16 {
		t.Errorf("the second file of one name is of %v", m[1].Type)
	}
}

func TestForms(t *testing.T) {
	npy := readTestdata(t, "line.npy")
	b := tarOf(t, tar.FormatUSTAR, named{"tokens", npy}, named{"ids.u16", npy[:10]}, named{"a.npy", []byte("no array")})
	for i, want := range []Form{NPY, Raw, Raw} {
		if m := both(t, "x.tar", b, Options{})[0].members[i]; m.Form != want {
			t.Errorf("%s is of form %d, want %d", m.Name, m.Form, want)
		}
	}
}

// TestForeFiles refuses a .fore file that is an input, and keeps with a note one that is
// found.
func TestForeFiles(t *testing.T) {
	fore := []byte(foreMagic + "whatever it holds")
	for _, in := range []io.Reader{bytes.NewReader(fore), pipe(fore)} {
		if _, err := readAll(NewSource("x", in, Options{})); !errors.Is(err, ErrFore) || !errors.Is(err, fault.ErrUnsupported) {
			t.Errorf("a .fore file as an input: %v", err)
		}
	}
	out, notes := noted(t, "x", fore, Options{Dtype: Uint8})
	if len(notes) > 0 || !bytes.Equal(out[0].content, fore) {
		t.Errorf("a .fore file taken as bytes: notes %q", notes)
	}
	both := []named{{"a.npy", readTestdata(t, "line.npy")}, {"x.fore", fore}}
	for name, b := range map[string][]byte{"a.npz": zipOf(t, zip.Store, both...), "b.npz": zipOf(t, zip.Deflate, both...), "c.tar": tarOf(t, tar.FormatPAX, both...)} {
		out, notes := noted(t, name, b, Options{})
		one(t, notes, name+": member x.fore", "a .fore file already")
		if m := out[0].members; len(m) != 2 || !bytes.Equal(m[1].raw, fore) {
			t.Errorf("%s: members %q", name, memberNames(out))
		}
	}
	dir := t.TempDir()
	for _, f := range both {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var told []error
	out, err := readAll(Open([]string{dir}, Options{Note: func(err error) { told = append(told, err) }}))
	if err != nil || len(told) != 1 || len(out) != 2 || !bytes.Equal(out[1].content, fore) {
		t.Errorf("in a folder: %v, notes %v", err, told)
	}
	if _, err := readAll(Open([]string{dir}, Options{Strict: true})); !errors.Is(err, fault.ErrUnsupported) {
		t.Errorf("in a folder, strictly: %v", err)
	}
	if _, err := readAll(Open([]string{dir, filepath.Join(dir, "x.fore")}, Options{})); !errors.Is(err, ErrFore) {
		t.Errorf("beside its folder: %v", err)
	}
}

// TestDamagedFilesInFolders keeps one damaged file among others, which are read, and
// fails at one that is the input itself.
func TestDamagedFilesInFolders(t *testing.T) {
	npy := readTestdata(t, "u2_le_C.npy")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(tarOf(t, tar.FormatPAX, named{"a.npy", npy}, named{"b.npy", npy})); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	targz, npz := zipped.Bytes(), zipOf(t, zip.Deflate, named{"a.npy", npy}, named{"b.npy", npy})
	flipped := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at] ^= 0x10
		return b
	}
	for name, b := range map[string][]byte{
		"bad.tar.gz": flipped(targz, len(targz)-6), "cut.tgz": targz[:len(targz)-9], "half.tar.gz": targz[:len(targz)*3/4],
		"bad.npz": flipped(npz, 60), "last.npz": flipped(npz, bytes.LastIndex(npz, []byte("PK\x03\x04"))+60),
	} {
		dir := t.TempDir()
		for file, b := range map[string][]byte{"a.npy": npy, name: b, "z.npy": npy} {
			if err := os.WriteFile(filepath.Join(dir, file), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var notes []string
		out, err := readAll(Open([]string{dir}, Options{Note: func(err error) { notes = append(notes, err.Error()) }}))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		one(t, notes, name+": ", "kept as bytes")
		if len(out) != 3 || !bytes.Equal(out[0].content, npy) || !bytes.Equal(out[1].content, b) || !bytes.Equal(out[2].content, npy) {
			t.Errorf("%s: files %q do not come back", name, fileNames(out))
		}
		for _, opts := range []Options{{Strict: true}, {}} {
			inputs := []string{dir}
			if !opts.Strict {
				inputs = []string{filepath.Join(dir, name)}
			}
			if _, err := readAll(Open(inputs, opts)); !known(err) {
				t.Errorf("%s, %+v: %v", name, opts, err)
			}
		}
	}
}
