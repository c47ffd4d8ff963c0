package prob

import (
	"math"
	"math/bits"
)

// massBits is the number of bits after the point of a probability mass: 1<<62 is
// all of it.
const massBits = 62

// zBits is the number of bits after the point of a distance in scales.
const zBits = 56

// zMax stands for all distances so large that no mass lies beyond them.
const zMax = 64 << zBits

// gaussianTails has 2^gaussianStep knots in each standard deviation, up to
// gaussianReach of them; beyond lies less than 2^-39 of the mass.
const (
	gaussianStep  = 9
	gaussianReach = 7
)

// log2E is log2(e) * 2^63, rounded down.
const log2E = 0xb8aa3b295c17f0bb

// A float is a non-negative binary floating-point number: mantissa * 2^exp, with
// the top bit of the mantissa set unless it is zero.
type float struct {
	mantissa uint64
	exp      int
}

// floatOf takes apart |x|, which must be finite. It reads the bits, because
// arithmetic on denormals depends on the mode of the processor.
func floatOf(x float64) float {
	b := math.Float64bits(x)
	m, exp := b&(1<<52-1), int(b>>52&0x7ff)
	if exp == 0 {
		exp = 1
	} else {
		m |= 1 << 52
	}
	shift := bits.LeadingZeros64(m) & 63
	return float{m << shift, exp - 1075 - shift}
}

// check returns why c cannot be used, or "".
func (c *Component) check() string {
	finite := func(x float64) bool { return math.Float64bits(x)>>52&0x7ff != 0x7ff }
	positive := func(x float64) bool { b := math.Float64bits(x); return b>>63 == 0 && b != 0 }
	switch {
	case c.Family > LogisticFamily:
		return "an unknown family"
	case !finite(c.Mean):
		return "a mean that is not finite"
	case !finite(c.Scale) || !positive(c.Scale):
		return "a scale that is not finite and above zero"
	case !finite(c.Weight) || math.Float64bits(c.Weight)<<1 != 0 && !positive(c.Weight):
		return "a weight that is not finite or is negative"
	}
	return ""
}

// heavier reports whether c has a larger weight than d. It compares bits, as a
// processor may take denormals for zero.
func (c *Component) heavier(d *Component) bool {
	return math.Float64bits(c.Weight)<<1 > math.Float64bits(d.Weight)<<1
}

// shareWeight returns floor(w * 2^k) for the k that makes the largest weight, top,
// 32 bits long.
func shareWeight(w float64, top float) uint64 {
	f := floatOf(w)
	if f.mantissa == 0 {
		return 0
	}
	return f.mantissa >> (32 + top.exp - f.exp)
}

// A part is a component made ready to be evaluated.
type part struct {
	family  Family
	weight  uint64 // of 2^32 for all parts together
	meanHi  int64  // the mean with 64 bits after the point,
	meanLo  uint64 // in two's complement
	inverse uint64 // 1/scale = inverse * 2^(-71-64+zBits-shift)
	shift   int
}

func newPart(c *Component, weight uint64) part {
	p := part{family: c.Family, weight: weight}
	mean := floatOf(c.Mean)
	// mean * 2^64 = mantissa * 2^(exp+64), rounded towards zero.
	switch s := mean.exp + 64; {
	case mean.exp >= -1:
		p.meanHi = 1 << 62
	case s >= 0:
		p.meanHi, p.meanLo = int64(mean.mantissa>>(64-s)), mean.mantissa<<s
	case s > -64:
		p.meanLo = mean.mantissa >> -s
	}
	if math.Float64bits(c.Mean)>>63 != 0 {
		lo, borrow := bits.Sub64(0, p.meanLo, 0)
		p.meanLo, p.meanHi = lo, -p.meanHi-int64(borrow)
	}
	scale := floatOf(c.Scale)
	p.inverse, _ = bits.Div64(1<<63-1, 1<<64-1, scale.mantissa)
	p.shift = scale.exp + 127 - zBits
	return p
}

// below returns the part's share of the mass below x - 1/2.
func (p *part) below(x int64) uint64 {
	lo, borrow := bits.Sub64(1<<63, p.meanLo, 0)
	hi, _ := bits.Sub64(uint64(x-1), uint64(p.meanHi), borrow)
	negative := hi>>63 != 0
	if negative {
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	mass := p.tail(p.distance(hi, lo))
	if !negative {
		mass = 1<<massBits - mass
	}
	hi, lo = bits.Mul64(mass, p.weight)
	return hi<<32 | lo>>32
}

// distance returns a distance, given with 64 bits after the point, in scales:
// floor(floor(d * inverse / 2^64) / 2^shift) up to zMax.
func (p *part) distance(hi, lo uint64) uint64 {
	carry, _ := bits.Mul64(lo, p.inverse)
	hi, lo = bits.Mul64(hi, p.inverse)
	lo, c := bits.Add64(lo, carry, 0)
	hi += c
	switch s := p.shift; {
	case s >= 64:
		return min(hi>>(s-64), zMax)
	case s > 0:
		if hi>>s != 0 {
			return zMax
		}
		return min(hi<<(64-s)|lo>>s, zMax)
	case hi != 0 || -s >= bits.LeadingZeros64(lo):
		if hi|lo == 0 {
			return 0
		}
		return zMax
	default:
		return min(lo<<-s, zMax)
	}
}

// tail returns the mass above z of the part's family, for z >= 0. It never grows
// with z.
func (p *part) tail(z uint64) uint64 {
	switch p.family {
	case GaussianFamily:
		return gaussianTail(z)
	case LaplaceFamily:
		return expNegative(z) / 2
	default:
		// 1/(1+e^z) = e^-z / (1+e^-z)
		e := expNegative(z)
		q, _ := bits.Div64(e>>(64-massBits), e<<massBits, 1<<massBits+e)
		return q
	}
}

// gaussianTail interpolates between the knots of gaussianTails with Bessel's
// formula of second order. It runs from right to left, where both coefficients
// are positive because the tail is convex: therefore the result never grows with
// z, however the products are rounded.
func gaussianTail(z uint64) uint64 {
	i := z >> (zBits - gaussianStep)
	if i >= uint64(len(gaussianTails)-3) {
		return 0
	}
	knots := gaussianTails[i : i+4 : i+4]
	left, right := knots[1], knots[2]
	bend := (knots[0] - left - right + knots[3]) / 4
	t := ^(z << (64 - zBits + gaussianStep)) // how far left of the right knot, below 1
	hi, _ := bits.Mul64(t, bend)
	hi, _ = bits.Mul64(t, left-right-bend+hi)
	return right + hi
}

// expNegative returns e^-z with massBits bits after the point. It never grows
// with z: all its products do not, and at the seams the series, cut short, stays
// below what follows by more than they are rounded.
func expNegative(z uint64) uint64 {
	y, _ := bits.Mul64(2*z, log2E)
	y = 64<<zBits - min(y, 64<<zBits) // e^-z = 2^(y/2^zBits - 64)
	u := y << (64 - zBits + 4)
	acc := exp2Series[len(exp2Series)-1]
	for i := len(exp2Series) - 2; i >= 0; i-- {
		hi, _ := bits.Mul64(acc, u)
		acc = hi + exp2Series[i]
	}
	s, _ := bits.Mul64(acc, u)
	root := exp2Roots[y>>(zBits-4)&15]
	hi, _ := bits.Mul64(root, s)
	return (root + hi) >> (1 + 64 - y>>zBits)
}
