package mix

import (
	"errors"
	"io"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/rangecoder"
)

// ofKinds returns a block of a stream, of codes of audio and the coarse ones of them in
// the other order, and of a grid whose symbols are others.
func ofKinds() *model.Block {
	stream, codes, grid := synthetic(90, 2200), synthetic(60, 4, 600), synthetic(40, 200, 3, 4)
	coarse := &model.Block{Spans: []model.Span{{Count: 1000, Shape: []int{500, 2}}}}
	for i := range 500 {
		coarse.Symbols = append(coarse.Symbols, codes.Symbols[i], codes.Symbols[i+600])
	}
	for i := range grid.Symbols {
		grid.Symbols[i] += 100
	}
	b := &model.Block{Size: 140}
	for k, x := range []*model.Block{stream, coarse, codes, grid, codes} {
		x.Spans[0].Member = k
		b.Spans = append(b.Spans, x.Spans...)
		b.Symbols = append(b.Symbols, x.Symbols...)
	}
	return b
}

func TestParts(t *testing.T) {
	b := ofKinds()
	d, clear := divide(b)
	if want := []int{2, turned, 0, 1, copied}; !slices.Equal(d.part, want) || d.from[1] != 2 || d.from[4] != 2 || clear {
		t.Fatalf("%+v", d)
	}
	b.Costs = make([]float32, len(b.Symbols))
	done := 0
	b.Work = func(n int) error { // 0 asks alone
		if n > len(b.Symbols) || n > 0 && n < done*9/10 {
			t.Errorf("%d symbols after %d", n, done)
		}
		done = max(done, n)
		return nil
	}
	body := roundTrip(t, Config{}, b)
	if body[0] != formParts {
		t.Fatalf("a body of form %d", body[0])
	}
	sum := float32(0)
	for i, c := range b.Costs {
		if sum += c; (c == 0) != (i >= 2200 && i < 3200 || i >= 8000) {
			t.Fatalf("symbol %d costs %v bits", i, c)
		}
	}
	if n := float32(8 * len(body)); sum > n || sum < n*95/100 {
		t.Errorf("costs of %v bits in a body of %v", sum, n)
	}
	// An array whose length was open when it was written has the same parts.
	back := emptyOf(b)
	back.Spans = slices.Clone(b.Spans)
	for k := range back.Spans {
		back.Spans[k].Shape = slices.Clone(back.Spans[k].Shape)
		back.Spans[k].Shape[0] = -1
	}
	parts, list, err := parseParts(b.Size, body[1:])
	if err != nil || len(parts) != 3 {
		t.Fatal(err)
	}
	if d, err = readDivision(list, len(b.Spans), 3); err != nil || d.from[1] != 2 {
		t.Fatal(d, err)
	}
	copy(back.Symbols, b.Symbols)
	clearSpan := back.Symbols[2200:3200]
	for i := range clearSpan {
		clearSpan[i] = 0
	}
	if !d.copySpan(back, starts(back), 1) || !slices.Equal(back.Symbols, b.Symbols) {
		t.Error("a corner came back changed")
	}
}

// TestPartsNeed checks that what decoding takes is told before, part by part.
func TestPartsNeed(t *testing.T) {
	b := ofKinds()
	body, err := New(Config{}).Encode(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	c := New(Config{})
	need, err := c.Need(b.Size, len(b.Symbols), body)
	if err != nil {
		t.Fatal(err)
	}
	parts, _, err := parseParts(b.Size, body[1:])
	if err != nil {
		t.Fatal(err)
	}
	sum, most := int64(0), int64(0)
	for _, p := range parts {
		n, err := c.Need(p.Size, len(b.Symbols), p.body)
		if err != nil {
			t.Fatal(err)
		}
		sum, most = sum+n, max(most, n)
	}
	if need < most {
		t.Errorf("%d bytes for parts of which one takes %d", need, most)
	}
	back := emptyOf(b)
	took := allocated(func() {
		if err := c.Decode(back, body); err != nil {
			t.Fatal(err)
		}
	})
	if took > sum+4*int64(len(b.Symbols))+smallThings {
		t.Errorf("%d bytes allocated where all parts together take %d", took, sum)
	}
	if err := New(Config{MaxMemory: 1 << 20}).Decode(emptyOf(b), body); !errors.Is(err, fault.ErrLimit) {
		t.Error(err)
	}
}

// TestPartsDamaged changes bodies in every way that the form rules out.
func TestPartsDamaged(t *testing.T) {
	b := ofKinds()
	body, err := New(Config{}).Encode(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	decode := func(body []byte) error { return New(Config{}).Decode(emptyOf(b), body) }
	for n := range len(body) {
		if n > 60 && n%97 != 0 {
			continue
		}
		if err := decode(body[:n]); !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, fault.ErrCorrupt) {
			t.Fatalf("%d of %d bytes: %v", n, len(body), err)
		}
	}
	if err := decode(append(slices.Clone(body), 0)); !errors.Is(err, fault.ErrCorrupt) {
		t.Error(err)
	}
	for _, head := range [][]byte{
		{formParts, 0}, {formParts, maxParts + 1}, {formParts, 1, 0, 0, 1, 1, 0, 0},
		{formParts, 1, 100, 41, 1, 1, 0, 0}, {formParts, 1, 0, 140, 0, 1, 0}, {formParts, 1, 0, 140, 2, 1, 0, formParts, 0},
	} {
		if err := decode(head); !errors.Is(err, fault.ErrCorrupt) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v: %v", head, err)
		}
	}
	// The same parts of spans that they do not fit.
	for k := range b.Spans {
		other := emptyOf(b)
		other.Spans = slices.Clone(b.Spans)
		other.Spans[k].First = 1
		if err := New(Config{}).Decode(other, body); (k == 1 || k == 2 || k == 4) && !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("span %d moved: %v", k, err)
		}
	}
}

// TestDivide divides blocks of arrays of any kinds, some of which hold parts of others.
func TestDivide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &model.Block{Size: 50}
		for range rapid.IntRange(1, 7).Draw(t, "arrays") {
			if n := len(b.Spans); n > 0 && rapid.Bool().Draw(t, "corner") {
				k := rapid.IntRange(0, n-1).Draw(t, "of")
				rows, cols, _ := matrix(&b.Spans[k])
				r, c := rapid.IntRange(1, rows).Draw(t, "rows"), rapid.IntRange(1, cols).Draw(t, "columns")
				shape, turn := []int{r, c}, rapid.Bool().Draw(t, "turned")
				if turn {
					shape = []int{c, r}
				}
				from := b.Symbols[starts(b)[k]:]
				for i := range r * c {
					row, col := i/shape[1], i%shape[1]
					if turn {
						row, col = col, row
					}
					b.Symbols = append(b.Symbols, from[row*cols+col])
				}
				b.Spans = append(b.Spans, model.Span{Count: r * c, Shape: shape})
				continue
			}
			shape := rapid.SampledFrom([][]int{{300}, {3, 90}, {90, 3}, {40, 3, 4}, {4, 600}, {600, 4}, {2100}, {12}}).Draw(t, "shape")
			x := synthetic(50, shape...)
			b.Spans, b.Symbols = append(b.Spans, x.Spans...), append(b.Symbols, x.Symbols...)
		}
		d, _ := divide(b)
		if d == nil {
			return
		}
		enc := rangecoder.NewEncoder(nil)
		d.put(enc)
		read, err := readDivision(enc.Finish(), len(b.Spans), d.of)
		if err != nil || !slices.Equal(read.part, d.part) || !slices.Equal(read.from, d.from) {
			t.Fatalf("%+v came back as %+v: %v", d, read, err)
		}
		back := emptyOf(b)
		for k, p := range d.part {
			if at := starts(b)[k]; p < d.of {
				copy(back.Symbols[at:], b.Symbols[at:][:b.Spans[k].Count])
			}
		}
		for k, p := range d.part {
			if p >= copied && !read.copySpan(back, starts(b), k) {
				t.Fatalf("span %d does not lie in span %d", k, d.from[k])
			}
		}
		if !slices.Equal(back.Symbols, b.Symbols) {
			t.Fatal("corners came back changed")
		}
	})
}
