package ans

import (
	"fmt"
	"io"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// The kinds of stored tables, in the upper half of the first byte; the lower
// half is the precision less MinPrecision.
const (
	storedFlat  = 0 // equal shares: nothing follows
	storedAlone = 1 // the slots of each symbol
	storedDelta = 2 // their differences from those of another table
)

// AppendTable appends the stored form of t to dst. If base is not nil, a table of
// as many symbols, the form may lean on it, and AppendTable says whether it does:
// it takes the shorter one. ParseTable then needs the same base.
//
// The first byte holds kind and precision. Unless the shares are equal, a range
// coder's stream follows, with the slots of one symbol after another until they
// are all given away. The number of slots, or the difference from what base gives
// the symbol (zigzag: 0, -1, 1, -2, ...), is coded as its length in bits, under
// counts that adapt in the context of the symbol before, or of base's slots, and
// then the bits below the leading one as they are.
func (t *Table) AppendTable(dst []byte, base *Table) (out []byte, leans bool) {
	if t.flat {
		return append(dst, t.head(storedFlat)), false
	}
	start := len(dst)
	dst = t.appendSlots(append(dst, t.head(storedAlone)), nil)
	if base == nil || len(base.freq) != len(t.freq) {
		return dst, false
	}
	alone := len(dst)
	dst = t.appendSlots(append(dst, t.head(storedDelta)), base)
	if len(dst)-alone >= alone-start {
		return dst[:alone], false
	}
	n := copy(dst[start:], dst[alone:])
	return dst[:start+n], true
}

func (t *Table) head(kind byte) byte {
	return kind<<4 | byte(t.prec-MinPrecision)
}

func (t *Table) appendSlots(dst []byte, base *Table) []byte {
	e := rangecoder.NewEncoder(dst)
	m := newLengthModel
	left := uint32(1) << t.prec
	prev := uint32(0)
	for s := 0; left != 0; s++ {
		f := t.freq[s]
		left -= f
		v, context := f, prev
		if base != nil {
			g := base.rescaled(s, t.prec)
			v, context = zigzag(int32(f)-int32(g)), g
		}
		m.put(e, v, context)
		prev = f
	}
	return e.Finish()
}

// ParseTable returns the table of size symbols whose stored form is src, all of
// it. base is the table that was given to AppendTable, or nil. Bytes that are no
// stored table are an error that wraps foretell.ErrCorrupt or io.ErrUnexpectedEOF,
// and foretell.ErrModel if the form leans on a base and there is none of this size.
func ParseTable(src []byte, size int, base *Table) (*Table, error) {
	if err := checkSize(size); err != nil {
		return nil, err
	}
	if len(src) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	prec := uint(src[0]&15) + MinPrecision
	if prec > MaxPrecision {
		return nil, fmt.Errorf("%w: a table with a precision of %d bits", fault.ErrCorrupt, prec)
	}
	switch src[0] >> 4 {
	case storedFlat:
		if len(src) != 1 || size > 1<<prec {
			return nil, fmt.Errorf("%w: not a table of equal shares", fault.ErrCorrupt)
		}
		return flatTable(size, prec), nil
	case storedAlone:
		return parseSlots(src[1:], size, prec, nil)
	case storedDelta:
		if base == nil || len(base.freq) != size {
			return nil, fmt.Errorf("%w: the table leans on another of %d symbols", fault.ErrModel, size)
		}
		return parseSlots(src[1:], size, prec, base)
	}
	return nil, fmt.Errorf("%w: no such kind of table", fault.ErrCorrupt)
}

func parseSlots(src []byte, size int, prec uint, base *Table) (*Table, error) {
	d := rangecoder.NewDecoder(src)
	m := newLengthModel
	both := make([]uint32, 2*size)
	t := &Table{prec: prec, freq: both[:size:size], cum: both[size:]}
	total := uint32(1) << prec
	left := total
	prev := uint32(0)
	s := 0
	for ; left != 0; s++ {
		if s == size {
			return nil, fmt.Errorf("%w: a table with slots left over", fault.ErrCorrupt)
		}
		context := prev
		if base != nil {
			context = base.rescaled(s, prec)
		}
		f, err := m.get(d, context)
		if err != nil {
			return nil, err
		}
		if base != nil {
			f = context + unzigzag(f)
		}
		if f > left {
			return nil, fmt.Errorf("%w: a table with too few slots", fault.ErrCorrupt)
		}
		t.freq[s], t.cum[s] = f, total-left
		t.sole = t.sole || f == total
		left -= f
		prev = f
	}
	for ; s < size; s++ {
		t.cum[s] = total
	}
	if err := d.Finish(); err != nil {
		return nil, err
	}
	return t, nil
}

// rescaled returns the slots of symbol s as they would be at another precision.
func (t *Table) rescaled(s int, prec uint) uint32 {
	f := t.freq[s]
	switch {
	case f == 0:
		return 0
	case prec >= t.prec:
		return f << (prec - t.prec)
	}
	return max(1, f>>(t.prec-prec))
}

func zigzag(d int32) uint32    { return uint32(d<<1 ^ d>>31) }
func unzigzag(z uint32) uint32 { return z>>1 ^ -(z & 1) }

// A lengthModel codes numbers below 2^lengths by their lengths in bits, under
// counts of the lengths that were seen in the same context, which is the length
// of another number.
type lengthModel struct {
	counts [lengths][lengths]uint32
	sums   [lengths]uint32
}

const (
	lengths   = 23 // 0 to 22 bits: differences of up to 2^20 either way
	increment = 32
	sumLimit  = 1 << 13
)

// newLengthModel is a model that has seen nothing.
var newLengthModel = func() (m lengthModel) {
	for i := range m.counts {
		for j := range m.counts[i] {
			m.counts[i][j] = 1
		}
		m.sums[i] = lengths
	}
	return m
}()

func (m *lengthModel) put(e *rangecoder.Encoder, v, context uint32) {
	c := bits.Len32(context)
	n := bits.Len32(v)
	unit := prob.Total / uint64(m.sums[c])
	low := uint64(0)
	for _, x := range m.counts[c][:n] {
		low += uint64(x)
	}
	e.Put(prob.Interval{Low: low * unit, Width: uint64(m.counts[c][n]) * unit})
	m.learn(c, n)
	if n > 1 {
		shift := uint(32 - (n - 1))
		e.Put(prob.Interval{Low: uint64(v-1<<(n-1)) << shift, Width: 1 << shift})
	}
}

func (m *lengthModel) get(d *rangecoder.Decoder, context uint32) (uint32, error) {
	c := bits.Len32(context)
	point, err := d.Point()
	if err != nil {
		return 0, err
	}
	sum, counts := m.sums[c], &m.counts[c]
	unit := uint32(prob.Total / uint64(sum))
	t := point / unit
	if t >= sum {
		return 0, fmt.Errorf("%w: no slots of a table stand here", fault.ErrCorrupt)
	}
	low, n := uint32(0), 0
	for ; t-low >= counts[n]; n++ {
		low += counts[n]
	}
	d.Take(prob.Interval{Low: uint64(low) * uint64(unit), Width: uint64(counts[n]) * uint64(unit)})
	m.learn(c, n)
	if n < 2 {
		return uint32(n), nil
	}
	point, err = d.Point()
	if err != nil {
		return 0, err
	}
	shift := uint(32 - (n - 1))
	rest := point >> shift
	d.Take(prob.Interval{Low: uint64(rest) << shift, Width: 1 << shift})
	return 1<<(n-1) | rest, nil
}

// learn counts length n in context c.
func (m *lengthModel) learn(c, n int) {
	m.counts[c][n] += increment
	m.sums[c] += increment
	if m.sums[c] < sumLimit {
		return
	}
	m.sums[c] = 0
	for i, x := range m.counts[c] {
		m.counts[c][i] = x - x>>1
		m.sums[c] += m.counts[c][i]
	}
}
