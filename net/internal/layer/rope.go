package layer

import (
	"fmt"
	"math/big"
	"sync"

	"github.com/foretell/foretell/internal/fault"
)

// A Rope turns pairs of numbers of a head by angles that grow with the position
// (rotary embedding, Su et al. 2021): pair i of a head by position * base^(-2i/dims)
// / factor(i) radians.
type Rope struct {
	dims    int
	halves  bool
	base    float64
	factors []float64

	mu    sync.Mutex
	steps []turn  // of one position
	last  []turn  // of the position after the table
	table []int32 // for each position and pair, cosine and sine with RopeFrac fraction bits
}

// A turn is the cosine and sine of an angle.
type turn struct{ cos, sin *big.Int }

// RopeFrac is the number of fraction bits that a rotation adds.
const RopeFrac = 30

// NewRope returns the rotation of the first dims numbers of a head, an even number.
// Pairs are neighbours, or, if halves is set, number i and number dims/2 + i. factors
// divide the frequencies of the pairs; nil stands for ones. base is at least 1.
func NewRope(dims int, base float64, factors []float64, halves bool) (*Rope, error) {
	if dims < 2 || dims%2 > 0 || dims > MaxWidth || !(base >= 1 && base <= 1<<40) ||
		factors != nil && len(factors) != dims/2 {
		return nil, fmt.Errorf("%w: a rotation of %d numbers with base %g and %d factors",
			fault.ErrUnsupported, dims, base, len(factors))
	}
	r := &Rope{dims: dims, halves: halves, base: base, factors: factors}
	log := logarithm(base)
	for i := range dims / 2 {
		x := new(big.Int).Mul(log, big.NewInt(int64(-2*i)))
		angle := exp(x.Quo(x, big.NewInt(int64(dims))))
		if factors != nil {
			f := factors[i]
			if !(f >= 1.0/64 && f <= 1<<20) {
				return nil, fmt.Errorf("%w: a rotation with a factor of %g", fault.ErrUnsupported, f)
			}
			angle = over(angle, fixedBig(f))
		}
		r.steps = append(r.steps, circle(angle))
		r.last = append(r.last, turn{new(big.Int).Set(one), new(big.Int)})
	}
	return r, nil
}

// Table returns the cosines and sines of at least n positions, for Rotate.
func (r *Rope) Table(n int) []int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	have := len(r.table) / r.dims
	if n <= have {
		return r.table
	}
	table := make([]int32, n*r.dims)
	copy(table, r.table)
	var a, b, c, s big.Int
	for i, step := range r.steps {
		now := r.last[i]
		for p := have; p < n; p++ {
			at := table[p*r.dims+2*i:]
			at[0] = int32(roundBig(c.Set(now.cos), precision-RopeFrac).Int64())
			at[1] = int32(roundBig(s.Set(now.sin), precision-RopeFrac).Int64())
			c.Sub(a.Mul(now.cos, step.cos), b.Mul(now.sin, step.sin))
			s.Add(a.Mul(now.cos, step.sin), b.Mul(now.sin, step.cos))
			now.cos.Rsh(&c, precision)
			now.sin.Rsh(&s, precision)
		}
	}
	r.table = table
	return table
}

// Bytes returns how much memory the table of n positions takes.
func (r *Rope) Bytes(n int) int64 { return 4 * int64(n) * int64(r.dims) }

// Rotate sets dst to the numbers x of a head at a position, turned. x is within 2^31
// of zero, and dst has 30 fraction bits more.
func (r *Rope) Rotate(dst []int64, x []int32, table []int32, position int) {
	x = x[:len(dst)]
	at := table[position*r.dims:][:r.dims]
	for i := 0; i < r.dims; i += 2 {
		a, b := i, i+1
		if r.halves {
			a, b = i/2, (i+r.dims)/2
		}
		c, s := int64(at[i]), int64(at[i+1])
		p, q := int64(x[a]), int64(x[b])
		dst[a] = p*c - q*s
		dst[b] = p*s + q*c
	}
	for i := r.dims; i < len(x); i++ {
		dst[i] = int64(x[i]) << RopeFrac
	}
}

// fixedBig returns x, which is finite, with precision fraction bits.
func fixedBig(x float64) *big.Int {
	m, e := parts(x)
	n := new(big.Int).SetUint64(m)
	if e += precision; e < 0 {
		return n.Rsh(n, uint(-e))
	}
	return n.Lsh(n, uint(e))
}

// logarithm returns the natural logarithm of x >= 1: of x = 2^n * m with 1 <= m < 2
// it is n ln 2 + ln m, where ln m = 2 artanh((m-1)/(m+1)).
func logarithm(x float64) *big.Int {
	m := fixedBig(x)
	n := m.BitLen() - 1 - precision
	m.Rsh(m, uint(n)) // exact: x has 53 bits, and is below 2^40
	log := artanh(over(new(big.Int).Sub(m, one), new(big.Int).Add(m, one)))
	two := artanh(new(big.Int).Quo(one, big.NewInt(3)))
	log.Add(log, two.Mul(two, big.NewInt(int64(n))))
	return log.Lsh(log, 1)
}

// artanh returns x + x^3/3 + x^5/5 + ... for 0 <= x <= 1/3.
func artanh(x *big.Int) *big.Int {
	square := times(x, x)
	sum, power := new(big.Int), new(big.Int).Set(x)
	for i := int64(1); power.Sign() > 0; i += 2 {
		sum.Add(sum, new(big.Int).Quo(power, big.NewInt(i)))
		power = times(power, square)
	}
	return sum
}

// circle returns the cosine and sine of an angle from 0 to 64.
func circle(angle *big.Int) turn {
	t := turn{new(big.Int), new(big.Int)}
	term := new(big.Int).Set(one)
	for i := int64(1); term.Sign() > 0; i++ {
		sum := t.cos
		if i%2 == 0 {
			sum = t.sin
		}
		if i%4 == 1 || i%4 == 2 {
			sum.Add(sum, term)
		} else {
			sum.Sub(sum, term)
		}
		term = times(term, angle)
		term.Quo(term, big.NewInt(i))
	}
	return t
}
