package rans

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/simd"
)

// tables returns tables of random shares for decoding and encoding.
func tables(r *rand.Rand, n, size int, prec uint) (dec []Slot, enc []Entry) {
	enc = make([]Entry, n*size)
	for i := range n {
		left := uint32(1) << prec
		used := min(size, int(left), 1+r.IntN(size))
		cum := uint32(0)
		for k := range used {
			f := uint32(1)
			if rest := left - uint32(used-k-1); rest > 1 {
				f += r.Uint32N(min(rest, 2*left/uint32(used-k)+1))
			}
			f = min(f, left-uint32(used-k-1))
			if k == used-1 {
				f = left
			}
			left -= f
			enc[i*size+k] = NewEntry(f, cum, prec)
			for j := range f {
				dec = append(dec, NewSlot(uint16(k), j, f))
			}
			cum += f
		}
	}
	return dec, enc
}

// TestTwins holds every level against the portable loops, on symbols that
// decoding made up from random words, which come back by encoding.
func TestTwins(t *testing.T) {
	t.Run("uint8", testTwins[uint8])
	t.Run("uint16", testTwins[uint16])
	t.Run("uint32", testTwins[uint32])
}

func testTwins[S Symbol](t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		prec := 8 + uint(min(r.IntN(13), r.IntN(13)))
		n := 1 + r.IntN(3)
		dec, enc := tables(r, n, 256, prec)
		lanes := 1 << r.IntN(6)
		dst := make([]S, r.IntN(2000))
		src := make([]byte, r.IntN(1<<r.IntN(14)))
		for i := range src {
			src[i] = byte(r.Uint32())
		}
		states := make([]uint64, lanes)
		for i := range states {
			states[i] = Lower + r.Uint64N(1<<63-Lower)>>r.IntN(32)
			states[i] = max(states[i], Lower)
		}
		var index []uint16
		if r.IntN(2) == 0 {
			index = make([]uint16, len(dst))
			for i := range index {
				index[i] = uint16(r.IntN(n))
			}
		}
		before := slices.Clone(states)
		symbols, used := decodePortable(dst, index, src, states, dec, prec)
		if index != nil {
			index = index[:symbols]
		}
		back := slices.Clone(states)
		out := make([]byte, used+4*lanes)
		left, at, ok := encodePortable(dst[:symbols], index, out, len(out), back, enc, 256, prec)
		if !ok || left != 0 || at != 4*lanes || !slices.Equal(out[at:], src[:used]) || !slices.Equal(back, before) {
			t.Fatalf("prec %d, %d lanes: encoding does not undo decoding", prec, lanes)
		}
		for _, level := range simd.Levels() {
			restore, err := simd.Use(level)
			if err != nil {
				t.Fatal(err)
			}
			twin, st := make([]S, len(dst)), slices.Clone(before)
			s, u := Decode(twin[:len(dst)], indexFor(index, len(dst)), src, st, dec, prec)
			if s != symbols || u != used || !slices.Equal(twin, dst) || !slices.Equal(st, states) {
				t.Fatalf("%s: prec %d, %d lanes, pairs %d, index %v: decoded %d symbols of %d bytes, not %d of %d", level, prec, lanes, PerLane(prec), index != nil, s, u, symbols, used)
			}
			buf := make([]byte, len(out))
			l, a, ok := Encode(twin[:symbols], index, buf, len(buf), st, enc, 256, prec)
			if !ok || l != left || a != at || !slices.Equal(buf[a:], out[at:]) || !slices.Equal(st, before) {
				t.Fatalf("%s: prec %d, %d lanes, index %v: encoded otherwise", level, prec, lanes, index != nil)
			}
			restore()
		}
	}
}

// TestBad puts a symbol that has no slots, or is none of the table's, in every place of a
// group, at every level.
func TestBad(t *testing.T) {
	dec, enc := tables(rand.New(rand.NewPCG(3, 4)), 1, 200, 12)
	good := uint8(dec[0].Symbol())
	enc[199] = Entry{}
	for _, lanes := range []int{8, 32} {
		for _, bad := range []uint8{199, 200, 255} {
			for at := range 2 * lanes {
				src := slices.Repeat([]uint8{good}, 2*lanes)
				src[at] = bad
				for _, level := range simd.Levels() {
					restore, err := simd.Use(level)
					if err != nil {
						t.Fatal(err)
					}
					states := slices.Repeat([]uint64{Lower}, lanes)
					if _, _, ok := Encode(src, nil, make([]byte, 8*lanes), 8*lanes, states, enc, 200, 12); ok {
						t.Fatalf("%s: symbol %d at %d of %d lanes is coded", level, bad, at, lanes)
					}
					restore()
				}
			}
		}
	}
}

// indexFor lengthens an index to n entries.
func indexFor(index []uint16, n int) []uint16 {
	if index == nil {
		return nil
	}
	return append(slices.Clone(index), make([]uint16, n-len(index))...)
}
