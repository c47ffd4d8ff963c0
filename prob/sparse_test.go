package prob

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/simd"
)

// refSparse returns the lower ends of all symbols by the definition, in big
// integers.
func refSparse(n int, ids []uint32, weights []uint64, tail uint64) []uint64 {
	given := map[uint32]uint64{}
	sum := uint64(0)
	for i, id := range ids {
		given[id] = weights[i]
		sum += weights[i]
	}
	if len(ids) == n {
		tail = 0
	}
	total := new(big.Int).SetUint64(sum + tail)
	lows := make([]uint64, n+1)
	heavy, light := uint64(0), 0
	for i := range n + 1 {
		c := new(big.Int).SetUint64(tail)
		c.Mul(c, big.NewInt(int64(light)))
		if m := n - len(ids); m > 0 {
			c.Div(c, big.NewInt(int64(m)))
		}
		c.Add(c, new(big.Int).SetUint64(heavy))
		c.Mul(c, big.NewInt(Total-int64(n)))
		lows[i] = c.Div(c, total).Uint64() + uint64(i)
		if w, ok := given[uint32(i)]; ok {
			heavy += w
		} else {
			light++
		}
	}
	return lows
}

// checkLows compares all intervals of d, and what Find gives at their ends, with
// the lower ends of its symbols.
func checkLows(t interface{ Fatalf(string, ...any) }, d Distribution, lows []uint64) {
	if d.Len() != len(lows)-1 {
		t.Fatalf("%d symbols, want %d", d.Len(), len(lows)-1)
	}
	for i := range d.Len() {
		want := Interval{lows[i], lows[i+1] - lows[i]}
		if iv, err := d.Interval(uint32(i)); err != nil || iv != want {
			t.Fatalf("interval of %d is %v (%v), want %v", i, iv, err, want)
		}
		for _, point := range []uint64{want.Low, want.Low + want.Width/2, want.Low + want.Width - 1} {
			if s, iv := d.Find(uint32(point)); s != uint32(i) || iv != want {
				t.Fatalf("at %d: symbol %d %v, want %d %v", point, s, iv, i, want)
			}
		}
	}
	if lows[len(lows)-1] != Total {
		t.Fatalf("the intervals end at %d", lows[len(lows)-1])
	}
	if _, err := d.Interval(uint32(d.Len())); !errors.Is(err, fault.ErrSymbol) {
		t.Fatalf("a symbol out of range: %v", err)
	}
}

func TestSparse(t *testing.T) {
	var s Sparse
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		seed := rapid.Uint64().Draw(t, "seed")
		r := rand.New(rand.NewPCG(seed, 1))
		k := rapid.IntRange(0, n).Draw(t, "k")
		ids := make([]uint32, k)
		p := make([]float32, k)
		weights := make([]uint64, k)
		sum := uint64(0)
		for i, id := range r.Perm(n)[:k] {
			ids[i] = uint32(id)
			p[i] = float32(math.Ldexp(r.Float64(), -r.IntN(40)))
			weights[i] = uint64(float64(p[i]) * (1 << 31))
			sum += weights[i]
		}
		tail := rapid.SampledFrom([]float64{Rest, 0, 1, 0.25, 1e-9}).Draw(t, "tail")
		tailWeight := uint64(tail * (1 << 31))
		if tail == Rest {
			tailWeight = max(0, 1<<31-min(sum, 1<<31))
		}
		if k == n {
			tailWeight = 0
		}
		err := SetSparse(&s, n, ids, p, tail)
		if sum+tailWeight == 0 {
			if !errors.Is(err, fault.ErrDistribution) {
				t.Fatalf("no weight: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%v", err)
		}
		if s.line.total != sum+tailWeight {
			t.Fatalf("weight %d, want %d", s.line.total, sum+tailWeight)
		}
		checkLows(t, &s, refSparse(n, ids, weights, tailWeight))
		points := []uint32{0, 1, math.MaxUint32, uint32(r.Uint64()), uint32(r.Uint64())}
		before := make([]Interval, len(points))
		for i, point := range points {
			_, before[i] = s.Find(point)
		}
		// Another order and another type of equal values.
		wide := make([]float64, k)
		r.Shuffle(k, func(i, j int) {
			ids[i], ids[j] = ids[j], ids[i]
			p[i], p[j] = p[j], p[i]
		})
		for i := range p {
			wide[i] = float64(p[i])
		}
		if err := SetSparse(&s, n, ids, wide, tail); err != nil {
			t.Fatalf("%v", err)
		}
		for i, point := range points {
			if _, iv := s.Find(point); iv != before[i] {
				t.Fatalf("the order of ids changes the interval at %d", point)
			}
		}
	})
}

// TestSparseLarge finds symbols in vocabularies of up to 2^24.
func TestSparseLarge(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var s Sparse
	for _, n := range []int{1 << 16, 128256, MaxSymbols} {
		for _, k := range []int{0, 1, 40, 1000} {
			ids := make([]uint32, 0, k)
			seen := map[uint32]bool{}
			for len(ids) < k {
				id := uint32(r.IntN(n))
				if k == 40 {
					id = uint32(n - 1 - len(ids)) // a run at the end
				}
				if !seen[id] {
					seen[id] = true
					ids = append(ids, id)
				}
			}
			p := make([]float32, k)
			for i := range p {
				p[i] = float32(r.ExpFloat64()) / float32(k) / 2
			}
			for _, tail := range []float64{Rest, 1e-7, 1.5} {
				if err := SetSparse(&s, n, ids, p, tail); err != nil {
					t.Fatal(err)
				}
				for range 2000 {
					point := uint32(r.Uint64())
					symbol, iv := s.Find(point)
					if want, err := s.Interval(symbol); err != nil || iv != want {
						t.Fatalf("found %v, want %v (%v)", iv, want, err)
					}
					if uint64(point)-iv.Low >= iv.Width {
						t.Fatalf("n %d, k %d: point %d is not in %v", n, k, point, iv)
					}
				}
			}
		}
	}
}

func TestSparseLog(t *testing.T) {
	logs := []float32{-0.5, -2, float32(math.Inf(-1)), 0.001, -40, 0}
	ids := []uint32{3, 1, 5, 7, 8, 2}
	var s Sparse
	if err := SetSparseLog(&s, 10, ids, logs, 0.125); err != nil {
		t.Fatal(err)
	}
	weights := make([]uint64, len(logs))
	for i, l := range logs {
		weights[i] = uint64(simd.LogitWeight(min(l, 0), simd.LogitOffset(0)))
		if want := math.Exp(float64(min(l, 0))) * (1 << 31); math.Abs(float64(weights[i])-want) > 1+want*1e-5 {
			t.Errorf("weight of e^%v is %d, want %v", l, weights[i], want)
		}
	}
	checkLows(t, &s, refSparse(10, ids, weights, 1<<28))
}

func TestSparseRefusals(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	var s Sparse
	good := []uint32{4, 2}
	if err := SetSparse(&s, 10, good, []float32{0.5, 0.25}, Rest); err != nil {
		t.Fatal(err)
	}
	before := s
	before.ids, before.cum = slices.Clone(s.ids), slices.Clone(s.cum)
	big := make([]uint32, 12)
	for _, test := range []struct {
		name  string
		n     int
		ids   []uint32
		p     []float32
		tail  float64
		log   bool
		index int
	}{
		{"NaN", 10, good, []float32{0.5, nan}, Rest, false, 1},
		{"negative", 10, good, []float32{-0.5, nan}, Rest, false, 0},
		{"infinite", 10, good, []float32{0.5, inf}, Rest, false, 1},
		{"two", 10, good, []float32{2, 0.1}, Rest, false, 0},
		{"id out of range", 10, []uint32{4, 10}, []float32{0.5, 0.1}, Rest, false, 1},
		{"duplicate", 10, []uint32{4, 2, 2, 4}, []float32{0.5, 0.1, 0, 0}, Rest, false, 2},
		{"too many", 10, big, make([]float32, 12), Rest, false, -1},
		{"lengths", 10, good, []float32{0.5}, Rest, false, -1},
		{"no symbols", 0, nil, nil, Rest, false, -1},
		{"too many symbols", MaxSymbols + 1, good, []float32{1, 0}, Rest, false, -1},
		{"no weight", 10, good, []float32{0, 1e-30}, 0, false, -1},
		{"no weight without tail", 2, []uint32{1, 0}, []float32{0, 0}, 1, false, -1},
		{"negative tail", 10, good, []float32{0.5, 0.1}, -0.5, false, -1},
		{"NaN tail", 10, good, []float32{0.5, 0.1}, math.NaN(), false, -1},
		{"log NaN", 10, good, []float32{-1, nan}, Rest, true, 1},
		{"log infinite", 10, good, []float32{inf, -1}, Rest, true, 0},
		{"log too large", 10, good, []float32{0.6931472, -1}, Rest, true, 0},
	} {
		set := SetSparse[float32]
		if test.log {
			set = SetSparseLog[float32]
		}
		err := set(&s, test.n, test.ids, test.p, test.tail)
		var d *DistributionError
		if !errors.As(err, &d) || d.Index != test.index {
			t.Errorf("%s: %v", test.name, err)
		}
		after := s
		after.weights, after.keys, after.spare = before.weights, before.keys, before.spare
		if !reflect.DeepEqual(after, before) {
			t.Errorf("%s: a refused distribution changed the last one", test.name)
		}
	}
}

func TestSparseNoAllocation(t *testing.T) {
	var s Sparse
	r := rand.New(rand.NewPCG(7, 8))
	ids := make([]uint32, 256)
	p := make([]float32, 256)
	for i, id := range r.Perm(50257)[:256] {
		ids[i], p[i] = uint32(id), 1./512
	}
	if n := testing.AllocsPerRun(20, func() {
		if err := SetSparse(&s, 50257, ids, p, Rest); err != nil {
			t.Fatal(err)
		}
		s.Find(12345)
		if _, err := s.Interval(ids[3]); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSparse(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, k := range []int{8, 50, 256, 4096} {
		ids := make([]uint32, k)
		p := make([]float32, k)
		for i, id := range r.Perm(50257)[:k] {
			ids[i], p[i] = uint32(id), 0.9/float32(k)
		}
		name := map[int]string{8: "8", 50: "50", 256: "256", 4096: "4096"}[k]
		var s Sparse
		b.Run("set/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := SetSparse(&s, 50257, ids, p, Rest); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("find/"+name, func(b *testing.B) {
			point := uint32(0)
			for b.Loop() {
				point += 0x9e3779b9
				s.Find(point)
			}
		})
	}
}

// TestSparseFar checks that symbols are found where floating point guesses far off:
// in a huge tail of next to no weight.
func TestSparseFar(t *testing.T) {
	const n = 1 << 24
	var s Sparse
	for _, ids := range [][]uint32{nil, {5, 9_000_000, n - 1}} {
		p := make([]float32, len(ids))
		for i := range p {
			p[i] = 1e-9
		}
		if err := SetSparse(&s, n, ids, p, 1e-9); err != nil {
			t.Fatal(err)
		}
		looked := 0
		for _, symbol := range []uint32{0, 1, 4, 6, 12345, 8_999_999, 9_000_001, n - 2} {
			want, err := s.Interval(symbol)
			if err != nil {
				t.Fatal(err)
			}
			for _, point := range []uint64{want.Low, want.Low + want.Width - 1} {
				if got, iv := s.Find(uint32(point)); got != symbol || iv != want {
					t.Errorf("%d ids: point %d is of symbol %d, %v; want %d, %v", len(ids), point, got, iv, symbol, want)
				}
				looked++
			}
		}
		if looked != 16 {
			t.Fatal(looked)
		}
	}
}

// TestSparseWeight checks that the fingerprint tells apart what Rest would hide.
func TestSparseWeight(t *testing.T) {
	seen := map[uint64]string{}
	for _, ids := range [][]uint32{{1, 5}, {1, 6}, {5, 6}, {1}, {}} {
		for _, first := range []float32{0.25, 0.25 + 1.0/(1<<24), 0.5} {
			p := []float32{first, 0.125}[:len(ids)]
			var s Sparse
			if err := SetSparse(&s, 100, ids, p, Rest); err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprint(ids, p)
			if other, ok := seen[s.Weight()]; ok && other != name {
				t.Errorf("%s has the fingerprint of %s", name, other)
			}
			seen[s.Weight()] = name
			if len(ids) < 2 {
				continue
			}
			w := s.Weight()
			if err := SetSparse(&s, 100, []uint32{ids[1], ids[0]}, []float32{p[1], p[0]}, Rest); err != nil || s.Weight() != w {
				t.Error("the order of the ids changes the fingerprint", err)
			}
		}
	}
}
