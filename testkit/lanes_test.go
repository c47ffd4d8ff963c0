package testkit

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/model"
)

// lanesBody returns the body of a rANS block of 2^k lanes, as docs/ans.md says: of any
// block that has enough symbols, where package ans takes many lanes for long ones only.
func lanesBody(symbols []uint32, table *ans.Table, k int) []byte {
	n, lanes := uint(table.Precision()), 1<<k
	below := make([]uint64, table.Len()+1)
	for s := range table.Len() {
		below[s+1] = below[s] + uint64(table.Slots(uint32(s)))
	}
	push := func(x uint64, s uint32) uint64 {
		f := uint64(table.Slots(s))
		return x/f<<n + x%f + below[s]
	}
	// tooLarge says whether symbols, pushed one after another, make a state 2^63 or more.
	tooLarge := func(x uint64, symbols ...uint32) bool {
		for _, s := range symbols {
			f := uint64(table.Slots(s))
			if hi, lo := bits.Mul64(x/f, 1<<n); hi > 0 || lo+x%f+below[s] >= 1<<63 {
				return true
			}
			x = push(x, s)
		}
		return false
	}
	var words []uint32
	shed := func(x *uint64) {
		words = append(words, uint32(*x))
		*x >>= 32
	}

	states := make([]uint64, lanes)
	states[0] = 1 << 16
	tail, rest := 0, symbols
	for ; len(words) < lanes-1; tail++ {
		s := rest[len(rest)-1]
		rest = rest[:len(rest)-1]
		if tooLarge(states[0], s) {
			shed(&states[0])
		}
		states[0] = push(states[0], s)
	}
	for i, w := range words {
		states[i+1] = 1<<31 + uint64(w)
	}
	words = nil

	group := lanes
	if n <= 15 {
		group = 2 * lanes
	}
	for i := len(rest) - 1; i >= len(rest)/group*group; i-- {
		x := &states[i%lanes]
		if tooLarge(*x, rest[i]) {
			shed(x)
		}
		*x = push(*x, rest[i])
	}
	for at := len(rest)/group*group - group; at >= 0; at -= group {
		for l := lanes - 1; l >= 0; l-- {
			own := []uint32{rest[at+l]}
			if group > lanes {
				own = []uint32{rest[at+lanes+l], rest[at+l]}
			}
			if tooLarge(states[l], own...) {
				shed(&states[l])
			}
			for _, s := range own {
				states[l] = push(states[l], s)
			}
		}
	}

	body := binary.AppendUvarint([]byte{byte(k)}, uint64(tail))
	var buf []byte
	at := 0
	put := func(v uint64, n int) {
		for i := range n {
			if at%8 == 0 {
				buf = append(buf, 0)
			}
			buf[at/8] |= byte(v>>i&1) << (at % 8)
			at++
		}
	}
	for _, x := range states {
		n := bits.Len64(x)
		put(uint64(n-32), 5)
		put(x&^(1<<(n-1)), n-1)
	}
	body = append(body, buf...)
	for _, w := range slices.Backward(words) {
		body = binary.LittleEndian.AppendUint32(body, w)
	}
	return body
}

// lanes writes vectors of rANS bodies of so many lanes, short ones though they are.
func (f *file) lanes() {
	f.t.Helper()
	const size = 200
	for _, c := range []struct {
		name      string
		k         int
		precision int
		count     int
	}{
		{"two lanes", 1, 13, 101},
		{"16 lanes, two symbols at a time", 4, 14, 500},
		{"16 lanes, one at a time", 4, 16, 500},
		{"32 lanes, two symbols at a time", 5, 15, 900},
		{"32 lanes, one at a time", 5, 17, 900},
		{"32 lanes, most of whose symbols one lane has", 5, 12, 210},
	} {
		list := each(c.count, func(_ int, w *walk) int { return min(w.below(size), w.below(size)) })
		counts := make([]uint64, size)
		for s := range counts {
			counts[s] = uint64(size - s)
		}
		table, err := ans.NewTable(counts, c.precision)
		if err != nil {
			f.t.Fatal(err)
		}
		params, _ := table.AppendTable(nil, nil)
		body := lanesBody(list, table, c.k)
		span := []model.Span{{Count: c.count, Shape: []int{c.count}}}
		f.body(c.name, "static", size, span, params, nil, body, "sum: "+sumOf(list))
		if c.k == 5 && c.precision == 15 {
			f.refuse("32 lanes, a word too many", "static", size, c.count, params, append(slices.Clone(body), 0, 0, 0, 0))
			f.refuse("32 lanes, a word cut off", "static", size, c.count, params, body[:len(body)-4])
			f.refuse("32 lanes, a long number", "static", size, c.count, params, slices.Concat(body[:1], []byte{body[1] | 0x80, 0}, body[2:]))
			f.refuse("64 lanes", "static", size, c.count, params, append([]byte{6}, body[1:]...))
			f.refuse("32 lanes, other words to begin with", "static", size, c.count, params, slices.Concat(body[:1], []byte{body[1] - 1}, body[2:]))
		}
	}
}
