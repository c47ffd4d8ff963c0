package lz

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/foretell/foretell/internal/fault"
)

const (
	maxSymbols  = 1 << 24
	numGroups   = 64
	maxPieces   = 4096
	manySymbols = 1024 // of which tables in several contexts are stored
	slices16    = 16   // contexts of the codes of an alphabet: where in it they are
)

// An alphabet is the symbols that occur as literals. Those of about the same
// count are a group, and a group is pieces of 2^bits symbols each: a literal is
// coded as the piece that it is in, which an entropy coder takes, and its number
// in it, which is stored as it is. So tables are small however large the alphabet.
type alphabet struct {
	order  []uint32 // symbols by group, then by number: a literal's rank is where it stands
	pieces []bucket // base is the rank of the first symbol

	symbols, gaps []uint32 // in ascending order, and how far each is from the one before
	groups, codes []uint16
	index         []uint16
}

// contexts fills index with the contexts of n codes and returns how many there are.
func (a *alphabet) contexts(n int) int {
	if n < manySymbols {
		a.index = nil
		return 1
	}
	a.index = resize(a.index, n)
	for i := range a.index {
		a.index[i] = uint16(i * slices16 / n)
	}
	return slices16
}

// build derives order and pieces from symbols and groups.
func (a *alphabet) build(limit uint8) error {
	var size, at [numGroups]int
	for _, g := range a.groups {
		size[g]++
	}
	a.pieces = a.pieces[:0]
	rank := 0
	for g, n := range size {
		at[g] = rank
		for n > 0 {
			b := min(uint8(bits.Len(uint(n))-1), limit)
			if len(a.pieces) == maxPieces {
				return fmt.Errorf("%w: an alphabet of too many pieces", fault.ErrCorrupt)
			}
			a.pieces = append(a.pieces, bucket{uint32(rank), b})
			rank += 1 << b
			n -= 1 << b
		}
	}
	a.order = resize(a.order, len(a.symbols))
	for i, s := range a.symbols {
		g := a.groups[i]
		a.order[at[g]] = s
		at[g]++
	}
	return nil
}

// plan chooses groups for the symbols that occur, counts[s] times each.
func (a *alphabet) plan(counts []uint32) {
	a.symbols, a.groups = a.symbols[:0], a.groups[:0]
	var level [numCodes]struct{ symbols, sum uint64 }
	all := uint64(0)
	for s, n := range counts {
		if n > 0 {
			c := code(min(n, 1<<maxBits-1))
			level[c].symbols++
			level[c].sum += uint64(n)
			all += uint64(n)
			a.symbols = append(a.symbols, uint32(s))
		}
	}
	// The cheapest way to divide the levels into groups, from the left.
	const overhead = 24 << 16 // what a group costs in tables, in 2^-16 bit
	var used []int
	for c := range level {
		if level[c].symbols > 0 {
			used = append(used, c)
		}
	}
	symbols := log2(uint64(len(a.symbols)))
	total := log2(all)
	cost := make([]uint64, len(used)+1)
	from := make([]int, len(used)+1)
	for end := 1; end <= len(used); end++ {
		cost[end] = ^uint64(0)
		m, sum := uint64(0), uint64(0)
		for start := end - 1; start >= 0; start-- {
			m += level[used[start]].symbols
			sum += level[used[start]].sum
			c := cost[start] + overhead + m*(symbols-log2(m)) + sum*(total+log2(m)-log2(sum))
			if c < cost[end] {
				cost[end], from[end] = c, start
			}
		}
	}
	var group [numCodes]uint16
	cuts := []int{}
	for end := len(used); end > 0; end = from[end] {
		cuts = append(cuts, end)
	}
	slices.Reverse(cuts)
	start := 0
	for g, end := range cuts {
		for _, c := range used[start:end] {
			group[c] = uint16(min(g, numGroups-1))
		}
		start = end
	}
	for _, s := range a.symbols {
		a.groups = append(a.groups, group[code(min(counts[s], 1<<maxBits-1))])
	}
}

// encode appends the alphabet.
func (a *alphabet) encode(dst []byte, c *coder, limit uint8) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(len(a.symbols)))
	dst = append(dst, limit)
	k := a.contexts(len(a.symbols))
	a.codes = a.codes[:0]
	var extra bitWriter
	next := uint32(0)
	for _, s := range a.symbols {
		gap := code(s - next)
		a.codes = append(a.codes, uint16(gap))
		extra.put(s-next-buckets[gap].base, buckets[gap].bits)
		next = s + 1
	}
	dst, err := c.encode(dst, a.codes, a.index, numCodes, k)
	if err != nil {
		return dst, err
	}
	if dst, err = c.encode(dst, a.groups, a.index, numGroups, k); err != nil {
		return dst, err
	}
	low := extra.finish()
	dst = binary.AppendUvarint(dst, uint64(len(low)))
	return append(dst, low...), nil
}

// decode reads an alphabet of at most most symbols below size.
func (a *alphabet) decode(src []byte, c *coder, size, most int) ([]byte, error) {
	n, w := binary.Uvarint(src)
	if w <= 0 || len(src) == w {
		return nil, io.ErrUnexpectedEOF
	}
	limit := src[w]
	src = src[w+1:]
	if n > uint64(min(size, most)) || limit > 24 {
		return nil, fmt.Errorf("%w: an alphabet of %d symbols", fault.ErrCorrupt, n)
	}
	k := a.contexts(int(n))
	a.codes = resize(a.codes, int(n))
	src, err := c.decode(a.codes, a.index, numCodes, k, src)
	if err != nil {
		return nil, err
	}
	a.groups = resize(a.groups, int(n))
	if src, err = c.decode(a.groups, a.index, numGroups, k, src); err != nil {
		return nil, err
	}
	low, src, err := section(src)
	if err != nil {
		return nil, err
	}
	extra := bitReader{src: low}
	a.symbols = resize(a.symbols, int(n))
	next := uint32(0)
	for i, g := range a.codes {
		extra.refill()
		b := &buckets[g]
		s := next + b.base + extra.take(b.bits)
		if s >= uint32(size) {
			return nil, fmt.Errorf("%w: a symbol out of range", fault.ErrCorrupt)
		}
		a.symbols[i] = s
		next = s + 1
	}
	if err := extra.finish(); err != nil {
		return nil, err
	}
	return src, a.build(limit)
}
