package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestLevels(t *testing.T) {
	if firstLevels[maxClass+1] != numLevels {
		t.Fatalf("%d levels, not %d", firstLevels[maxClass+1], numLevels)
	}
	// Each level holds a run of counts, and its weight is twice their mean.
	for l := level(1); l < 200; l++ {
		low := uint32(1)
		for levelOf(low) < l {
			low++
		}
		high := low
		for levelOf(high+1) == l {
			high++
		}
		if levelOf(low) != l || l.weight() != low+high {
			t.Fatalf("level %d of weight %d holds %d to %d", l, l.weight(), low, high)
		}
	}
	for n := uint32(1); n < 1<<31-1<<20; n += n/5 + 1 {
		l := levelOf(n)
		if w := float64(l.weight()) / 2 / float64(n); w < 0.7 || w > 1.6 || l >= numLevels {
			t.Errorf("count %d has level %d, weight %d", n, l, l.weight())
		}
	}
	if l := levelOf(1<<31 - 1); l != numLevels-1 {
		t.Errorf("the largest count has level %d", l)
	}
}

// drawLevels draws a table with runs of zeros.
func drawLevels(t *rapid.T, name string, size int) []level {
	l := make([]level, size)
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, name), 1))
	limit := 1 + r.IntN(numLevels)
	for i := 0; i < size; i++ {
		if r.IntN(3) == 0 {
			i += r.IntN(50)
			continue
		}
		l[i] = level(r.IntN(limit))
	}
	return l
}

func TestTableCoder(t *testing.T) {
	var f freqCoder
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 500).Draw(t, "size")
		want := drawLevels(t, "table", size)
		var base []level
		if rapid.Bool().Draw(t, "leans") {
			base = drawLevels(t, "base", size)
			if rapid.Bool().Draw(t, "alike") {
				for i, b := range base {
					want[i] = level(max(0, min(numLevels-1, int(b)+i%23-11)))
				}
			}
		}
		code, err := f.encode([]byte("x"), want, base)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]level, size)
		if err := f.decode(got, base, code[1:], false); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v: %v, want %v", err, got, want)
		}
		if err := f.decode(got, base, append(code[1:], 0), false); err == nil {
			t.Fatal("a byte after the table goes unseen")
		}
		if base == nil {
			part := got[:1+size/2]
			if err := f.decode(part, nil, code[1:], true); err != nil || !slices.Equal(part, want[:len(part)]) {
				t.Fatalf("the first levels: %v: %v, want %v", err, part, want)
			}
		}
	})
}

// drawn returns n symbols of a distribution that falls off at a rate.
func drawn(r *rand.Rand, size, n int, rate float64) []uint32 {
	s := make([]uint32, n)
	for i := range s {
		s[i] = uint32(float64(size) * math.Pow(r.Float64(), rate))
	}
	return s
}

// TestPlan holds the codecs with tables to the choice that costs least.
func TestPlan(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const size = 1000
	first := &Block{Size: size, Symbols: drawn(r, size, 1<<17, 3)}
	for _, id := range []ID{Static, StaticRANS, StaticTANS} {
		c := newCodec(t, id).(Planner)
		base, leans, err := c.Plan(first, nil)
		if err != nil || leans || len(base) < 100 {
			t.Fatalf("%v: the first block leans: %v, %d bytes, %v", id, leans, len(base), err)
		}
		plan := func(b *Block) (int, bool) {
			p, leans, err := c.Plan(b, base)
			if err != nil {
				t.Fatal(err)
			}
			return len(p), leans
		}
		if n, leans := plan(&Block{Size: size, Symbols: drawn(r, size, 1<<12, 3)}); n > 1 || !leans {
			t.Errorf("%v: a few symbols of the same kind take %d bytes, lean: %v", id, n, leans)
		}
		if n, leans := plan(&Block{Size: size, Symbols: drawn(r, size, 1<<17, 1.5)}); n < 100 || leans && id != Static {
			t.Errorf("%v: symbols of another kind take %d bytes, lean: %v", id, n, leans)
		}
		if n, leans := plan(&Block{Size: size, Symbols: drawn(r, size, 1<<12, 1)}); n > 1 || !leans {
			t.Errorf("%v: even symbols take %d bytes, lean: %v", id, n, leans)
		}
		if n, leans := plan(&Block{Size: size + 1, Symbols: drawn(r, size, 1<<17, 0.3)}); n < 100 || leans && id != Static {
			t.Errorf("%v: another alphabet takes %d bytes, leans: %v", id, n, leans)
		}
	}
	c := new(static)
	base, _, err := c.Plan(first, nil)
	if err != nil {
		t.Fatal(err)
	}
	// Blocks much like the base, but long enough for a table to pay.
	near := &Block{Size: size, Symbols: append(drawn(r, size, 1<<17, 3), drawn(r, size, 1<<14, 0.5)...)}
	whole, _, err := c.Plan(near, nil)
	if err != nil {
		t.Fatal(err)
	}
	delta, leans, err := c.Plan(near, base)
	if err != nil || !leans || delta[0] != kindDelta || len(delta) >= len(whole) {
		t.Errorf("a difference of %d bytes, kind %#x, leans: %v, %v; the whole table has %d", len(delta), delta[0], leans, err, len(whole))
	}
}

// TestStaticBound holds the codec Static to within 0.1 % and 2,000 bytes of the
// order-0 entropy of real tokens.
func TestStaticBound(t *testing.T) {
	b := realArrays(t, "commavq/taco-bell.npy", "", 1024)
	counts := make([]float64, b.Size)
	for _, s := range b.Symbols {
		counts[s]++
	}
	bound := 0.0
	for _, n := range counts {
		if n > 0 {
			bound += n * math.Log2(float64(len(b.Symbols))/n) / 8
		}
	}
	for _, id := range []ID{Static, StaticRANS, StaticTANS} {
		_, body, _ := encode(t, id, newCodec(t, id), b, nil)
		if n := float64(len(body) + len(b.Params)); n > bound*1.001+2000 {
			t.Errorf("%v: %v bytes, the entropy is %v", id, n, bound)
		}
	}
}

// TestLog2 holds the logarithm that plans are made by against math.Log2.
func TestLog2(t *testing.T) {
	table := logs()
	for x := uint64(1); x < 1<<62; x += x/7 + 1 {
		got, want := float64(log2(table, x))/costOne, math.Log2(float64(x))
		if math.Abs(got-want) > 3e-7 {
			t.Fatalf("log2(%d) is %v, not %v", x, got, want)
		}
	}
	for k := range 64 {
		if got := log2(table, 1<<k); got != uint64(k)*costOne {
			t.Errorf("log2(2^%d) is %d", k, got)
		}
	}
}
