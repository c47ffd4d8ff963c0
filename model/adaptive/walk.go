package adaptive

import "github.com/foretell/foretell/model"

// The tokens that a context is made of are named by where they stand. An array is
// a series of rows: all that lies behind its first axis or first few axes. Left is
// the token before, last the one at the same place in the row before, row the
// number of the row and place the number of the token within it. Where a span has
// no such token, because it would stand before the span, the context has the value
// none instead.
const none = 1 << 24

// maxOrders is the largest number of contexts that a token is predicted from.
const maxOrders = 3

// A geometry says which contexts a body was coded under, in its first byte: the
// set in the lower four bits, and the number of axes before a row, less 1, in the
// upper four.
type geometry struct {
	set  contextSet
	axes int // 1..maxAxes
}

const maxAxes = 16

func (g geometry) pack() byte { return byte(g.set) | byte(g.axes-1)<<4 }

func parseGeometry(b byte) (g geometry, ok bool) {
	g = geometry{contextSet(b & 15), 1 + int(b>>4)}
	return g, g.set < numSets
}

// A contextSet is one of the sets of contexts that tokens are predicted from.
type contextSet uint8

const (
	setSequence  contextSet = iota // left; left and the one before it
	setLast                        // last; last and left
	setPlaceLast                   // place; last; last and left
	setPlace                       // place; place and left; place and last
	setRow                         // row; row and left; row and last
	numSets
)

// orders returns the number of contexts of the set.
func (c contextSet) orders() int {
	if c <= setLast {
		return 2
	}
	return 3
}

// rowLen returns the number of tokens in a row of a span: the product of what
// comes after the first axes. It is 0 where there is nothing after them.
func rowLen(s *model.Span, axes int) int64 {
	if len(s.Shape) <= axes {
		return 0
	}
	n := int64(1)
	for _, d := range s.Shape[axes:] {
		if d <= 0 || n > 1<<40/int64(d) {
			return 0
		}
		n *= int64(d)
	}
	return n
}

// bound returns how many different contexts of an order there can be, for a block
// of count tokens over size symbols, where that is easily said.
func (c contextSet) bound(order, size, count int) int {
	single := order == 0 || c == setPlaceLast && order == 1
	if single && (c == setSequence || c == setLast || order == 1) {
		return min(count, size+1)
	}
	return count
}

// A walk goes through the tokens of a block and gives the hashes of their
// contexts, which depend on the tokens before only.
type walk struct {
	geometry
	block  *model.Block
	end    int      // tokens to go through
	done   int      // tokens before the span
	spans  int      // spans begun
	s      []uint32 // symbols of the span
	i      int      // the next of them
	rowLen int64
	row    uint64
	place  int64
}

// next moves to the next token, fills h with the hashes of its contexts, and
// returns where its symbol is; nil after the last.
func (w *walk) next(h *[maxOrders]uint64) *uint32 {
	for w.i == len(w.s) {
		if w.done += w.i; w.done == w.end {
			return nil
		}
		w.begin()
	}
	i := w.i
	w.hashes(h, i)
	w.i++
	if w.rowLen > 0 {
		if w.place++; w.place == w.rowLen {
			w.place = 0
			w.row++
		}
	}
	return &w.s[i]
}

// begin begins the next span.
func (w *walk) begin() {
	span := model.Span{Count: len(w.block.Symbols)}
	if len(w.block.Spans) > 0 {
		span = w.block.Spans[w.spans]
	}
	w.spans++
	w.s = w.block.Symbols[w.done:min(w.done+span.Count, w.end)]
	w.i, w.row, w.place = 0, 0, 0
	if w.rowLen = rowLen(&span, w.axes); w.rowLen > 0 {
		w.row, w.place = uint64(span.First/w.rowLen), span.First%w.rowLen
	}
}

func (w *walk) hashes(h *[maxOrders]uint64, i int) {
	left, last := uint64(none), uint64(none)
	if i > 0 {
		left = uint64(w.s[i-1])
	}
	if w.set == setSequence {
		before := uint64(none)
		if i > 1 {
			before = uint64(w.s[i-2])
		}
		h[0] = hash(left, 0)
		h[1] = hash(left, before+1)
		return
	}
	if w.rowLen > 0 && int64(i) >= w.rowLen {
		last = uint64(w.s[int64(i)-w.rowLen])
	}
	switch w.set {
	case setLast:
		h[0] = hash(last, 0)
		h[1] = hash(last, left+1)
	case setPlaceLast:
		h[0] = hash(uint64(w.place), 0)
		h[1] = hash(last, 0)
		h[2] = hash(last, left+1)
	case setPlace:
		h[0] = hash(uint64(w.place), 0)
		h[1] = hash(uint64(w.place), left+1)
		h[2] = hash(uint64(w.place), last+1)
	case setRow:
		h[0] = hash(w.row, 0)
		h[1] = hash(w.row, left+1)
		h[2] = hash(w.row, last+1)
	}
}

// hash mixes two numbers of up to 40 and 25 bits (the finaliser of MurmurHash3).
func hash(a, b uint64) uint64 {
	h := a ^ b<<39
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
