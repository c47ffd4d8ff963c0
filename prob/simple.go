package prob

import (
	"math"
	"math/bits"
)

// Uniform is the distribution of symbols that are all equally likely.
type Uniform struct{ n uint64 }

// NewUniform returns the uniform distribution over n symbols, 1..MaxSymbols.
func NewUniform(n int) (*Uniform, error) {
	if n < 1 || n > MaxSymbols {
		return nil, &DistributionError{Index: -1, Reason: "the number of symbols is not 1 to 2^24"}
	}
	return &Uniform{uint64(n)}, nil
}

// Len returns the number of symbols.
func (u *Uniform) Len() int { return int(u.n) }

// Interval returns the interval of symbol.
func (u *Uniform) Interval(symbol uint32) (Interval, error) {
	if uint64(symbol) >= u.n {
		return Interval{}, &SymbolError{Symbol: symbol, Len: int(u.n)}
	}
	return u.interval(uint64(symbol)), nil
}

// interval returns the interval of symbol i, which begins at floor(i * 2^32 / n).
func (u *Uniform) interval(i uint64) Interval {
	low := i << 32 / u.n
	return Interval{low, (i+1)<<32/u.n - low}
}

// Find returns the symbol whose interval holds point, and the interval.
func (u *Uniform) Find(point uint32) (uint32, Interval) {
	if u.n == 0 {
		return 0, Interval{Width: Total}
	}
	// The last i with i*2^32 < (point+1)*n.
	i := ((uint64(point)+1)*u.n - 1) >> 32
	return uint32(i), u.interval(i)
}

// Bernoulli is the distribution of a symbol that is 1 with a given probability
// and otherwise 0. The zero value is 0 with certainty.
type Bernoulli struct {
	one uint64 // probability with massBits bits after the point
}

// Set makes b the distribution of a symbol that is 1 with probability p, 0 to 1.
// Anything else is refused with a *DistributionError.
func (b *Bernoulli) Set(p float64) error {
	one := math.Float64bits(1)
	switch f := floatOf(p); {
	case math.Float64bits(p)&^(1<<63) == 0:
		b.one = 0
	case math.Float64bits(p) > one: // NaN, infinity and negative values too
		return &DistributionError{Index: -1, Reason: "a probability that is not 0 to 1"}
	default:
		// p is mantissa * 2^exp, the mantissa having 64 bits.
		b.one = f.mantissa >> (-f.exp - massBits)
	}
	return nil
}

// Len returns 2.
func (b *Bernoulli) Len() int { return 2 }

// Interval returns the interval of symbol.
func (b *Bernoulli) Interval(symbol uint32) (Interval, error) {
	zero := b.zero()
	switch symbol {
	case 0:
		return Interval{0, zero}, nil
	case 1:
		return Interval{zero, Total - zero}, nil
	}
	return Interval{}, &SymbolError{Symbol: symbol, Len: 2}
}

// zero returns the width of the interval of symbol 0.
func (b *Bernoulli) zero() uint64 {
	hi, lo := bits.Mul64(1<<massBits-b.one, Total-2)
	return hi<<(64-massBits) | lo>>massBits + 1
}

// Find returns the symbol whose interval holds point, and the interval.
func (b *Bernoulli) Find(point uint32) (uint32, Interval) {
	zero := b.zero()
	if uint64(point) < zero {
		return 0, Interval{0, zero}
	}
	return 1, Interval{zero, Total - zero}
}
