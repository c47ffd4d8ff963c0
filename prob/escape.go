package prob

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
)

// A value outside the range of a Parametric is the symbol below or above the
// range, then its excess, how far beyond the nearest value outside it lies, in an
// Exp-Golomb code: with m = excess+1, of n+1 bits, first n under excessBits, then
// the n lower bits of m, 16 at a time from the top, the last of them fewer, each
// number equally likely.

// excessChunk is how many bits of an excess are coded at a time.
const excessChunk = 16

// excessBits is the distribution of n: each n half as likely as the one before.
type excessBits struct{}

func (excessBits) Len() int { return 64 }

func (excessBits) low(n uint32) uint64 {
	if n == 64 {
		return Total
	}
	mass := uint64(1<<massBits) - uint64(1<<massBits)>>n
	hi, lo := bits.Mul64(mass, Total-64)
	return hi<<(64-massBits) | lo>>massBits + uint64(n)
}

func (d excessBits) Interval(n uint32) (Interval, error) {
	if n > 63 {
		return Interval{}, &SymbolError{Symbol: n, Len: 64}
	}
	low := d.low(n)
	return Interval{low, d.low(n+1) - low}, nil
}

func (d excessBits) Find(point uint32) (uint32, Interval) {
	n := uint32(0)
	for d.low(n+1) <= uint64(point) {
		n++
	}
	iv, _ := d.Interval(n)
	return n, iv
}

// Symbol returns the symbol of value, and false if value is outside the range and
// there is no escape. With an escape the symbol 0 stands for all values below the
// range, and Len()-1 for all above.
func (p *Parametric) Symbol(value int64) (uint32, bool) {
	low, high := p.bounds()
	switch {
	case p.n != 0 && low <= value && value <= high:
		return uint32(value - p.origin), true
	case !p.escape:
		return 0, false
	case value < low:
		return 0, true
	default:
		return uint32(p.n - 1), true
	}
}

// bounds returns the least and the greatest value of the range.
func (p *Parametric) bounds() (low, high int64) {
	low, high = p.origin, p.origin+int64(p.n)-1
	if p.escape {
		return low + 1, high - 1
	}
	return low, high
}

// Value returns the value that symbol stands for, and false for a symbol that is
// out of range or stands for all values below or above it.
func (p *Parametric) Value(symbol uint32) (int64, bool) {
	value := p.origin + int64(symbol)
	low, high := p.bounds()
	return value, low <= value && value <= high
}

// AppendIntervals appends the intervals that code value to dst: one if value is in
// the range, up to six if it is outside and there is an escape. Without an escape
// it is refused, an error that wraps ErrSymbol. They are coded in this
// order, or with a stack in the reverse one.
func (p *Parametric) AppendIntervals(dst []Interval, value int64) ([]Interval, error) {
	symbol, ok := p.Symbol(value)
	if !ok {
		return dst, fmt.Errorf("%w: the value %d is outside the range", fault.ErrSymbol, value)
	}
	iv, err := p.Interval(symbol)
	if err != nil {
		return dst, err
	}
	dst = append(dst, iv)
	low, high := p.bounds()
	var excess uint64
	switch {
	case value < low:
		excess = uint64(low) - 1 - uint64(value)
	case value > high:
		excess = uint64(value) - uint64(high) - 1
	default:
		return dst, nil
	}
	m := excess + 1
	n := bits.Len64(m) - 1
	iv, err = excessBits{}.Interval(uint32(n))
	if err != nil {
		return dst, err
	}
	dst = append(dst, iv)
	for n > 0 {
		k := min(n, excessChunk)
		n -= k
		chunk := m >> n & (1<<k - 1)
		dst = append(dst, Interval{chunk << (32 - k), 1 << (32 - k)})
	}
	return dst, nil
}

// ReadValue returns the value whose intervals are next in a stream, where next
// returns the symbol that the stream holds under a distribution. An error of next
// is returned as it is; a value that no int64 can hold is an error that wraps
// foretell.ErrCorrupt.
func (p *Parametric) ReadValue(next func(Distribution) (uint32, error)) (int64, error) {
	symbol, err := next(p)
	if err != nil {
		return 0, err
	}
	if value, ok := p.Value(symbol); ok {
		return value, nil
	}
	n, err := next(excessBits{})
	if err != nil {
		return 0, err
	}
	m := uint64(1)
	for n > 0 {
		k := min(n, excessChunk)
		n -= k
		chunk, err := next(&equal[k])
		if err != nil {
			return 0, err
		}
		m = m<<k | uint64(chunk)
	}
	excess := m - 1
	low, high := p.bounds()
	switch {
	case symbol == 0 && excess < uint64(low)-1<<63:
		return low - 1 - int64(excess), nil
	case symbol != 0 && excess < math.MaxInt64-uint64(high):
		return high + 1 + int64(excess), nil
	}
	return 0, fmt.Errorf("%w: a value beyond 64 bits", fault.ErrCorrupt)
}

// equal[k] is the distribution of a number of k bits.
var equal = func() (u [excessChunk + 1]Uniform) {
	for k := range u {
		u[k].n = 1 << k
	}
	return u
}()
