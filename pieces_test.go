package foretell

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretell/foretell/tokens"
)

// TestPieces writes an array in pieces of all sizes, over several blocks and among
// others, and has it come out as from one piece.
func TestPieces(t *testing.T) {
	want := make([]int16, 3*999)
	for i := range want {
		want[i] = int16(i*i%101 - 50)
	}
	for _, solid := range []bool{false, true} {
		var file bytes.Buffer
		w, err := NewWriter(&file, &WriterOptions{Model: ModelStatic, BlockTokens: 700, Solid: solid})
		if err != nil {
			t.Fatal(err)
		}
		if err := WriteArray(w, "before", []int{2}, []int16{1, 2}); err != nil {
			t.Fatal(err)
		}
		a, err := NewArrayWriter[int16](w, "pieces", 3)
		if err != nil {
			t.Fatal(err)
		}
		for rest, n := want, 0; len(rest) > 0; n++ {
			k := min(n, len(rest))
			if err := a.Write(rest[:k]); err != nil {
				t.Fatal(err)
			}
			rest = rest[k:]
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if a.Close() == nil || a.Write(want) == nil {
			t.Error("the array goes on behind its end")
		}
		if err := WriteArray(w, "behind", []int{2}, []int16{1, 2}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if n, err := Verify(bytes.NewReader(file.Bytes()), nil); err != nil || n == 0 {
			t.Fatalf("%d bytes, %v", n, err)
		}
		r := open(t, file.Bytes(), nil)
		m, err := r.Member("pieces")
		if err != nil || !slices.Equal(r.Members()[m].Shape, []int{999, 3}) || r.Files()[1].Name != "pieces.i16" {
			t.Fatalf("member %d, %v", m, err)
		}
		if got, err := ReadArray[int16](r, m, 0, End); err != nil || !slices.Equal(got, want) {
			t.Errorf("the array does not come back: %v", err)
		}
		var tail bytes.Buffer
		if err := r.CopyRange(&tail, m, 997, End); err != nil || tail.Len() != 2*3*2 {
			t.Errorf("%d bytes of the last rows, %v", tail.Len(), err)
		}
		if _, err := r.Member("nosuch"); err == nil {
			t.Error("a member that is not there has a number")
		}
	}
}

// TestPiecesRefused refuses what would not make an array.
func TestPiecesRefused(t *testing.T) {
	for name, use := range map[string]func(*Writer) error{
		"no name":   func(w *Writer) error { _, err := NewArrayWriter[uint8](w, ""); return err },
		"empty row": func(w *Writer) error { _, err := NewArrayWriter[uint8](w, "a", 0); return err },
		"half a row": func(w *Writer) error {
			a, err := NewArrayWriter[uint8](w, "a", 2)
			if err != nil {
				t.Fatal(err)
			}
			return errors.Join(a.Write(make([]uint8, 3)), a.Close())
		},
		"another between": func(w *Writer) error {
			if _, err := NewArrayWriter[uint8](w, "a"); err != nil {
				t.Fatal(err)
			}
			return WriteArray(w, "b", []int{1}, []uint8{1})
		},
		"not closed": func(w *Writer) error {
			if _, err := NewArrayWriter[uint8](w, "a"); err != nil {
				t.Fatal(err)
			}
			return w.Close()
		},
	} {
		w, err := NewWriter(io.Discard, nil)
		if err != nil {
			t.Fatal(err)
		}
		if use(w) == nil {
			t.Errorf("%s: accepted", name)
		}
		w.Close()
	}
}

// TestOpen opens files by their paths.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "nosuch.fore"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	path := filepath.Join(dir, "a.fore")
	if err := os.WriteFile(path, []byte("not one of ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, nil); !typed(err) {
		t.Errorf("a file of another kind: %v", err)
	}
	src, err := tokens.NewSource("a", bytes.NewReader([]byte("so it goes. ")), tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, compress(t, nil, src), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ReadArray[uint8](r, 0, 3, End); err != nil || string(got) != "it goes. " {
		t.Errorf("%q, %v", got, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Describe(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("reading a closed file: %v", err)
	}
}
