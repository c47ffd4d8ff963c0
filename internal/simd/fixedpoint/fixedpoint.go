// Package fixedpoint holds inner loops over numbers in fixed point: what lies between the
// products of a neural network in integers. Each has a portable version, which is the
// reference, and on amd64 a twin with AVX2 that gives the same results; on arm64 all but
// Scale have one with NEON.
package fixedpoint

import "math/bits"

// round returns x / 2^n, rounded to the nearest integer, halves up. n may be negative.
func round(x int64, n int) int64 {
	if n <= 0 {
		return x << -n
	}
	return (x + 1<<(n-1)) >> n
}

// shifts returns round, for n from -63 to 63, as shifts to the left and then to the
// right, with what is added between.
func shifts(n int) (left, right int, half int64) {
	left, right = max(-n, 0), max(n, 0)
	return left, right, int64(uint64(1) << right >> 1)
}

// Quantized numbers are within QuantizedMax of zero.
const (
	QuantizedMax  = 4095
	quantizedBits = 12
)

// Bits returns how many bits the numbers need without their signs.
func Bits(x []int64) int {
	var all uint64
	if done := fast(len(x)); done > 0 {
		all = signsFast(&x[0], done)
		x = x[done:]
	}
	return bits.Len64(all | signs(x))
}

func signs(x []int64) (all uint64) {
	for _, v := range x {
		all |= uint64(v ^ v>>63)
	}
	return all
}

// Quantize sets dst to x / 2^n, rounded and within QuantizedMax of zero, for the
// least n of at least 0 for which |x| / 2^n < QuantizedMax + 1.
func Quantize(dst []int16, x []int64) (n int) {
	dst = dst[:len(x)]
	n = max(Bits(x)-quantizedBits, 0)
	if done := fast(len(x)); done > 0 {
		quantizeFast(&dst[0], &x[0], done, n)
		dst, x = dst[done:], x[done:]
	}
	quantize(dst, x, n)
	return n
}

func quantize(dst []int16, x []int64, n int) {
	half := int64(1) << n >> 1
	for i, v := range x {
		dst[i] = int16(min(max((v+half)>>(n&63), -QuantizedMax), QuantizedMax))
	}
}

// Squares returns the sum of the squares of quantized numbers.
func Squares(x []int16) (sum uint64) {
	if done := fast(len(x)); done > 0 {
		sum = squaresFast(&x[0], done)
		x = x[done:]
	}
	return sum + squares(x)
}

func squares(x []int16) (sum uint64) {
	for _, v := range x {
		sum += uint64(int32(v) * int32(v))
	}
	return sum
}

// Shift sets dst to x / 2^n, rounded, and returns their sum. n is from -62 to 62, and
// negative only where the results fit.
func Shift(dst, x []int64, n int) (sum int64) {
	dst = dst[:len(x)]
	if done := fast(len(x)); done > 0 {
		sum = shiftFast(&dst[0], &x[0], done, max(-n, 0), max(n, 0))
		dst, x = dst[done:], x[done:]
	}
	return sum + shift(dst, x, n)
}

func shift(dst, x []int64, n int) (sum int64) {
	left, right, half := shifts(n)
	for i, v := range x {
		dst[i] = (v<<(left&63) + half) >> (right & 63)
		sum += dst[i]
	}
	return sum
}

// Energy returns the sum of the squares of x / 2^n, rounded, which are within 2^31 of
// zero. n is from 1 to 62.
func Energy(x []int64, n int) (sum uint64) {
	if done := fast(len(x)); done > 0 {
		sum = energyFast(&x[0], done, n)
		x = x[done:]
	}
	return sum + energy(x, n)
}

func energy(x []int64, n int) (sum uint64) {
	_, right, half := shifts(n)
	for _, v := range x {
		v = (v + half) >> (right & 63)
		sum += uint64(v * v)
	}
	return sum
}

// Scale sets x to round(round(x*by / 2^n) * gain / 2^m).
func Scale(x []int64, by int64, n int, gain []int32, m int) {
	gain = gain[:len(x)]
	if done := fastScale(len(x)); done > 0 && 1 <= n && n <= 62 && 1 <= m && m <= 62 {
		scaleFast(&x[0], done, by, n, &gain[0], m)
		x, gain = x[done:], gain[done:]
	}
	scale(x, by, n, gain, m)
}

func scale(x []int64, by int64, n int, gain []int32, m int) {
	left, right, half := shifts(n)
	gainLeft, gainRight, gainHalf := shifts(m)
	for i, v := range x {
		v = (v*by<<(left&63) + half) >> (right & 63)
		x[i] = (v*int64(gain[i])<<(gainLeft&63) + gainHalf) >> (gainRight & 63)
	}
}

// AddRounded adds x / 2^n, rounded, to dst, whose sums fit. x is within 2^29 of zero, n
// not negative.
func AddRounded(dst, x []int32, n int) {
	if n > 30 {
		return // of nothing but zeros
	}
	dst = dst[:len(x)]
	if done := fast(len(x)); done > 0 {
		addRoundedFast(&dst[0], &x[0], done, n)
		dst, x = dst[done:], x[done:]
	}
	addRounded(dst, x, n)
}

func addRounded(dst, x []int32, n int) {
	_, right, half := shifts(n)
	for i, v := range x {
		dst[i] += int32((int64(v) + half) >> (right & 63))
	}
}

// ResidualMax bounds residuals.
const ResidualMax = 1 << 62

// Accumulate adds y / 2^n, rounded, to residuals x, and keeps them within ResidualMax of
// zero, where they are before. n is from -30 to 62.
func Accumulate(x []int64, y []int32, n int) {
	y = y[:len(x)]
	if done := fast(len(x)); done > 0 {
		accumulateFast(&x[0], &y[0], done, max(-n, 0), max(n, 0))
		x, y = x[done:], y[done:]
	}
	accumulate(x, y, n)
}

func accumulate(x []int64, y []int32, n int) {
	left, right, half := shifts(n)
	for i, v := range y {
		x[i] = min(max(x[i]+(int64(v)<<(left&63)+half)>>(right&63), -ResidualMax), ResidualMax)
	}
}

// AccumulateScaled is Accumulate of y*scale, for n from 0 to 62. scale is below 2^24.
func AccumulateScaled(x []int64, y []int16, scale int32, n int) {
	y = y[:len(x)]
	if done := fast(len(x)); done > 0 {
		accumulateScaledFast(&x[0], &y[0], done, scale, n)
		x, y = x[done:], y[done:]
	}
	accumulateScaled(x, y, scale, n)
}

func accumulateScaled(x []int64, y []int16, scale int32, n int) {
	_, right, half := shifts(n)
	for i, v := range y {
		x[i] = min(max(x[i]+(int64(v)*int64(scale)+half)>>(right&63), -ResidualMax), ResidualMax)
	}
}
