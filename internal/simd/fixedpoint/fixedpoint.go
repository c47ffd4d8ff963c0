// Package fixedpoint holds inner loops over numbers in fixed point: what lies between the
// products of a neural network in integers. Each has a portable version, which is the
// reference, and on amd64 a twin with AVX2 that gives the same results.
package fixedpoint

import "math/bits"

// round returns x / 2^n, rounded to the nearest integer, halves up. n may be negative.
func round(x int64, n int) int64 {
	if n <= 0 {
		return x << -n
	}
	return (x + 1<<(n-1)) >> n
}

// shifts reports whether n is a shift to the right that the vector loops can do.
func shifts(n int) bool { return n >= 1 && n <= 62 }

// Quantized numbers are within QuantizedMax of zero.
const (
	QuantizedMax  = 4095
	quantizedBits = 12
)

// Bits returns how many bits the numbers need without their signs.
func Bits(x []int64) int {
	var all uint64
	if done := fast(len(x)); done > 0 {
		all = signsAVX2(&x[0], done)
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
		quantizeAVX2(&dst[0], &x[0], done, n)
		dst, x = dst[done:], x[done:]
	}
	quantize(dst, x, n)
	return n
}

func quantize(dst []int16, x []int64, n int) {
	for i, v := range x {
		dst[i] = int16(min(max(round(v, n), -QuantizedMax), QuantizedMax))
	}
}

// Squares returns the sum of the squares of quantized numbers.
func Squares(x []int16) (sum uint64) {
	if done := fast(len(x)); done > 0 {
		sum = squaresAVX2(&x[0], done)
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
		sum = shiftAVX2(&dst[0], &x[0], done, max(-n, 0), max(n, 0))
		dst, x = dst[done:], x[done:]
	}
	return sum + shift(dst, x, n)
}

func shift(dst, x []int64, n int) (sum int64) {
	for i, v := range x {
		dst[i] = round(v, n)
		sum += dst[i]
	}
	return sum
}

// Energy returns the sum of the squares of x / 2^n, rounded, which are within 2^31 of
// zero. n is from 1 to 62.
func Energy(x []int64, n int) (sum uint64) {
	if done := fast(len(x)); done > 0 {
		sum = energyAVX2(&x[0], done, n)
		x = x[done:]
	}
	return sum + energy(x, n)
}

func energy(x []int64, n int) (sum uint64) {
	for _, v := range x {
		v = round(v, n)
		sum += uint64(v * v)
	}
	return sum
}

// Scale sets x to round(round(x*by / 2^n) * gain / 2^m).
func Scale(x []int64, by int64, n int, gain []int32, m int) {
	gain = gain[:len(x)]
	if done := fast(len(x)); done > 0 && shifts(n) && shifts(m) {
		scaleAVX2(&x[0], done, by, n, &gain[0], m)
		x, gain = x[done:], gain[done:]
	}
	scale(x, by, n, gain, m)
}

func scale(x []int64, by int64, n int, gain []int32, m int) {
	for i, v := range x {
		x[i] = round(round(v*by, n)*int64(gain[i]), m)
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
		addRoundedAVX2(&dst[0], &x[0], done, n)
		dst, x = dst[done:], x[done:]
	}
	addRounded(dst, x, n)
}

func addRounded(dst, x []int32, n int) {
	for i, v := range x {
		dst[i] += int32(round(int64(v), n))
	}
}

// ResidualMax bounds residuals.
const ResidualMax = 1 << 62

// Accumulate adds y / 2^n, rounded, to residuals x, and keeps them within ResidualMax of
// zero, where they are before. n is from -30 to 62.
func Accumulate(x []int64, y []int32, n int) {
	y = y[:len(x)]
	if done := fast(len(x)); done > 0 {
		accumulateAVX2(&x[0], &y[0], done, max(-n, 0), max(n, 0))
		x, y = x[done:], y[done:]
	}
	accumulate(x, y, n)
}

func accumulate(x []int64, y []int32, n int) {
	for i, v := range y {
		x[i] = min(max(x[i]+round(int64(v), n), -ResidualMax), ResidualMax)
	}
}

// AccumulateScaled is Accumulate of y*scale, for n from 0 to 62. scale is below 2^24.
func AccumulateScaled(x []int64, y []int16, scale int32, n int) {
	y = y[:len(x)]
	if done := fast(len(x)); done > 0 {
		accumulateScaledAVX2(&x[0], &y[0], done, scale, n)
		x, y = x[done:], y[done:]
	}
	accumulateScaled(x, y, scale, n)
}

func accumulateScaled(x []int64, y []int16, scale int32, n int) {
	for i, v := range y {
		x[i] = min(max(x[i]+round(int64(v)*int64(scale), n), -ResidualMax), ResidualMax)
	}
}
