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
	head   []uint32 // the last place, and a tag in the lowest bits
	prev   []uint32
	shift  uint
	depth  int      // places to look at
	latest []uint32 // of a stretch of places: the last one before with the same hash
}

// A tag is some more bits of the hash of a place, which keep most others away without a
// look at their symbols, wherever they are.
const tagBits = 32 - maxTokenBits

// The places that chains begin at, so many that a cache holds them.
const (
	pairBits = 18
	quadBits = 17
)

func (c *chain) reset(n, depth, most int) {
	c.depth = depth
	if depth == 0 {
		return
	}
	b := min(max(bits.Len(uint(n))-2, 8), most)
	c.shift = uint(64 - b)
	c.head = resize(c.head, 1<<b)
	clear(c.head)
	if depth > 1 {
		c.prev = resize(c.prev, n)
	}
}

func (f *finder) reset(s []uint32, pair, quad int) {
	f.s = s
	f.pair.reset(len(s), pair, pairBits)
	f.quad.reset(len(s), quad, quadBits)
}

func hash2(a, b uint32) uint64 {
	return (uint64(a)<<32 | uint64(b)) * 0x9e3779b97f4a7c15
}

func hash4(a, b, c, d uint32) uint64 {
	return ((uint64(a)<<32|uint64(b))*0x9e3779b97f4a7c15 ^ bits.RotateLeft64((uint64(c)<<32|uint64(d))*0xc2b2ae3d27d4eb4f, 32)) * 0x9e3779b97f4a7c15
}

// enter puts the places from at to end into the chains. It does so for all of them
// at once, without a branch, so that none waits for the memory of another.
func (f *finder) enter(at, end int) {
	f.pair.latest = resize(f.pair.latest, end-at)
	f.pair.enter(f.s, at, end, 2)
	if f.quad.depth > 0 {
		f.quad.latest = resize(f.quad.latest, end-at)
		if f.pair.depth == 1 && f.quad.depth == 1 {
			f.enterKnown(at, end)
			return
		}
		f.quad.enter(f.s, at, end, 4)
	}
}

// enterKnown enters those places into the chain of fours whose pair came before: there is
// hardly ever a four to be found at others.
func (f *finder) enterKnown(at, end int) {
	f.known = resize(f.known, end-at)
	known := f.known
	n := 0
	pair := f.pair.latest
	latest := f.quad.latest[:len(pair)]
	for i, j := range pair {
		place := uint32(at + i)
		latest[i] = place
		known[n] = uint32(i)
		if j != place {
			n++
		}
	}
	here := f.s[at:]
	head, shift := f.quad.head, f.quad.shift&63
	for _, i := range known[:n] {
		if int(i)+4 > len(here) {
			break
		}
		q := (*[4]uint32)(here[i:])
		h := hash4(q[0], q[1], q[2], q[3])
		e := &head[h>>shift]
		tag := uint32(h>>(shift-tagBits&63)) & (1<<tagBits - 1)
		j, place := *e, uint32(at)+i
		*e = place<<tagBits | tag
		latest[i] = choose((j^tag)&(1<<tagBits-1) == 0, j>>tagBits, place)
	}
}

// enter enters the places of s from at to end, with that many symbols each.
func (c *chain) enter(s []uint32, at, end, width int) {
	n := max(0, min(end, len(s)-width+1)-at)
	latest := c.latest[:n]
	for i := range c.latest[n:] {
		c.latest[n+i] = uint32(at + n + i)
	}
	here := s[at:]
	head, shift := c.head, c.shift&63
	// Where one place is looked at, those of another tag become the place itself.
	mask := uint32(0)
	if c.depth == 1 {
		mask = 1<<tagBits - 1
	}
	if width == 2 {
		here = here[:n+1]
		for i := range latest {
			h := hash2(here[i], here[i+1])
			e := &head[h>>shift]
			tag := uint32(h>>(shift-tagBits&63)) & (1<<tagBits - 1)
			j, place := *e, uint32(at+i)
			*e = place<<tagBits | tag
			latest[i] = choose((j^tag)&mask == 0, j>>tagBits, place)
		}
	} else {
		for i := range latest {
			q := (*[4]uint32)(here[i:])
			h := hash4(q[0], q[1], q[2], q[3])
			e := &head[h>>shift]
			tag := uint32(h>>(shift-tagBits&63)) & (1<<tagBits - 1)
			j, place := *e, uint32(at+i)
			*e = place<<tagBits | tag
			latest[i] = choose((j^tag)&mask == 0, j>>tagBits, place)
		}
	}
	if c.depth > 1 {
		copy(c.prev[at:], c.latest)
	}
}

// choose returns a or b without a branch.
func choose(first bool, a, b uint32) uint32 {
	if first {
		b = a
	}
	return b
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
