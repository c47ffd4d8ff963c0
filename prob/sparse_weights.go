package prob

import "math"

func weightOfProb(p float32) (uint32, string) {
	b := math.Float32bits(p)
	switch {
	case b<<1 > 0xff<<24:
		return 0, "NaN"
	case b<<1 == 0:
		return 0, ""
	case b>>31 != 0:
		return 0, "a negative value"
	case b >= 0x40000000:
		return 0, "a probability of 2 or above"
	}
	// p is (b&0x7fffff | 0x800000) * 2^(exp-150); the smallest denormal is far
	// below 2^-31.
	exp := int(b >> 23)
	m := b&0x7fffff | 0x800000
	if exp >= 119 {
		return m << (exp - 119), ""
	}
	return m >> min(119-exp, 31), ""
}

// weightOfLog returns floor(e^l * 2^31), with the exponential of the parametric
// families.
func weightOfLog(l float32) (uint32, string) {
	b := math.Float32bits(l)
	abs := b &^ (1 << 31)
	// |l| is (b&0x7fffff | 0x800000) * 2^(exp-150).
	z, exp := uint64(b&0x7fffff|0x800000), int(abs>>23)
	switch {
	case abs > 0xff<<23:
		return 0, "NaN"
	case b >= 0xc2000000: // -32 and below, where e^l < 2^-31
		return 0, ""
	case exp >= 150-zBits:
		z <<= exp - (150 - zBits)
	default:
		z >>= min(150-zBits-exp, 63)
	}
	if b>>31 != 0 {
		return uint32(expNegative(z) >> (massBits - 31)), ""
	}
	if abs >= 0x3f317218 { // the first float32 above ln 2
		return 0, "the logarithm of a probability of 2 or above"
	}
	return uint32(expNegative(ln2-z) >> (massBits - 32)), ""
}

// ln2 is ln(2) with zBits bits after the point, rounded up: so e^l stays below 2.
const ln2 = 0xb17217f7d1cf7a
