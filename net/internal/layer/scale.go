package layer

import (
	"fmt"
	"math"
	"math/big"

	"github.com/foretell/foretell/internal/fault"
)

// A Scale makes logits of products: it adds a bias to each and divides them by a
// temperature, both of the place that is predicted.
type Scale struct {
	bias [][]int32 // with scaleFrac fraction bits; nil for none

	// One over the temperature of each place is factor / 2^frac, where factor has 30
	// bits.
	factor []int64
	frac   []int
}

const (
	scaleFrac = 20
	scaleBits = 10 // a bias is below 2^scaleBits
)

// NewScale returns the scale of a number of places. Temperatures, of which nil stands
// for ones, are multiplied by temperature; bias is a row a place, or nil.
func NewScale(places int, temperature *big.Rat, temperatures []float64, bias [][]float64) (*Scale, error) {
	s := &Scale{}
	for p := range places {
		t := temperature
		if temperatures != nil {
			if err := check(temperatures[p]); err != nil {
				return nil, err
			}
			t = new(big.Rat).SetFloat64(temperatures[p])
			t.Mul(t, temperature)
		}
		if t.Cmp(big.NewRat(1, 1<<10)) < 0 || t.Cmp(big.NewRat(1<<10, 1)) > 0 {
			return nil, fmt.Errorf("%w: a temperature of %s; from 1/1024 to 1024 can be used", fault.ErrUnsupported, t.FloatString(3))
		}
		// One over t is from 2^-10 to 2^10.
		inverse, frac := new(big.Rat).Inv(t), 40
		scaled := func() uint64 {
			return nearest(new(big.Rat).Mul(inverse, new(big.Rat).SetInt64(1<<frac)))
		}
		for scaled()>>30 > 0 {
			frac--
		}
		s.factor, s.frac = append(s.factor, int64(scaled())), append(s.frac, frac)
	}
	for _, row := range bias {
		ints := make([]int32, len(row))
		for i, v := range row {
			n, err := fixed(v, scaleFrac, scaleBits)
			if err != nil {
				return nil, err
			}
			ints[i] = int32(n)
		}
		s.bias = append(s.bias, ints)
	}
	return s, nil
}

// Apply sets dst to the logits of a place: those of x and y together, which have
// xFrac and yFrac fraction bits. y may be nil.
func (s *Scale) Apply(dst []int32, place int, x []int32, xFrac int, y []int32, yFrac int) {
	const limit = 1 << 31
	factor, shift := s.factor[place], scaleFrac+s.frac[place]-LogitFrac
	var bias []int32
	if s.bias != nil {
		bias = s.bias[place]
	}
	for i, v := range x[:len(dst)] {
		z := clip(scaled(v, xFrac), limit)
		if y != nil {
			z = clip(z+clip(scaled(y[i], yFrac), limit), limit)
		}
		if bias != nil {
			z = clip(z+int64(bias[i]), limit)
		}
		z = (z*factor + 1<<(shift-1)) >> shift
		dst[i] = int32(min(max(z, math.MinInt32), math.MaxInt32))
	}
}

// scaled returns x, which has frac fraction bits, with scaleFrac.
func scaled(x int32, frac int) int64 {
	if n := frac - scaleFrac; 0 < n && n < 32 {
		return (int64(x) + 1<<(n-1)) >> n
	}
	return roundWide(int64(x), frac-scaleFrac)
}

// clip returns the number nearest to x within limit of zero.
func clip(x, limit int64) int64 { return min(max(x, -limit), limit) }
