package ans

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/fault"
)

// TestOptimal compares shared slots with the best of all ways, found by dynamic
// programming over the same logarithms.
func TestOptimal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		counts := make([]uint64, 1+r.IntN(12))
		total := uint64(0)
		for i := range counts {
			counts[i] = r.Uint64N(1 << r.IntN(20))
			total += counts[i]
		}
		if total == 0 {
			continue
		}
		const prec = 8
		tab, err := NewTable(counts, prec)
		if err != nil {
			t.Fatal(err)
		}
		cost := func(c uint64, f uint32) uint64 { return c * ((prec<<fraction - log2(f)) >> 16) }
		// best[k] is the smallest cost of the symbols so far with k slots.
		best := make([]uint64, 1<<prec+1)
		for k := range best {
			best[k] = math.MaxUint64
		}
		best[0] = 0
		got := uint64(0)
		for s, c := range counts {
			if c == 0 {
				if tab.freq[s] != 0 {
					t.Fatal("slots for a symbol that does not occur")
				}
				continue
			}
			next := make([]uint64, len(best))
			for k := range next {
				next[k] = math.MaxUint64
				for f := 1; f <= k; f++ {
					if best[k-f] != math.MaxUint64 {
						next[k] = min(next[k], best[k-f]+cost(c, uint32(f)))
					}
				}
			}
			best = next
			got += cost(c, tab.freq[s])
		}
		if want := best[1<<prec]; got > want+total {
			t.Errorf("counts %v: slots %v cost %d, best %d", counts, tab.freq, got, want)
		}
	}
}

func TestNewTable(t *testing.T) {
	for name, c := range map[string]struct {
		counts    []uint64
		precision int
	}{
		"no symbols":       {nil, 0},
		"too many symbols": {make([]uint64, MaxSize+1), 0},
		"too large counts": {[]uint64{MaxCount, 1}, 0},
		"overflow":         {[]uint64{1 << 63, 1 << 63}, 0},
		"precision 7":      {[]uint64{1, 1}, 7},
		"precision 21":     {[]uint64{1, 1}, 21},
		"nothing occurs":   {[]uint64{0, 0}, 8},
		"too few slots":    {slices.Repeat([]uint64{1}, 257), 8},
	} {
		if _, err := NewTable(c.counts, c.precision); !errors.Is(err, fault.ErrDistribution) {
			t.Errorf("%s: %v", name, err)
		}
	}
	tab, err := NewTable(make([]uint64, 10), 0)
	if err != nil || !tab.flat {
		t.Errorf("no counts: %v, %v", tab, err)
	}
	tab, err = NewTable([]uint64{0, 7000, 0}, 0)
	if err != nil || tab.Slots(1) != 1<<tab.Precision() {
		t.Errorf("one symbol: %v, %v", tab, err)
	}
}

// TestTableInterval checks that a table is a distribution: intervals without gaps
// which Find finds.
func TestTableInterval(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		tab, _ := randomBlock(r, 1+r.IntN(100), 1000, 8+r.IntN(13))
		end := uint64(0)
		for s := range uint32(tab.Len()) {
			iv, err := tab.Interval(s)
			if tab.Slots(s) == 0 {
				if !errors.Is(err, fault.ErrSymbol) {
					t.Fatal(err)
				}
				continue
			}
			if err != nil || iv.Low != end {
				t.Fatalf("interval %v after %d: %v", iv, end, err)
			}
			for _, p := range []uint64{iv.Low, iv.Low + iv.Width/2, iv.Low + iv.Width - 1} {
				if got, giv := tab.Find(uint32(p)); got != s || giv != iv {
					t.Fatalf("Find(%d) = %d, %v", p, got, giv)
				}
			}
			end += iv.Width
		}
		if end != 1<<32 {
			t.Fatalf("the intervals end at %d", end)
		}
		if _, err := tab.Interval(uint32(tab.Len())); !errors.Is(err, fault.ErrSymbol) {
			t.Fatal(err)
		}
	}
}

func TestStoredTable(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	leaning := 0
	for range 300 {
		size := 1 + r.IntN(400)
		base, symbols := randomBlock(r, size, 1+r.IntN(3000), 9+r.IntN(12))
		for i := range symbols {
			if r.IntN(10) == 0 {
				symbols[i] = uint32(r.IntN(size))
			}
		}
		counts := make([]uint64, size)
		if err := Count(counts, symbols); err != nil {
			t.Fatal(err)
		}
		tab, err := NewTable(counts, 0)
		if err != nil {
			t.Fatal(err)
		}
		alone, leans := tab.AppendTable(nil, nil)
		if leans {
			t.Fatal("a table leans on nothing")
		}
		code, leans := tab.AppendTable([]byte("before"), base)
		code = code[len("before"):]
		if leans {
			leaning++
		}
		if len(code) > len(alone) {
			t.Fatalf("with a base %d bytes, without %d", len(code), len(alone))
		}
		got, err := ParseTable(code, size, base)
		if err != nil || !slices.Equal(got.freq, tab.freq) || got.prec != tab.prec || got.flat != tab.flat {
			t.Fatalf("another table came back: %v", err)
		}
		if _, err := ParseTable(code, size, nil); leans != errors.Is(err, fault.ErrModel) {
			t.Fatalf("leans %v, without base: %v", leans, err)
		}
		for _, bad := range [][]byte{code[:len(code)-1], append(slices.Clone(code), 0)} {
			// Fewer bytes may be another table, but then exactly that.
			got, err := ParseTable(bad, size, base)
			if err == nil && !bytes.Equal(got.appendAs(bad[0]>>4, base), bad) || err != nil && !refused(err) {
				t.Fatalf("%d of %d bytes: %v", len(bad), len(code), err)
			}
		}
	}
	if leaning < 10 {
		t.Errorf("only %d tables lean on another", leaning)
	}
}

// TestRawBound checks that table and body together are never longer than the
// packed symbols and 32 bytes.
func TestRawBound(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 400 {
		size := 1 + r.IntN(1<<(1+r.IntN(16)))
		symbols := make([]uint32, r.IntN(1<<r.IntN(13)))
		within := 1 + r.IntN(size)
		for i := range symbols {
			symbols[i] = uint32(r.IntN(within))
		}
		counts := make([]uint64, size)
		if err := Count(counts, symbols); err != nil {
			t.Fatal(err)
		}
		tab, err := NewTable(counts, 0)
		if err != nil {
			t.Fatal(err)
		}
		stored, _ := tab.AppendTable(nil, nil)
		rb, _ := NewBlock[uint32](tab)
		tb, _ := NewTBlock[uint32](tab)
		for _, b := range []interface {
			Encode([]byte, []uint32, []uint16) ([]byte, error)
		}{rb, tb} {
			body, err := b.Encode(nil, symbols, nil)
			if err != nil {
				t.Fatal(err)
			}
			if raw := packedLen(len(symbols), size); len(stored)+len(body) > raw+32 {
				t.Errorf("%T: %d of %d symbols: %d + %d bytes, packed %d", b, len(symbols), size, len(stored), len(body), raw)
			}
		}
	}
}

func TestAllocations(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	tab, symbols := randomBlock(r, 200, 20000, 12)
	rb, err := NewBlock[uint32](tab)
	if err != nil {
		t.Fatal(err)
	}
	tb, err := NewTBlock[uint32](tab)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]interface {
		Encode([]byte, []uint32, []uint16) ([]byte, error)
		Decode([]uint32, []uint16, []byte) error
	}{"rans": rb, "tans": tb} {
		code, err := b.Encode(nil, symbols, nil)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]uint32, len(symbols))
		dst := make([]byte, 0, 2*len(code))
		if n := testing.AllocsPerRun(10, func() {
			if _, err := b.Encode(dst, symbols, nil); err != nil {
				t.Fatal(err)
			}
			if err := b.Decode(out, nil, code); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	var s Stack
	ivs := randomIntervals(r, 1000)
	push := func() {
		s.Reset()
		for _, iv := range ivs {
			s.Push(iv)
		}
		for i := len(ivs) - 1; i >= 0; i-- {
			if err := s.Pop(ivs[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	push()
	if n := testing.AllocsPerRun(10, push); n != 0 {
		t.Errorf("stack: %v allocations", n)
	}
}

func TestTableSet(t *testing.T) {
	one, err := FlatTable(256)
	if err != nil {
		t.Fatal(err)
	}
	fine, err := NewTable([]uint64{1, 2}, 20)
	if err != nil {
		t.Fatal(err)
	}
	large, err := FlatTable(MaxSize)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		tables []*Table
		want   error
	}{
		"none":             {nil, fault.ErrDistribution},
		"other precisions": {[]*Table{one, fine}, fault.ErrDistribution},
		"too many slots":   {slices.Repeat([]*Table{fine}, 17), fault.ErrLimit},
		"as many as fit":   {slices.Repeat([]*Table{fine}, 16), nil},
		"too many symbols": {slices.Repeat([]*Table{large}, 257), fault.ErrLimit},
	} {
		if _, err := NewBlock[uint32](c.tables...); !errors.Is(err, c.want) {
			t.Errorf("%s: Block: %v", name, err)
		}
		if _, err := NewTBlock[uint32](c.tables...); !errors.Is(err, c.want) {
			t.Errorf("%s: TBlock: %v", name, err)
		}
	}
	b, err := NewBlock[uint8](one, one)
	if err != nil {
		t.Fatal(err)
	}
	for name, index := range map[string][]uint16{"none": nil, "short": {0}, "table 2 of 2": {0, 2}} {
		if _, err := b.Encode(nil, []uint8{1, 2}, index); !errors.Is(err, fault.ErrDistribution) {
			t.Errorf("index %s: %v", name, err)
		}
		if err := b.Decode(make([]uint8, 2), index, nil); !errors.Is(err, fault.ErrDistribution) {
			t.Errorf("index %s: %v", name, err)
		}
	}
}

// TestTableOf makes tables of their slots, and none of others.
func TestTableOf(t *testing.T) {
	want, err := NewTable([]uint64{5, 0, 90, 1, 1000}, 11)
	if err != nil {
		t.Fatal(err)
	}
	var slots []uint32
	for s := range uint32(want.Len()) {
		slots = append(slots, want.Slots(s))
	}
	got, err := TableOf(slots)
	if err != nil || got.Precision() != 11 || !slices.Equal(got.freq, want.freq) || !slices.Equal(got.cum, want.cum) {
		t.Errorf("of %d: %+v, %v", slots, got, err)
	}
	for _, s := range [][]uint32{nil, {0}, {128}, {255}, {1 << 21}, {100, 157}, {1 << 31, 1 << 31, 256}} {
		if got, err := TableOf(s); !errors.Is(err, fault.ErrDistribution) || got != nil {
			t.Errorf("of %d slots: %v, %v", s, got, err)
		}
	}
}
