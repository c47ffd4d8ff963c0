package mix

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
)

// roundTrip encodes and decodes a block with codecs of a configuration, and
// returns the body.
func roundTrip(tb rapid.TB, cfg Config, b *model.Block) []byte {
	tb.Helper()
	return codeBlock(tb, New(cfg), New(cfg), b)
}

// codeBlock is roundTrip with a given codec on each side.
func codeBlock(tb rapid.TB, encoder, decoder *Codec, b *model.Block) []byte {
	tb.Helper()
	body, err := encoder.Encode([]byte("before"), b)
	if err != nil {
		tb.Fatal(err)
	}
	if string(body[:6]) != "before" {
		tb.Fatal("what stood before was changed")
	}
	body = body[6:]
	back := emptyOf(b)
	if err := decoder.Decode(back, body); err != nil {
		tb.Fatal(err)
	}
	if !slices.Equal(back.Symbols, b.Symbols) {
		tb.Fatal("the symbols came back changed")
	}
	return body
}

// TestRoundTrip codes blocks one after another, on one side with codecs that have coded
// others before: the other side, which has not, holds them to that leaving no trace.
func TestRoundTrip(t *testing.T) {
	used := [levelCount]*Codec{New(Config{Level: Fast}), New(Config{Level: Best})}
	size, level, shape := 0, Fast, []int(nil)
	rapid.Check(t, func(t *rapid.T) {
		// Much is used again where a block differs from the last one in its length alone.
		if size == 0 || rapid.Bool().Draw(t, "other") {
			size = rapid.SampledFrom([]int{1, 2, 3, 5, 17, 256, 1000, 1024, 5000, 1 << 20}).Draw(t, "size")
			level = rapid.SampledFrom([]Level{Fast, Best}).Draw(t, "level")
			shape = make([]int, rapid.IntRange(1, 4).Draw(t, "axes"))
			for k := range shape {
				shape[k] = rapid.IntRange(1, []int{3000, 40, 9, 5}[len(shape)-1]).Draw(t, "length")
			}
		} else {
			shape[0] = rapid.IntRange(1, []int{3000, 80, 40, 20}[len(shape)-1]).Draw(t, "length")
		}
		axes, n := len(shape), 1
		for _, length := range shape {
			n *= length
		}
		b := synthetic(size, shape...)
		if rapid.Bool().Draw(t, "part") {
			first := rapid.IntRange(0, n-1).Draw(t, "first")
			count := rapid.IntRange(0, n-first).Draw(t, "count")
			b.Symbols = b.Symbols[first : first+count]
			b.Spans[0].First, b.Spans[0].Count = int64(first), count
		}
		// More arrays, which differ from the first in one axis, or in none.
		for range rapid.IntRange(0, 2).Draw(t, "arrays") {
			other := slices.Clone(shape)
			k := rapid.IntRange(0, axes-1).Draw(t, "axis")
			other[k] = rapid.IntRange(1, []int{3000, 40, 9, 5}[axes-1]).Draw(t, "length")
			more := synthetic(size, other...)
			b.Symbols = append(b.Symbols, more.Symbols...)
			b.Spans = append(b.Spans, more.Spans...)
		}
		fresh := New(Config{Level: level})
		if rapid.Bool().Draw(t, "decode") {
			codeBlock(t, fresh, used[level], b)
		} else {
			codeBlock(t, used[level], fresh, b)
		}
	})
}

// TestShapes codes arrays that differ in either axis, or both.
func TestShapes(t *testing.T) {
	books := setup{geometry: geometryBooks, rows: 1, cols: 4, transposed: true}
	stream := setup{geometry: geometryStream, rows: 1, cols: 1}
	for _, c := range []struct {
		shapes [][]int
		want   setup
	}{
		{[][]int{{4, 1000}, {4, 1000}}, books},
		{[][]int{{4, 1000}, {4, 500}}, books},
		{[][]int{{4, 1000}, {4, 2}}, books},
		{[][]int{{4, 1000}, {50, 1000}}, setup{geometry: geometryGrid, rows: 1, cols: 1000}},
		{[][]int{{4, 40}, {40, 40}}, setup{geometry: geometryGrid, rows: 1, cols: 40}},
		{[][]int{{50, 1000}, {4, 1000}}, setup{geometry: geometryGrid, rows: 1, cols: 1000}},
		{[][]int{{4, 1000}, {4, 500}, {50, 1000}}, stream},
		{[][]int{{4, 1000}, {4, -1}}, stream},
		{[][]int{{4, 1000}, {4000}}, stream},
		{[][]int{{1000, 4}, {500, 4}}, setup{geometry: geometryBooks, rows: 1, cols: 4}},
		{[][]int{{20, 3, 70000}, {3, 3, 70000}}, stream},
		{[][]int{{20, 70000, 5}, {3, 70000, 5}}, stream},
		{[][]int{{20, 5, 4}, {3, 5, 4}}, setup{geometry: geometryGrid, rows: 5, cols: 4}},
		{[][]int{{20, 5, 4}, {20, 3, 4}}, stream},
		{[][]int{{3, 1 << 30, 1 << 30}}, stream},
		{[][]int{{3, 2, 1 << 16, 1 << 15, 2}}, setup{geometry: geometryGrid, rows: 1 << 15, cols: 2}},
	} {
		b := &model.Block{Size: 50}
		for _, shape := range c.shapes {
			n := 1
			for _, d := range shape {
				n = min(n*min(max(d, 1), 1600), 1600)
			}
			b.Symbols = append(b.Symbols, synthetic(50, n).Symbols...)
			b.Spans = append(b.Spans, model.Span{Count: n, Shape: shape})
		}
		// The arrays' tokens are the same, so that the shapes alone decide.
		short := *b
		short.Symbols, short.Spans = b.Symbols[:0:0], slices.Clone(b.Spans)
		for k := range short.Spans {
			short.Spans[k].Count = 8
			short.Symbols = append(short.Symbols, b.Symbols[:8]...)
		}
		if got := arrange(&short); got != c.want {
			t.Errorf("%v: %+v, not %+v", c.shapes, got, c.want)
		}
		roundTrip(t, Config{}, b)
		if _, err := Train(TrainConfig{}, b); err != nil {
			t.Errorf("%v: train: %v", c.shapes, err)
		}
	}
}

// TestOutside checks that spans beyond their array are refused or coded as a
// stream, whatever the numbers.
func TestOutside(t *testing.T) {
	books := setup{geometry: geometryBooks, rows: 1, cols: 4, transposed: true}
	inside := synthetic(50, 4, 100)
	body, err := New(Config{}).encodeMixed(nil, inside, books)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Train(TrainConfig{}, synthetic(50, 4, 1000))
	if err != nil || p.setup.cols != 4 {
		t.Fatal(p, err)
	}
	for _, s := range []model.Span{
		{First: 1, Count: 400, Shape: []int{4, 100}},
		{First: math.MaxInt64, Count: 400, Shape: []int{4, 100}},
		{First: math.MaxInt64 - 399, Count: 400, Shape: []int{4, math.MaxInt}},
		{Count: 400, Shape: []int{4, -1}},
		{Count: 400, Shape: []int{4, 99}},
	} {
		b := &model.Block{Size: 50, Symbols: inside.Symbols, Spans: []model.Span{s}}
		if err := New(Config{}).Decode(emptyOf(b), body); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("%+v: %v", s, err)
		}
		if _, err := New(Config{Prior: p}).Encode(nil, b); !errors.Is(err, fault.ErrModel) {
			t.Errorf("with a prior %+v: %v", s, err)
		}
		roundTrip(t, Config{}, b)
	}
}

// TestSetup checks that setups which do not fit into numbers are refused.
func TestSetup(t *testing.T) {
	for _, s := range []setup{
		{geometry: geometryGrid, rows: 1 << 16, cols: 1 << 16},
		{geometry: geometryGrid, rows: 1 << 15, cols: 3},
		{geometry: geometryGrid, rows: 1<<16 + 1, cols: 1},
		{geometry: geometryGrid, rows: 0, cols: 1},
		{geometry: geometryStream, rows: 1, cols: 2},
		{geometry: geometryProse, rows: 1, cols: 2},
		{geometry: geometryBytes, rows: 2, cols: 2},
		{geometry: geometryBytes, rows: 1, cols: maxRecord + 1},
		{geometry: geometryBytes, rows: 1, cols: 2, transposed: true},
		{geometry: geometryBytes, rows: 1, cols: 2, learned: treeLetters},
		{geometry: geometrySpelt, rows: 1, cols: 1},
		{geometry: geometryBooks, rows: 1, cols: maxColumns + 1},
		{geometry: geometryBooks, rows: 3, cols: 11},
	} {
		if _, _, err := parseSetup(s.append(nil)); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for _, c := range [][3]int{{3, 4, 12}, {1 << 16, 1, 1 << 16}, {1 << 8, 1 << 8, 1 << 16}, {1 << 16, 1 << 16, 1<<16 + 1}, {math.MaxInt, math.MaxInt, 1<<16 + 1}} {
		if n := product(c[0], c[1]); n != c[2] {
			t.Errorf("%d x %d gives %d", c[0], c[1], n)
		}
	}
}

// TestGeometries makes sure that each geometry and tree is used, with whole and
// partial spans.
func TestGeometries(t *testing.T) {
	cases := []struct {
		b        *model.Block
		geometry uint8
		learned  []uint8
	}{
		{synthetic(100, 8000), geometryStream, []uint8{treeNatural, treeClasses}},
		{synthetic(256, 8000), geometryBytes, []uint8{treeNatural}},
		{prose(9000), geometryProse, []uint8{treeLetters}},
		{synthetic(64, 200, 6, 8), geometryGrid, []uint8{treeHalves}},
		{synthetic(64, 40, 3, 6, 8), geometryGrid, []uint8{treeHalves}},
		{synthetic(128, 220, 40), geometryGrid, []uint8{treeHalves}},
		{synthetic(128, 2000, 4), geometryBooks, []uint8{treeNatural, treeKin}},
		{synthetic(128, 4, 2000), geometryBooks, []uint8{treeNatural, treeKin}},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.b.Spans[0].Shape), func(t *testing.T) {
			setups := choose(c.b, Fast)
			if len(setups) != len(c.learned) {
				t.Fatalf("%d setups, not %d", len(setups), len(c.learned))
			}
			for k, s := range setups {
				if s.geometry != c.geometry || s.learned != c.learned[k] {
					t.Errorf("setup %+v", s)
				}
			}
			whole := len(roundTrip(t, Config{}, c.b))
			if plain := len(encodePlain(nil, c.b)); whole >= plain {
				t.Errorf("%d bytes, %d without a model", whole, plain)
			}
			// Two spans that are cut anywhere.
			n := len(c.b.Symbols)
			shape := c.b.Spans[0].Shape
			first, second := n/3+1, n/2+5
			b := &model.Block{Size: c.b.Size, Symbols: append(slices.Clone(c.b.Symbols[first:second]), c.b.Symbols[:n/4]...)}
			b.Spans = []model.Span{{First: int64(first), Count: second - first, Shape: shape}, {Count: n / 4, Shape: shape}}
			for _, s := range setups {
				body, err := New(Config{}).encodeMixed(nil, b, s)
				if err != nil {
					t.Fatal(err)
				}
				back := emptyOf(b)
				if err := New(Config{}).Decode(back, body); err != nil || !slices.Equal(back.Symbols, b.Symbols) {
					t.Fatal("partial spans:", err)
				}
			}
		})
	}
}

// TestPlain checks that what cannot be predicted is no larger than its packed
// symbols, and that few tokens do not pay for what they cannot use.
func TestPlain(t *testing.T) {
	for _, size := range []int{1, 2, 3, 100, 1024, 50257, MaxSize} {
		for _, n := range []int{0, 1, 5, 100, 3000} {
			s := source(size * n)
			b := &model.Block{Size: size, Symbols: make([]uint32, n), Spans: []model.Span{{Count: n, Shape: []int{n}}}}
			for i := range b.Symbols {
				b.Symbols[i] = uint32(s.next(size))
			}
			body := roundTrip(t, Config{}, b)
			if most := math.Log2(float64(size))*float64(n)/8 + 2; float64(len(body)) > most {
				t.Errorf("%d of %d symbols: %d bytes, more than %.0f", n, size, len(body), most)
			}
		}
	}
	constant := synthetic(1024, 100000)
	for i := range constant.Symbols {
		constant.Symbols[i] = 7
	}
	if n := len(roundTrip(t, Config{}, constant)); n > 120 {
		t.Errorf("100000 times the same symbol: %d bytes", n)
	}
}

// TestReuse checks that a codec's blocks do not depend on those before.
func TestReuse(t *testing.T) {
	c, d := New(Config{}), New(Config{})
	blocks := []*model.Block{synthetic(64, 50, 6, 8), synthetic(64, 60, 6, 8), synthetic(64, 50, 6, 8), synthetic(300, 3000), synthetic(64, 50, 6, 8)}
	for i, b := range blocks {
		body, err := c.Encode(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		if want := roundTrip(t, Config{}, b); !slices.Equal(body, want) {
			t.Errorf("block %d depends on those before it", i)
		}
		back := emptyOf(b)
		if err := d.Decode(back, body); err != nil || !slices.Equal(back.Symbols, b.Symbols) {
			t.Errorf("block %d: %v", i, err)
		}
	}
}

func TestCosts(t *testing.T) {
	for _, b := range []*model.Block{synthetic(256, 30, 10, 12), synthetic(1000, 5)} {
		want := roundTrip(t, Config{}, b)
		b.Costs = make([]float32, len(b.Symbols))
		body, err := New(Config{}).Encode(nil, b)
		if err != nil || !slices.Equal(body, want) {
			t.Fatal("asking for costs changes the bytes:", err)
		}
		sum := 0.0
		for _, c := range b.Costs {
			if c < 0 {
				t.Fatal("negative cost")
			}
			sum += float64(c)
		}
		if bits := float64(8 * len(body)); sum > bits || sum < bits-8*1200 {
			t.Errorf("costs add up to %.0f bits of %.0f", sum, bits)
		}
	}
}

func TestRefusals(t *testing.T) {
	good := synthetic(64, 40, 6, 8)
	body := roundTrip(t, Config{}, good)
	if err := New(Config{MaxMemory: 1 << 16}).Decode(emptyOf(good), body); !errors.Is(err, fault.ErrLimit) {
		t.Error("memory limit:", err)
	}
	for _, b := range []*model.Block{
		{Size: MaxSize + 1},
		{Size: 0},
		{Size: 2, Symbols: make([]uint32, 3), Spans: []model.Span{{Count: 2}}},
		{Size: 2, Symbols: make([]uint32, 3), Spans: []model.Span{{Count: 5}}},
		{Size: 2, Symbols: make([]uint32, 3), Spans: []model.Span{{Count: 3, First: -1}}},
		{Size: 2, Symbols: []uint32{0, 2, 1}, Spans: []model.Span{{Count: 3}}},
	} {
		if _, err := New(Config{}).Encode(nil, b); err == nil {
			t.Errorf("encoded %+v", b)
		}
	}
}

// TestSteady checks that coding a token does not allocate.
func TestSteady(t *testing.T) {
	b := synthetic(64, 40, 6, 8)
	c := New(Config{})
	few := testing.AllocsPerRun(3, func() { encodeAs(t, c, b, setup{geometry: geometryGrid, rows: 6, cols: 8}) })
	many := synthetic(64, 400, 6, 8)
	more := testing.AllocsPerRun(3, func() { encodeAs(t, c, many, setup{geometry: geometryGrid, rows: 6, cols: 8}) })
	// What remains is the growing of the output.
	if more > few+16 {
		t.Errorf("%v allocations for ten times the tokens of %v", more, few)
	}
}

func encodeAs(t *testing.T, c *Codec, b *model.Block, s setup) {
	if _, err := c.encodeMixed(nil, b, s); err != nil {
		t.Fatal(err)
	}
}

// TestLong codes a short span of an array that is said to be very long, in the time
// that the span takes.
func TestLong(t *testing.T) {
	const frames = 1 << 28
	b := synthetic(128, 4, 1000)
	b.Spans[0] = model.Span{First: frames - 1500, Count: 4000, Shape: []int{4, frames}}
	s := setup{geometry: geometryBooks, rows: 1, cols: 4, transposed: true}
	for _, s.learned = range []uint8{treeNatural, treeKin} {
		body, err := New(Config{}).encodeMixed(nil, b, s)
		if err != nil {
			t.Fatal(err)
		}
		back := emptyOf(b)
		if err := New(Config{}).Decode(back, body); err != nil || !slices.Equal(back.Symbols, b.Symbols) {
			t.Fatal(err)
		}
	}
}

// TestReuseOfLengths codes blocks of many lengths one after another: what a codec has coded
// before must not show in a body, or no other could decode that.
func TestReuseOfLengths(t *testing.T) {
	for name, block := range map[string]func(n int) *model.Block{
		"stream": func(n int) *model.Block { return synthetic(100, n) },
		"grid":   func(n int) *model.Block { return synthetic(100, n/12, 3, 4) },
		"books":  func(n int) *model.Block { return synthetic(100, n/4, 4) },
		"bytes":  func(n int) *model.Block { return synthetic(256, n) },
		"prose":  prose,
		"spelt":  spelledBlock,
	} {
		used := New(Config{Level: Best})
		for _, n := range []int{1100, 1030, 2040, 2060, 4100} {
			b := block(n)
			got, err := used.Encode(nil, b)
			if err != nil {
				t.Fatal(err)
			}
			want, err := New(Config{Level: Best}).Encode(nil, b)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: a codec that was used writes %d tokens otherwise than a new one", name, n)
			}
		}
	}
}
