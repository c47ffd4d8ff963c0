package lz

import (
	"math/bits"

	"github.com/foretell/foretell/internal/simd/matches"
)

// A finder finds earlier places with the same symbols, by chains of the places
// that begin with the same pair and with the same four symbols.
type finder struct {
	s          []uint32
	pair, quad chain
	known      []uint32 // of a stretch of places: those whose pair came before
}

// A chain links places of equal hash. There is no mark for none: what was never
// set is place 0, whose symbols say whether it is of use.
type chain struct {
	heads  *matches.Heads
	mask   uint32 // how many of the heads are used, less 1
	prev   []uint32
	depth  int      // places to look at
	latest []uint32 // of a stretch of places: the last one before with the same hash
}

// The places that chains begin at, so many that a cache holds them.
const (
	pairBits = matches.HeadBits
	quadBits = 17
)

func (c *chain) reset(n, depth, most int) {
	c.depth = depth
	if depth == 0 {
		return
	}
	b := bits.Len(uint(n))
	c.empty(min(max(b-2, min(b+2, 12)), most))
	if depth > 1 {
		c.prev = resize(c.prev, n)
	}
}

// empty empties the chain, which then has 1<<b heads.
func (c *chain) empty(b int) {
	if c.heads == nil {
		c.heads = new(matches.Heads)
	}
	c.mask = 1<<b - 1
	clear(c.heads[:1<<b])
}

func (f *finder) reset(s []uint32, pair, quad int) {
	f.s = s
	f.pair.reset(len(s), pair, pairBits)
	f.quad.reset(len(s), quad, quadBits)
}

// enter puts the places from start to end into the chains. It does so for all of them
// at once, without a branch, so that none waits for the memory of another. Where one
// place is looked at, those of another tag become the place itself.
func (f *finder) enter(start, end int) {
	pairs := f.pair.begin(start, end, len(f.s)-1)
	if f.pair.depth == 1 {
		f.known = resize(f.known, end-start)
		n := matches.EnterPairs(pairs, f.known, f.s[start:], uint32(start), f.pair.heads, f.pair.mask)
		f.known = f.known[:n]
	} else {
		for i := range pairs {
			at := start + i
			f.pair.enter(i, at, matches.HashPair(f.s[at], f.s[at+1]))
		}
		copy(f.pair.prev[start:], f.pair.latest)
	}
	if f.quad.depth == 0 {
		return
	}
	fours := f.quad.begin(start, end, len(f.s)-3)
	if f.pair.depth == 1 && f.quad.depth == 1 {
		// There is hardly ever a four to be found where there is no pair.
		for i := range fours {
			fours[i] = uint32(start + i)
		}
		known := f.known
		for len(known) > 0 && int(known[len(known)-1]) >= len(fours) {
			known = known[:len(known)-1]
		}
		matches.EnterFours(fours, known, f.s[start:], uint32(start), f.quad.heads, f.quad.mask)
		return
	}
	for i := range fours {
		at := start + i
		f.quad.enter(i, at, matches.HashFour(f.s[at], f.s[at+1], f.s[at+2], f.s[at+3]))
	}
	copy(f.quad.prev[start:], f.quad.latest)
}

// begin makes latest as long as the stretch of places from start to end, and returns that
// of those below limit, which can be entered. Others are their own.
func (c *chain) begin(start, end, limit int) []uint32 {
	c.latest = resize(c.latest, end-start)
	n := max(0, min(end, limit)-start)
	for i := range c.latest[n:] {
		c.latest[n+i] = uint32(start + n + i)
	}
	return c.latest[:n]
}

// enter enters place at, the i-th of its stretch.
func (c *chain) enter(i, at int, hash uint64) {
	head, tag := c.heads.At(hash, c.mask)
	c.latest[i] = *head >> matches.TagBits
	*head = uint32(at)<<matches.TagBits | tag
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
const nice = matches.NiceMatch

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
