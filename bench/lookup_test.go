package bench

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/ans"
)

// lanes is the number of states of the loops below, fewer than ans.Block has, but
// enough to hide what a lookup takes.
const lanes = 8

// A lookup decodes states that random words refill into out.
type lookup func(out []uint16, src []byte, states *[lanes]uint64)

// direct looks slots up in a table with an entry for each, as ans.Block does.
func direct(t *ans.Table) lookup {
	prec := uint(t.Precision())
	table := make([]uint64, 0, 1<<prec)
	for s := range uint32(t.Len()) {
		for j := range t.Slots(s) {
			table = append(table, uint64(t.Slots(s))<<40|uint64(j)<<16|uint64(s))
		}
	}
	return func(out []uint16, src []byte, states *[lanes]uint64) {
		mask := uint64(len(table) - 1)
		for len(out) >= lanes {
			for l := range states {
				x := states[l]
				e := table[x&mask]
				out[l] = uint16(e)
				x = e>>40*(x>>(prec&63)) + e>>16&0xffffff
				src = refill(x, src, &states[l])
			}
			out = out[lanes:]
		}
	}
}

// alias looks slots up by the method of A. J. Walker and M. D. Vose: a bucket for
// each symbol holds slots of at most two.
func alias(t *ans.Table) lookup {
	prec := uint(t.Precision())
	buckets := 1 << bits.Len(uint(t.Len()-1))
	width := uint32(1<<prec) / uint32(buckets)
	type half struct {
		slots, first uint32 // of the symbol; slot of the table less first is the number of the slot
		symbol       uint16
	}
	type bucket struct {
		second uint32 // slots of the table from here on are the second symbol's
		halves [2]half
	}
	table := make([]bucket, buckets)
	left := make([]uint32, buckets)
	given := make([]uint32, buckets)
	var poor, rich []int
	sort := func(s int) {
		if left[s] < width {
			poor = append(poor, s)
		} else {
			rich = append(rich, s)
		}
	}
	for s := range left {
		left[s] = t.Slots(uint32(s))
		sort(s)
	}
	put := func(b, h, s int, at, n uint32) {
		table[b].halves[h] = half{t.Slots(uint32(s)), at - given[s], uint16(s)}
		given[s] += n
		left[s] -= n
	}
	for len(poor)+len(rich) > 0 {
		from := &poor
		if len(poor) == 0 {
			from = &rich
		}
		b := (*from)[len(*from)-1]
		*from = (*from)[:len(*from)-1]
		own := min(left[b], width)
		at := uint32(b) * width
		table[b].second = at + own
		put(b, 0, b, at, own)
		if own < width {
			r := rich[len(rich)-1]
			rich = rich[:len(rich)-1]
			put(b, 1, r, at+own, width-own)
			sort(r)
		}
	}
	shift := uint(bits.Len32(width - 1))
	return func(out []uint16, src []byte, states *[lanes]uint64) {
		mask := uint64(1)<<prec - 1
		for len(out) >= lanes {
			for l := range states {
				x := states[l]
				slot := uint32(x & mask)
				b := &table[slot>>(shift&31)]
				h := &b.halves[0]
				if slot >= b.second {
					h = &b.halves[1]
				}
				out[l] = h.symbol
				x = uint64(h.slots)*(x>>(prec&63)) + uint64(slot-h.first)
				src = refill(x, src, &states[l])
			}
			out = out[lanes:]
		}
	}
}

// refill shifts a word into x if it is below 2^31.
func refill(x uint64, src []byte, state *uint64) []byte {
	more := (x>>31 - 1) >> 63
	word := uint64(binary.LittleEndian.Uint32(src))
	*state = x<<(more<<5&63) | word&-more
	return src[more<<2:]
}

// BenchmarkLookup compares two ways of finding the symbol of a slot, on states and
// words at random, which decode to symbols with the probabilities of the table.
func BenchmarkLookup(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	src := make([]byte, 4<<20)
	for i := range src {
		src[i] = byte(r.Uint32())
	}
	for _, in := range []input{tacoBell(b), enwik(b)} {
		t := table(in.symbols, in.size)
		out := make([]uint16, len(in.symbols))
		for _, c := range []struct {
			name string
			look lookup
		}{{"direct", direct(t)}, {"alias", alias(t)}} {
			counts := make([]uint64, in.size)
			b.Run(c.name+"/"+in.name, func(b *testing.B) {
				var states [lanes]uint64
				for i := range states {
					states[i] = 1<<31 + r.Uint64N(1<<62)
				}
				loop(b, len(out), "Msym/s", func() { c.look(out, src, &states) })
			})
			check(ans.Count(counts, out))
			if n, ok := t.Bits(counts); !ok || n == 0 {
				b.Fatal(c.name, " decodes symbols that the table does not have")
			}
		}
	}
}
