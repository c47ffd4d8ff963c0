package lz

import "math/bits"

// A finder finds earlier places with the same symbols, by chains of the places
// that begin with the same pair and with the same four symbols.
type finder struct {
	s          []uint32
	pair, quad chain
	known      []uint32
}

// A chain links places of equal hash. There is no mark for none: what was never
// set is place 0, whose symbols say whether it is of use.
type chain struct {
	head   *[1 << headBits]uint32 // the last place, and a tag in the lowest bits
	mask   uint32                 // of what is used of head
	prev   []uint32
	depth  int      // places to look at
	latest []uint32 // of a stretch of places: the last one before with the same hash
}

// A tag is some more bits of the hash of a place, which keep most others away without a
// look at their symbols, wherever they are.
const tagBits = 32 - maxTokenBits

// The places that chains begin at, so many that a cache holds them.
const (
	headBits = 18
	quadBits = 17
)

func (c *chain) reset(n, depth, most int) {
	c.depth = depth
	if depth == 0 {
		return
	}
	c.empty(min(max(bits.Len(uint(n))-2, 8), most))
	if depth > 1 {
		c.prev = resize(c.prev, n)
	}
}

// empty empties the chain, which then has 1<<b beginnings.
func (c *chain) empty(b int) {
	if c.head == nil {
		c.head = new([1 << headBits]uint32)
	}
	c.mask = 1<<b - 1
	clear(c.head[:1<<b])
}

// beginning returns where the chain of a hash begins in head, and the tag.
func beginning(head *[1 << headBits]uint32, mask uint32, h uint64) (begin *uint32, tag uint32) {
	return &head[uint32(h>>(64-headBits))&mask&(1<<headBits-1)], uint32(h>>(64-headBits-tagBits)) & (1<<tagBits - 1)
}

func (f *finder) reset(s []uint32, pair, quad int) {
	f.s = s
	f.pair.reset(len(s), pair, headBits)
	f.quad.reset(len(s), quad, quadBits)
}

func hash2(a, b uint32) uint64 {
	return (uint64(a)<<32 | uint64(b)) * 0x9e3779b97f4a7c15
}

func hash4(a, b, c, d uint32) uint64 {
	return (uint64(a)<<32|uint64(b))*0x9e3779b97f4a7c15 + (uint64(c)<<32|uint64(d))*0xc2b2ae3d27d4eb4f
}

// enter puts the places from start to end into the chains. It does so for all of them
// at once, without a branch, so that none waits for the memory of another.
func (f *finder) enter(start, end int) {
	f.pair.latest = resize(f.pair.latest, end-start)
	f.pair.enter(f.s, start, end, 2)
	if f.quad.depth == 0 {
		return
	}
	f.quad.latest = resize(f.quad.latest, end-start)
	if f.pair.depth == 1 && f.quad.depth == 1 {
		f.enterKnown(start, end)
	} else {
		f.quad.enter(f.s, start, end, 4)
	}
}

// enterKnown enters those places into the chain of fours whose pair came before: there is
// hardly ever a four to be found at others.
func (f *finder) enterKnown(start, end int) {
	f.known = resize(f.known, end-start)
	n := 0
	pair := f.pair.latest
	known, latest := f.known[:len(pair)], f.quad.latest[:len(pair)]
	for i, j := range pair {
		place := uint32(start + i)
		latest[i] = place
		known[n] = uint32(i)
		// 1 if j is less, as it is but for the place itself.
		n += int((j - place) >> 31)
	}
	here := f.s[start:]
	head, mask := f.quad.head, f.quad.mask
	for _, i := range known[:n] {
		if int(i)+4 > len(here) {
			break
		}
		q := (*[4]uint32)(here[i:])
		e, tag := beginning(head, mask, hash4(q[0], q[1], q[2], q[3]))
		j, place := *e, uint32(start)+i
		*e = place<<tagBits | tag
		latest[i] = choose((j^tag)&(1<<tagBits-1), j>>tagBits, place)
	}
}

// enter enters the places of s from start to end, with that many symbols each.
func (c *chain) enter(s []uint32, start, end, width int) {
	n := max(0, min(end, len(s)-width+1)-start)
	latest := c.latest[:n]
	for i := range c.latest[n:] {
		c.latest[n+i] = uint32(start + n + i)
	}
	// Where one place is looked at, those of another tag become the place itself.
	filter := uint32(0)
	if c.depth == 1 {
		filter = 1<<tagBits - 1
	}
	head, mask := c.head, c.mask
	if width == 2 {
		here := s[start : start+n]
		next := s[start+min(n, 1):][:n]
		for i, x := range here {
			e, tag := beginning(head, mask, hash2(x, next[i]))
			j, place := *e, uint32(start+i)
			*e = place<<tagBits | tag
			latest[i] = choose((j^tag)&filter, j>>tagBits, place)
		}
	} else {
		for i := range latest {
			q := (*[4]uint32)(s[start+i:])
			e, tag := beginning(head, mask, hash4(q[0], q[1], q[2], q[3]))
			j, place := *e, uint32(start+i)
			*e = place<<tagBits | tag
			latest[i] = choose((j^tag)&filter, j>>tagBits, place)
		}
	}
	if c.depth > 1 {
		copy(c.prev[start:], c.latest)
	}
}

// choose returns a if which is 0, else b, which is not less. Which it is can hardly be
// foreseen, so there is no branch.
func choose(which, a, b uint32) uint32 {
	return b - (b-a)&uint32(int32(which-1)>>31)
}

// A match is a stretch of symbols that came before, offset symbols earlier.
type match struct{ length, offset uint32 }

// find appends the matches of place i, which was entered with those from at on: each
// longer and farther than the one before.
func (f *finder) find(m []match, i, at int) []match {
	from, best := len(m), 1
	if j := f.pair.latest[i-at]; int(j) < i {
		m, best = f.pair.find(m, from, f.s, i, int(j), best)
	}
	if f.quad.depth > 0 && best < nice {
		if j := f.quad.latest[i-at]; int(j) < i {
			m, _ = f.quad.find(m, from, f.s, i, int(j), max(best, 3))
		}
	}
	return m
}

// find appends those matches of place i to m[from:] that are longer than best, and
// returns the length of the longest. It begins with place j.
func (c *chain) find(m []match, from int, s []uint32, i, j, best int) ([]match, int) {
	for d := c.depth; ; {
		if i+best < len(s) && s[j+best] == s[i+best] && s[j] == s[i] {
			if n := common(s[j:], s[i:min(i+chunkLen, len(s))]); n > best {
				best = n
				m = longer(m, from, match{uint32(n), uint32(i - j)})
			}
		}
		if d--; d == 0 || j == 0 || best >= nice {
			return m, best
		}
		j = int(c.prev[j])
	}
}

// nice is the length from which a match is taken as it is.
const nice = 32

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
