// Package attend holds the inner loops of attention in integers: scores of keys,
// their powers of two, and sums of values. Each has a portable version, which is the
// reference, and on amd64 and arm64 a twin with AVX2 or NEON that gives the same results.
package attend

import "math"

// Lanes is what the length of a query, a key and a value is a multiple of.
const Lanes = 16

// ScoreFrac is the number of fraction bits of a score, PowerFrac that of a power.
const (
	ScoreFrac = 16
	PowerFrac = 20
)

// ShareMax is the largest share.
const ShareMax = 1<<15 - 1

// Scores sets dst to the product of the query with each of the keys that lie one
// behind the other, times scale, over 2^(shift + frac of the key), rounded and
// between the limits of an int32, and returns the largest of them and of top. That
// exponent counts as 1 to 62. Queries and keys are of at most 256 numbers within
// 4095 of zero, and scale is from 0 to 2^30.
func Scores(dst []int32, query, keys []int16, frac []int32, scale int64, shift int, top int32) int32 {
	if len(dst) == 0 {
		return top
	}
	n := len(query)
	frac, keys = frac[:len(dst)], keys[:len(dst)*n]
	if done := fastKeys(len(dst), n); done > 0 {
		top = scoresFast(&dst[0], &query[0], n, &keys[0], &frac[0], scale, shift, done, top)
		dst, keys, frac = dst[done:], keys[done*n:], frac[done:]
	}
	for i := range dst {
		dst[i] = score(dot(query, keys[i*n:][:n]), scale, shift+int(frac[i]))
		top = max(top, dst[i])
	}
	return top
}

func scores(dst []int32, query, keys []int16, frac []int32, scale int64, shift int, top int32) int32 {
	n := len(query)
	for i := range dst {
		dst[i] = score(dotGo(query, keys[i*n:][:n]), scale, shift+int(frac[i]))
		top = max(top, dst[i])
	}
	return top
}

// dotGo returns the product of a query and a key.
func dotGo(query, key []int16) (sum int64) {
	key = key[:len(query)]
	for d, q := range query {
		sum += int64(int32(q) * int32(key[d]))
	}
	return sum
}

// score returns sum * scale / 2^n, rounded.
func score(sum, scale int64, n int) int32 {
	n = min(max(n, 1), 62)
	s := (sum*scale + 1<<(n-1)) >> n
	return int32(min(max(s, math.MinInt32), math.MaxInt32))
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

// Powers sets dst to 2^(x - top), with PowerFrac fraction bits, and returns their
// sum. x has ScoreFrac fraction bits and is not above top.
func Powers(dst []uint32, x []int32, top int32) (total uint64) {
	dst = dst[:len(x)]
	if done := fast(len(x)); done > 0 {
		total = powersFast(&dst[0], &x[0], done, top)
		dst, x = dst[done:], x[done:]
	}
	return total + powers(dst, x, top)
}

func powers(dst []uint32, x []int32, top int32) (total uint64) {
	for i, v := range x {
		y := uint32(top) - uint32(v)
		f := y & (1<<ScoreFrac - 1)
		h := power3 - f*power4>>ScoreFrac
		h = power2 - f*h>>ScoreFrac
		h = power1 - f*h>>ScoreFrac
		h = power0 - f*h>>ScoreFrac
		dst[i] = h << (PowerFrac - 16) >> (y >> ScoreFrac)
		total += uint64(dst[i])
	}
	return total
}

// Align divides x by 2^(frac - least), rounded, and returns the largest of the
// results and their sum. No frac is below least, and no x above 2^PowerFrac.
func Align(x []uint32, frac []int32, least int32) (top uint32, total uint64) {
	frac = frac[:len(x)]
	if done := fast(len(x)); done > 0 {
		top, total = alignFast(&x[0], &frac[0], done, least)
		x, frac = x[done:], frac[done:]
	}
	t, sum := align(x, frac, least)
	return max(top, t), total + sum
}

func align(x []uint32, frac []int32, least int32) (top uint32, total uint64) {
	for i, v := range x {
		if n := uint32(frac[i] - least); n > 0 {
			v = (v + 1<<(n-1)) >> n
			x[i] = v
		}
		top = max(top, v)
		total += uint64(v)
	}
	return top, total
}

// Share sets dst to x / 2^cut, rounded and at most ShareMax. No x is above
// 2^PowerFrac, and cut at most PowerFrac.
func Share(dst []int16, x []uint32, cut int) {
	dst = dst[:len(x)]
	if done := fast(len(x)); done > 0 {
		shareFast(&dst[0], &x[0], done, cut)
		dst, x = dst[done:], x[done:]
	}
	share(dst, x, cut)
}

func share(dst []int16, x []uint32, cut int) {
	half := uint32(1) << cut >> 1
	for i, v := range x {
		dst[i] = int16(min((v+half)>>cut, ShareMax))
	}
}

// Least returns the smallest of x and of least.
func Least(x []int32, least int32) int32 {
	if done := fast(len(x)); done > 0 {
		least = leastFast(&x[0], done, least)
		x = x[done:]
	}
	for _, v := range x {
		least = min(least, v)
	}
	return least
}

// Weigh adds to sums the values that lie one behind the other, each times its share.
// The sums of absolute products are below 2^31.
func Weigh(sums []int32, shares []int16, values []int8) {
	if len(shares) == 0 || len(sums) == 0 {
		return
	}
	values = values[:len(shares)*len(sums)]
	if done := fastValues(len(shares), len(sums)); done > 0 {
		weighFast(&sums[0], len(sums), &shares[0], &values[0], done)
		shares, values = shares[done:], values[done*len(sums):]
	}
	weigh(sums, shares, values)
}

func weigh(sums []int32, shares []int16, values []int8) {
	for i, s := range shares {
		for d, v := range values[i*len(sums):][:len(sums)] {
			sums[d] += int32(s) * int32(v)
		}
	}
}
