package layer

import (
	"math"
	"math/bits"
)

// The inner loops of attention.

// scores sets dst to the product of the query with each of the keys that lie one
// behind the other, times scale, over 2^(shift + frac of the key), rounded and
// between the limits of an int32. That exponent counts as 1 to 62.
func scores(dst []int32, query, keys []int16, frac []int32, scale int64, shift int) {
	for i := range dst {
		key := keys[i*len(query):][:len(query)]
		sum := int64(0)
		for d, q := range query {
			sum += int64(int32(q) * int32(key[d]))
		}
		s := round(sum*scale, min(max(shift+int(frac[i]), 1), 62))
		dst[i] = int32(min(max(s, math.MinInt32), math.MaxInt32))
	}
}

// The power 2^-x is that of its whole part times a polynomial in its fraction f,
// c0 - f*(c1 - f*(c2 - f*(c3 - f*c4))), which is off by at most 0.00005.
const (
	power0 = 65536
	power1 = 45418
	power2 = 15685
	power3 = 3478
	power4 = 443
)

// powers sets dst to 2^(x - top), with 20 fraction bits, and returns their sum. x has
// scoreFrac fraction bits and is not above top.
func powers(dst []uint32, x []int32, top int32) (total uint64) {
	x = x[:len(dst)]
	for i, v := range x {
		y := uint32(top) - uint32(v)
		f := y & (1<<scoreFrac - 1)
		h := power3 - f*power4>>scoreFrac
		h = power2 - f*h>>scoreFrac
		h = power1 - f*h>>scoreFrac
		h = power0 - f*h>>scoreFrac
		dst[i] = h << 4 >> (y >> scoreFrac)
		total += uint64(dst[i])
	}
	return total
}

// align divides x by 2^(frac - least), rounded.
func align(x []uint32, frac []int32, least int32) {
	frac = frac[:len(x)]
	for i, v := range x {
		if n := uint32(frac[i] - least); n > 0 {
			x[i] = (v + 1<<(n-1)) >> n
		}
	}
}

// share sets dst to x / 2^cut, rounded and below 2^shareBits, where cut is the least
// number for which no x has more than shareBits bits then, and their sum no more
// than totalBits.
func share(dst []int16, x []uint32) (cut int) {
	var top uint32
	var total uint64
	for _, v := range x {
		top = max(top, v)
		total += uint64(v)
	}
	cut = max(bits.Len32(top)-shareBits, bits.Len64(total)-totalBits, 0)
	half := uint32(1) << cut >> 1
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = int16(min((v+half)>>cut, 1<<shareBits-1))
	}
	return cut
}

// weigh adds to sums the values that lie one behind the other, each times its share.
func weigh(sums []int32, shares []int16, values []int8) {
	for i, s := range shares {
		for d, v := range values[i*len(sums):][:len(sums)] {
			sums[d] += int32(s) * int32(v)
		}
	}
}
