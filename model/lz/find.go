package lz

import "math/bits"

// A finder finds earlier places with the same symbols, by chains of the places
// that begin with the same pair and with the same four symbols.
type finder struct {
	s          []uint32
	pair, quad chain
	next       int // the first place that is in no chain
}

// A chain links places of equal hash. Places count from 1; 0 is none.
type chain struct {
	head, prev []uint32
	shift      uint
	depth      int
}

func (c *chain) reset(n, depth int) {
	c.depth = depth
	if depth == 0 {
		return
	}
	b := min(max(bits.Len(uint(n)), 8), 18)
	c.shift = uint(64 - b)
	c.head = resize(c.head, 1<<b)
	clear(c.head)
	c.prev = resize(c.prev, n)
}

func (f *finder) reset(s []uint32, pair, quad int) {
	f.s, f.next = s, 0
	f.pair.reset(len(s), pair)
	f.quad.reset(len(s), quad)
}

func hash2(s []uint32) uint64 {
	return (uint64(s[0])<<32 | uint64(s[1])) * 0x9e3779b97f4a7c15
}

func hash4(s []uint32) uint64 {
	return (uint64(s[0])<<32|uint64(s[1]))*0x9e3779b97f4a7c15 ^ bits.RotateLeft64((uint64(s[2])<<32|uint64(s[3]))*0xc2b2ae3d27d4eb4f, 32)
}

// insert puts the places before end into their chains.
func (f *finder) insert(end int) {
	for i := f.next; i < end; i++ {
		if i+2 > len(f.s) {
			break
		}
		h := hash2(f.s[i:]) >> f.pair.shift
		f.pair.prev[i] = f.pair.head[h]
		f.pair.head[h] = uint32(i + 1)
		if f.quad.depth > 0 && i+4 <= len(f.s) {
			h := hash4(f.s[i:]) * 0x9e3779b97f4a7c15 >> f.quad.shift
			f.quad.prev[i] = f.quad.head[h]
			f.quad.head[h] = uint32(i + 1)
		}
	}
	f.next = max(f.next, end)
}

// A match is a stretch of symbols that came before, offset symbols earlier.
type match struct{ length, offset uint32 }

// find appends the matches of place i, each longer and farther than the one
// before, and inserts the place.
func (f *finder) find(m []match, i int) []match {
	f.insert(i)
	if i+2 > len(f.s) {
		return m
	}
	best, from := 1, len(m)
	h := hash2(f.s[i:]) >> f.pair.shift
	at := f.pair.head[h]
	f.pair.prev[i] = at
	f.pair.head[h] = uint32(i + 1)
	for d := f.pair.depth; d > 0 && at != 0; d-- {
		j := int(at - 1)
		if i+best < len(f.s) && f.s[j+best] == f.s[i+best] {
			if n := common(f.s[j:], f.s[i:]); n > best {
				best = n
				m = longer(m, from, match{uint32(n), uint32(i - j)})
				if n >= nice {
					break
				}
			}
		}
		at = f.pair.prev[j]
	}
	if f.quad.depth > 0 && i+4 <= len(f.s) {
		h := hash4(f.s[i:]) * 0x9e3779b97f4a7c15 >> f.quad.shift
		at := f.quad.head[h]
		f.quad.prev[i] = at
		f.quad.head[h] = uint32(i + 1)
		best = max(best, 3)
		for d := f.quad.depth; d > 0 && at != 0 && best < nice; d-- {
			j := int(at - 1)
			if i+best < len(f.s) && f.s[j+best] == f.s[i+best] {
				if n := common(f.s[j:], f.s[i:]); n > best {
					best = n
					m = longer(m, from, match{uint32(n), uint32(i - j)})
				}
			}
			at = f.quad.prev[j]
		}
	}
	f.next = i + 1
	return m
}

// nice is the length from which a match is taken as it is.
const nice = 64

// common returns how many symbols a, the earlier of the two, and b have in common
// at their beginnings.
func common(a, b []uint32) int {
	a = a[:len(b)]
	for n, s := range b {
		if a[n] != s {
			return n
		}
	}
	return len(b)
}

// maxMatches bounds the matches of a place.
const maxMatches = 16

// longer appends a match to those that begin at m[from], or puts it in the place of
// the last of them if there are enough.
func longer(m []match, from int, a match) []match {
	if len(m)-from == maxMatches {
		m = m[:len(m)-1]
	}
	return append(m, a)
}
