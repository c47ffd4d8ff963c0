package ans

import (
	"math/rand/v2"
	"slices"
	"testing"
)

type coder interface {
	Encode([]byte, []uint32, []uint16) ([]byte, error)
	Decode([]uint32, []uint16, []byte) error
}

func TestBlockRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		size := 1 + r.IntN(1<<r.IntN(11))
		n := r.IntN(1 << r.IntN(17))
		syms := make([]uint32, n)
		skew := 1 + r.IntN(4)
		for i := range syms {
			x := r.IntN(size)
			for range skew {
				x = r.IntN(x + 1)
			}
			syms[i] = uint32(x)
		}
		counts := make([]uint64, size)
		if err := Count(counts, syms); err != nil {
			t.Fatal(err)
		}
		tab, err := NewTable(counts, 0)
		if err != nil {
			t.Fatal(err)
		}
		st, _ := tab.AppendTable(nil, nil)
		tab2, err := ParseTable(st, size, nil)
		if err != nil {
			t.Fatal(err, len(st), size, n, tab.prec)
		}
		rb, err := NewBlock[uint32](tab2)
		if err != nil {
			t.Fatal(err)
		}
		tb, err := NewTBlock[uint32](tab2)
		if err != nil {
			t.Fatal(err)
		}
		for k, b := range []coder{rb, tb} {
			body, err := b.Encode(nil, syms, nil)
			if err != nil {
				t.Fatal(err)
			}
			out := make([]uint32, n)
			if err := b.Decode(out, nil, body); err != nil {
				t.Fatal(k, err, n, size, tab.prec)
			}
			if !slices.Equal(out, syms) {
				t.Fatal(k, n)
			}
			bits, _ := tab.Bits(counts)
			if float64(len(body)) > float64(bits)/8*(1+0.005*float64(k))+24 {
				t.Errorf("%d: %d bytes, %d", k, len(body), bits/8)
			}
			if raw := packedLen(n, size); len(st)+len(body) > raw+32 {
				t.Errorf("%d: %d + %d bytes, %d raw", k, len(st), len(body), raw)
			}
		}
	}
}
