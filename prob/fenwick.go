package prob

import (
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
)

// Adaptive is the distribution of symbols that are being counted. Interval, Find
// and Update each take a number of steps that grows with the logarithm of the
// number of symbols; the counts stand in a Fenwick tree of 4 bytes a symbol
// (P. M. Fenwick, A new data structure for cumulative frequency tables, 1994).
//
// Every count begins at 1. Once the total passes the limit all counts are halved,
// n becoming n - floor(n/2), which makes the distribution follow symbols whose
// frequencies change and takes a time in proportion to the number of symbols.
type Adaptive struct {
	tree  []uint32 // tree[i] is the sum of the counts of the symbols i-lowbit(i)..i-1
	total uint64   // below 2^32
	step  uint32
	limit uint64
	top   int // the largest power of two that is at most the number of symbols
}

// NewAdaptive returns a distribution over n symbols, 1..MaxSymbols, all equally
// likely at first. Each Update adds step to a count, and totals above limit are
// halved. step must be 1..2^16 and limit from 2*n+2*step to 2^31.
func NewAdaptive(n int, step uint32, limit uint64) (*Adaptive, error) {
	switch {
	case n < 1 || n > MaxSymbols:
		return nil, &fault.DistributionError{Index: -1, Reason: "the number of symbols is not 1 to 2^24"}
	case step < 1 || step > 1<<16:
		return nil, &fault.DistributionError{Index: -1, Reason: "the step of an update is not 1 to 2^16"}
	case limit < 2*uint64(n)+2*uint64(step) || limit > 1<<31:
		return nil, &fault.DistributionError{Index: -1, Reason: "the limit is not from 2*(symbols+step) to 2^31"}
	}
	a := &Adaptive{tree: make([]uint32, n+1), step: step, limit: limit, top: 1 << (bits.Len(uint(n)) - 1)}
	a.Reset()
	return a, nil
}

// Reset makes every count 1 again.
func (a *Adaptive) Reset() {
	for i := range a.tree {
		a.tree[i] = uint32(i & -i)
	}
	a.total = uint64(a.Len())
}

// Len returns the number of symbols.
func (a *Adaptive) Len() int { return len(a.tree) - 1 }

// Count returns the count of symbol, which must be below Len, and the total.
func (a *Adaptive) Count(symbol uint32) (count, total uint64) {
	return a.sum(int(symbol)+1) - a.sum(int(symbol)), a.total
}

// sum returns the sum of the first i counts.
func (a *Adaptive) sum(i int) uint64 {
	s := uint32(0)
	for ; i > 0; i &= i - 1 {
		s += a.tree[i]
	}
	return uint64(s)
}

// low returns the lower end of the interval of symbol i, where before of the
// total lies before it. With totals below 2^32 its product has 64 bits.
func (a *Adaptive) low(i int, before uint64) uint64 {
	return before*(Total-uint64(a.Len()))/a.total + uint64(i)
}

// Interval returns the interval of symbol.
func (a *Adaptive) Interval(symbol uint32) (Interval, error) {
	if uint64(symbol) >= uint64(a.Len()) {
		return Interval{}, &fault.SymbolError{Symbol: symbol, Len: a.Len()}
	}
	return a.interval(int(symbol), a.sum(int(symbol))), nil
}

func (a *Adaptive) interval(i int, before uint64) Interval {
	low := a.low(i, before)
	high := a.low(i+1, a.sum(i+1))
	return Interval{low, high - low}
}

// Find returns the symbol whose interval holds point, and the interval.
func (a *Adaptive) Find(point uint32) (uint32, Interval) {
	if a.Len() == 1 {
		return 0, Interval{0, Total}
	}
	// i and before are those of the last symbol known to begin at or before
	// the point: before*spread < (point-i+1)*total, as in reaches.
	spread := Total - uint64(a.Len())
	i, before := 0, uint64(0)
	for size := a.top; size > 0; size >>= 1 {
		next := i + size
		if next >= len(a.tree)-1 || uint64(point) < uint64(next) {
			continue
		}
		sum := before + uint64(a.tree[next])
		if sum*spread < (uint64(point)-uint64(next)+1)*a.total {
			i, before = next, sum
		}
	}
	return uint32(i), a.interval(i, before)
}

// Update counts symbol, which must be below Len, once more.
func (a *Adaptive) Update(symbol uint32) {
	for i := int(symbol) + 1; i < len(a.tree); i += i & -i {
		a.tree[i] += a.step
	}
	a.total += uint64(a.step)
	if a.total > a.limit {
		a.halve()
	}
}

// halve takes the tree apart into counts, halves them, and builds it again.
func (a *Adaptive) halve() {
	for i := len(a.tree) - 1; i > 0; i-- {
		if up := i + i&-i; up < len(a.tree) {
			a.tree[up] -= a.tree[i]
		}
	}
	a.total = 0
	for i := 1; i < len(a.tree); i++ {
		a.tree[i] -= a.tree[i] / 2
		a.total += uint64(a.tree[i])
	}
	for i := 1; i < len(a.tree); i++ {
		if up := i + i&-i; up < len(a.tree) {
			a.tree[up] += a.tree[i]
		}
	}
}
