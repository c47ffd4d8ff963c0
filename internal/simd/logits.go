package simd

import (
	"math"
	"math/bits"
)

// The weight of a logit x is 2^31 * e^(x-max), computed as 2^31 * 2^-y with
// y = (max-x) * log2(e) in units of 2^-18: its whole part n shifts, its fraction
// f goes through a polynomial of degree 4 in Horner's form,
//
//	2^-f = c0 - f*(c1 - f*(c2 - f*(c3 - f*c4))),
//
// minimax for the relative error, 3.5e-6. Each partial result stays within one
// binade for all f, so that rounding it down to 24 significant bits is at the
// same time a floor in fixed point (here) and a floating-point operation that
// rounds toward zero (in the vector kernels).
const (
	log2e    = 12102203 // log2(e) * 2^23, rounded
	fraction = 18       // bits of y after the point
	base     = 1 << 23  // what y is offset by in the vector kernels: 32 in units of 2^-18

	c0 = 16777215 // * 2^-24
	c1 = 11627528 // * 2^-24
	c2 = 16065894 // * 2^-26
	c3 = 14259194 // * 2^-28
	c4 = 7273376  // * 2^-30
)

// LogitLimit bounds the maxima that LogitOffset takes: -LogitLimit to LogitLimit,
// exclusive. Logits around larger ones have the maximum subtracted first, which
// is exact for all that are near enough to have a weight.
const LogitLimit = 1 << 20

// LogitOffset returns the offset for logits with that maximum: the least number
// of 24 significant bits that is at least 32 + max*log2(e), in units of 2^-18.
func LogitOffset(largest float32) int64 {
	k := base - floorProduct(largest, -1)
	if n := bits.Len64(uint64(max(k, -k))); n > 24 {
		unit := int64(1) << (n - 24)
		k = (k + unit - 1) &^ (unit - 1)
	}
	return k
}

// LogitWeight returns the weight of the logit x, 0..2^31-1, where offset is
// LogitOffset of the maximum. x is not a NaN and not above the maximum.
func LogitWeight(x float32, offset int64) uint32 {
	if x < -LogitLimit*8 {
		return 0
	}
	y := uint64(offset + floorProduct(x, -1) - base)
	n := y >> fraction
	f := y & (1<<fraction - 1)
	h := (c3<<(fraction+2) - c4*f) >> (fraction + 2)
	h = (c2<<(fraction+2) - h*f) >> (fraction + 2)
	h = (c1<<(fraction+2) - h*f) >> (fraction + 2)
	h = (c0<<fraction - h*f) >> fraction
	return uint32(h << 7 >> n)
}

// floorProduct returns floor(sign * x * log2(e)) in units of 2^-18, for x below
// 2^24 in magnitude.
func floorProduct(x float32, sign int64) int64 {
	b := math.Float32bits(x)
	e := int(b >> 23 & 0xff)
	m := int64(b & 0x7fffff)
	if e != 0 {
		m |= 1 << 23
	} else {
		e = 1
	}
	if b>>31 != 0 {
		sign = -sign
	}
	// x is m * 2^(e-150), and the units make 2^-5 of the product with log2e.
	v := sign * m * log2e
	return v >> uint(155-e)
}
