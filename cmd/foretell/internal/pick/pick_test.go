package pick

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/tokens"
)

// TestSlice compares slices with what Python makes of them.
func TestSlice(t *testing.T) {
	for _, c := range []struct {
		text     string
		n        int
		from, to int
		shape    string
	}{
		{"2:5", 10, 2, 5, "(3, 7)"}, {":", 10, 0, 10, "(10, 7)"}, {":3", 10, 0, 3, "(3, 7)"}, {"7:", 10, 7, 10, "(3, 7)"},
		{"-3:", 10, 7, 10, "(3, 7)"}, {":-3", 10, 0, 7, "(7, 7)"}, {"-30:-2", 10, 0, 8, "(8, 7)"}, {"5:2", 10, 5, 5, "(0, 7)"},
		{"8:100", 10, 8, 10, "(2, 7)"}, {"100:200", 10, 10, 10, "(0, 7)"}, {"-1:0", 10, 9, 9, "(0, 7)"}, {":", 0, 0, 0, "(0, 7)"},
		{"-1:", 0, 0, 0, "(0, 7)"}, {"::4", 10, 0, 10, "(3, 7)"}, {"1:9:3", 10, 1, 9, "(3, 7)"}, {"1:2:30", 10, 1, 2, "(1, 7)"},
		{"5", 10, 5, 6, "(7,)"}, {"-1", 10, 9, 10, "(7,)"}, {"0", 1, 0, 1, "(7,)"},
	} {
		var s Slice
		if err := s.Set(c.text); err != nil {
			t.Fatal(err)
		}
		info := tokens.Info{Shape: []int{c.n, 7}}
		from, to, err := s.Of(&info)
		if err != nil || from != c.from || to != c.to {
			t.Errorf("%s of %d rows is %d:%d, %v; want %d:%d", c.text, c.n, from, to, err, c.from, c.to)
		}
		if got := show.Shape(s.Cut(info, from, to).Shape); got != c.shape {
			t.Errorf("%s of %d rows has the shape %s, want %s", c.text, c.n, got, c.shape)
		}
	}
	for _, text := range []string{"", "a:b", "1:2:3:4", "1.5:2", "0x1:", "::0", "::-1", "1:2:x"} {
		var s Slice
		if s.Set(text) == nil || s.given {
			t.Errorf("%q is taken", text)
		}
	}
	for text, shape := range map[string][]int{"10": {10}, "-11": {10}, "0": {0}, "5": nil, "-1": {-1}, ":-1": {-1}} {
		var s Slice
		if err := s.Set(text); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Of(&tokens.Info{Shape: shape}); err == nil {
			t.Errorf("%s of the shape %v is taken", text, shape)
		}
	}
}

// TestSteps has every row of arrays of both orders tell its number.
func TestSteps(t *testing.T) {
	const rows, columns = 7, 3
	for _, fortran := range []bool{false, true} {
		info := tokens.Info{Name: "a", Type: tokens.Uint16, Shape: []int{rows, columns}, Fortran: fortran}
		place := func(row, column int) int {
			if fortran {
				return 2 * (column*rows + row)
			}
			return 2 * (row*columns + column)
		}
		data := make([]byte, 2*rows*columns)
		for r := range rows {
			for c := range columns {
				data[place(r, c)], data[place(r, c)+1] = byte(r), byte(c)
			}
		}
		for _, text := range []string{"::1", "::2", "1::2", "1:6:3", "::100", "-4::3", "3:3:2"} {
			var s Slice
			if err := s.Set(text); err != nil {
				t.Fatal(err)
			}
			from, to, err := s.Of(&info)
			if err != nil {
				t.Fatal(err)
			}
			var got, want bytes.Buffer
			// One byte at a time, and all at once.
			for _, in := range []io.Reader{iotest.OneByteReader(bytes.NewReader(data)), bytes.NewReader(data)} {
				got.Reset()
				if err := CopyRows(s.Writer(&got, &info, from, to), in, &info, from, to); err != nil {
					t.Fatal(err)
				}
				want.Reset()
				put := func(r, c int) { want.Write(data[place(r, c):][:2]) }
				if fortran {
					for c := range columns {
						for r := from; r < to; r += s.step {
							put(r, c)
						}
					}
				} else {
					for r := from; r < to; r += s.step {
						for c := range columns {
							put(r, c)
						}
					}
				}
				if !bytes.Equal(got.Bytes(), want.Bytes()) {
					t.Errorf("%s, Fortran order %v: %v, want %v", text, fortran, got.Bytes(), want.Bytes())
				}
			}
			if out := s.Cut(info, from, to); int64(want.Len()) != 2*out.Len() {
				t.Errorf("%s: %d bytes for the shape %v", text, want.Len(), out.Shape)
			}
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
					out := new(Slice).Cut(info, from, to)
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
