package prob

import (
	"github.com/foretell/foretell/internal/fenwick"
)

// Adaptive is the distribution of symbols that are being counted. Interval, Find
// and Update each take a number of steps that grows with the logarithm of the
// number of symbols; the counts stand in a Fenwick tree of 4 bytes a symbol.
//
// Every count begins at 1. Once the total passes the limit all counts are halved,
// n becoming n - floor(n/2), which makes the distribution follow symbols whose
// frequencies change and takes a time in proportion to the number of symbols.
type Adaptive struct {
	tree  fenwick.Tree
	line  line
	step  uint32
	limit uint64
}

// NewAdaptive returns a distribution over n symbols, 1..MaxSymbols, all equally
// likely at first. Each Update adds step to a count, and totals above limit are
// halved. step must be 1..2^16 and limit from 2*n+2*step to 2^31.
func NewAdaptive(n int, step uint32, limit uint64) (*Adaptive, error) {
	switch {
	case n < 1 || n > MaxSymbols:
		return nil, &DistributionError{Index: -1, Reason: "the number of symbols is not 1 to 2^24"}
	case step < 1 || step > 1<<16:
		return nil, &DistributionError{Index: -1, Reason: "the step of an update is not 1 to 2^16"}
	case limit < 2*uint64(n)+2*uint64(step) || limit > 1<<31:
		return nil, &DistributionError{Index: -1, Reason: "the limit is not from 2*(symbols+step) to 2^31"}
	}
	a := &Adaptive{tree: fenwick.New(n), step: step, limit: limit}
	a.Reset()
	return a, nil
}

// Reset makes every count 1 again.
func (a *Adaptive) Reset() {
	a.tree.Fill()
	a.line = newLine(uint64(a.Len()), a.Len())
}

// Len returns the number of symbols.
func (a *Adaptive) Len() int { return a.tree.Len() }

// Count returns the count of symbol, which must be below Len, and the total.
func (a *Adaptive) Count(symbol uint32) (count, total uint64) {
	return uint64(a.tree.Count(int(symbol))), a.line.total
}

// Interval returns the interval of symbol.
func (a *Adaptive) Interval(symbol uint32) (Interval, error) {
	if uint64(symbol) >= uint64(a.Len()) {
		return Interval{}, &SymbolError{Symbol: symbol, Len: a.Len()}
	}
	return a.interval(int(symbol), uint64(a.tree.Sum(int(symbol)))), nil
}

func (a *Adaptive) interval(i int, before uint64) Interval {
	return a.line.interval(before, uint64(a.tree.Count(i)), uint64(i))
}

// Find returns the symbol whose interval holds point, and the interval.
func (a *Adaptive) Find(point uint32) (uint32, Interval) {
	// Symbol i, with before counted before it, begins at or before the point.
	i, before := 0, uint64(0)
	for size := a.tree.Top(); size > 0; size >>= 1 {
		next := i + size
		if next >= a.Len() {
			continue
		}
		if sum := before + uint64(a.tree[next]); a.line.begins(sum, uint64(next), point) {
			i, before = next, sum
		}
	}
	return uint32(i), a.interval(i, before)
}

// Update counts symbol, which must be below Len, once more.
func (a *Adaptive) Update(symbol uint32) {
	a.tree.Add(int(symbol), a.step)
	a.line.total += uint64(a.step)
	if a.line.total > a.limit {
		a.line.total = uint64(a.tree.Halve())
	}
}
