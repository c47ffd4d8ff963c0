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
	for i, v := range x[:len(dst)] {
		z := roundWide(int64(v), xFrac-scaleFrac)
		if y != nil {
			z = min(max(z, -limit), limit) + min(max(roundWide(int64(y[i]), yFrac-scaleFrac), -limit), limit)
		}
		if s.bias != nil {
			z = min(max(z, -limit), limit) + int64(s.bias[place][i])
		}
		z = round(min(max(z, -limit), limit)*factor, shift)
		dst[i] = int32(min(max(z, math.MinInt32), math.MaxInt32))
	}
}
