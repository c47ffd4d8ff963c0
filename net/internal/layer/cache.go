package layer

import (
	"math/bits"

	"github.com/foretell/foretell/internal/simd/fixedpoint"
)

// A Cache holds the keys and values of one layer of one stream: those of the first
// positions, the sinks, and of the last ones, the window (Xiao et al. 2023).
type Cache struct {
	heads, dim, stride int
	sinks, ring        int // slots of positions that stay, and of those that go round
	window             int

	keys      []int16 // slots of stride numbers, head after head
	values    []int8
	keyFrac   []int32 // fraction bits of each key
	valueFrac []int32
}

// lanes is what the length of a key or value is rounded up to.
const lanes = 16

// NewCache returns room for heads of dim numbers. Of the positions before a query
// and its own, the first sinks and the last window can be seen. block positions may
// be put before the first of them looks back. More than limit positions never come.
func NewCache(heads, dim, sinks, window, block, limit int) *Cache {
	c := &Cache{heads: heads, dim: dim, stride: padded(dim), sinks: sinks, window: window}
	c.ring = ring(sinks, window, block, limit)
	slots := heads * (sinks + c.ring)
	c.keys, c.values = make([]int16, slots*c.stride), make([]int8, slots*c.stride)
	c.keyFrac, c.valueFrac = make([]int32, slots), make([]int32, slots)
	return c
}

// ring returns the number of slots that go round.
func ring(sinks, window, block, limit int) int { return min(window+block-1, max(limit-sinks, 1)) }

// CacheBytes returns how much memory NewCache takes.
func CacheBytes(heads, dim, sinks, window, block, limit int) int64 {
	slots := int64(heads) * int64(sinks+ring(sinks, window, block, limit))
	return slots * int64(3*padded(dim)+8)
}

// padded returns how many numbers a key, a value or a query of dim numbers takes.
func padded(dim int) int { return (dim + lanes - 1) / lanes * lanes }

// slot returns where in the slots of a head a position lies.
func (c *Cache) slot(position int) int {
	if position < c.sinks {
		return position
	}
	return c.sinks + (position-c.sinks)%c.ring
}

// at returns the slot of a position of a head among those of all heads.
func (c *Cache) at(head, position int) int {
	return head*(c.sinks+c.ring) + c.slot(position)
}

// PutKey stores a key of dim numbers with frac fraction bits.
func (c *Cache) PutKey(head, position int, x []int64, frac int) {
	at := c.at(head, position)
	c.keyFrac[at] = int32(frac - fixedpoint.Quantize(c.keys[at*c.stride:][:c.dim], x))
}

const valueMax = 127

// PutValue stores a value of dim numbers with frac fraction bits, as integers of 8
// bits.
func (c *Cache) PutValue(head, position int, x []int32, frac int) {
	var all uint32
	for _, v := range x {
		all |= uint32(v ^ v>>31)
	}
	at := c.at(head, position)
	n := max(bits.Len32(all)-7, 0)
	half := int64(1) << n >> 1
	to := c.values[at*c.stride:][:c.dim]
	for i, v := range x {
		to[i] = int8(min(max((int64(v)+half)>>n, -valueMax), valueMax))
	}
	c.valueFrac[at] = int32(frac - n)
}

// A span is a run of slots.
type span struct{ from, to int }

// spans returns the slots that a query at a position sees, at most three runs.
func (c *Cache) spans(position int) (s [3]span, n int) {
	first := max(0, position-c.window+1)
	if first <= c.sinks {
		first = 0
	} else if c.sinks > 0 {
		s[0] = span{0, c.sinks}
		n = 1
	}
	from, to := c.slot(first), c.slot(position)+1
	if from < to {
		s[n] = span{from, to}
		return s, n + 1
	}
	s[n] = span{from, c.sinks + c.ring}
	s[n+1] = span{c.sinks, to}
	return s, n + 2
}

// Seen returns the most keys that a query can see.
func (c *Cache) Seen() int { return c.sinks + min(c.window, c.ring) }
