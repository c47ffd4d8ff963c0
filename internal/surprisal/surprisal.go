// Package surprisal measures information content in integers, so that a figure, and any
// choice that an encoder bases on one, is the same on every machine.
package surprisal

import "math/bits"

// One is one bit in the fixed-point numbers of Log2.
const One = 1 << fraction

const fraction = 48

// Log2 returns the base-2 logarithm of x > 0 with 48 bits after the point,
// rounded down; its error is below 2^-47. It squares the mantissa once for each
// bit of the result, so it is for tables and totals, not for inner loops.
func Log2(x uint64) uint64 {
	return log2(x, 63-bits.LeadingZeros64(x))
}

// log2 returns the logarithm of x * 2^(exp - floor(log2(x))).
func log2(x uint64, exp int) uint64 {
	m := x << bits.LeadingZeros64(x)
	l := uint64(exp)
	for range fraction {
		l <<= 1
		hi, lo := bits.Mul64(m, m)
		if hi>>63 != 0 {
			l++
			m = hi
		} else {
			m = hi<<1 | lo>>63
		}
	}
	return l
}

// A Sum adds up the information content of intervals: -log2(width / 2^32) bits
// each. It keeps the product of the widths, rounded to 64 bits, so that adding
// costs one multiplication; n additions are off by less than n * 2^-62 bits. The
// zero value is an empty sum.
type Sum struct {
	mantissa uint64 // product = mantissa / 2^64 / 2^halvings; 0 stands for an empty product
	halvings int64
}

// A State is what a Sum holds.
type State struct {
	Mantissa uint64
	Halvings int64
}

// State returns what the sum holds.
func (s *Sum) State() State { return State{s.mantissa, s.halvings} }

// FromState returns the sum that holds s. Any State is that of a sum.
func FromState(s State) Sum { return Sum{s.Mantissa, s.Halvings} }

// Add adds the content of an interval of the given width, 1..2^32.
func (s *Sum) Add(width uint64) {
	if width>>32 != 0 {
		return
	}
	p := s.mantissa
	zeros := bits.LeadingZeros64(width)
	w := width << zeros
	s.halvings += int64(zeros - 32)
	if p == 0 {
		// width / 2^(64-zeros) lies in [1/2, 1).
		s.mantissa = w
		return
	}
	hi, lo := bits.Mul64(p, w)
	if hi>>63 == 0 {
		hi = hi<<1 | lo>>63
		s.halvings++
	}
	s.mantissa = hi
}

// Bits returns the sum in bits.
func (s *Sum) Bits() float64 {
	if s.mantissa == 0 {
		return 0
	}
	// -log2(mantissa / 2^64) = 64 - log2(mantissa), in (0, 1].
	rest := 64<<fraction - log2(s.mantissa, 63)
	return float64(s.halvings) + float64(rest)/One
}
