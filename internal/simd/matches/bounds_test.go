package matches

import (
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/internal/simd"
	"github.com/foretell/foretell/internal/simd/guard"
)

// TestBounds runs every loop on slices beside which memory may not be touched.
func TestBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	tokens := testTable()
	for i := range 100 {
		side := guard.Side(i%2 > 0)
		numbers := func(n int, least, most uint32) []uint32 {
			x := make([]uint32, n)
			for i := range x {
				x[i] = least + r.Uint32N(most-least+1)
			}
			return guard.Copy(t, x, side)
		}
		bytes := func(n int) []byte {
			x := make([]byte, n)
			for i := range x {
				x[i] = byte(r.Uint32())
			}
			return guard.Copy(t, x, side)
		}
		order := numbers(64, 0, 99)
		var table [256]Bucket
		for i := range table {
			n := r.IntN(6)
			table[i] = NewBucket(uint32(64-1<<n), uint8(n)) // ends with the last of order
		}
		codes, src := bytes(r.IntN(100)), bytes(r.IntN(60))

		out := numbers(1+r.IntN(300), 0, 99)
		s := Steps{Table: &tokens, Last: History{1, 2, 3}, Tokens: bytes(r.IntN(40))}
		s.Longs, s.Offsets = numbers(100, 0, 19), numbers(100, 1, 8)
		s.Literals = numbers(r.IntN(300)+Slack, 0, 99)

		n := r.IntN(100)
		s1, s4 := numbers(n+1, 0, 4), numbers(n+3, 0, 4)
		latest, known := numbers(n, 0, 0), numbers(n, 0, 0)
		heads := guard.Copy(t, make([]Heads, 2), side)
		for _, level := range simd.Levels() {
			restore, err := simd.Use(level)
			if err != nil {
				t.Fatal(err)
			}
			Numbers(guard.Copy(t, make([]uint32, len(codes)), side), codes, src, &table, nil)
			Numbers(guard.Copy(t, make([]uint32, len(codes)), side), codes, src, &table, order)
			Copy(out, s)
			k := EnterPairs(latest, known, s1, 1, &heads[0], 1<<HeadBits-1)
			EnterFours(latest[:k], known[:k], s4, 1, &heads[1], 1<<HeadBits-1)
			restore()
		}
	}
}
