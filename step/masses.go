package step

import (
	"math"
	"math/bits"
	"unsafe"

	"github.com/foretell/foretell/internal/simd"
	"github.com/foretell/foretell/prob"
)

const (
	blockDepth = 8 // of the tree below a block of simd.MassBlock symbols
	maxDepth   = 24

	// floorShare of the sum of all masses, spread evenly, is added to them: no
	// symbol has none, and none so little that it drifts more than it weighs.
	floorShare = 0x1p-24
)

// masses is a row as masses in floating point, summed up over the nodes of the
// balanced tree of its symbols. They are good to 2^-21 or so: a decision may differ
// by that from one that was reached otherwise, which a tolerance has room for.
type masses struct {
	form  Form
	x     []float32 // the row, or what it became in buf
	buf   []float32
	dense prob.Categorical
	scale simd.MassScale
	sums  func(sums []float64, x []float32, s simd.MassScale) // simd.MassSums, but in tests
	each  func(dst, x []float32, s simd.MassScale)            // simd.Masses, but in tests

	symbols int
	depth   int       // levels of decisions; 0 for a single symbol
	upper   int       // of them above the blocks
	nodes   []float64 // of the tree down to blocks: the root is 1
	floor   float64   // what every mass holds beside its own

	largest float32 // of x
	top     float64 // its mass

	block  int                     // which one is loaded, or -1
	below  [simd.MassBlock]float64 // nodes of that block above its leaves
	leaves []float32               // the masses of its symbols
	buffer [simd.MassBlock]float32 // for masses of logits
	single [1]float32              // for the mass of one
}

// setMasses makes m those of a row. What is refused is what prob.Set and prob.SetLogits
// refuse.
func setMasses[T prob.Float](m *masses, form Form, row []T) error {
	if m.sums == nil {
		m.sums, m.each = simd.MassSums, simd.Masses
	}
	m.form, m.symbols, m.block = form, len(row), -1
	if form > Logits || len(row) > prob.MaxSymbols {
		return m.verdict(setRow(&m.dense, form, row))
	}
	m.take(any(row))
	bad := false
	if form == Logits {
		var nan bool
		m.largest, nan = simd.MaxLogit(m.x, float32(math.Inf(-1)))
		bad = nan || !(m.largest >= -math.MaxFloat32 && m.largest <= math.MaxFloat32)
	} else {
		top := simd.MaxBits(m.x)
		m.largest = math.Float32frombits(top)
		bad = top-1 >= 0x7f800000-1
	}
	if bad {
		if err := m.verdict(setRow(&m.dense, form, row)); err != nil {
			return err
		}
		if form == Probabilities {
			m.clearSigns()
		}
	}
	if form == Logits && (m.largest <= -simd.LogitLimit || m.largest >= simd.LogitLimit) {
		m.shift()
	}
	m.sum()
	return nil
}

// verdict drops the exact distribution again that a row was checked by.
func (m *masses) verdict(err error) error {
	m.dense.Release()
	return err
}

// take sets x to the numbers of a row.
func (m *masses) take(row any) {
	if x, ok := row.([]float32); ok {
		m.x = x
		return
	}
	n := m.symbols
	if cap(m.buf) < n {
		m.buf = make([]float32, n)
	}
	m.x = m.buf[:n]
	switch row := row.(type) {
	case []float64:
		simd.NarrowFloat64(m.x, row)
	case []prob.Float16:
		simd.WidenFloat16(m.x, unsafe.Slice((*uint16)(unsafe.SliceData(row)), n))
	case []prob.BFloat16:
		simd.WidenBFloat16(m.x, unsafe.Slice((*uint16)(unsafe.SliceData(row)), n))
	}
}

// own makes x a copy of the row that may be changed.
func (m *masses) own() {
	if cap(m.buf) < m.symbols {
		m.buf = make([]float32, m.symbols)
	}
	copy(m.buf[:m.symbols], m.x)
	m.x = m.buf[:m.symbols]
}

// clearSigns makes zeros of minus zeros.
func (m *masses) clearSigns() {
	m.own()
	for i, p := range m.x {
		m.x[i] = math.Float32frombits(math.Float32bits(p) &^ (1 << 31))
	}
	m.largest = math.Float32frombits(simd.MaxBits(m.x))
}

// shift takes the largest logit from all.
func (m *masses) shift() {
	m.own()
	for i, x := range m.x {
		m.x[i] = x - m.largest
	}
	m.largest = 0
}

// release forgets the row.
func (m *masses) release() { m.x, m.leaves, m.block = nil, nil, -1 }

// sum fills the nodes.
func (m *masses) sum() {
	n := m.symbols
	m.depth = bits.Len(uint(n - 1))
	m.upper = max(0, m.depth-blockDepth)
	blocks := 1 << m.upper
	if cap(m.nodes) < 2*blocks {
		m.nodes = make([]float64, 2*blocks)
	}
	m.nodes = m.nodes[:2*blocks]
	sums := m.nodes[blocks:]
	whole := n / simd.MassBlock
	rest := m.x[whole*simd.MassBlock:]
	if m.form == Logits {
		m.scale = simd.NewMassScale(m.largest)
		m.top = m.exponential(m.largest)
		m.sums(sums[:whole], m.x[:whole*simd.MassBlock], m.scale)
	} else {
		m.top = simd.Float64(m.largest)
		simd.Sums(sums[:whole], m.x[:whole*simd.MassBlock])
	}
	clear(sums[whole:])
	if len(rest) > 0 {
		sums[whole] = simd.SumInOrder(m.numbers(rest))
	}
	for i := blocks - 1; i > 0; i-- {
		m.nodes[i] = m.nodes[2*i] + m.nodes[2*i+1]
	}
	m.floor = m.nodes[1] * floorShare / float64(n)
}

// numbers returns the masses of up to a block of x, those of logits in buffer.
func (m *masses) numbers(x []float32) []float32 {
	if m.form == Probabilities {
		return x
	}
	pad := m.buffer[:(len(x)+simd.Chunk-1)&^(simd.Chunk-1)]
	n := copy(pad, x)
	for i := n; i < len(pad); i++ {
		pad[i] = m.largest
	}
	m.each(pad, pad, m.scale)
	return pad[:n]
}

// exponential returns the mass of a logit.
func (m *masses) exponential(x float32) float64 {
	m.single[0] = x
	m.each(m.single[:], m.single[:], m.scale)
	return float64(m.single[0])
}

// load fills the nodes of a block.
func (m *masses) load(block int) {
	if m.block == block {
		return
	}
	from := block << blockDepth
	x := m.numbers(m.x[from:min(from+simd.MassBlock, m.symbols)])
	m.block, m.leaves = block, x
	half := 1 << min(m.depth, blockDepth) / 2
	below := m.below[half : 2*half]
	for i := range below {
		switch {
		case len(x) >= 2:
			below[i] = simd.Float64(x[0]) + simd.Float64(x[1])
			x = x[2:]
		case len(x) == 1:
			below[i] = simd.Float64(x[0])
			x = nil
		default:
			below[i] = 0
		}
	}
	for i := half - 1; i > 0; i-- {
		m.below[i] = m.below[2*i] + m.below[2*i+1]
	}
}

// count returns how many symbols node i of a level has.
func (m *masses) count(level, i int) int {
	size := 1 << (m.depth - level)
	return min(max(m.symbols-i*size, 0), size)
}

// mass returns the mass of node i of a level.
func (m *masses) mass(level, i int) float64 {
	floor := float64(m.floor * float64(m.count(level, i)))
	if level <= m.upper {
		return m.nodes[1<<level+i] + floor
	}
	down := level - m.upper
	m.load(i >> down)
	at := i & (1<<down - 1)
	switch {
	case level < m.depth:
		return m.below[1<<down+at] + floor
	case at < len(m.leaves):
		return simd.Float64(m.leaves[at]) + floor
	}
	return floor
}

// A branch is what lies beside the path to a symbol: side[l] is the mass of the node
// of level l that is not on it, within[l] that of the node of level l that is.
type branch struct {
	symbol int
	side   [maxDepth + 1]float64
	within [maxDepth + 1]float64
}

// branch sets b to the path to a symbol, with the symbol's own mass in it or without.
func (m *masses) branch(b *branch, symbol int, own bool) {
	b.symbol = symbol
	d := m.depth
	b.within[d] = 0
	if own {
		b.within[d] = m.mass(d, symbol)
	}
	for l := d; l > 0; l-- {
		b.side[l] = m.mass(l, symbol>>(d-l)^1)
		b.within[l-1] = b.within[l] + b.side[l]
	}
}

// likely returns the logarithm of the odds that the likeliest symbol is the one, and
// whether it can be above theta, less a margin.
func (m *masses) likely(margin float64) (odds float64, can bool) {
	all := m.mass(0, 0)
	top := m.top + m.floor
	if top < all/2 {
		odds = logarithm(top / (all - top))
		return odds, odds > logTheta-margin
	}
	// Not by a difference, in which little would be left.
	first := -1
	m.above(m.largest, func(i int) bool {
		first = i
		return false
	})
	var b branch
	m.branch(&b, first, false)
	return logarithm(top / b.within[0]), true
}

// above calls f for each symbol whose number is at least that, which is not much less
// than the largest, until f returns false.
func (m *masses) above(least float32, f func(i int) bool) {
	enough := 0.0
	if m.form == Probabilities {
		enough = simd.Float64(least) * 0.99
	} else {
		enough = m.exponential(least) * 0.99
	}
	sums := m.nodes[len(m.nodes)/2:]
	for block, sum := range sums {
		if sum < enough {
			continue
		}
		from := block << blockDepth
		for i, x := range m.x[min(from, m.symbols):min(from+simd.MassBlock, m.symbols)] {
			if x >= least && !f(from+i) {
				return
			}
		}
	}
}

// key returns the number of a symbol, one of the likeliest, as a logit.
func (m *masses) key(i int) float64 {
	if m.form == Logits {
		return float64(m.x[i])
	}
	return logarithm(simd.Float64(m.x[i]))
}

// belowLargest returns a number that lies at least so far below the largest, as logits.
func (m *masses) belowLargest(distance float64) float32 {
	least := float32(float64(m.largest) - distance)
	if m.form == Probabilities {
		least = float32(simd.Float64(m.largest) / exponential(distance))
	}
	return math.Nextafter32(least, float32(math.Inf(-1)))
}
