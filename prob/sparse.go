package prob

import (
	"math"
	"math/bits"
	"slices"

	"github.com/foretell/foretell/internal/simd"
)

// Rest, given as the tail of a Sparse, stands for what the given probabilities
// leave of 1, and for nothing if they leave nothing.
const Rest = -1

// A Sparse is a distribution of which the probabilities of some symbols are
// given, as top-k and top-p sampling give them, and the rest, the tail, is shared
// equally by all other symbols: so every symbol can be coded, at a cost that does
// not depend on how many there are. SetSparse and SetSparseLog fill it.
//
// The zero value has no symbols: Interval gives an error and Find the whole line.
// Nothing is allocated once the largest number of given symbols has been seen.
type Sparse struct {
	n    int // number of symbols
	line line
	tail uint64   // weight of the symbols that are not given
	mark uint64   // fingerprint
	ids  []uint32 // the given symbols, ascending
	cum  []uint64 // cum[r] is the weight of ids[:r]

	// Set works in these, so that a refused input changes nothing above.
	weights []uint32
	keys    []uint64 // id<<32 | position
	spare   []uint64
}

// SetSparse makes s a distribution over n symbols, 1..MaxSymbols, where symbol
// ids[i] has probability p[i] and all others share tail, a probability or Rest.
// The ids may come in any order, which does not change the result. The sum need
// not be 1, but unlike those of a Categorical the weights are not scaled up if it
// is small. Nothing is kept of the arguments.
//
// Refused with a *DistributionError that names the index in ids and p: an
// id that is not below n or comes a second time, a probability that is NaN,
// negative, or 2 or above (rounding may carry one a little beyond 1). A tail of
// that kind is refused too, and so is a distribution with no weight at all. Then
// s is as it was.
func SetSparse[T Float](s *Sparse, n int, ids []uint32, p []T, tail float64) error {
	return s.set(n, ids, numbersOf(p), tail, probabilityWeight)
}

// SetSparseLog is SetSparse with the natural logarithms of the probabilities,
// minus infinity for a probability of zero. They are taken as they are: unlike
// logits they are not shifted by their maximum. One between 0 and the logarithm
// of 2 counts as 0. The tail is a probability, or Rest.
func SetSparseLog[T Float](s *Sparse, n int, ids []uint32, logs []T, tail float64) error {
	return s.set(n, ids, numbersOf(logs), tail, logWeight)
}

// probabilityWeight returns floor(p * 2^31) for the p with the float32 bits b, or
// why it is refused.
func probabilityWeight(b uint32) (w uint32, reason string) {
	if reason := refusal(b); reason != "" {
		return 0, reason
	}
	if b &^= minusZero; b >= floatTwo {
		return 0, "a probability of 2 or above"
	}
	return simd.Weight(b, firstScale), ""
}

// logWeight returns the weight of a probability whose logarithm has the float32
// bits b, or why it is refused.
func logWeight(b uint32) (w uint32, reason string) {
	switch {
	case b&^minusZero > maxFinite+1:
		return 0, "not a number"
	case b < minusZero && b >= floatLn2:
		return 0, "the logarithm of a probability of 2 or above"
	case b < minusZero:
		b = 0
	}
	return simd.LogitWeight(math.Float32frombits(b), logOffset), ""
}

const (
	floatTwo = 128 << 23
	floatLn2 = 0x3f317218 // the first float32 above ln 2
)

// logOffset makes simd.LogitWeight e^x itself.
var logOffset = simd.LogitOffset(0)

func (s *Sparse) set(n int, ids []uint32, values numbers, tail float64, weigh func(uint32) (uint32, string)) error {
	switch {
	case n < 1 || n > MaxSymbols:
		return &DistributionError{Index: -1, Reason: "the number of symbols is not 1 to 2^24"}
	case len(ids) != values.n:
		return &DistributionError{Index: -1, Reason: "there are not as many probabilities as ids"}
	case len(ids) > n:
		return &DistributionError{Index: -1, Reason: "more ids than symbols"}
	}
	sum := uint64(0)
	s.weights, s.keys = s.weights[:0], s.keys[:0]
	for i, id := range ids {
		if int64(id) >= int64(n) {
			return &DistributionError{Index: i, Reason: "an id that is not below the number of symbols"}
		}
		w, reason := weigh(values.bits(i))
		if reason != "" {
			return &DistributionError{Index: i, Reason: reason}
		}
		sum += uint64(w)
		s.weights = append(s.weights, w)
		s.keys = append(s.keys, uint64(id)<<32|uint64(i))
	}
	s.sort(n)
	if i := duplicate(s.keys); i >= 0 {
		return &DistributionError{Index: i, Reason: "an id that occurs twice"}
	}
	t, reason := tailWeight(tail, sum)
	switch {
	case reason != "":
		return &DistributionError{Index: -1, Reason: reason}
	case len(ids) == n:
		t = 0
	}
	if sum+t == 0 {
		return &DistributionError{Index: -1, Reason: "nothing above zero"}
	}

	s.n, s.tail, s.line = n, t, newLine(sum+t, n)
	s.ids, s.cum = s.ids[:0], append(s.cum[:0], 0)
	s.mark = 2 * t
	sum = 0
	for _, key := range s.keys {
		w := uint64(s.weights[uint32(key)])
		sum += w
		s.ids = append(s.ids, uint32(key>>32))
		s.cum = append(s.cum, sum)
		s.mark += (w + 1) * (key>>32*0x9e3779b97f4a7c15 | 1)
	}
	return nil
}

// sort puts the keys in order, whose ids are below n.
func (s *Sparse) sort(n int) {
	if len(s.keys) < 64 {
		slices.Sort(s.keys)
		return
	}
	s.spare = slices.Grow(s.spare[:0], len(s.keys))[:len(s.keys)]
	for shift := 32; shift < 32+bits.Len(uint(n-1)); shift += 8 {
		var starts [257]int
		for _, key := range s.keys {
			starts[key>>shift&255+1]++
		}
		for i := range 255 {
			starts[i+1] += starts[i]
		}
		for _, key := range s.keys {
			at := &starts[key>>shift&255]
			s.spare[*at] = key
			*at++
		}
		s.keys, s.spare = s.spare, s.keys
	}
}

// duplicate returns the lowest position at which an id occurs again, -1 if none
// does.
func duplicate(keys []uint64) int {
	lowest := -1
	for i := 1; i < len(keys); i++ {
		if keys[i]>>32 == keys[i-1]>>32 {
			if at := int(uint32(keys[i])); lowest < 0 || at < lowest {
				lowest = at
			}
		}
	}
	return lowest
}

// tailWeight returns the weight of a tail beside given weights that add up to sum.
func tailWeight(tail float64, sum uint64) (w uint64, reason string) {
	if tail == Rest {
		return max(1<<31, sum) - sum, ""
	}
	t, reason := probabilityWeight(simd.BitsFloat64(tail))
	if reason != "" {
		return 0, "tail: " + reason
	}
	return uint64(t), ""
}

// Len returns the number of symbols.
func (s *Sparse) Len() int { return s.n }

// Weight returns a fingerprint for the guard of a stream, since the total weight
// does not change with what Rest makes up for: docs/stream.md specifies it. A
// change to one weight always changes it. It is zero if nothing is set.
func (s *Sparse) Weight() uint64 { return s.mark }

// Interval returns the interval of symbol.
func (s *Sparse) Interval(symbol uint32) (Interval, error) {
	if int64(symbol) >= int64(s.n) {
		return Interval{}, &SymbolError{Symbol: symbol, Len: s.n}
	}
	r, given := slices.BinarySearch(s.ids, symbol)
	return s.interval(r, symbol, given), nil
}

// before returns the weight of all symbols before symbol, of which r are given.
func (s *Sparse) before(r int, symbol uint32) uint64 {
	w := s.cum[r]
	if s.tail != 0 {
		w += s.tail * (uint64(symbol) - uint64(r)) / uint64(s.n-len(s.ids))
	}
	return w
}

// interval returns the interval of symbol, before which r are given.
func (s *Sparse) interval(r int, symbol uint32, given bool) Interval {
	before, after := s.before(r, symbol), uint64(0)
	if given {
		after = s.cum[r+1] - s.cum[r] + before
	} else {
		after = s.before(r, symbol+1)
	}
	return s.line.interval(before, after-before, uint64(symbol))
}

// begins reports whether symbol, before which r are given, begins at or before
// point.
func (s *Sparse) begins(r int, symbol uint32, point uint32) bool {
	return s.line.begins(s.before(r, symbol), uint64(symbol), point)
}

// Find returns the symbol whose interval holds point, and the interval.
func (s *Sparse) Find(point uint32) (uint32, Interval) {
	if s.n == 0 {
		return 0, Interval{Width: Total}
	}
	// r becomes the number of given symbols whose intervals begin at or before
	// point: it lies in the last of them, or in the tail symbols after it.
	r, end := 0, len(s.ids)
	for r < end {
		mid := int(uint(r+end) >> 1)
		if s.begins(mid, s.ids[mid], point) {
			r = mid + 1
		} else {
			end = mid
		}
	}
	first, last := uint32(0), uint32(s.n-1)
	if r > 0 {
		first = s.ids[r-1] + 1
	}
	if r < len(s.ids) {
		last = s.ids[r] - 1
	}
	if r > 0 && (first > last || !s.begins(r, first, point)) {
		return s.ids[r-1], s.interval(r-1, s.ids[r-1], true)
	}
	// It is the last one that begins at or before point: the guess or one beside it
	// as a rule, and where that is far off, within twice as many as it is off by.
	low, high := first, last
	if symbol := s.guess(r, first, last, point); s.begins(r, symbol, point) {
		low = symbol
		for step := uint32(1); low < high; step *= 2 {
			symbol = low + min(step, high-low)
			if !s.begins(r, symbol, point) {
				high = symbol - 1
				break
			}
			low = symbol
		}
	} else {
		high = symbol - 1
		for step := uint32(1); low < high; step *= 2 {
			symbol = high - min(step, high-low)
			if s.begins(r, symbol, point) {
				low = symbol
				break
			}
			high = symbol - 1
		}
	}
	for low < high {
		mid := high - (high-low)/2
		if s.begins(r, mid, point) {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low, s.interval(r, low, false)
}

// guess returns one of the tail symbols first..last, before which r are given, near
// the one that holds point. Find goes on from it in integers, so floating point may
// round here as it likes.
func (s *Sparse) guess(r int, first, last, point uint32) uint32 {
	// The lower end of symbol i is about i + scale * (cum[r] + share*(i-r)).
	scale := float64(s.line.spare) / float64(s.line.total)
	share := float64(s.tail) / float64(s.n-len(s.ids))
	i := (float64(point) - scale*(float64(s.cum[r])-share*float64(r))) / (1 + scale*share)
	if !(i > float64(first)) {
		return first
	}
	return uint32(min(i, float64(last)))
}
