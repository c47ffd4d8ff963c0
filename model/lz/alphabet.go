package lz

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/simd/matches"
)

// An alphabet is the symbols that occur as literals. Those of about the same
// count are a group, and a group is pieces of 2^bits symbols each: a literal is
// coded as the piece that it is in, which an entropy coder takes, and its number
// in it, which is stored as it is. So tables are small however large the alphabet.
type alphabet struct {
	order  []uint32 // symbols by group, then by number: a literal's rank is where it stands
	pieces [maxPieces]matches.Bucket
	used   int // pieces

	symbols []uint32 // in ascending order
	groups  []uint8  // of each of them
	codes   []uint8  // how far each is from the one before, and its group
	longs   []uint8
	far     []uint32
	low     []byte
}

const (
	numGroups = 32
	maxPieces = 256
	farGap    = 7    // code of a symbol that is at least so far from the one before
	manyCodes = 4096 // of which the table is not the same throughout
	quarters  = 4    // that are coded by themselves then
)

// cut makes the pieces of groups of the given sizes, and returns where in order each group
// begins.
func (a *alphabet) cut(sizes *[numGroups]int) (at [numGroups]int, err error) {
	a.used = 0
	rank := 0
	for g, n := range sizes {
		at[g] = rank
		for n > 0 {
			b := uint8(bits.Len(uint(n)) - 1)
			if a.used == maxPieces {
				return at, fmt.Errorf("%w: an alphabet of too many pieces", fault.ErrCorrupt)
			}
			a.pieces[a.used] = matches.NewBucket(uint32(rank), b)
			a.used++
			rank += 1 << b
			n -= 1 << b
		}
	}
	return at, nil
}

// build derives order and pieces from symbols and groups.
func (a *alphabet) build() error {
	var sizes [numGroups]int
	for _, g := range a.groups {
		sizes[g]++
	}
	at, err := a.cut(&sizes)
	if err != nil {
		return err
	}
	a.order = resize(a.order, len(a.symbols))
	for i, s := range a.symbols {
		g := a.groups[i]
		a.order[at[g]] = s
		at[g]++
	}
	return nil
}

// part returns where part i of n codes ends.
func part(i, n int) int {
	if n < manyCodes {
		return n
	}
	return n * (i + 1) / quarters
}

// encode appends the alphabet.
func (a *alphabet) encode(dst []byte, c *coder) ([]byte, error) {
	n := len(a.symbols)
	dst = binary.AppendUvarint(dst, uint64(n))
	a.codes, a.longs = resize(a.codes, n), a.longs[:0]
	low := bitWriter{dst: a.low}
	low.reset(n)
	next := uint32(0)
	for i, s := range a.symbols {
		gap := s - next
		if gap >= farGap {
			k := code(gap - farGap)
			a.longs = append(a.longs, uint8(k))
			low.put(gap-farGap-buckets[k].Base(), buckets[k].Bits())
			gap = farGap
		}
		a.codes[i] = uint8(gap)*numGroups + a.groups[i]
		next = s + 1
	}
	var err error
	for i, at := 0, 0; at < n; i++ {
		end := part(i, n)
		if dst, err = c.encode(dst, a.codes[at:end]); err != nil {
			return dst, err
		}
		at = end
	}
	if dst, err = c.encode(dst, a.longs); err != nil {
		return dst, err
	}
	a.low = low.finish()
	return appendSection(dst, a.low), nil
}

// decode reads an alphabet of at most most symbols below size.
func (a *alphabet) decode(src []byte, c *coder, size, most int) ([]byte, error) {
	n, src, err := number(src, min(size, most))
	if err != nil {
		return nil, err
	}
	a.codes = resize(a.codes, n)
	for i, at := 0, 0; at < n; i++ {
		end := part(i, n)
		if src, err = c.decode(a.codes[at:end], src); err != nil {
			return nil, err
		}
		at = end
	}
	var counts [(farGap + 1) * numGroups]int
	for _, k := range a.codes {
		counts[k]++
	}
	var sizes [numGroups]int
	for k, n := range counts {
		sizes[k%numGroups] += n
	}
	far := 0
	for _, n := range counts[farGap*numGroups:] {
		far += n
	}
	a.longs = resize(a.longs, far)
	if src, err = c.decode(a.longs, src); err != nil {
		return nil, err
	}
	low, src, err := section(src)
	if err != nil {
		return nil, err
	}
	a.far = resize(a.far, far)
	if err := checkBits(low, matches.Numbers(a.far, a.longs, low, &buckets, nil)); err != nil {
		return nil, err
	}
	at, err := a.cut(&sizes)
	if err != nil {
		return nil, err
	}
	a.order = resize(a.order, n)
	rest := a.far
	next := uint32(0)
	for _, k := range a.codes {
		gap := uint32(k / numGroups)
		if gap == farGap {
			gap += rest[0]
			rest = rest[1:]
		}
		s := next + gap
		if s >= uint32(size) {
			return nil, fmt.Errorf("%w: a symbol out of range", fault.ErrCorrupt)
		}
		g := &at[k%numGroups]
		a.order[*g] = s
		*g++
		next = s + 1
	}
	return src, nil
}

// plan makes the alphabet of the symbols that occur, counts[s] times each.
func (a *alphabet) plan(counts []uint32) {
	a.symbols, a.groups = a.symbols[:0], a.groups[:0]
	var levels [numCodes]level
	for s, n := range counts {
		if n > 0 {
			c := code(min(n, 1<<maxBits-1))
			levels[c].symbols++
			levels[c].sum += uint64(n)
			a.symbols = append(a.symbols, uint32(s))
		}
	}
	const overhead = 24 << 16
	group := divide(&levels, overhead)
	for more := uint64(2 * overhead); pieces(&levels, &group) > maxPieces; more *= 2 {
		group = divide(&levels, more) // fewer groups, one in the end
	}
	for _, s := range a.symbols {
		a.groups = append(a.groups, group[code(min(counts[s], 1<<maxBits-1))])
	}
}

// A level is the symbols whose counts have the same code.
type level struct{ symbols, sum uint64 }

// pieces returns of how many pieces the groups of levels are.
func pieces(levels *[numCodes]level, group *[numCodes]uint8) int {
	var sizes [numGroups]uint64
	for c, l := range levels {
		sizes[group[c]] += l.symbols
	}
	n := 0
	for _, size := range sizes {
		n += bits.OnesCount64(size)
	}
	return n
}

// divide gives each level a group, so that table and literals come out smallest:
// the cheapest way to cut the series of levels, found from the left. A group costs
// overhead in tables, in 2^-16 bit.
func divide(levels *[numCodes]level, overhead uint64) (group [numCodes]uint8) {
	var used []int
	symbols, all := uint64(0), uint64(0)
	for c, l := range levels {
		if l.symbols > 0 {
			used = append(used, c)
			symbols += l.symbols
			all += l.sum
		}
	}
	cost := make([]uint64, len(used)+1)
	from := make([]int, len(used)+1)
	for end := 1; end <= len(used); end++ {
		cost[end] = ^uint64(0)
		m, sum := uint64(0), uint64(0)
		for start := end - 1; start >= 0; start-- {
			m += levels[used[start]].symbols
			sum += levels[used[start]].sum
			c := cost[start] + overhead + m*(log2(symbols)-log2(m)) + sum*(log2(all)+log2(m)-log2(sum))
			if c < cost[end] {
				cost[end], from[end] = c, start
			}
		}
	}
	var cuts []int
	for end := len(used); end > 0; end = from[end] {
		cuts = append(cuts, end)
	}
	slices.Reverse(cuts)
	g, start := 0, 0
	for _, end := range cuts {
		for _, c := range used[start:end] {
			group[c] = uint8(min(g, numGroups-1))
		}
		start = end
		g++
	}
	return group
}
