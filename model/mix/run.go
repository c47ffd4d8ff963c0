package mix

import (
	"unsafe"

	"github.com/foretell/foretell/internal/simd/learn"
)

// Most contexts of a long stream are followed by one symbol only, seen once. Lines of
// counters for all levels of its code would be a waste of memory and of time: what has had
// a single symbol is a run. It keeps the symbol and how often it came, and stands for the
// counters on the whole rest of the way to it. Only when another symbol comes do both get
// counters, as far as their ways are the same, and each a run of its own from where they
// part.
//
// A run has, from the top, the tag of its first line (32 bits), the symbol (20) and the
// count (8).
type run uint64

func newRun(tag, symbol, n uint32) run {
	return run(tag)<<32 | run(symbol)<<12 | run(min(n, countLimit))
}

func (r run) symbol() uint32 { return uint32(r) >> 12 }
func (r run) count() uint32  { return uint32(r) & 255 }

// runs keeps runs by tag.
type runs struct {
	buckets [][8]run
	shift   uint
}

func newRuns(bits int) runs {
	return runs{make([][8]run, 1<<bits), uint(32 - bits)}
}

// find returns the run of a tag, or nil.
func (r *runs) find(tag uint32) *run {
	b := &r.buckets[int(tag>>r.shift)&(len(r.buckets)-1)]
	for k := range b {
		if uint32(b[k]>>32) == tag {
			return &b[k]
		}
	}
	return nil
}

// put keeps a run in the place of one with the same tag, or of the least used.
func (r *runs) put(x run) {
	b := &r.buckets[int(uint32(x>>32)>>r.shift)&(len(r.buckets)-1)]
	at := 0
	for k := range b {
		if b[k]>>32 == x>>32 {
			at = k
			break
		}
		if b[k].count() < b[at].count() {
			at = k
		}
	}
	b[at] = x
}

// runCounters holds what a counter becomes that was trained n times, with nothing but 0
// or nothing but 1.
var runCounters [countLimit + 1][2]uint32

func makeRunCounters() {
	c := [2]uint32{newCounter, newCounter}
	for n := range runCounters {
		runCounters[n] = c
		train(&c[0], 0)
		train(&c[1], 1)
	}
}

// A track finds the counters of a context on the way through the tree.
type track struct {
	line     *line     // of counters; nil if there are none
	code     uint64    // of a run's symbol
	counters [2]uint32 // what the run stands for where its symbol's bit is 0 or 1
	running  bool      // whether the bits so far were those of the run

	open  bool // whether there is a run, or none yet: it learns the token when that is known
	tag   uint32
	node  int32
	depth int
}

// tag returns the tag of a context's line at a node.
func (e *engine) tag(c int, node int32) uint32 {
	h := (e.hash[c] + uint32(node)*0x9E3779B1 + uint32(e.book)*0x2C1B3C6D) * 0x85EBCA6B
	h ^= h >> 15
	h *= 0xC2B2AE35
	return (h ^ h>>16) | 1
}

// lines finds the lines of all contexts at a node.
func (e *engine) lines(node int32) {
	runs := e.layout.g.runs
	n := 0
	for c := range e.tracks {
		if f := &e.tracks[c]; f.line != nil || e.depth == 0 || !runs {
			e.tags[n] = e.tag(c, node)
			e.which[n] = c
			n++
		}
	}
	learn.Prefetch(e.table.lines, e.tags[:n], e.table.shift)
	if !runs {
		for c, tag := range e.tags[:n] {
			e.tracks[c].line = e.table.find(tag)
		}
		return
	}
	e.runs.prefetch(e.tags[:n])
	for k, c := range e.which[:n] {
		f := &e.tracks[c]
		tag := e.tags[k]
		if f.line = e.table.seek(tag); f.line != nil {
			continue
		}
		f.open, f.tag, f.node, f.depth = true, tag, node, e.depth
		if r := e.runs.find(tag); r != nil {
			f.code, f.running = e.tree.code[r.symbol()], true
			f.counters = runCounters[r.count()]
		}
	}
}

// settle lets runs learn the token.
func (e *engine) settle(symbol uint32) {
	for c := range e.tracks {
		f := &e.tracks[c]
		if !f.open {
			continue
		}
		n := uint32(0)
		if r := e.runs.find(f.tag); r != nil {
			if n = r.count(); r.symbol() != symbol {
				old := r.symbol()
				*r = 0
				e.part2(c, f, old, n, symbol)
				continue
			}
		}
		e.runs.put(newRun(f.tag, symbol, n+1))
	}
}

// part gives counters to a run's symbol, which came n times, and to another that has
// come now.
func (e *engine) part2(c int, f *track, old, n, symbol uint32) {
	child := e.tree.child
	node, tag := f.node, f.tag
	was, is := e.tree.code[old]<<f.depth, e.tree.code[symbol]<<f.depth
	for {
		l := e.table.find(tag)
		if used(l) > 0 {
			return
		}
		a, b := node, node
		for k, level := 1, 0; level < lineLevels && a >= 0; level++ {
			bit := int(was >> 63)
			l[k] = runCounters[n][bit]
			k, a, was = 2*k+bit, child[2*int(a)+bit], was<<1
		}
		for k, level := 1, 0; level < lineLevels && b >= 0; level++ {
			bit := int(is >> 63)
			train(&l[k], uint32(bit))
			k, b, is = 2*k+bit, child[2*int(b)+bit], is<<1
		}
		if a != b {
			e.start(c, a, old, n)
			e.start(c, b, symbol, 1)
			return
		}
		if a < 0 {
			return
		}
		node, tag = a, e.tag(c, a)
	}
}

// start makes a run of a new line at a node.
func (e *engine) start(c int, node int32, symbol, n uint32) {
	if node < 0 {
		return
	}
	e.runs.put(newRun(e.tag(c, node), symbol, n))
}

func (r *runs) prefetch(tags []uint32) {
	learn.Prefetch(r.lines(), tags, r.shift)
}

// lines returns the buckets as what they are to memory.
func (r *runs) lines() []line {
	return unsafe.Slice((*line)(unsafe.Pointer(&r.buckets[0])), len(r.buckets))
}
