package mix

import (
	"github.com/foretell/foretell/internal/pages"
	"github.com/foretell/foretell/internal/simd/learn"
)

// Most contexts of a long stream are followed by one symbol only, seen once. Lines of
// counters for all levels of its code would be a waste of memory and of time: what has had
// a single symbol is a run. It keeps the symbol and how often it came, and stands for the
// counters on the whole rest of the way to it. Only when another symbol comes do both get
// counters, as far as their ways are the same, and each a run of its own from where they
// part.
//
// A run is two words: the tag of its first line, and the symbol above a count of 8 bits.
type run struct{ tag, past uint32 }

func newRun(tag, symbol, n uint32) run { return run{tag, symbol<<8 | min(n, countLimit)} }

func (r run) symbol() uint32 { return r.past >> 8 }
func (r run) count() uint32  { return r.past & 255 }

// runs keeps runs by tag, eight in one cache line.
type runs struct {
	buckets []bucket
	shift   uint
}

type bucket [16]uint32

func newRuns(bits int) runs { return runs{pages.Large(make([]bucket, 1<<bits)), uint(32 - bits)} }

// place returns the number of the bucket of a tag.
func (r *runs) place(tag uint32) int { return int(tag>>r.shift) & (len(r.buckets) - 1) }

func (r *runs) bucket(tag uint32) *bucket { return &r.buckets[r.place(tag)] }

// find returns the run of a tag; its count is 0 if there is none.
func (r *runs) find(tag uint32) run {
	b := r.bucket(tag)
	for k := 0; k < len(b); k += 2 {
		if b[k] == tag {
			return run{tag, b[k+1]}
		}
	}
	return run{}
}

// put keeps a run in the place of the one with its tag or, if there is none, of that
// which came least.
func (r *runs) put(x run) {
	b := r.bucket(x.tag)
	at := 0
	for k := 0; k < len(b); k += 2 {
		if b[k] == x.tag {
			at = k
			break
		}
		if b[k+1]&255 < b[at+1]&255 {
			at = k
		}
	}
	b[at], b[at+1] = x.tag, x.past
}

// drop takes a run out.
func (r *runs) drop(tag uint32) {
	b := r.bucket(tag)
	for k := 0; k < len(b); k += 2 {
		if b[k] == tag {
			b[k], b[k+1] = 0, 0
			return
		}
	}
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
	found bool   // whether there is a line of counters
	count uint32 // of a run; 0 if there is none
	code  uint64 // of its symbol
	own   line   // counters where there is no line: what the run stands for, or new ones

	open  bool   // whether there is a run or nothing, to learn the token when that is known
	tag   uint32 // of its line
	node  int32  // where it begins
	depth int
}

// tag returns the tag of a context's line at a node.
func (e *engine) tag(c int, node int32) uint32 {
	h := (e.hash[c] + uint32(node)*0x9E3779B1 + uint32(e.book)*0x2C1B3C6D) * 0x85EBCA6B
	h ^= h >> 15
	h *= 0xC2B2AE35
	return (h ^ h>>16) | 1
}

// seek begins to look for the lines of all contexts at a node: what is looked at is
// brought to the cache while other things are done.
func (e *engine) seek(node int32) {
	runs := e.layout.g.runs
	n, at := 0, e.places[:0]
	for c := range e.tracks {
		if e.tracks[c].found || e.depth == 0 || !runs {
			tag := e.tag(c, node)
			e.tags[n], e.which[n] = tag, c
			n++
			if runs {
				at = append(at, uint32(e.runs.place(tag)))
			} else {
				i := uint32(e.table.place(tag))
				at = append(at, i, i^1)
			}
		}
	}
	e.sought = n
	if !runs {
		learn.FetchLines(e.table.lines, at)
		return
	}
	learn.FetchLines(e.runs.buckets, at)
	at = at[:0]
	for _, tag := range e.tags[:n] {
		at = append(at, uint32(e.table.place(tag)/marksInLine))
	}
	learn.FetchLines(e.table.marks, at)
}

// seekMarked looks at the marks of the lines that are looked for, and has those brought to
// the cache that may be there.
func (e *engine) seekMarked() {
	n, at := e.sought, e.places[:0]
	for k, tag := range e.tags[:n] {
		e.marked[k] = len(at)
		at = e.table.marked(at, tag)
	}
	e.marked[n] = len(at)
	learn.FetchLines(e.table.lines, at)
	e.places = at
}

// lines finds the lines that are looked for.
func (e *engine) lines() {
	if !e.layout.g.runs {
		for c, tag := range e.tags[:e.sought] {
			e.counters[c] = e.table.find(tag)
		}
		return
	}
	for c := range e.tracks {
		e.tracks[c].found = false
	}
	for k, c := range e.which[:e.sought] {
		f := &e.tracks[c]
		tag := e.tags[k]
		for _, i := range e.places[e.marked[k]:e.marked[k+1]] {
			if l := &e.table.lines[i]; l[0] == tag {
				e.counters[c], f.found = l, true
				break
			}
		}
		if f.found {
			continue
		}
		f.open, f.tag, f.node, f.depth = true, tag, e.node, e.depth
		f.count = 0
		if r := e.runs.find(tag); r.count() > 0 {
			f.code, f.count = e.tree.code[r.symbol()], r.count()
		}
	}
	for c := range e.tracks {
		if f := &e.tracks[c]; !f.found {
			e.pretend(f)
			e.counters[c] = &f.own
		}
	}
}

// noCounters is a line that has learned nothing.
var noCounters line

func makeNoCounters() {
	for k := range noCounters {
		noCounters[k] = newCounter
	}
}

// pretend makes the line of a track that has none: counters on the way to the symbol of
// its run, if the bits so far were those of the run.
func (e *engine) pretend(f *track) {
	f.own = noCounters
	if f.count == 0 {
		return
	}
	const all = ^uint64(0)
	if (f.code^e.code)&(all>>f.depth)&^(all>>e.depth) != 0 {
		f.count = 0
		return
	}
	code, counters := f.code<<e.depth, &runCounters[f.count]
	for k, level := 1, 0; level < lineLevels; level++ {
		bit := int(code >> 63)
		f.own[k%len(f.own)] = counters[bit]
		k, code = 2*k+bit, code<<1
	}
}

// settle lets runs learn the token.
func (e *engine) settle(symbol uint32) {
	for c := range e.tracks {
		f := &e.tracks[c]
		if !f.open {
			continue
		}
		r := e.runs.find(f.tag)
		if r.count() == 0 || r.symbol() == symbol {
			e.runs.put(newRun(f.tag, symbol, r.count()+1))
			continue
		}
		e.runs.drop(f.tag)
		e.fork(c, r, symbol)
	}
}

// fork gives counters to a run's symbol and to another that has come now, as far as
// their ways are the same.
func (e *engine) fork(c int, r run, symbol uint32) {
	f, child := &e.tracks[c], e.tree.child
	node, tag := f.node, f.tag
	was, is := e.tree.code[r.symbol()]<<f.depth, e.tree.code[symbol]<<f.depth
	for {
		l := e.table.find(tag)
		if used(l) > 0 {
			return
		}
		a, b := node, node
		for k, level := 1, 0; level < lineLevels && a >= 0; level++ {
			bit := int(was >> 63)
			l[k] = runCounters[r.count()][bit]
			k, a, was = 2*k+bit, child[2*int(a)+bit], was<<1
		}
		for k, level := 1, 0; level < lineLevels && b >= 0; level++ {
			bit := int(is >> 63)
			train(&l[k], uint32(bit))
			k, b, is = 2*k+bit, child[2*int(b)+bit], is<<1
		}
		if a != b {
			e.start(c, a, r.symbol(), r.count())
			e.start(c, b, symbol, 1)
			return
		}
		if a < 0 {
			return
		}
		node, tag = a, e.tag(c, a)
	}
}

// start begins a run at a node, unless that is a leaf.
func (e *engine) start(c int, node int32, symbol, n uint32) {
	if node < 0 {
		return
	}
	e.runs.put(newRun(e.tag(c, node), symbol, n))
}

// sureness says what contexts 1 to 3 have had here.
func (e *engine) sureness() int {
	x := 0
	for _, i := range e.entry[min(1, len(e.entry)):min(4, len(e.entry))] {
		x *= sures
		if i >= 0 {
			x += int(sureOf[i%histories])
		}
	}
	return x
}
