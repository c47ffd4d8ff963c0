package tokens

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/realdata"
)

// An output is a file that a Source yields.
type output struct {
	name     string
	repacked bool
	content  []byte
	members  []array
}

type array struct {
	Info
	raw []byte
}

// readAll reads all that a Source yields and checks the contract of its parts.
func readAll(s *Source, err error) ([]output, error) {
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var out []output
	for {
		p, err := s.Next()
		if err != nil {
			if _, again := s.Next(); again != err {
				return out, errors.New("the last error does not stay")
			}
			if err == io.EOF {
				err = nil
			}
			return out, err
		}
		if p.Kind == File {
			out = append(out, output{name: p.Name, repacked: p.Repacked})
			continue
		}
		f := &out[len(out)-1]
		switch p.Kind {
		case Framing:
			if len(p.Bytes) == 0 || len(p.Bytes) > PieceSize {
				return out, errors.New("framing in a piece of a wrong size")
			}
			f.content = append(f.content, p.Bytes...)
		case Member:
			if err := p.Info.Validate(); err != nil {
				return out, err
			}
			raw, err := io.ReadAll(p.Data)
			if err != nil {
				return out, err
			}
			size := int64(p.Info.Type.Size())
			if n := p.Info.Len(); n >= 0 && n*size != int64(len(raw)) || int64(len(raw))%size != 0 {
				return out, errors.New("data does not fill its shape")
			}
			f.content = append(f.content, raw...)
			f.members = append(f.members, array{p.Info, raw})
		default:
			return out, errors.New("part of unknown kind")
		}
	}
}

// pipe hides all methods but Read.
func pipe(b []byte) io.Reader { return iotest.HalfReader(bytes.NewReader(b)) }

// both reads b as a file and as a pipe; both must give the same bytes.
func both(t *testing.T, name string, b []byte, opts Options) []output {
	t.Helper()
	file, err := readAll(NewSource(name, bytes.NewReader(b), opts))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	piped, err := readAll(NewSource(name, pipe(b), opts))
	if err != nil {
		t.Fatalf("%s from a pipe: %v", name, err)
	}
	if len(file) != len(piped) {
		t.Fatalf("%s: %d files, %d from a pipe", name, len(file), len(piped))
	}
	for i := range file {
		if !bytes.Equal(file[i].content, piped[i].content) || len(file[i].members) != len(piped[i].members) {
			t.Errorf("%s: another file %d from a pipe", name, i)
		}
	}
	return file
}

func memberNames(out []output) []string {
	var list []string
	for _, f := range out {
		for _, m := range f.members {
			list = append(list, m.Name)
		}
	}
	return list
}

func fileNames(out []output) []string {
	var list []string
	for _, f := range out {
		list = append(list, f.name)
	}
	return list
}

func TestPlainFiles(t *testing.T) {
	npy := readTestdata(t, "i4_be_F.npy")
	tests := []struct {
		name  string
		b     []byte
		opts  Options
		typ   Type
		shape []int
	}{
		{"a.npy", npy, Options{}, Int32, []int{2, 3, 4}},
		{"a.npy", append(slices.Clone(npy), "and more"...), Options{}, Int32, []int{2, 3, 4}},
		{"misnamed.txt", npy, Options{}, Int32, []int{2, 3, 4}},
		{"empty.npy", readTestdata(t, "empty.npy"), Options{}, Int32, []int{3, 0, 2}},
		{"scalar.npy", readTestdata(t, "scalar.npy"), Options{}, Int32, []int{}},
		{"text.txt", []byte("hello, world"), Options{}, Uint8, []int{12}},
		{"nothing", nil, Options{}, Uint8, []int{0}},
		{"a.u16", []byte("12345"), Options{}, Uint16, []int{2}},
		{"a.I64", []byte("12345"), Options{}, Int64, []int{0}},
		{"a.bin", []byte("12345678"), Options{}, Uint8, []int{8}},
		{"a.bin", []byte("12345678"), Options{Dtype: Uint16}, Uint16, []int{4}},
		{"a.bin", []byte("12345678"), Options{Dtype: Uint16, Shape: []int{2, 2}}, Uint16, []int{2, 2}},
		{"a.bin", []byte("12345678"), Options{Dtype: Int8, Shape: []int{-1, 4}}, Int8, []int{2, 4}},
		{"short", []byte("\x93NUM"), Options{}, Uint8, []int{4}},
		{"gzip of text", compressed(t, []byte("hello")), Options{}, Uint8, []int{len(compressed(t, []byte("hello")))}},
		{"gzip of nothing", []byte("\x1f\x8b\x08"), Options{}, Uint8, []int{3}},
	}
	for _, test := range tests {
		out := both(t, test.name, test.b, test.opts)
		if len(out) != 1 || out[0].name != test.name || out[0].repacked || !bytes.Equal(out[0].content, test.b) {
			t.Errorf("%s does not come back", test.name)
			continue
		}
		if len(out[0].members) != 1 {
			t.Errorf("%s has %d members", test.name, len(out[0].members))
			continue
		}
		m := out[0].members[0]
		if m.Name != test.name || m.Type != test.typ || !slices.Equal(m.Shape, test.shape) {
			t.Errorf("%s is read as %v", test.name, m.Info)
		}
	}
}

func TestPipesAreOpen(t *testing.T) {
	for _, test := range []struct {
		opts        Options
		shape, full []int
	}{
		{Options{Dtype: Uint16}, []int{-1}, nil},
		{Options{Dtype: Uint16, Shape: []int{-1, 2, 2}}, []int{-1, 2, 2}, nil},
		{Options{Dtype: Uint16, Shape: []int{2, 4}}, []int{2, 4}, nil},
	} {
		out, err := readAll(NewSource("x", iotest.OneByteReader(strings.NewReader("0123456789abcdef")), test.opts))
		if err != nil || len(out) != 1 || len(out[0].members) != 1 || !slices.Equal(out[0].members[0].Shape, test.shape) ||
			string(out[0].members[0].raw) != "0123456789abcdef" {
			t.Errorf("%+v: %+v, %v", test.opts, out, err)
		}
	}
	out, err := readAll(NewSource("x", iotest.OneByteReader(strings.NewReader("0123456789")), Options{Dtype: Uint64}))
	if err != nil || string(out[0].members[0].raw) != "01234567" || string(out[0].content) != "0123456789" {
		t.Errorf("tail of a pipe: %+v, %v", out, err)
	}
}

func TestShapeThatDoesNotFit(t *testing.T) {
	for _, shape := range [][]int{{3}, {5}, {4, 2}, {-1, 3}, {-1, 0}, {0}} {
		opts := Options{Dtype: Uint16, Shape: shape}
		if _, err := readAll(NewSource("x.bin", strings.NewReader("12345678"), opts)); err == nil {
			t.Errorf("8 bytes are read as uint16 of shape %v", shape)
		}
		if _, err := readAll(NewSource("x.bin", pipe([]byte("12345678")), opts)); err == nil {
			t.Errorf("a pipe of 8 bytes is read as uint16 of shape %v", shape)
		}
	}
	for _, opts := range []Options{
		{Shape: []int{}}, {Shape: []int{2, -1}}, {Shape: []int{-2}}, {Dtype: 99}, {Match: []string{"["}},
	} {
		if _, err := NewSource("x", nil, opts); err == nil {
			t.Errorf("options %+v are accepted", opts)
		}
	}
}

func TestTruncatedNPY(t *testing.T) {
	npy := readTestdata(t, "u2_le_C.npy")
	for _, n := range []int{6, 60, 128, 129, len(npy) - 1} {
		for _, r := range []io.Reader{bytes.NewReader(npy[:n]), pipe(npy[:n])} {
			_, err := readAll(NewSource("cut.npy", r, Options{Strict: true}))
			if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "cut.npy") {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
	}
	if _, err := readAll(NewSource("float.npy", bytes.NewReader(readTestdata(t, "float.npy")), Options{Strict: true})); !errors.Is(err, fault.ErrUnsupported) {
		t.Errorf("float: %v", err)
	}
}

func TestReadErrorsArePassedOn(t *testing.T) {
	want := errors.New("disk on fire")
	for _, name := range []string{"u2_le_C.npy", "pax.tar", "deflated.npz"} {
		b := readTestdata(t, name)
		for _, n := range []int{0, 5, 100, 150, len(b) - 1} {
			r := io.MultiReader(bytes.NewReader(b[:min(n, len(b))]), iotest.ErrReader(want))
			if _, err := readAll(NewSource(name, r, Options{})); !errors.Is(err, want) {
				t.Errorf("%s: an error after %d bytes becomes %v", name, n, err)
			}
		}
	}
}

// TestUnreadDataIsSkipped takes only part of each member.
func TestUnreadDataIsSkipped(t *testing.T) {
	s, err := NewSource("x.tar", bytes.NewReader(readTestdata(t, "pax.tar")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var names []string
	for {
		p, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Kind == Member {
			names = append(names, p.Info.Name)
			if _, err := io.ReadFull(p.Data, make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(names) != 3 {
		t.Errorf("members %q", names)
	}
}

func TestProgressAndClose(t *testing.T) {
	b := readTestdata(t, "deflated.npz")
	s, err := NewSource("x.npz", bytes.NewReader(b), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if done, total := s.Progress(); done != 0 || total != int64(len(b)) {
		t.Errorf("progress %d of %d", done, total)
	}
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	if done, _ := s.Progress(); done == 0 || done > int64(len(b)) {
		t.Errorf("progress %d of %d", done, len(b))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Next(); err == nil || err == io.EOF {
		t.Errorf("Next of a closed source: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestReal(t *testing.T) {
	root := realdata.Dir(t)
	for _, pattern := range []string{"encodec/*.npz", "commavq/*.npy", "llm/*.u16", "logits/*targets.npy"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatal("no files", pattern)
		}
		for _, f := range files {
			want, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			out := both(t, filepath.Base(f), want, Options{})
			if len(out) != 1 || !bytes.Equal(out[0].content, want) || out[0].repacked {
				t.Errorf("%s does not come back", f)
			}
			names := memberNames(out)
			if filepath.Ext(f) == ".npz" {
				slices.Sort(names)
				if !slices.Equal(names, []string{"coarse_prompt", "fine_prompt", "semantic_prompt"}) {
					t.Errorf("%s has members %q", f, names)
				}
			}
		}
	}
}
