package prob

import (
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/foretell/foretell/internal/fault"
)

// checkDistribution checks what the contract of Distribution asks for: the whole
// line, in order, and Find in agreement at both ends of every interval.
func checkDistribution(t interface{ Fatalf(string, ...any) }, d Distribution) {
	low := uint64(0)
	for s := range uint32(d.Len()) {
		iv, err := d.Interval(s)
		if err != nil {
			t.Fatalf("symbol %d of %d: %v", s, d.Len(), err)
		}
		if iv.Low != low || iv.Width < 1 {
			t.Fatalf("symbol %d of %d at %d+%d, not %d", s, d.Len(), iv.Low, iv.Width, low)
		}
		for _, point := range []uint64{iv.Low, iv.Low + iv.Width/2, iv.Low + iv.Width - 1} {
			if got, giv := d.Find(uint32(point)); got != s || giv != iv {
				t.Fatalf("point %d in symbol %d %v, not %d %v", point, got, giv, s, iv)
			}
		}
		low += iv.Width
	}
	if low != Total {
		t.Fatalf("the intervals end at %d", low)
	}
	if _, err := d.Interval(uint32(d.Len())); !errors.Is(err, fault.ErrSymbol) {
		t.Fatalf("symbol %d of %d: %v", d.Len(), d.Len(), err)
	}
}

// drawCounts draws counts of all sizes, at least one of them positive.
func drawCounts(t *rapid.T, size int) []uint32 {
	limit := rapid.Uint32Range(1, 1<<32-1).Draw(t, "limit")
	counts := rapid.SliceOfN(rapid.OneOf(rapid.Just(uint32(0)), rapid.Uint32Range(0, limit)), 1, size).Draw(t, "counts")
	counts[rapid.IntRange(0, len(counts)-1).Draw(t, "positive")] |= 1
	return counts
}

func TestCountsAndTable(t *testing.T) {
	table := new(Table)
	rapid.Check(t, func(t *rapid.T) {
		counts := drawCounts(t, 200)
		c, err := NewCounts(counts)
		if err != nil {
			t.Fatal(err)
		}
		checkDistribution(t, c)
		if err := table.Reset(counts); err != nil {
			t.Fatal(err)
		}
		checkDistribution(t, table)
		total := uint64(0)
		wide := make([]uint64, len(counts))
		for i, n := range counts {
			total += uint64(n)
			wide[i] = uint64(n)
		}
		other, err := NewTable(wide)
		if err != nil {
			t.Fatal(err)
		}
		before := uint64(0)
		for i, n := range counts {
			want := newLine(total, len(counts)).interval(before, uint64(n), uint64(i))
			before += uint64(n)
			a, _ := c.Interval(uint32(i))
			b, _ := table.Interval(uint32(i))
			o, _ := other.Interval(uint32(i))
			if a != want || b != want || o != want {
				t.Fatalf("symbol %d: counts %v, table %v and %v, want %v", i, a, b, o, want)
			}
			if n == 0 && a.Width != 1 && total > Total {
				t.Fatalf("a symbol without a count has width %d", a.Width)
			}
		}
	})
}

// TestTableLarge looks at tables beyond what the look-up has parts for, and at
// ones that are almost empty.
func TestTableLarge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 1 << 16, 1<<16 + 1, 1<<18 - 1} {
		counts := make([]uint32, n)
		for i := range counts {
			if r.IntN(4) == 0 {
				counts[i] = r.Uint32() >> r.IntN(32)
			}
		}
		counts[n/2] = 1 << 30
		table, err := NewTable(counts)
		if err != nil {
			t.Fatal(err)
		}
		checkDistribution(t, table)
		clear(counts)
		counts[n/3] = 1
		if err := table.Reset(counts); err != nil {
			t.Fatal(err)
		}
		checkDistribution(t, table)
	}
}

func TestCountsRefuse(t *testing.T) {
	for _, c := range []struct {
		counts []uint64
		index  int
	}{
		{nil, -1},
		{make([]uint64, MaxSymbols+1), -1},
		{[]uint64{0, 0}, -1},
		{[]uint64{1, 1 << 63}, 1},
		{[]uint64{1 << 62, 0, 1 << 62}, 2},
	} {
		_, err := NewCounts(c.counts)
		var d *DistributionError
		if !errors.As(err, &d) || !errors.Is(err, fault.ErrDistribution) || d.Index != c.index {
			t.Errorf("%d counts: %v", len(c.counts), err)
		}
		if _, err := NewTable(c.counts); !errors.As(err, &d) || d.Index != c.index {
			t.Errorf("table of %d counts: %v", len(c.counts), err)
		}
	}
	table, err := NewTable([]uint32{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Reset([]uint32{0}); !errors.Is(err, fault.ErrDistribution) {
		t.Fatal(err)
	}
	if table.Len() != 3 {
		t.Error("a refusal changed the table")
	}
	checkDistribution(t, table)
}

func TestAdaptive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		step := rapid.Uint32Range(1, 1<<rapid.IntRange(0, 16).Draw(t, "log")).Draw(t, "step")
		limit := rapid.Uint64Range(2*uint64(n)+2*uint64(step), 1<<20).Draw(t, "limit")
		a, err := NewAdaptive(n, step, limit)
		if err != nil {
			t.Fatal(err)
		}
		plain := make([]uint64, n)
		reset := func() {
			a.Reset()
			for i := range plain {
				plain[i] = 1
			}
		}
		reset()
		if rapid.Bool().Draw(t, "reset") {
			a.Update(0)
			reset()
		}
		for _, s := range rapid.SliceOfN(rapid.Uint32Range(0, uint32(n-1)), 0, 100).Draw(t, "symbols") {
			a.Update(s)
			plain[s] += uint64(step)
			total := uint64(0)
			for _, c := range plain {
				total += c
			}
			if total > limit {
				total = 0
				for i := range plain {
					plain[i] -= plain[i] / 2
					total += plain[i]
				}
			}
			if c, sum := a.Count(s); c != plain[s] || sum != total {
				t.Fatalf("symbol %d counts %d of %d, want %d of %d", s, c, sum, plain[s], total)
			}
		}
		checkDistribution(t, a)
		c, err := NewCounts(plain)
		if err != nil {
			t.Fatal(err)
		}
		for s := range uint32(n) {
			got, _ := a.Interval(s)
			if want, _ := c.Interval(s); got != want {
				t.Fatalf("symbol %d: %v, want %v", s, got, want)
			}
		}
	})
}

func TestAdaptiveRefuse(t *testing.T) {
	for _, c := range []struct {
		n     int
		step  uint32
		limit uint64
	}{
		{0, 1, 100}, {MaxSymbols + 1, 1, 1 << 31}, {2, 0, 100}, {2, 1<<16 + 1, 1 << 31}, {2, 1, 5}, {2, 1, 1<<31 + 1},
	} {
		if _, err := NewAdaptive(c.n, c.step, c.limit); !errors.Is(err, fault.ErrDistribution) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := NewAdaptive(MaxSymbols, 1<<16, 1<<31); err != nil {
		t.Error(err)
	}
}

func TestCountsNoAllocation(t *testing.T) {
	counts := make([]uint32, 1000)
	for i := range counts {
		counts[i] = uint32(i)
	}
	c, err := NewCounts(counts)
	if err != nil {
		t.Fatal(err)
	}
	table := new(Table)
	a, err := NewAdaptive(1000, 32, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	i := uint32(0)
	use := func(d Distribution) {
		if _, err := d.Interval(i % 1000); err != nil {
			t.Fatal(err)
		}
		d.Find(i * 1234567)
	}
	if err := table.Reset(counts); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(5000, func() {
		i++
		use(c)
		use(table)
		use(a)
		a.Update(i % 1000)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(10, func() {
		if err := table.Reset(counts); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a table", n)
	}
}

// FuzzCounts reads counts from bytes and holds the distributions to the contract.
func FuzzCounts(f *testing.F) {
	f.Add([]byte{1}, uint8(0))
	f.Add([]byte{0, 0, 255, 1, 7}, uint8(24))
	f.Add([]byte{200, 100, 0}, uint8(55))
	f.Fuzz(func(t *testing.T, data []byte, shift uint8) {
		data = data[:min(len(data), 1000)]
		counts := make([]uint64, len(data))
		for i, b := range data {
			counts[i] = uint64(b) << (shift & 63)
		}
		c, err := NewCounts(counts)
		table, terr := NewTable(counts)
		if (err == nil) != (terr == nil) {
			t.Fatalf("counts: %v, table: %v", err, terr)
		}
		if err != nil {
			if !errors.Is(err, fault.ErrDistribution) {
				t.Fatal(err)
			}
			return
		}
		checkDistribution(t, c)
		checkDistribution(t, table)
	})
}

func TestZeroTable(t *testing.T) {
	var table Table
	if table.Len() != 0 {
		t.Errorf("%d symbols", table.Len())
	}
	if _, err := table.Interval(0); !errors.As(err, new(*SymbolError)) {
		t.Error(err)
	}
	if symbol, iv := table.Find(7); symbol != 0 || iv != (Interval{Width: Total}) {
		t.Error(symbol, iv)
	}
}
