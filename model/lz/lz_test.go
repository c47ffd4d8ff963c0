package lz

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/codectest"
	"github.com/foretell/foretell/internal/simd"
	"github.com/foretell/foretell/model"
)

// at returns what is to be tested at a level. A body has up to ten tables, which
// are made anew for each block, and costs are those of the block spread evenly.
func at(level int) codectest.Codec {
	return codectest.Codec{New: func() (model.Codec, error) { return New(level) }, Allocs: 500}
}

func TestCodec(t *testing.T) {
	for _, level := range []int{MinLevel, 2, 5, MaxLevel} {
		at(level).Test(t)
	}
}

func TestGolden(t *testing.T) { at(5).Golden(t, "lz") }

func FuzzDecode(f *testing.F) { at(2).Fuzz(f) }

func FuzzRoundTrip(f *testing.F) { at(5).FuzzRoundTrip(f) }

func BenchmarkFastest(b *testing.B) { codectest.Benchmark(b, at(MinLevel)) }
func BenchmarkMiddle(b *testing.B)  { codectest.Benchmark(b, at(5)) }

func TestLevels(t *testing.T) {
	for _, level := range []int{-1, 0, MaxLevel + 1} {
		if _, err := New(level); err == nil {
			t.Errorf("level %d is taken", level)
		}
	}
}

// TestTranspose turns spans that begin and end within rows, and back.
func TestTranspose(t *testing.T) {
	src := make([]uint32, 40)
	for i := range src {
		src[i] = uint32(i)
	}
	spans := []model.Span{{First: 2, Count: 20, Shape: []int{-1, 2, 2}}, {Count: 3}, {First: 7, Count: 17, Shape: []int{9, 7}}}
	turned := make([]uint32, 40)
	for _, order := range []int{placeOrder, longOrder} {
		if !distinct(spans)[order] {
			t.Errorf("order %d is like another", order)
		}
		transpose(turned, src, spans, order)
		back := slices.Clone(turned)
		if transposeBack(back, nil, spans, order); !slices.Equal(back, src) {
			t.Errorf("turned twice: %v", back)
		}
	}
	// The first token of the first span is at place 2 of a row. The last span has
	// fewer rows than a row has tokens.
	if want := []uint32{2, 6, 10, 14, 18, 3, 7, 11, 15, 19, 0, 4, 8, 12, 16, 1, 5, 9, 13, 17}; !slices.Equal(turned[:20], want) {
		t.Errorf("place by place: %v, not %v", turned[:20], want)
	}
	if !slices.Equal(turned[20:], src[20:]) {
		t.Errorf("a span with long rows is turned: %v", turned[20:])
	}
	if distinct([]model.Span{{Count: 4, Shape: []int{1, 4}}}) != [numOrders]bool{} {
		t.Error("one row has been turned")
	}
}

// TestNumbers goes through the ends of all buckets.
func TestNumbers(t *testing.T) {
	next := uint32(0)
	for c := range numCodes {
		b := buckets[c]
		last := b.Base() + 1<<b.Bits() - 1
		if b.Base() != next || code(b.Base()) != uint32(c) || code(last) != uint32(c) {
			t.Errorf("code %d stands for %d to %d", c, b.Base(), last)
		}
		next = last + 1
	}
	if next != 1<<maxBits {
		t.Errorf("codes end at %d", next)
	}
}

// TestCountNumbers counts those of every token, eight at a time and one by one.
func TestCountNumbers(t *testing.T) {
	var all []uint8
	offsets, longs := 0, 0
	for k := range numTokens {
		all = append(all, uint8(k))
		e := &tokens[k]
		if e.Kind == newOffset {
			offsets++
		}
		longs += int(e.LongRun) + int(e.LongLength)
		if o, l := countNumbers(all); o != offsets || l != longs {
			t.Fatalf("%d tokens: %d offsets and %d long numbers, not %d and %d", k+1, o, l, offsets, longs)
		}
	}
}

// Counts of a block of 2^24 symbols whose cheapest groups would be of 306 pieces.
func TestPieces(t *testing.T) {
	var counts []uint32
	for c, k := range []int{0, 14, 16, 15, 2, 14, 0, 11, 10, 14, 13, 10, 11, 11, 2, 2, 1, 12, 13, 0, 13, 13, 1, 13, 0, 11, 11, 1,
		12, 12, 11, 0, 11, 10, 11, 10, 10, 10, 10, 9, 9, 8, 9, 9, 8, 7, 7, 7, 7, 7, 6, 6, 5, 5, 5, 4, 0, 0, 1, 3, 0, 1, 0, 2, 0, 2, 0, 1, 1} {
		for range 1<<k - 1 {
			counts = append(counts, buckets[c].Base())
		}
	}
	var a alphabet
	a.plan(counts)
	if err := a.build(); err != nil {
		t.Fatal(err)
	}
}

// TestSameBytes holds every SIMD level against the portable loops: on symbols that repeat
// near and far, changed and not, in stretches of all lengths.
func TestSameBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 60 {
		size := 2 + r.IntN(1<<(1+r.IntN(15)))
		b := &model.Block{Size: size, Symbols: make([]uint32, r.IntN(1<<r.IntN(16)))}
		for at := 0; at < len(b.Symbols); {
			n := min(len(b.Symbols)-at, 1+r.IntN(1<<r.IntN(9)))
			from := max(0, at-1-r.IntN(1<<r.IntN(16)))
			for k := range n {
				b.Symbols[at+k] = b.Symbols[from+k]
				if at == 0 || i%4 > 0 && r.IntN(8) == 0 {
					b.Symbols[at+k] = uint32(min(r.IntN(size), r.IntN(size)))
				}
			}
			at += n
		}
		for _, level := range []int{2, 5} {
			var want []byte
			for _, l := range simd.Levels() {
				restore, err := simd.Use(l)
				if err != nil {
					t.Fatal(err)
				}
				c, err := New(level)
				if err != nil {
					t.Fatal(err)
				}
				got, err := c.Encode(nil, b)
				restore()
				switch {
				case err != nil:
					t.Fatal(err)
				case want == nil:
					want = got
				case !slices.Equal(got, want):
					t.Fatalf("%s, level %d: other bytes of %d symbols below %d", l, level, len(b.Symbols), size)
				}
			}
		}
	}
}
