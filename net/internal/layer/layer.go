// Package layer holds the parts of neural networks in integers: products,
// norms, rotations, attention and activations. docs/net.md specifies every one.
//
// A real number v is held as an integer n with f fraction bits: v = n / 2^f.
// Whatever is not exact is rounded to the nearest integer, halves up, where it is
// said. There are no floats behind the loading of weights, and there the real
// values of a file are taken apart by their bits. So no processor, no order of
// work and no number of threads can change a result.
package layer

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
)

// Bounds of networks: the most columns of a matrix and numbers of a head, and the
// fraction bits of a residual and of what a norm gives.
const (
	MaxWidth     = 1 << 15
	MaxHead      = 256
	ResidualFrac = 24
	NormFrac     = 30
)

// maxGain bounds the absolute values of gains and biases.
const maxGain = 1 << 16

// round returns x / 2^n, rounded. n may be negative where the result fits.
func round(x int64, n int) int64 {
	if n <= 0 {
		return x << -n
	}
	return (x + 1<<(n-1)) >> n
}

// roundWide is round for any n: where x / 2^n does not fit, the result is within
// 2^62 of zero all the same, with the sign of x.
func roundWide(x int64, n int) int64 {
	const limit = 1 << 62
	switch {
	case n > 62:
		return 0
	case n >= 0:
		return round(x, n)
	case x == 0:
		return 0
	case -n > 62 || x > limit>>-n || x < -(limit>>-n):
		if x > 0 {
			return limit
		}
		return -limit
	}
	return x << -n
}

// fixed returns x with frac fraction bits, rounded to the nearest integer, halves
// away from zero. It refuses what is not a number or reaches 2^limit.
func fixed(x float64, frac, limit int) (int64, error) {
	if err := check(x); err != nil {
		return 0, err
	}
	m, e := parts(x)
	e += frac
	switch {
	case e < -53:
		return 0, nil
	case e < 0:
		m = (m + 1<<(-e-1)) >> -e
	case m != 0 && e > 10:
		m = math.MaxUint64
	default:
		m <<= e
	}
	if bits.Len64(m) > limit+frac {
		return 0, fmt.Errorf("%w: a number of 2^%d or more in a network", fault.ErrUnsupported, limit)
	}
	if x < 0 {
		return -int64(m), nil
	}
	return int64(m), nil
}

// parts returns m and e with |x| = m * 2^e, where m is zero or of exactly 53 bits
// and x is finite.
func parts(x float64) (m uint64, e int) {
	b := math.Float64bits(x)
	m, e = b&(1<<52-1), int(b>>52&0x7ff)
	if e == 0 {
		n := max(53-bits.Len64(m), 0) & 63
		return m << n, -1074 - n
	}
	return m | 1<<52, e - 1075
}

// check refuses a number that is not finite.
func check(x float64) error {
	if math.Float64bits(x)>>52&0x7ff == 0x7ff {
		return fmt.Errorf("%w: a number in a network is infinite or not a number", fault.ErrUnsupported)
	}
	return nil
}

// vector returns values as integers below 2^width and their fraction bits, the
// most for which they are, up to 40. The largest value must be below 2^16.
func vector(values []float64, width int) (ints []int32, frac int, err error) {
	largest := 0.0
	for _, v := range values {
		if err := check(v); err != nil {
			return nil, 0, err
		}
		largest = max(largest, math.Abs(v))
	}
	if largest >= maxGain {
		return nil, 0, fmt.Errorf("%w: a gain or bias of %g in a network; the limit is %d",
			fault.ErrUnsupported, largest, maxGain)
	}
	frac = 40
	if m, e := parts(largest); m > 0 {
		frac = min(frac, width-53-e)
	}
	if top, _ := fixed(largest, frac, 16); top>>width > 0 {
		frac--
	}
	ints = make([]int32, len(values))
	for i, v := range values {
		n, err := fixed(v, frac, 16)
		if err != nil {
			return nil, 0, err
		}
		ints[i] = int32(n)
	}
	return ints, frac, nil
}
