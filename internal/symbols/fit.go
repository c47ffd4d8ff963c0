package symbols

import (
	"math"
	"slices"

	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/tokens"
)

// A Fitter chooses the map of a block. Add all its spans, then call Fit. It
// keeps its buffers for the next block after Reset; its zero value is ready.
type Fitter struct {
	spans []fitSpan
	n     int

	// The smallest and the largest value, in signed order if some is negative,
	// else in unsigned order; mixed says that neither order serves all spans.
	min, max              uint64
	negative, huge, mixed bool

	buf [chunk]uint64
}

type fitSpan struct {
	raw       []byte
	t         tokens.Type
	bigEndian bool
}

// Reset forgets all spans.
func (f *Fitter) Reset() {
	clear(f.spans)
	f.spans, f.n = f.spans[:0], 0
	f.negative, f.huge, f.mixed = false, false, false
}

// Add adds elements. raw is read again by Fit; until then it must not change. A
// length that is no whole number of elements is an error.
func (f *Fitter) Add(raw []byte, t tokens.Type, bigEndian bool) error {
	if t.Size() == 0 || len(raw)%t.Size() != 0 {
		return checkLen(len(raw)/max(t.Size(), 1), raw, t)
	}
	if len(raw) == 0 {
		return nil
	}
	span := fitSpan{raw, t, bigEndian}
	low, high := f.bounds(span)
	negative := t.Signed() && int64(low) < 0
	huge := !t.Signed() && high > math.MaxInt64
	f.negative = f.negative || negative
	f.huge = f.huge || huge
	f.mixed = f.negative && f.huge
	switch {
	case len(f.spans) == 0:
		f.min, f.max = low, high
	case f.negative:
		f.min = uint64(min(int64(f.min), int64(low)))
		f.max = uint64(max(int64(f.max), int64(high)))
	default:
		f.min, f.max = min(f.min, low), max(f.max, high)
	}
	f.spans = append(f.spans, span)
	f.n += len(raw) / t.Size()
	return nil
}

// each calls do with the span's values, a chunk at a time.
func (f *Fitter) each(s fitSpan, do func([]uint64)) {
	size := s.t.Size()
	for raw := s.raw; len(raw) > 0; {
		n := min(len(raw)/size, chunk)
		widen(f.buf[:n], raw, s.t, s.bigEndian)
		do(f.buf[:n])
		raw = raw[n*size:]
	}
}

// bounds returns the smallest and the largest value in the order of the type.
func (f *Fitter) bounds(s fitSpan) (low, high uint64) {
	// The order of signed values is that of unsigned ones with the first bit
	// turned.
	flip := uint64(0)
	if s.t.Signed() {
		flip = 1 << 63
	}
	low = math.MaxUint64
	f.each(s, func(values []uint64) {
		l, h := low, high
		for _, v := range values {
			v ^= flip
			l, h = min(l, v), max(h, v)
		}
		low, high = l, h
	})
	return low ^ flip, high ^ flip
}

const (
	// smallRange is a range of values that any number of elements deserves: as
	// large as the vocabularies of language models.
	smallRange = 1 << 18

	// perElement is how many possible values each element may bring.
	perElement = 16
)

// dense reports whether n elements may have symbols 0..last.
func dense(last uint64, n int) bool {
	return last < smallRange || last < MaxSymbols && last < perElement*uint64(n)
}

// Fit returns the map for the elements that were added. The same elements give
// the same map on every machine:
//
//  1. With no negative value, an offset of 0 if symbols up to the largest value
//     are dense (at most 2^18, or 16 per element and 2^24) and at most twice as
//     many as with an offset of the smallest value: tokens keep their numbers.
//  2. Else an offset of the smallest value if that is dense.
//  3. Else byte planes, if there are more than 2^24 values or planes are expected
//     to take less than a dictionary by more than half a bit per element. What is
//     compared is order-0 information, with the stored dictionary on one side
//     and on the other 8 bits for each byte value that a plane has, but at most
//     8 bits per byte.
//  4. Else a dictionary.
func (f *Fitter) Fit() *ValueMap {
	if f.n == 0 {
		return &ValueMap{size: 1}
	}
	if !f.mixed {
		last := f.max - f.min
		if !f.negative && dense(f.max, f.n) && f.max/2 <= last {
			return &ValueMap{size: int(f.max) + 1}
		}
		if dense(last, f.n) {
			return &ValueMap{offset: f.min, size: int(last) + 1}
		}
	}
	if m := f.dictionary(); m != nil {
		return m
	}
	return &ValueMap{kind: PlanesMap, size: 256}
}

// dictionary returns a dictionary of all values, nil if planes are better.
func (f *Fitter) dictionary() *ValueMap {
	tab := newTable(nil)
	for _, s := range f.spans {
		ok := true
		f.each(s, func(values []uint64) { ok = ok && tab.count(values) })
		if !ok {
			return nil
		}
	}
	base := f.min
	if f.mixed {
		base = 1 << 63
	}
	dict := tab.values()
	for i := range dict {
		dict[i] -= base
	}
	slices.Sort(dict)
	for i := range dict {
		dict[i] += base
	}
	bits := gapBits(dict) + contentBits(tab.counts, f.n)
	// Planes are several symbols per element, of which a model sees less.
	if bits > f.planeBits()+uint64(f.n)/2 {
		return nil
	}
	tab.number(dict)
	return &ValueMap{kind: DictionaryMap, size: len(dict), offset: dict[0], dict: dict, table: tab}
}

// planeBits returns how many bits byte planes are expected to take.
func (f *Fitter) planeBits() uint64 {
	var counts [8][256]uint32
	for _, s := range f.spans {
		f.each(s, func(values []uint64) {
			for p := range s.t.Size() {
				plane := &counts[p]
				for _, v := range values {
					plane[byte(v>>(8*p))]++
				}
			}
		})
	}
	var bits uint64
	for i := range counts {
		n, used := 0, uint64(0)
		for _, c := range counts[i] {
			n += int(c)
			if c > 0 {
				used++
			}
		}
		bits += min(contentBits(counts[i][:], n)+8*used, 8*uint64(n))
	}
	return bits
}

// contentBits returns the information in n symbols that occur counts times,
// rounded to bits: the sum of c * log2(n/c).
func contentBits(counts []uint32, n int) uint64 {
	// Sixteen bits after the point: n * log2(n) fits for all n below 2^42.
	const drop = 32
	var known [1024]uint64
	log := func(c uint32) uint64 {
		if int(c) >= len(known) {
			return surprisal.Log2(uint64(c)) >> drop
		}
		if known[c] == 0 && c > 1 {
			known[c] = surprisal.Log2(uint64(c)) >> drop
		}
		return known[c]
	}
	if n == 0 {
		return 0
	}
	sum := uint64(n) * (surprisal.Log2(uint64(n)) >> drop)
	for _, c := range counts {
		if c > 0 {
			sum -= uint64(c) * log(c)
		}
	}
	return sum / (surprisal.One >> drop)
}
