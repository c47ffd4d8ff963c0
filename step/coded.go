package step

import (
	"errors"
	"fmt"

	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// coded is what Encoder and Decoder both keep of the steps so far.
type coded struct {
	guard      guard
	steps      int64
	info       surprisal.Sum
	vocabulary int // number of symbols of every step; 0 if they may differ
	marked     bool
	lattice    *lattice // under a tolerance
}

// mark returns a flag for batches to know a stream again by.
func (c *coded) mark() *bool { return &c.marked }

// begin forgets all steps, but neither the guard's interval nor the vocabulary.
func (c *coded) begin() {
	c.guard = newGuard(c.guard.every)
	c.steps, c.info = 0, surprisal.Sum{}
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
	c.guard = newGuard(int64(every))
	return nil
}

// fits refuses a distribution whose number of symbols the stream does not have.
func (c *coded) fits(symbols int) error {
	switch {
	case symbols < 1:
		return errNoSymbols
	case c.vocabulary != 0 && symbols != c.vocabulary:
		return &prob.DistributionError{Index: -1, Reason: fmt.Sprintf("%d symbols under a vocabulary of %d", symbols, c.vocabulary)}
	}
	return nil
}

var (
	errNoSymbols  = &prob.DistributionError{Index: -1, Reason: "no symbols"}
	errOffTheLine = &prob.DistributionError{Index: -1, Reason: "the distribution gives an interval that is empty or leaves the line"}
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
	left := float64(surprisal.Log2(s.Range)) / surprisal.One
	return max(0, 8*float64(s.Offset)+64-left)
}
