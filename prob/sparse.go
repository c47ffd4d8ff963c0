package prob

import (
	"slices"

	"github.com/foretell/foretell/internal/fault"
)

// Rest, given as the tail of a Sparse, stands for what the given probabilities
// leave of 1, and for nothing if they leave nothing.
const Rest float32 = -1

// Sparse is a distribution of which the probabilities of some symbols are given,
// as top-k and top-p sampling give them, and the rest, the tail, is shared
// equally by all other symbols: so every symbol can be coded, at a cost that does
// not depend on how many there are. The zero value has no symbols; a Set method
// comes first, and may be called any number of times. The intervals are
// specified in docs/exactness.md, Sparse.
type Sparse struct {
	n    int      // number of symbols
	ids  []uint32 // the given symbols, ascending
	cum  []uint64 // cum[r] is the weight of ids[:r]
	tail uint64   // weight of all other symbols
	w    uint64   // weight of all symbols

	// Set works in these, so that a refused input changes nothing above.
	weights []uint32
	keys    []uint64 // id<<32 | position
}

// SetProbs makes s a distribution over n symbols, 1..MaxSymbols, where symbol
// ids[i] has probability probs[i] and the others share tail, a probability or
// Rest. The ids may come in any order, which does not change the result. They
// need not add up to 1 with the tail, as no probabilities in this package need,
// but unlike Categorical a Sparse does not scale them up first: whole
// distributions that are far from 1 belong there.
//
// Refused with a *fault.DistributionError that names the index in ids and probs:
// an id that is not below n or occurs a second time, a probability that is NaN,
// negative, or 2 and above (1 is not the limit because rounding may exceed it a
// little). A tail like these is refused too, as are all weights of zero. Then s
// is as it was. Set does not keep its arguments.
func (s *Sparse) SetProbs(n int, ids []uint32, probs []float32, tail float32) error {
	return s.set(n, ids, probs, tail, weightOfProb)
}

// SetLogProbs is SetProbs with natural logarithms of probabilities; minus
// infinity is a probability of 0. They are taken as they are: unlike logits they
// are not shifted by their maximum. The tail is a probability, or Rest.
func (s *Sparse) SetLogProbs(n int, ids []uint32, logs []float32, tail float32) error {
	return s.set(n, ids, logs, tail, weightOfLog)
}

func (s *Sparse) set(n int, ids []uint32, values []float32, tail float32, weigh func(float32) (uint32, string)) error {
	switch {
	case n < 1 || n > MaxSymbols:
		return &fault.DistributionError{Index: -1, Reason: "the number of symbols is not 1 to 2^24"}
	case len(ids) != len(values):
		return &fault.DistributionError{Index: -1, Reason: "there are not as many probabilities as ids"}
	case len(ids) > n:
		return &fault.DistributionError{Index: n, Reason: "more ids than symbols"}
	}
	sum := uint64(0)
	s.weights, s.keys = s.weights[:0], s.keys[:0]
	for i, id := range ids {
		if int64(id) >= int64(n) {
			return &fault.DistributionError{Index: i, Reason: "an id that is not below the number of symbols"}
		}
		w, reason := weigh(values[i])
		if reason != "" {
			return &fault.DistributionError{Index: i, Reason: reason}
		}
		sum += uint64(w)
		s.weights = append(s.weights, w)
		s.keys = append(s.keys, uint64(id)<<32|uint64(i))
	}
	slices.Sort(s.keys)
	if i := duplicate(s.keys); i >= 0 {
		return &fault.DistributionError{Index: i, Reason: "an id that occurs twice"}
	}
	t, reason := tailWeight(tail, sum)
	switch {
	case reason != "":
		return &fault.DistributionError{Index: -1, Reason: reason}
	case len(ids) == n:
		t = 0
	}
	if sum+t == 0 {
		return &fault.DistributionError{Index: -1, Reason: "nothing above zero"}
	}

	s.n, s.tail, s.w = n, t, sum+t
	s.ids, s.cum = s.ids[:0], append(s.cum[:0], 0)
	sum = 0
	for _, key := range s.keys {
		sum += uint64(s.weights[uint32(key)])
		s.ids = append(s.ids, uint32(key>>32))
		s.cum = append(s.cum, sum)
	}
	return nil
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
func tailWeight(tail float32, sum uint64) (uint64, string) {
	if tail == Rest {
		return max(1<<31, sum) - sum, ""
	}
	w, reason := weightOfProb(tail)
	if reason != "" {
		return 0, "a tail that is neither Rest nor 0 to below 2"
	}
	return uint64(w), ""
}

// Len returns the number of symbols.
func (s *Sparse) Len() int { return s.n }

// Weight returns the weight of all symbols, as docs/exactness.md defines it.
func (s *Sparse) Weight() uint64 { return s.w }

// Interval returns the interval of symbol.
func (s *Sparse) Interval(symbol uint32) (Interval, error) {
	if int64(symbol) >= int64(s.n) {
		return Interval{}, &fault.SymbolError{Symbol: symbol, Len: s.n}
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
	after := r
	if given {
		after++
	}
	l := newLine(s.w, s.n)
	low := l.low(s.before(r, symbol), uint64(symbol))
	high := l.low(s.before(after, symbol+1), uint64(symbol)+1)
	return Interval{low, high - low}
}

// reached reports whether point lies at or after the lower end of symbol, before
// which r are given.
func (s *Sparse) reached(r int, symbol uint32, point uint32) bool {
	return newLine(s.w, s.n).begins(s.before(r, symbol), uint64(symbol), point)
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
		if s.reached(mid, s.ids[mid], point) {
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
	if r > 0 && (first > last || !s.reached(r, first, point)) {
		return s.ids[r-1], s.interval(r-1, s.ids[r-1], true)
	}
	symbol := s.guess(r, first, last, point)
	for symbol > first && !s.reached(r, symbol, point) {
		symbol--
	}
	for symbol < last && s.reached(r, symbol+1, point) {
		symbol++
	}
	return symbol, s.interval(r, symbol, false)
}

// guess returns one of the tail symbols first..last, before which r are given, at
// or next to the one that holds point. Find corrects it in integers, so floating
// point may round here as it likes.
func (s *Sparse) guess(r int, first, last, point uint32) uint32 {
	// The lower end of symbol i is about i + scale * (cum[r] + share*(i-r)).
	scale := float64(Total-uint64(s.n)) / float64(s.w)
	share := float64(s.tail) / float64(s.n-len(s.ids))
	i := (float64(point) - scale*(float64(s.cum[r])-share*float64(r))) / (1 + scale*share)
	if !(i > float64(first)) {
		return first
	}
	return uint32(min(i, float64(last)))
}
