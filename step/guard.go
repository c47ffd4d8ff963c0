package step

import (
	"github.com/foretell/foretell/prob"
)

// DefaultGuard is the number of steps between two checks against drift of a
// framed stream, unless its Frame says otherwise: 0.03 bit a step.
const DefaultGuard = 1024

// weight returns the total weight of d for the guard's digest, 0 if d has none.
func weight(d prob.Distribution) uint64 {
	if w, ok := d.(prob.Weigher); ok {
		return w.Weight()
	}
	return 0
}

// A guard keeps a digest of what steps were coded under, and says when it is
// to be compared. It is specified in docs/stream.md.
type guard struct {
	every  int64 // steps between two checks; 0 if there are none
	left   int64 // steps until the next one
	digest uint64
}

func newGuard(every int64) guard {
	return guard{every: every, left: every}
}

// add takes in an interval and the total weight of its distribution. For a fixed
// rest of the arguments it is one-to-one in each, so a difference in one step
// always changes the digest.
func (g *guard) add(weight uint64, iv prob.Interval) {
	h := (g.digest ^ weight) * 0x9e3779b97f4a7c15
	h = (h ^ h>>32 ^ (iv.Low<<32 | (iv.Width - 1))) * 0xd6e8feb86659fd93
	g.digest = h ^ h>>32
}

// step counts a step and reports whether a check follows it.
func (g *guard) step() bool {
	if g.every == 0 {
		return false
	}
	g.left--
	return g.left == 0
}

// checked begins to count towards the next check.
func (g *guard) checked() { g.left = g.every }

// check returns the interval of the check: the upper half of the mixed digest,
// each value of it equally likely.
func (g *guard) check() prob.Interval {
	return prob.Interval{Low: g.digest * 0x9e3779b97f4a7c15 >> 32, Width: 1}
}
