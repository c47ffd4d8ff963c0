package tans

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/simd"
)

// tables returns the tables of size symbols with random shares, spread at random.
func tables(r *rand.Rand, size int, prec uint) (dec []Slot, enc []Entry, next []uint32) {
	total := uint32(1) << prec
	slots := make([]uint32, size)
	for range total {
		slots[min(r.IntN(size), r.IntN(size))]++
	}
	var spread []int
	enc = make([]Entry, size)
	cum := uint32(0)
	at := make([]uint32, size)
	for s, f := range slots {
		if f == 0 {
			continue
		}
		most := prec
		if f > 1 {
			most -= uint(bits.Len32(f-1)) - 1
		}
		enc[s] = Entry{Bits: uint32(most)<<24 - f<<most, Base: int32(cum) - int32(f)}
		at[s] = cum
		cum += f
		for range f {
			spread = append(spread, s)
		}
	}
	r.Shuffle(len(spread), func(i, j int) { spread[i], spread[j] = spread[j], spread[i] })
	next = make([]uint32, total)
	for place, s := range spread {
		next[at[s]] = total + uint32(place)
		at[s]++
		n := prec + 1 - uint(bits.Len32(slots[s]))
		dec = append(dec, NewSlot[Slot](uint16(s), n, slots[s]<<n-total))
		slots[s]++
	}
	return dec, enc, next
}

// TestTwins holds every level against the portable loops, on symbols that
// decoding made up from random bits, which come back by encoding.
func TestTwins(t *testing.T) {
	t.Run("uint8", testTwins[uint8])
	t.Run("uint16", testTwins[uint16])
	t.Run("uint32", testTwins[uint32])
}

func testTwins[S Symbol](t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		prec := 8 + uint(min(r.IntN(13), r.IntN(13)))
		dec, enc, next := tables(r, 1+r.IntN(200), prec)
		src := make([]byte, r.IntN(1<<r.IntN(14)))
		for i := range src {
			src[i] = byte(r.Uint32())
		}
		var first [Lanes]uint32
		for i := range first {
			first[i] = r.Uint32N(1 << prec)
		}
		dst := make([]S, r.IntN(4000))
		states := first
		symbols, pos := decodePortable(dst, src, 0, &states, dec, prec)

		begin := states
		for i := range begin {
			begin[i] += 1 << prec
		}
		back := begin
		w := Writer{Buf: make([]byte, pos/8+100)}
		w.At = len(w.Buf)
		left, ok := encodePortable(&w, dst[:symbols], &back, enc, next, prec)
		for i := range back {
			back[i] -= 1 << prec
		}
		if !ok || left != 0 || back != first || uint(len(w.Buf)-w.At)*8+w.n != pos {
			t.Fatalf("prec %d: encoding does not undo decoding", prec)
		}
		for _, level := range simd.Levels() {
			restore, err := simd.Use(level)
			if err != nil {
				t.Fatal(err)
			}
			twin, st := make([]S, len(dst)), first
			n, p := Decode(twin, src, 0, &st, dec, prec)
			if n != symbols || p != pos || st != states || !slices.Equal(twin, dst) {
				t.Fatalf("%s, prec %d: decoded %d symbols of %d bits, not %d of %d", level, prec, n, p, symbols, pos)
			}
			if prec <= MaxShort {
				short := make([]ShortSlot, len(dec))
				for i, e := range dec {
					short[i] = NewSlot[ShortSlot](e.Symbol(), e.Bits(), e.Base())
					if short[i].Slot() != e {
						t.Fatalf("a short slot of %x is %x", e, short[i])
					}
				}
				clear(twin)
				st = first
				n, p := Decode(twin, src, 0, &st, short, prec)
				if n != symbols || p != pos || st != states || !slices.Equal(twin, dst) {
					t.Fatalf("%s, prec %d: decoded otherwise with short slots", level, prec)
				}
			}
			v := Writer{Buf: make([]byte, len(w.Buf)), At: len(w.Buf)}
			st = begin
			left, ok := Encode(&v, dst[:symbols], &st, enc, next, prec)
			if !ok || left != 0 || v.At != w.At || v.n != w.n || !slices.Equal(v.Buf[v.At:], w.Buf[w.At:]) {
				t.Fatalf("%s, prec %d: encoded otherwise", level, prec)
			}
			restore()
		}
	}
}
