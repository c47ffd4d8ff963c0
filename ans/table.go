package ans

import (
	"fmt"
	"math/bits"
	"slices"
	"sort"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/prob"
)

const (
	// MaxSize is the largest number of symbols that a Table may have.
	MaxSize = 1 << 16

	// MinPrecision and MaxPrecision bound the precision of a Table, in bits.
	MinPrecision = 8
	MaxPrecision = 20
)

// A Symbol is what blocks are made of: a number below the table's size.
type Symbol interface {
	~uint8 | ~uint16 | ~uint32
}

// A Table is a static distribution over the symbols 0..Len-1 that shares
// 2^Precision slots out among them. Symbols without a slot cannot be coded. A
// Table is read-only and safe for use by several goroutines.
type Table struct {
	prec uint
	freq []uint32 // slots of each symbol; they add up to 2^prec
	cum  []uint32 // slots of the symbols before
	flat bool     // the slots are shared out evenly, as flatSlots does
	sole bool     // one symbol has all slots
}

// newTable takes freq over, which must add up to 2^prec.
func newTable(freq []uint32, prec uint, flat bool) *Table {
	t := &Table{prec: prec, freq: freq, cum: make([]uint32, len(freq)), flat: flat}
	sum := uint32(0)
	for s, f := range freq {
		t.cum[s] = sum
		sum += f
		t.sole = t.sole || f == 1<<prec
	}
	return t
}

// flatSlots shares 2^prec slots out evenly over size symbols.
func flatSlots(size int, prec uint) []uint32 {
	freq := make([]uint32, size)
	before := uint64(0)
	for s := range freq {
		next := uint64(s+1) << prec / uint64(size)
		freq[s] = uint32(next - before)
		before = next
	}
	return freq
}

// FlatTable returns the table in which all of size symbols, 1..MaxSize, have
// equal shares, at the precision that suits their number. It is stored in a byte.
func FlatTable(size int) (*Table, error) {
	if err := checkSize(size); err != nil {
		return nil, err
	}
	return flatTable(size, flatPrecision(size)), nil
}

func flatTable(size int, prec uint) *Table {
	return newTable(flatSlots(size, prec), prec, true)
}

// flatPrecision returns the precision of flat tables of a size: exact for powers
// of two, else with at least 16 slots a symbol, which loses less than 2^-9 bit.
func flatPrecision(size int) uint {
	need := uint(bits.Len(uint(size - 1)))
	if size&(size-1) != 0 {
		need += 4
	}
	return min(max(need, MinPrecision), MaxPrecision)
}

func checkSize(size int) error {
	if size < 1 || size > MaxSize {
		return &prob.DistributionError{Index: -1, Reason: fmt.Sprintf("a table has 1 to %d symbols, not %d", MaxSize, size)}
	}
	return nil
}

// TableOf returns the table in which symbol s has slots[s] slots, of which there are a
// power of two from 2^MinPrecision to 2^MaxPrecision. Others are an error that wraps
// prob.ErrDistribution.
func TableOf(slots []uint32) (*Table, error) {
	if err := checkSize(len(slots)); err != nil {
		return nil, err
	}
	sum := uint64(0)
	for _, f := range slots {
		sum += uint64(f)
	}
	prec := bits.Len64(sum) - 1
	if prec < MinPrecision || prec > MaxPrecision || sum != 1<<prec {
		return nil, &prob.DistributionError{Index: -1, Reason: fmt.Sprintf("%d slots are not those of a table", sum)}
	}
	return newTable(slices.Clone(slots), uint(prec), false), nil
}

// Len returns the number of symbols.
func (t *Table) Len() int { return len(t.freq) }

// Precision returns the binary logarithm of the number of slots, MinPrecision to
// MaxPrecision.
func (t *Table) Precision() int { return int(t.prec) }

// Slots returns how many slots a symbol has, 0 if none or if it is not in 0..Len-1.
func (t *Table) Slots(symbol uint32) uint32 {
	if int64(symbol) >= int64(len(t.freq)) {
		return 0
	}
	return t.freq[symbol]
}

// Interval returns the interval of a symbol, for coders that take intervals. A
// symbol that the table cannot code is an error that wraps prob.ErrSymbol.
func (t *Table) Interval(symbol uint32) (prob.Interval, error) {
	f := t.Slots(symbol)
	if f == 0 {
		return prob.Interval{}, t.symbolError(symbol)
	}
	shift := 32 - t.prec
	return prob.Interval{Low: uint64(t.cum[symbol]) << shift, Width: uint64(f) << shift}, nil
}

// Find returns the symbol whose interval holds point, and the interval.
func (t *Table) Find(point uint32) (uint32, prob.Interval) {
	slot := point >> (32 - t.prec)
	// The last symbol that begins at or before the slot; those without slots
	// begin where the next one does.
	s := uint32(sort.Search(len(t.cum), func(i int) bool { return t.cum[i] > slot }) - 1)
	shift := 32 - t.prec
	return s, prob.Interval{Low: uint64(t.cum[s]) << shift, Width: uint64(t.freq[s]) << shift}
}

// Costs returns the information content of each symbol in bits; it is 0 for
// those that the table cannot code.
func (t *Table) Costs() []float32 {
	costs := make([]float32, len(t.freq))
	for s, f := range t.freq {
		if f != 0 {
			costs[s] = float32(float64(uint64(t.prec)*surprisal.One-log2(f)) / surprisal.One)
		}
	}
	return costs
}

// Bits returns the information content of a block in which symbol s occurs
// counts[s] times, in bits, and false if it has a symbol that the table cannot
// code. It is computed in integers, the same everywhere, to within 2^-16 bit a
// symbol.
func (t *Table) Bits(counts []uint64) (uint64, bool) {
	var sum uint64 // in 2^-16 bit
	for s, c := range counts {
		if c == 0 {
			continue
		}
		f := t.Slots(uint32(s))
		if f == 0 {
			return 0, false
		}
		sum += c * (uint64(t.prec)<<16 - log2(f)>>(fraction-16))
	}
	return (sum + 1<<16 - 1) >> 16, true
}

func (t *Table) symbolError(symbol uint32) error {
	if int64(symbol) >= int64(len(t.freq)) {
		return &prob.SymbolError{Symbol: symbol, Len: len(t.freq)}
	}
	return fmt.Errorf("%w: %d has no share of the table", fault.ErrSymbol, symbol)
}

// Count adds the number of times that each symbol occurs to counts. A symbol that
// is not below len(counts) is an error that wraps prob.ErrSymbol, and then counts
// is of no use.
func Count[S Symbol](counts []uint64, symbols []S) error {
	for len(symbols) > 0 && len(counts) <= small {
		part := symbols[:min(len(symbols), 1<<30)]
		if !countSmall(counts, part) {
			break
		}
		symbols = symbols[len(part):]
	}
	for _, s := range symbols {
		if int64(s) >= int64(len(counts)) {
			return &prob.SymbolError{Symbol: uint32(s), Len: len(counts)}
		}
		counts[s]++
	}
	return nil
}

// small is the alphabet up to which countSmall counts.
const small = 1 << 10

// countSmall counts in four places by turns: adding to the number that was just
// stored, as runs of a symbol do, would wait for it. It reports whether all
// symbols are below len(counts); if not, counts is of no use.
func countSmall[S Symbol](counts []uint64, symbols []S) bool {
	var c [4][small]uint32
	var all S
	for len(symbols) >= 4 {
		p, q, r, s := symbols[0], symbols[1], symbols[2], symbols[3]
		all |= p | q | r | s
		c[0][uint(p)&(small-1)]++
		c[1][uint(q)&(small-1)]++
		c[2][uint(r)&(small-1)]++
		c[3][uint(s)&(small-1)]++
		symbols = symbols[4:]
	}
	for _, s := range symbols {
		all |= s
		c[0][uint(s)&(small-1)]++
	}
	if uint(all) >= small {
		return false
	}
	for s := range c[0] {
		n := uint64(c[0][s]) + uint64(c[1][s]) + uint64(c[2][s]) + uint64(c[3][s])
		if s < len(counts) {
			counts[s] += n
		} else if n != 0 {
			return false
		}
	}
	return true
}
