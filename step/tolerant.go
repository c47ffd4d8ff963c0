package step

import (
	"errors"
	"fmt"

	"github.com/foretell/foretell/prob"
)

// DefaultTolerantGuard is DefaultGuard of a stream under a tolerance: 0.008 bit a
// step.
const DefaultTolerantGuard = 4096

// setTolerance is SetTolerance of both sides of a stream, framed or bare.
func (c *coded) setTolerance(bound float64, framed bool) (err error) {
	switch {
	case framed:
		return errors.New("a framed stream has the tolerance of its Frame: set Frame.Tolerance")
	case c.steps != 0:
		return fmt.Errorf("a tolerance of %v after the first step: set it before", bound)
	case bound == 0:
		c.lattice = nil
		return nil
	}
	l, err := newLattice(bound)
	if err == nil {
		c.lattice = l
	}
	return err
}

// Tolerance returns the bound that the stream was made for, as SetTolerance or its
// Frame set it, rounded to a float32; 0 without one.
func (c *coded) Tolerance() float64 {
	if c.lattice == nil {
		return 0
	}
	return c.lattice.bound / 2
}

// exact refuses a step that a tolerance cannot bear.
func (c *coded) exact() error {
	if c.lattice != nil {
		return errTolerant
	}
	return nil
}

var errTolerant = &prob.DistributionError{Index: -1, Reason: "a stream with a tolerance takes rows of probabilities or logits alone: " +
	"in a list of the likeliest symbols, a density or a caller's own distribution a small drift need not stay small"}

// fold takes the symbol of a step under a tolerance into the guard's digest: two
// symbols that lie in one cell have the same decisions.
func (g *guard) fold(symbol uint32) {
	if g.every != 0 {
		g.add(uint64(symbol)+1, prob.Interval{Width: prob.Total})
	}
}

// bitInterval returns the interval of a decision.
func bitInterval(bit int, zero uint64) prob.Interval {
	if bit == 0 {
		return prob.Interval{Width: zero}
	}
	return prob.Interval{Low: zero, Width: prob.Total - zero}
}

// A tolerantEncoder is what an Encoder has under a tolerance.
type tolerantEncoder struct {
	queue
	masses      masses
	path, rival branch
}

// SetTolerance makes a bare stream bear that the decoder's logits, or logarithms of
// probabilities, differ from the encoder's by up to bound each, once a summand that
// all have in common is left out: 2^-24 to 0.1, or 0 for none, the default. It must
// come before the first step, and the decoder needs the same setting.
//
// Such a stream takes steps under rows of probabilities or logits only. The encoder
// holds up to 1,024 steps back, until it has found how to code them so that the
// decoder rounds the same way: Bits, Information and Position are those of the steps
// before them. docs/drift.md says how to choose the bound and what it costs.
func (e *Encoder) SetTolerance(bound float64) error {
	if e.Steps() != e.steps {
		return fmt.Errorf("a tolerance of %v after the first step: set it before", bound)
	}
	if err := e.setTolerance(bound, e.frame != nil); err != nil {
		return err
	}
	e.setLattice(e.lattice)
	return nil
}

func (e *Encoder) setLattice(l *lattice) {
	e.lattice, e.tolerant = l, nil
	if l != nil {
		e.tolerant = new(tolerantEncoder)
		e.tolerant.queue.init(l)
	}
}

// Steps returns the number of steps so far.
func (e *Encoder) Steps() int64 {
	if e.tolerant != nil {
		return e.steps + int64(e.tolerant.taken)
	}
	return e.steps
}

// stage does all of a step under a tolerance that can be refused.
func stage[T prob.Float](e *Encoder, form Form, row []T, symbol uint32) error {
	t := e.tolerant
	if err := setMasses(&t.masses, form, row); err != nil {
		return err
	}
	defer t.masses.release()
	if uint64(symbol) >= uint64(len(row)) {
		return &prob.SymbolError{Symbol: symbol, Len: len(row)}
	}
	t.queue.stage(&t.masses, symbol, &t.path, &t.rival)
	return nil
}

// takeStaged counts the step that stage left, and codes chunks that are complete.
func (e *Encoder) takeStaged() error {
	e.tolerant.taken++
	return e.putChunks(false)
}

// putChunks codes the chunks that are complete, and the last one.
func (e *Encoder) putChunks(last bool) error {
	q := &e.tolerant.queue
	for q.taken > 0 {
		n, err := q.search(e.steps, last)
		if err == nil && n == 0 {
			return nil
		}
		if err == nil {
			err = e.putChunk(n)
		}
		if err != nil {
			e.err = err
			return err
		}
	}
	return nil
}

// putChunk codes the first n steps of the queue.
func (e *Encoder) putChunk(n int) error {
	q := &e.tolerant.queue
	q.chunks.put(&e.rc, q.cut, q.seed)
	for i := range q.steps[:n] {
		s := &q.steps[i]
		d := newDither(e.steps, q.seed)
		first, rest, _ := q.decisions(s, &d)
		for _, zones := range [2][]zone{first, rest} {
			for _, z := range zones {
				off := d.lane(z.lane())
				width := zeroWidth(q.cell(z.cell(off), off))
				e.rc.PutBit(z.bit(), width)
				e.add(0, bitInterval(z.bit(), width))
			}
		}
		e.guard.fold(s.symbol)
		if err := e.next(); err != nil {
			return err
		}
	}
	q.shiftOut(n)
	q.begin()
	return nil
}
