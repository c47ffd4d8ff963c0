package foretell

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/info"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// DefaultGuard is the number of steps between two checks against drift of a
// framed stream, unless its Frame says otherwise: 0.03 bit a step.
const DefaultGuard = 1024

// weigher is a distribution that knows the total of its weights, in which nearly
// any difference between two distributions shows.
type weigher interface{ Weight() uint64 }

// weight returns the total weight of d for the guard's digest, 0 if d has none.
func weight(d prob.Distribution) uint64 {
	if w, ok := d.(weigher); ok {
		return w.Weight()
	}
	return 0
}

// A stepGuard keeps a digest of what steps were coded under, and says when it is
// to be compared. It is specified in docs/stream.md.
type stepGuard struct {
	every  int64 // steps between two checks; 0 if there are none
	left   int64 // steps until the next one
	digest uint64
}

func newStepGuard(every int64) stepGuard {
	return stepGuard{every: every, left: every}
}

// add takes in an interval and the total weight of its distribution. For a fixed
// rest of the arguments it is one-to-one in each, so a difference in one step
// always changes the digest.
func (g *stepGuard) add(weight uint64, iv prob.Interval) {
	h := (g.digest ^ weight) * 0x9e3779b97f4a7c15
	h = (h ^ h>>32 ^ (iv.Low<<32 | (iv.Width - 1))) * 0xd6e8feb86659fd93
	g.digest = h ^ h>>32
}

// step counts a step and reports whether a check follows it.
func (g *stepGuard) step() bool {
	if g.every == 0 {
		return false
	}
	g.left--
	return g.left == 0
}

// checked begins to count towards the next check.
func (g *stepGuard) checked() { g.left = g.every }

// check returns the interval of the check: the upper half of the mixed digest,
// each value of it equally likely.
func (g *stepGuard) check() prob.Interval {
	return prob.Interval{Low: g.digest * 0x9e3779b97f4a7c15 >> 32, Width: 1}
}

// coded is what Encoder and Decoder both keep of the steps so far.
type coded struct {
	guard      stepGuard
	steps      int64
	info       info.Sum
	vocabulary int // number of symbols of every step; 0 if they may differ
	marked     bool
}

// mark returns a flag for batches to know a stream again by.
func (c *coded) mark() *bool { return &c.marked }

// begin forgets all steps, but neither the guard's interval nor the vocabulary.
func (c *coded) begin() {
	c.guard = newStepGuard(c.guard.every)
	c.steps, c.info = 0, info.Sum{}
}

// Steps returns the number of steps so far, those before a Position that was
// sought included.
func (c *coded) Steps() int64 { return c.steps }

// Information returns the information content of the symbols coded so far in
// bits: the sum of -log2 of their intervals' share of the line. After Seek it
// counts from there.
func (c *coded) Information() float64 { return c.info.Bits() }

// setGuard is SetGuard of both sides of a stream, framed or bare.
func (c *coded) setGuard(every int, framed bool) error {
	if framed {
		return errors.New("a framed stream has the guard of its Frame: set Frame.Guard")
	}
	if every < 0 || c.steps != 0 {
		return fmt.Errorf("a guard's interval of %d steps: set 0 or more before the first step", every)
	}
	c.guard = newStepGuard(int64(every))
	return nil
}

// fits refuses a distribution whose number of symbols the stream does not have.
func (c *coded) fits(symbols int) error {
	switch {
	case symbols < 1:
		return errNoSymbols
	case c.vocabulary != 0 && symbols != c.vocabulary:
		return &fault.DistributionError{Index: -1, Reason: fmt.Sprintf("%d symbols under a vocabulary of %d", symbols, c.vocabulary)}
	}
	return nil
}

var (
	errNoSymbols  = &fault.DistributionError{Index: -1, Reason: "no symbols"}
	errOffTheLine = &fault.DistributionError{Index: -1, Reason: "the distribution gives an interval that is empty or leaves the line"}
)

// add takes in the interval of a step, or of a part of one.
func (c *coded) add(weight uint64, iv prob.Interval) {
	c.info.Add(iv.Width)
	if c.guard.every != 0 {
		c.guard.add(weight, iv)
	}
}

// spent returns the bits that a range coder in state s has spent.
func spent(s rangecoder.State) float64 {
	left := float64(info.Log2(s.Range)) / info.One
	return max(0, 8*float64(s.Offset)+64-left)
}

// A Position is a place between two steps of a stream. An Encoder tells where it
// stands, and a Decoder of the same stream can go there. It is about 30 bytes as
// a binary value.
type Position struct {
	steps  int64
	digest uint64
	state  rangecoder.State
}

// Step returns the number of steps before the position.
func (p Position) Step() int64 { return p.steps }

// positionVersion is the first byte of a marshalled Position.
const positionVersion = 0

// AppendBinary appends the position to b, as docs/stream.md specifies it.
func (p Position) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, positionVersion)
	b = binary.AppendUvarint(b, uint64(p.steps))
	b = binary.AppendUvarint(b, uint64(p.state.Offset))
	b = binary.LittleEndian.AppendUint64(b, p.state.Low)
	b = binary.LittleEndian.AppendUint64(b, p.state.Range)
	return binary.LittleEndian.AppendUint64(b, p.digest), nil
}

// MarshalBinary returns what AppendBinary appends.
func (p Position) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary sets p from what MarshalBinary returned. Anything else is an
// error: ErrCorrupt, ErrUnsupported for a later version, io.ErrUnexpectedEOF.
func (p *Position) UnmarshalBinary(b []byte) error {
	if len(b) == 0 {
		return io.ErrUnexpectedEOF
	}
	if b[0] != positionVersion {
		return fmt.Errorf("%w: version %d of a position", fault.ErrUnsupported, b[0])
	}
	steps, n := binary.Uvarint(b[1:])
	offset, m := binary.Uvarint(b[1+max(n, 0):])
	rest := b[1+max(n, 0)+max(m, 0):]
	switch {
	case n < 0 || m < 0 || len(rest) > 24 || steps > math.MaxInt64 || offset > math.MaxInt64-8:
		return errBadPosition
	case n == 0 || m == 0 || len(rest) < 24:
		return io.ErrUnexpectedEOF
	}
	q := Position{steps: int64(steps), digest: binary.LittleEndian.Uint64(rest[16:])}
	q.state = rangecoder.State{
		Offset: int64(offset),
		Low:    binary.LittleEndian.Uint64(rest),
		Range:  binary.LittleEndian.Uint64(rest[8:]),
	}
	if again, _ := q.MarshalBinary(); q.state.Range < 1<<32 || len(again) != len(b) {
		return errBadPosition
	}
	*p = q
	return nil
}

var errBadPosition = fmt.Errorf("%w: an impossible position", fault.ErrCorrupt)

// resume makes c stand at p.
func (c *coded) resume(p Position) {
	c.begin()
	c.steps, c.guard.digest = p.steps, p.digest
	if c.guard.every != 0 {
		c.guard.left -= p.steps % c.guard.every
	}
}

// position returns the position at state s of the coder.
func (c *coded) position(s rangecoder.State) Position {
	return Position{steps: c.steps, digest: c.guard.digest, state: s}
}
