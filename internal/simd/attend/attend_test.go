package attend

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/simd"
)

// numbers returns n numbers from lo to hi: random ones, or only those two.
func numbers[T int8 | int16 | int32 | uint32](r *rand.Rand, n int, lo, hi int64, ends bool) []T {
	x := make([]T, n)
	for i := range x {
		switch {
		case !ends:
			x[i] = T(lo + r.Int64N(hi-lo+1))
		case r.IntN(2) == 0:
			x[i] = T(lo)
		default:
			x[i] = T(hi)
		}
	}
	return x
}

// check holds every loop against the reference, at every level, with count keys of n
// numbers.
func check(t *testing.T, r *rand.Rand, count, n int, ends bool) {
	t.Helper()
	query := numbers[int16](r, n, -4095, 4095, ends)
	keys := numbers[int16](r, count*n, -4095, 4095, ends)
	frac := numbers[int32](r, count, -40, 60, ends)
	scale, shift := int64(1)<<30-r.Int64N(1<<30), r.IntN(90)-30
	first := int32(r.Uint32())
	if ends {
		copy(keys, query)
		scale = 1 << 30
	}
	scored := make([]int32, count)
	top := scores(scored, query, keys, frac, scale, shift, first)

	x := numbers[int32](r, count, math.MinInt32, int64(first), ends)
	raised := make([]uint32, count)
	sum := powers(raised, x, first)

	aligned := slices.Clone(raised)
	if ends {
		aligned = numbers[uint32](r, count, 0, 1<<PowerFrac, true)
	}
	unaligned := slices.Clone(aligned)
	least := slices.Min(append(frac, 60))
	alignedTop, alignedSum := align(aligned, frac, least)

	cut := r.IntN(PowerFrac + 1)
	shared := make([]int16, count)
	share(shared, unaligned, cut)

	shares := numbers[int16](r, count, 0, int64(min(ShareMax, 1<<24/count)), ends)
	values := numbers[int8](r, count*n, -128, 127, ends)
	before := numbers[int32](r, n, -1000, 1000, false)
	weighed := slices.Clone(before)
	weigh(weighed, shares, values)

	for _, level := range simd.Levels() {
		restore, err := simd.Use(level)
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]int32, count)
		if got := Scores(dst, query, keys, frac, scale, shift, first); got != top || !slices.Equal(dst, scored) {
			t.Fatalf("%s: scores of %d keys of %d: %d %d, want %d %d", level, count, n, got, dst, top, scored)
		}
		power := make([]uint32, count)
		if got := Powers(power, x, first); got != sum || !slices.Equal(power, raised) {
			t.Fatalf("%s: %d powers: %d %d, want %d %d", level, count, got, power, sum, raised)
		}
		a := slices.Clone(unaligned)
		if top, sum := Align(a, frac, least); top != alignedTop || sum != alignedSum || !slices.Equal(a, aligned) {
			t.Fatalf("%s: %d aligned: %d %d %d, want %d %d %d", level, count, top, sum, a, alignedTop, alignedSum, aligned)
		}
		s := make([]int16, count)
		if Share(s, unaligned, cut); !slices.Equal(s, shared) {
			t.Fatalf("%s: shares of %d, cut %d: %d, want %d", level, unaligned, cut, s, shared)
		}
		if got := Least(frac, 60); got != least {
			t.Fatalf("%s: least of %d: %d", level, frac, got)
		}
		sums := slices.Clone(before)
		if Weigh(sums, shares, values); !slices.Equal(sums, weighed) {
			t.Fatalf("%s: %d values of %d: %d, want %d", level, count, n, sums, weighed)
		}
		restore()
	}
}

func TestSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{16, 32, 48, 64, 80, 96, 128, 144, 256} {
		for count := 1; count < 50; count++ {
			check(t, r, count, n, count%2 > 0)
		}
		check(t, r, 1027, n, true)
	}
}

func FuzzSame(f *testing.F) {
	f.Add(uint64(1), uint16(100), uint8(4), false)
	f.Add(uint64(2), uint16(17), uint8(8), true)
	f.Fuzz(func(t *testing.T, seed uint64, count uint16, n uint8, ends bool) {
		check(t, rand.New(rand.NewPCG(seed, 0)), 1+int(count)%2000, (1+int(n)%16)*Lanes, ends)
	})
}

// TestEmpty: nothing to do is done.
func TestEmpty(t *testing.T) {
	if Scores(nil, make([]int16, 16), nil, nil, 1, 1, 7) != 7 || Powers(nil, nil, 0) != 0 || Least(nil, 5) != 5 {
		t.Error("something of nothing")
	}
	Weigh(make([]int32, 16), nil, nil)
	Share(nil, nil, 3)
}

func BenchmarkAttend(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	const count, n = 1024, 64
	query, keys := numbers[int16](r, n, -4095, 4095, false), numbers[int16](r, count*n, -4095, 4095, false)
	frac, values := numbers[int32](r, count, 0, 9, false), numbers[int8](r, count*n, -127, 127, false)
	dst, power, shares, sums := make([]int32, count), make([]uint32, count), make([]int16, count), make([]int32, n)
	for _, level := range simd.Levels() {
		restore, err := simd.Use(level)
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range []struct {
			name string
			f    func()
		}{
			{"scores", func() { Scores(dst, query, keys, frac, 1<<29, 20, math.MinInt32) }},
			{"powers", func() { Powers(power, dst, slices.Max(dst)) }},
			{"align", func() { Align(power, frac, 0) }},
			{"share", func() { Share(shares, power, 5) }},
			{"weigh", func() { Weigh(sums, shares, values) }},
		} {
			b.Run(f.name+"/"+level, func(b *testing.B) {
				for b.Loop() {
					f.f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/key")
			})
		}
		restore()
	}
}
