package rans

import (
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/internal/simd"
	"github.com/foretell/foretell/internal/simd/guard"
)

// TestBounds decodes and encodes with slices beside which memory may not be touched.
func TestBounds(t *testing.T) {
	t.Run("uint8", testBounds[uint8])
	t.Run("uint16", testBounds[uint16])
	t.Run("uint32", testBounds[uint32])
}

func testBounds[S Symbol](t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 48 {
		side := guard.Side(i%2 > 0)
		prec := []uint{8, 12, 13, 16}[r.IntN(4)]
		tablesOf := 1 + r.IntN(2)
		dec, enc := tables(r, tablesOf, 256, prec)
		dec, enc = guard.Copy(t, dec, side), guard.Copy(t, enc, side)
		lanes := 1 << r.IntN(6)
		src := make([]byte, r.IntN(8*lanes+40))
		for i := range src {
			src[i] = byte(r.Uint32())
		}
		src = guard.Copy(t, src, side)
		states := make([]uint64, lanes)
		for i := range states {
			states[i] = Lower + r.Uint64N(1<<40)
		}
		n := r.IntN(6*lanes) + 1
		var index []uint16
		if tablesOf > 1 {
			index = make([]uint16, n)
			for i := range index {
				index[i] = uint16(r.IntN(tablesOf))
			}
			index = guard.Copy(t, index, side)
		}
		for _, level := range simd.Levels() {
			restore, err := simd.Use(level)
			if err != nil {
				t.Fatal(err)
			}
			st := guard.Copy(t, states, side)
			dst := guard.Copy(t, make([]S, n), side)
			symbols, used := Decode(dst, index, src, st, dec, prec)
			back := guard.Copy(t, dst[:symbols], side)
			at := index
			if at != nil {
				at = guard.Copy(t, at[:symbols], side)
			}
			out := guard.Copy(t, make([]byte, used+4*lanes), side)
			if left, _, ok := Encode(back, at, out, len(out), st, enc, 256, prec); !ok || left != 0 {
				t.Fatalf("%s: %d symbols are not encoded", level, left)
			}
			restore()
		}
	}
}
