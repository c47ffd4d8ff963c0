package prob

import "math/bits"

// A line places the intervals of a distribution, whatever its kind: symbol i
// begins at floor(C * (2^32 - V) / W) + i, where C is the weight of the symbols
// before i, W that of all, and V the number of symbols. The i at the end gives
// every symbol at least one point, also where its weight is zero. The starts
// grow strictly from 0 to 2^32 for every W from 1 to 2^64-1.
type line struct {
	total uint64 // W
	spare uint64 // 2^32 - V: the points that are shared out by weight
}

func newLine(total uint64, symbols int) line {
	return line{total: total, spare: Total - uint64(symbols)}
}

// low returns where symbol i begins; before is the weight of the symbols before
// it, at most the total (more counts as that: an array may have changed since it
// was weighed). low(total, V) is 2^32.
func (l line) low(before, i uint64) uint64 {
	hi, lo := bits.Mul64(min(before, l.total), l.spare)
	q, _ := bits.Div64(hi, lo, l.total)
	return q + i
}

// interval returns the interval of symbol i, which weighs weight.
func (l line) interval(before, weight, i uint64) Interval {
	low := l.low(before, i)
	return Interval{Low: low, Width: l.low(before+weight, i+1) - low}
}

// begins reports whether symbol i begins at or before point, which is the case
// when before * (2^32 - V) < (point - i + 1) * W. It needs no division, so it
// is what a search uses.
func (l line) begins(before, i uint64, point uint32) bool {
	if i > uint64(point) {
		return false
	}
	ahi, alo := bits.Mul64(before, l.spare)
	bhi, blo := bits.Mul64(uint64(point)-i+1, l.total)
	_, less := bits.Sub64(alo, blo, 0)
	_, less = bits.Sub64(ahi, bhi, less)
	return less != 0
}

// reach returns a weight below which all of the symbols up to i surely begin at
// or before point, so that a search may skip ahead. The total is below 2^63.
func (l line) reach(i uint64, point uint32) uint64 {
	if i > uint64(point) {
		return 0
	}
	hi, lo := bits.Mul64(uint64(point)-i+1, l.total)
	q, _ := bits.Div64(hi, lo, l.spare)
	return q
}

// Low returns where a symbol begins on the line of a distribution over symbols of
// total weight total, in which those before it weigh before: docs/exactness.md,
// section 4. Low(n, total, total, n) is Total. It is for weights that were worked out
// elsewhere; 1 <= symbols <= MaxSymbols and 1 <= total are the caller's to check, and
// symbol <= symbols.
func Low(symbols int, total, before uint64, symbol int) uint64 {
	return newLine(total, symbols).low(before, uint64(symbol))
}
