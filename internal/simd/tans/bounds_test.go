package tans

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
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 40 {
		side := guard.Side(i%2 > 0)
		prec := []uint{8, 12, 14, 15}[r.IntN(4)]
		dec, enc, next := tables(r, 1+r.IntN(200), prec)
		dec, enc, next = guard.Copy(t, dec, side), guard.Copy(t, enc, side), guard.Copy(t, next, side)
		short := make([]ShortSlot, len(dec))
		for i, e := range dec {
			short[i] = NewSlot[ShortSlot](e.Symbol(), e.Bits(), e.Base())
		}
		short = guard.Copy(t, short, side)
		src := make([]byte, r.IntN(300))
		for i := range src {
			src[i] = byte(r.Uint32())
		}
		src = guard.Copy(t, src, side)
		n := 1 + r.IntN(300)
		for _, level := range simd.Levels() {
			restore, err := simd.Use(level)
			if err != nil {
				t.Fatal(err)
			}
			dst := guard.Copy(t, make([]S, n), side)
			var states [Lanes]uint32
			Decode(dst, src, 0, &states, short, prec)
			states = [Lanes]uint32{}
			symbols, pos := Decode(dst, src, 0, &states, dec, prec)
			for i := range states {
				states[i] += 1 << prec
			}
			w := Writer{Buf: guard.Copy(t, make([]byte, int(pos/8)+r.IntN(2*Room)), side)} // too short at times
			w.At = len(w.Buf)
			Encode(&w, guard.Copy(t, dst[:symbols], side), &states, enc, next, prec)
			restore()
		}
	}
}
