package prob

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestLine holds the placement against its definition in unbounded integers,
// for totals and vocabularies of every size.
func TestLine(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		symbols := 1 + r.IntN(1<<r.IntN(25))
		total := 1 + r.Uint64N(1<<r.IntN(64)) // 1..2^63
		if r.IntN(50) == 0 {
			total = 1<<64 - 1
		}
		l := newLine(total, symbols)
		if l.low(0, 0) != 0 || l.low(total, uint64(symbols)) != Total {
			t.Fatalf("%d symbols of weight %d do not fill the line", symbols, total)
		}
		i := r.Uint64N(uint64(symbols))
		before := r.Uint64N(total)
		weight := r.Uint64N(total - before + 1)
		iv := l.interval(before, weight, i)
		want := new(big.Int).SetUint64(before)
		want.Mul(want, big.NewInt(Total-int64(symbols)))
		want.Div(want, new(big.Int).SetUint64(total))
		want.Add(want, new(big.Int).SetUint64(i))
		if iv.Low != want.Uint64() || iv.Width < 1 || iv.Low+iv.Width > Total {
			t.Fatalf("symbol %d of %d at %d+%d of %d: %v, want %v", i, symbols, before, weight, total, iv, want)
		}
		for _, point := range []uint64{iv.Low - 1, iv.Low, iv.Low + 1, r.Uint64N(Total)} {
			if point < Total && l.begins(before, i, uint32(point)) != (iv.Low <= point) {
				t.Fatalf("symbol %d begins at %d: wrong for point %d", i, iv.Low, point)
			}
			if point < Total && total < 1<<63 && before < l.reach(i+r.Uint64N(uint64(symbols)-i), uint32(point)) && iv.Low > point {
				t.Fatalf("symbol %d begins at %d: the search skips it at point %d", i, iv.Low, point)
			}
		}
	}
}
