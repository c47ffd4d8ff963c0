package prob

import (
	"math/bits"
)

// A Table is the distribution of counts, worked out once to be used many times:
// Interval takes constant time and Find one look-up and a short search. The
// intervals are those of Counts. It holds 4 bytes for each symbol and, for the
// look-up, 8 to 16 more for each of up to 65,536 symbols.
//
// The zero value has no symbols: Interval gives an error and Find the whole line.
type Table struct {
	lows   []uint32 // lower end of each interval, and 2^32 (as 0) after the last
	starts []uint32 // symbol at the first point of each of 2^k equal parts of the line, and the last symbol
	shift  uint     // 32-k
}

// maxParts is the largest k for the parts that the look-up divides the line into.
const maxParts = 17

// NewTable returns the distribution of the counts: 1..MaxSymbols of them, at
// least one positive, their sum below 2^63. It keeps nothing of counts.
func NewTable[T uint32 | uint64](counts []T) (*Table, error) {
	t := new(Table)
	if err := fill(t, counts); err != nil {
		return nil, err
	}
	return t, nil
}

// Reset makes t the distribution of other counts, as NewTable does, in the
// memory that it has where that is enough. After an error t is as it was.
func (t *Table) Reset(counts []uint32) error { return fill(t, counts) }

func fill[T uint32 | uint64](t *Table, counts []T) error {
	total, err := sum(counts)
	if err != nil {
		return err
	}
	n := len(counts)
	l := newLine(total, n)
	k := min(bits.Len(uint(n)), maxParts-1) + 1
	t.lows = resize(t.lows, n+1)
	t.starts = resize(t.starts, 1<<k+1)
	t.shift = 32 - uint(k)

	// scaled is floor(before * (2^32-n) / total), which a zero count leaves.
	before, scaled := uint64(0), uint64(0)
	part := 0
	for i, c := range counts {
		low := scaled + uint64(i)
		t.lows[i] = uint32(low)
		if c != 0 {
			before += uint64(c)
			scaled = l.low(before, 0)
		}
		for high := scaled + uint64(i) + 1; uint64(part)<<t.shift < high; part++ {
			t.starts[part] = uint32(i)
		}
	}
	t.lows[n] = 0
	t.starts[part] = uint32(n - 1)
	return nil
}

func resize(s []uint32, n int) []uint32 {
	if cap(s) < n {
		return make([]uint32, n)
	}
	return s[:n]
}

// Len returns the number of symbols.
func (t *Table) Len() int { return max(len(t.lows)-1, 0) }

// Interval returns the interval of symbol.
func (t *Table) Interval(symbol uint32) (Interval, error) {
	if uint64(symbol)+1 >= uint64(len(t.lows)) {
		return Interval{}, &SymbolError{Symbol: symbol, Len: t.Len()}
	}
	low := t.lows[symbol]
	return Interval{uint64(low), t.width(t.lows[symbol+1] - low)}, nil
}

// width returns the width whose lower 32 bits are given: only the whole line has
// none.
func (t *Table) width(low32 uint32) uint64 {
	if low32 == 0 {
		return Total
	}
	return uint64(low32)
}

// Find returns the symbol whose interval holds point, and the interval.
func (t *Table) Find(point uint32) (uint32, Interval) {
	if len(t.lows) == 0 {
		return 0, Interval{Width: Total}
	}
	// The symbol is first or after it, and before end.
	part := point >> t.shift
	first, end := t.starts[part], t.starts[part+1]+1
	for end-first > 8 {
		if mid := (first + end) / 2; t.lows[mid] <= point {
			first = mid
		} else {
			end = mid
		}
	}
	for first+1 < end && t.lows[first+1] <= point {
		first++
	}
	low := t.lows[first]
	return first, Interval{uint64(low), t.width(t.lows[first+1] - low)}
}
