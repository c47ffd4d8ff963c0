package mix

import (
	"math/bits"

	"github.com/foretell/foretell/rangecoder"
)

// An archive writes or reads the state of an engine, at less precision than the
// engine works with; what it writes it also puts back, so that the engine is then
// in the state that will be read.
type archive struct {
	enc *rangecoder.Encoder // to write, or
	dec *rangecoder.Decoder // to read
	bad bool                // whether a number was read that none can be

	counts, probabilities, weights, points, vectors, sums, biases adaptiveBits
	lineModels
}

type lineModels struct {
	gaps   adaptiveBits
	used   [lineLevels][16]adaptiveBit // by level, and size of the count above
	size   [lineLevels]adaptiveBits
	past   [16]adaptiveBits // by size of the count
	chance [32]adaptiveBits // and by the last bit

	runGaps, runSize adaptiveBits
	runNode          []adaptiveBit // bits of a run's symbol by node
}

// over reports whether the input has ended before its time, from where on what is
// read means nothing. It is asked often enough that a short input which claims to
// be a large state is refused at once.
func (a *archive) over() bool { return a.dec != nil && (a.bad || a.dec.Err() != nil) }

// refuse takes the input for damaged, unless it has ended.
func (a *archive) refuse() { a.bad = a.bad || !a.over() }

// often is how many numbers may be read before over is asked.
const often = 1024

// number codes x < len(m).
func (a *archive) number(m *adaptiveBits, size, x int) int {
	if *m == nil {
		*m = make(adaptiveBits, size)
	}
	if a.enc != nil {
		m.put(a.enc, x)
		return x
	}
	return m.read(a.dec)
}

func (a *archive) flag(m *adaptiveBit, x bool) bool {
	if a.enc != nil {
		m.put(a.enc, b2i(x))
		return x
	}
	return m.read(a.dec) == 1
}

// integer codes a number whose zigzag form has up to maxInteger bits: its length, then the
// bits below the highest one.
func (a *archive) integer(m *adaptiveBits, x int64) int64 {
	z := uint64(x<<1 ^ x>>63)
	n := a.number(m, 64, bits.Len64(z))
	if n > maxInteger {
		a.refuse()
		return 0
	}
	if n < 2 {
		z = uint64(n)
	} else {
		z = uint64(a.raw(n-1, int64(z)&(1<<(n-1)-1))) | 1<<(n-1)
	}
	return int64(z>>1) ^ -int64(z&1)
}

// raw codes n bits.
func (a *archive) raw(n int, x int64) int64 {
	const half = 1 << 31
	v := int64(0)
	for i := n - 1; i >= 0; i-- {
		if a.enc != nil {
			a.enc.PutBit(int(x>>i&1), half)
			continue
		}
		v = v<<1 | int64(a.dec.Bit(half))
	}
	if a.enc != nil {
		return x
	}
	return v
}

// maxInteger is more than differences of tags take, which are the largest.
const maxInteger = 40

// count codes the size of a count, and returns one of that size.
func (a *archive) count(m *adaptiveBits, n uint32) uint32 {
	return typical(a.number(m, 32, bits.Len32(n)))
}

// typical returns a count of k bits.
func typical(k int) uint32 {
	if k < 2 {
		return uint32(k)
	}
	return 3 << (k - 2)
}

// coarse codes x without its lowest bits.
func (a *archive) coarse(m *adaptiveBits, drop int, x int64) int64 {
	return a.integer(m, x>>drop)<<drop | 1<<(drop-1)
}

// engine codes everything that an engine has learned but the lines of its table.
func (a *archive) engine(e *engine) {
	a.entries(e.history)
	for k := range e.cands {
		for _, m := range e.cands[k].entries {
			a.entries(m)
		}
	}
	for k := range e.windows.each {
		a.entries(e.windows.each[k].maps)
	}
	a.mixer(&e.mixer)
	a.mixer(&e.last)
	for k := range e.apms {
		for i, v := range e.apms[k].t {
			if i%often == 0 && a.over() {
				return
			}
			first := apmFirst(i)
			d := a.integer(&a.points, (int64(v)-first)>>7)
			if d != 0 {
				v = uint16(min(max(first+d<<7, 1), 65535))
			} else {
				v = uint16(first)
			}
			e.apms[k].t[i] = v
		}
	}
	for k := range e.nets {
		a.net(&e.nets[k])
	}
}

func (a *archive) entries(m []uint32) {
	for i, v := range m {
		if i%often == 0 && a.over() {
			return
		}
		n := a.count(&a.counts, v&1023)
		if n == 0 {
			continue
		}
		if n > 1023 {
			a.refuse()
		}
		p := a.number(&a.probabilities, 1024, int(v>>22))
		m[i] = uint32(p)<<22 | 1<<21 | n
	}
}

func (a *archive) mixer(m *mixer) {
	for k := range m.sets {
		s := &m.sets[k]
		for i, n := range s.count {
			if i%often == 0 && a.over() {
				return
			}
			c := a.count(&a.counts, uint32(n))
			s.count[i] = uint16(min(int(c), len(m.rates)-1))
			if c == 0 {
				continue
			}
			if a.over() {
				return
			}
			w := s.w[i*m.inputs:][:m.inputs]
			for j, v := range w {
				w[j] = int32(min(max(a.coarse(&a.weights, 11, int64(v)), -maxWeight), maxWeight))
			}
		}
	}
}

func (a *archive) net(n *net) {
	for k := range n.inputs {
		in := &n.inputs[k]
		for r := range in.sumSq {
			if r%often == 0 && a.over() {
				return
			}
			in.sumSq[r] = a.vector(in.vec[r*n.dims:][:n.dims], in.sumSq[r], maxVector)
		}
	}
	for r := range n.outSum {
		if r%often == 0 && a.over() {
			return
		}
		if n.outSum[r] = a.vector(n.out[r*n.dims:][:n.dims], n.outSum[r], maxOut); n.outSum[r] != 0 {
			n.bias[r] = int32(min(max(a.coarse(&a.biases, 12, int64(n.bias[r])), -maxBias), maxBias))
		}
	}
}

// vector codes a vector and its sum of squared gradients, of which only the size
// matters. One that was not trained stays as it began.
func (a *archive) vector(v []int32, sum uint64, limit int64) uint64 {
	k := a.number(&a.sums, 64, min(bits.Len64(sum), 62))
	if k > 62 {
		a.refuse()
	}
	if k == 0 || a.over() {
		return 0
	}
	for i, x := range v {
		v[i] = int32(min(max(a.coarse(&a.vectors, 14, int64(x)), -limit), limit))
	}
	return 3 << k >> 2
}

// lines codes lines in the order of their tags.
func (a *archive) lines(lines []line) {
	tag := int64(0)
	for i := range lines {
		if i%often == 0 && a.over() {
			return
		}
		l := &lines[i]
		tag += a.integer(&a.gaps, int64(l[0])-tag)
		l[0] = uint32(tag) | 1
		for k := 1; k < len(l); k++ {
			level := bits.Len(uint(k)) - 1
			above := 15
			if k > 1 {
				above = bits.Len32(l[k/2] >> 7 & 255)
			}
			l[k] = a.counter(l[k], level, above)
		}
	}
}

// counter codes a counter whose parent's count has a size of above.
func (a *archive) counter(c uint32, level, above int) uint32 {
	n := c >> 7 & 255
	if above == 0 || !a.flag(&a.used[level][above], n > 0) {
		return newCounter
	}
	k := max(1, a.number(&a.size[level], 16, bits.Len32(n)))
	k = min(k, 8)
	past := a.number(&a.past[k], histories, int(c%histories))
	p := a.number(&a.chance[2*k+past&1], 256, int(c>>24))
	return uint32(p)<<24 | 1<<23 | min(typical(k), countLimit)<<7 | uint32(past)
}

// runs codes runs in the order of their tags.
func (a *archive) runs(runs []run, t *tree) {
	tag := int64(0)
	if a.runNode = make([]adaptiveBit, len(t.child)/2); t.size < 2 {
		return
	}
	for i, r := range runs {
		if i%often == 0 && a.over() {
			return
		}
		tag += a.integer(&a.runGaps, int64(r.tag)-tag)
		n := min(typical(max(1, min(a.number(&a.runSize, 16, bits.Len32(r.count())), 8))), countLimit)
		node := int32(0)
		for code := t.code[min(int(r.symbol()), t.size-1)]; node >= 0; code <<= 1 {
			bit := b2i(a.flag(&a.runNode[node], code>>63 == 1))
			node = t.child[2*int(node)+bit]
		}
		runs[i] = newRun(uint32(tag)|1, uint32(^node), n)
	}
}
