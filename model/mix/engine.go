package mix

import (
	"github.com/foretell/foretell/internal/simd/learn"
	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/rangecoder"
)

// An engine predicts and codes the bits of tokens.
type engine struct {
	layout layout
	tree   *tree          // of the place
	forest []*tree        // one for all places, or one for each column
	book   int            // number of the tree in the forest
	bookOf [maxValues]int // of each value, relative to this one

	contexts [][]term
	hash     []uint32 // of each context, for this token
	tags     []uint32 // of lines at this node
	which    []int    // whose they are
	sought   int      // how many
	places   []uint32 // where they may be
	marked   []int    // where in places those of each tag begin
	table    table
	runs     runs
	tracks   []track  // of each context
	counters []*line  // of each context
	history  []uint32 // maps by context, depth or node, and history; and an entry for what is new
	entry    []int32  // those of this bit

	cands   []candidateState
	inputs  []int32
	mixer   mixer
	others  int // number of the first input behind those of contexts, guide and candidates
	outputs []int32
	last    mixer
	lastSel selector
	sets    []selector
	maps    []selector
	apms    []apm
	match   matcher
	nets    []net
	windows windows
	trail   trail
	words   wordbook
	spell   speller
	opinion opinion

	node   int32
	depth  int
	code   uint64 // the bits so far, from the top
	inLine uint32
	known  int
	sure   int
	p      int32 // probability of bit 1, 16 bits
}

type candidateState struct {
	value   int
	sels    []selector
	entries [][]uint32
	at      []int // index into each of entries
	code    uint64
	agrees  bool
}

const (
	historyLimit   = 400
	candidateLimit = 250
	byNodes        = 256 // nodes that have histories of their own, if any have
)

// hashContexts hashes the contexts of the token whose values are loaded.
func (e *engine) hashContexts() {
	v := &e.layout.values
	for c, terms := range e.contexts {
		h := uint32(c+1) * 0x2545F491
		for _, t := range terms {
			h = (h ^ e.part(v, t)) * 0x9E3779B1
			h ^= h >> 16
		}
		e.hash[c] = h
	}
}

// part returns the value of a term that holds for the whole token.
func (e *engine) part(v *[maxValues]uint32, t term) uint32 {
	x := v[t.value%maxValues]
	if t.kind == kindValue || x == 0 {
		return x
	}
	if t.kind == kindPrefix {
		return uint32(e.treeOf(t.value).code[x-1]>>(64-t.keep)) + 1
	}
	if class := e.treeOf(t.value).class; class != nil {
		return uint32(class[x-1]) + 1
	}
	return 0
}

// begin prepares the first bit of the token whose values are loaded.
func (e *engine) begin(place int) {
	e.choose(place)
	v := &e.layout.values
	for k := range e.nets {
		e.nets[k].choose(v, e)
	}
	e.hashContexts()
	e.node, e.depth, e.code, e.inLine, e.known = 0, 0, 0, 1, 0
	for c := range e.tracks {
		f := &e.tracks[c]
		f.found, f.open = false, false
	}
	e.seek(0)
	for k := range e.cands {
		c := &e.cands[k]
		x := v[c.value%maxValues]
		c.agrees = x != 0
		if x != 0 {
			c.code = e.tree.code[x-1]
		}
		for i := range c.sels {
			e.rebase(&c.sels[i])
		}
	}
	for i := range e.sets {
		e.rebase(&e.sets[i])
	}
	for i := range e.maps {
		e.rebase(&e.maps[i])
	}
	e.rebase(&e.lastSel)
	for k := range e.nets {
		e.nets[k].begin()
	}
}

func (e *engine) rebase(s *selector) {
	v := &e.layout.values
	s.base = 0
	for _, f := range s.terms {
		s.base += int(e.part(v, f.term)%f.size) * f.scale
	}
}

// index returns a selector's index for this bit.
func (e *engine) index(s *selector) int {
	at := s.base
	for _, f := range s.bits {
		x := 0
		switch f.kind {
		case kindDepth:
			x = min(e.depth, maxDepth)
		case kindNode:
			x = min(int(e.node), int(f.size)-1)
		case kindAgree:
			if e.cands[f.value].agrees {
				x = 1
			}
		case kindKnown:
			x = e.known
		case kindSure:
			x = e.sure
		case kindTrust:
			x = e.opinion.trust
		case kindBack:
			x = e.opinion.trust
			if c := &e.cands[f.value]; x < trusts && c.agrees && c.code>>(63-e.depth)&1 == 0 {
				x = trusts - 1 - x
			}
		}
		at += x * f.scale
	}
	return at
}

// predict sets p.
func (e *engine) predict() {
	atLines := e.depth%lineLevels == 0
	if atLines && e.layout.g.runs {
		e.seekMarked()
	}
	e.ahead()
	if atLines {
		e.inLine = 1
		e.lines()
	}
	x := e.inputs
	e.contextInputs(x)
	if e.layout.g.runs {
		e.sure = e.sureness()
	}
	n := 2 * len(e.tracks)
	if e.layout.g.guided {
		n += guideInputs
	}
	for k := range e.cands {
		c := &e.cands[k]
		if !c.agrees {
			for range c.sels {
				x[n] = 0
				n++
			}
			continue
		}
		sign := int32(c.code>>(63-e.depth)&1)*2 - 1
		for i := range c.sels {
			at := e.index(&c.sels[i])
			c.at[i] = at
			x[n] = sign * stretch(c.entries[i][at]>>16)
			n++
		}
	}
	for k := range e.sets {
		if e.sets[k].late {
			e.mixer.choose(k, e.index(&e.sets[k]))
		}
	}
	e.mixer.predict(x)
	for k, dot := range e.mixer.dots {
		e.outputs[k] = min(max(dot>>4, -maxStretch), maxStretch)
	}
	e.last.choose(0, e.index(&e.lastSel))
	e.last.predict(e.outputs)
	p := 2 * e.last.sets[0].p
	for k := range e.apms {
		p += e.apms[k].predict(e.last.dots[0], e.index(&e.maps[k]))
	}
	e.p = min(max(p/int32(2+len(e.apms)), 1), 65535)
}

// ahead does what does not wait for the lines of contexts: it selects weights, which lie
// anywhere in memory, so that they are on their way, and asks guide, windows and nets.
func (e *engine) ahead() {
	x := e.inputs
	if e.layout.g.guided {
		e.opinion.predict(e.node, e.depth, x[2*len(e.tracks):])
	}
	for k := range e.sets {
		if !e.sets[k].late {
			e.mixer.choose(k, e.index(&e.sets[k]))
		}
	}
	learn.Fetch(e.mixer.chosen)
	n := e.others
	e.windows.predict(e.node, x[n:])
	n += 2 * len(e.windows.each)
	x[n] = unit
	n++
	for k := range e.nets {
		x[n+k] = e.nets[k].predict(e.node)
	}
}

// contextInputs sets the two inputs of each context.
func (e *engine) contextInputs(x []int32) {
	maps, pasts := min(e.depth, maxDepth)*histories, (maxDepth+1)*histories
	if e.layout.g.byNode {
		maps, pasts = min(int(e.node), byNodes-1)*histories, byNodes*histories
	}
	counters, entry := e.counters, e.entry[:len(e.counters)]
	x = x[:2*len(counters)]
	history := e.history[:len(e.history)+1]
	none, known, in := len(e.history), 0, e.inLine&15
	for c, l := range counters {
		s := l[in]
		i := maps + int(s%histories)
		a, b := stretch(s>>16), stretch(history[i]>>16)
		// Whether a context is new can hardly be foreseen, so nothing branches on it.
		seen := 1
		if s>>7&255 == 0 {
			i, seen = none, 0
		}
		known += seen
		entry[c] = int32(i)
		x[2*c], x[2*c+1] = a&-int32(seen), b&-int32(seen)
		maps += pasts
	}
	e.known = known
}

// update trains everything on the bit that was predicted.
func (e *engine) update(bit uint32) {
	history := e.history[:len(e.history)+1]
	entry, in := e.entry[:len(e.counters)], e.inLine&15
	for c, l := range e.counters {
		train(&l[in], bit)
		adapt(&history[entry[c]], bit, historyLimit)
	}
	for k := range e.cands {
		c := &e.cands[k]
		if !c.agrees {
			continue
		}
		hit := ^(uint32(c.code>>(63-e.depth)) ^ bit) & 1
		for i := range c.sels {
			adapt(&c.entries[i][c.at[i]], hit, candidateLimit)
		}
		c.agrees = hit == 1
	}
	e.windows.update(e.node, bit)
	if e.layout.g.guided {
		e.opinion.update(e.node, bit)
	}
	node := e.node
	e.node = e.tree.child[2*node+int32(bit)]
	e.code |= uint64(bit) << (63 - e.depth)
	e.depth++
	e.inLine = e.inLine*2 + bit
	if e.node >= 0 && e.depth%lineLevels == 0 {
		e.seek(e.node)
	}
	for k := range e.nets {
		e.nets[k].update(node, int32(bit))
	}
	e.last.update(e.outputs, int32(bit))
	e.mixer.update(e.inputs, int32(bit))
	for k := range e.apms {
		e.apms[k].update(int32(bit))
	}
}

// encode codes a symbol and learns from it.
func (e *engine) encode(enc *rangecoder.Encoder, symbol uint32, sum *surprisal.Sum) {
	code, depth := e.tree.code[symbol], int(e.tree.depth[symbol])
	for d := range depth {
		e.predict()
		bit := uint32(code>>(63-d)) & 1
		enc.PutBit(int(bit), uint64(65536-e.p)<<16)
		if sum != nil {
			sum.Add(uint64(int32(1-bit)*65536+(2*int32(bit)-1)*e.p) << 16)
		}
		e.update(bit)
	}
	e.end(symbol)
}

// decode is the reverse of encode.
func (e *engine) decode(dec *rangecoder.Decoder) uint32 {
	if e.tree.size < 2 {
		return 0
	}
	for e.node >= 0 {
		e.predict()
		e.update(uint32(dec.Bit(uint64(65536-e.p) << 16)))
	}
	e.end(uint32(^e.node))
	return uint32(^e.node)
}

// end trains what learns from whole tokens.
func (e *engine) end(symbol uint32) {
	e.settle(symbol)
	for k := range e.nets {
		e.nets[k].end()
	}
}

// learn trains the counters alone on a symbol in the context of the loaded values.
func (e *engine) learn(symbol uint32, place int) {
	e.choose(place)
	e.hashContexts()
	code, depth := e.tree.code[symbol], int(e.tree.depth[symbol])
	node, in := int32(0), uint32(1)
	for d := range depth {
		if d%lineLevels == 0 {
			in = 1
			e.seek(node)
			e.lines()
		}
		bit := uint32(code>>(63-d)) & 1
		for _, l := range e.counters {
			train(&l[in&15], bit)
		}
		in = in*2 + bit
		node = e.tree.child[2*node+int32(bit)]
	}
}
