package simd

import "math"

// Weight returns floor(p*2^k) of the number p with the given float32 bits, which
// is not negative and below 2^(32-k).
func Weight(bits uint32, k int) uint32 {
	e := int(bits >> 23)
	m := bits & 0x7fffff
	if e != 0 {
		m |= 1 << 23
	} else {
		m <<= 1
	}
	// p is m * 2^(e-150).
	return uint32(uint64(m) << 30 >> uint(180-k-e))
}

// BitsFloat16 returns the float32 bits of a half-precision number.
func BitsFloat16(h uint16) uint32 {
	sign := uint32(h&0x8000) << 16
	rest := uint32(h & 0x7fff)
	switch {
	case rest >= 0x7c00: // infinity, NaN
		bits := sign | 0x7f800000 | rest<<13&0x7fffff
		if rest > 0x7c00 {
			bits |= 0x400000 // conversion makes a NaN quiet
		}
		return bits
	case rest >= 0x0400:
		return sign | (rest<<13 + (127-15)<<23)
	case rest == 0:
		return sign
	}
	// Denormal: rest * 2^-24, with its leading bit made implicit.
	e := uint32(127 - 15)
	for rest&0x0400 == 0 {
		rest <<= 1
		e--
	}
	return sign | (e+1)<<23 | rest<<13&0x7fffff
}

// BitsBFloat16 returns the float32 bits of a bfloat16 number.
func BitsBFloat16(h uint16) uint32 { return uint32(h) << 16 }

// BitsFloat64 returns the bits of the float32 nearest to p, of two equally near
// ones the even one, by integer arithmetic.
func BitsFloat64(p float64) uint32 {
	b := math.Float64bits(p)
	sign := uint32(b>>32) & 0x80000000
	b &= 1<<63 - 1
	e := int(b >> 52)
	m := b & (1<<52 - 1)
	switch {
	case e == 0x7ff && m != 0:
		return sign | 0x7fc00000 | uint32(m>>29)
	case e > 1023+127:
		return sign | 0x7f800000
	case e < 1023-150:
		return sign
	}
	m |= 1 << 52
	drop := 29 // bits of m below the result's last one
	base := uint32(0)
	if e >= 1023-126 {
		base = uint32(e-(1023-126)) << 23 // the implicit bit of m adds one more
	} else {
		drop += 1023 - 126 - e
	}
	even := m >> drop & 1
	return sign | (base + uint32((m+(1<<(drop-1)-1)+even)>>drop))
}

// limitBits returns the bits of 2^(31-k), or of infinity if that is larger than
// any float32.
func limitBits(k int) uint32 {
	switch {
	case k <= -97:
		return 0x7f800000
	case k <= 157:
		return uint32(158-k) << 23
	}
	return 1 << (180 - k)
}

// weighGo is the reference of the Weigh kernels. sum adds up the weights of a
// chunk, and says whether all its numbers have one.
func weighGo[T any](p []T, k, per int, total uint64, cum []uint64, sum func(p []T, k int, limit uint32) (uint64, bool)) (int, uint64) {
	limit := limitBits(k)
	for i := range cum {
		s, ok := sum(p[i*per:(i+1)*per], k, limit)
		if !ok {
			return i, total
		}
		cum[i] = total
		total += s
	}
	return len(cum), total
}

func chunkFloat32(p []float32, k int, limit uint32) (sum uint64, ok bool) {
	for _, x := range p {
		b := math.Float32bits(x)
		if b >= limit {
			return 0, false
		}
		sum += uint64(Weight(b, k))
	}
	return sum, true
}

func chunkFloat64(p []float64, k int, limit uint32) (sum uint64, ok bool) {
	for _, x := range p {
		b := BitsFloat64(x)
		if b >= limit {
			return 0, false
		}
		sum += uint64(Weight(b, k))
	}
	return sum, true
}

func chunkFloat16(p []uint16, k int, limit uint32) (sum uint64, ok bool) {
	for _, h := range p {
		b := BitsFloat16(h)
		if b >= limit {
			return 0, false
		}
		sum += uint64(Weight(b, k))
	}
	return sum, true
}

func chunkBFloat16(p []uint16, k int, limit uint32) (sum uint64, ok bool) {
	for _, h := range p {
		b := BitsBFloat16(h)
		if b >= limit {
			return 0, false
		}
		sum += uint64(Weight(b, k))
	}
	return sum, true
}

func weighLogitsGo(x []float32, offset int64, per int, total uint64, cum []uint64) uint64 {
	for i := range cum {
		cum[i] = total
		for _, v := range x[i*per : (i+1)*per] {
			total += uint64(LogitWeight(v, offset) / 2)
		}
	}
	return total
}

func weightsFloat32Go(dst []uint32, p []float32, k int) {
	for i, x := range p {
		dst[i] = Weight(math.Float32bits(x)&^(1<<31), k)
	}
}

func weightsLogitsGo(dst []uint32, x []float32, offset int64) {
	for i, v := range x {
		dst[i] = LogitWeight(v, offset) / 2
	}
}

func maxBitsGo(p []float32) uint32 {
	var m uint32
	for _, x := range p {
		m = max(m, math.Float32bits(x))
	}
	return m
}

// maxLogitGo compares bit patterns, turned so that they are in the order of the
// numbers.
func maxLogitGo(x []float32, largest float32) (float32, bool) {
	m := order(math.Float32bits(largest))
	nan := false
	for _, v := range x {
		b := math.Float32bits(v)
		if b&0x7fffffff > 0x7f800000 {
			nan = true
			continue
		}
		m = max(m, order(b))
	}
	return math.Float32frombits(uint32(order(uint32(m)))), nan
}

// order turns float32 bits into an integer that is larger for a larger number.
// It is its own inverse.
func order(bits uint32) int32 {
	return int32(bits) ^ int32(uint32(int32(bits)>>31)>>1)
}

func widenFloat16Go(dst []float32, src []uint16) {
	for i, h := range src {
		dst[i] = math.Float32frombits(BitsFloat16(h))
	}
}

func narrowFloat64Go(dst []float32, src []float64) {
	for i, x := range src {
		dst[i] = math.Float32frombits(BitsFloat64(x))
	}
}

func sumFloat32Go(p []float32) float32 {
	var s float32
	for _, x := range p {
		s += x
	}
	return s
}
