package pick

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/tokens"
)

// TestSlice compares slices with what Python makes of them.
func TestSlice(t *testing.T) {
	for _, c := range []struct {
		text     string
		n        int
		from, to int
	}{
		{"2:5", 10, 2, 5}, {":", 10, 0, 10}, {":3", 10, 0, 3}, {"7:", 10, 7, 10},
		{"-3:", 10, 7, 10}, {":-3", 10, 0, 7}, {"-30:-2", 10, 0, 8}, {"5:2", 10, 5, 5},
		{"8:100", 10, 8, 10}, {"100:200", 10, 10, 10}, {"-1:0", 10, 9, 9}, {":", 0, 0, 0}, {"-1:", 0, 0, 0},
	} {
		var s slice
		if err := s.Set(c.text); err != nil {
			t.Fatal(err)
		}
		if from, to := s.Of(c.n); from != c.from || to != c.to {
			t.Errorf("%s of %d rows is %d:%d, want %d:%d", c.text, c.n, from, to, c.from, c.to)
		}
	}
	for _, text := range []string{"", "5", "a:b", "1:2:3", "1.5:2", "0x1:"} {
		var s slice
		if s.Set(text) == nil || s.given {
			t.Errorf("%q is taken", text)
		}
	}
}

// TestCopyRows compares rows taken from a stream with those that are read at
// random, in both storage orders.
func TestCopyRows(t *testing.T) {
	for _, shape := range [][]int{{12}, {4, 3}, {3, 4}, {2, 3, 2}, {0, 5}, {5, 0}, {}} {
		for _, fortran := range []bool{false, true} {
			info := tokens.Info{Name: "a", Type: tokens.Uint16, Shape: shape, Fortran: fortran}
			data := make([]byte, 2*info.Len())
			for i := range data {
				data[i] = byte(i * 7)
			}
			var file bytes.Buffer
			w, err := foretell.NewWriter(&file, &foretell.WriterOptions{Model: "fast", BlockTokens: 5})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []tokens.Part{
				{Kind: tokens.File, Name: "a"},
				{Kind: tokens.Member, Info: info, Data: bytes.NewReader(data)},
			} {
				if err := w.WritePart(p); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			r, err := foretell.OpenReaderAt(bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
			if err != nil {
				t.Fatal(err)
			}
			for from := 0; from <= Rows(&info); from++ {
				for to := from; to <= Rows(&info); to++ {
					var want, got bytes.Buffer
					if err := r.CopyRange(&want, 0, from, to); err != nil {
						t.Fatal(err)
					}
					if err := CopyRows(&got, bytes.NewReader(data), &info, from, to); err != nil {
						t.Fatal(err)
					}
					what := fmt.Sprintf("rows %d:%d of %v, Fortran order %v", from, to, shape, fortran)
					if !bytes.Equal(got.Bytes(), want.Bytes()) {
						t.Errorf("%s: %v, want %v", what, got.Bytes(), want.Bytes())
					}
					out := Cut(info, from, to)
					if int64(got.Len()) != 2*out.Len() {
						t.Errorf("%s: %d bytes for shape %v", what, got.Len(), out.Shape)
					}
				}
			}
		}
	}
}

// TestManyColumns takes rows of an array of many columns that hold nothing.
func TestManyColumns(t *testing.T) {
	info := tokens.Info{Name: "m", Type: tokens.Uint8, Fortran: true, Shape: []int{0, 1e6, 1e6}}
	if err := CopyRows(new(bytes.Buffer), bytes.NewReader(nil), &info, 0, 0); err != nil {
		t.Error(err)
	}
}
