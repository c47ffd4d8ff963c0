package mix

import (
	"math/bits"
	"slices"

	"github.com/foretell/foretell/model/mix/internal/vocabulary"
)

// A blueprint says what an engine is made of: the contexts of a geometry, parsed,
// and the sizes of everything.
type blueprint struct {
	g          *geometry
	rows, cols int
	transposed bool
	symbols    int

	contexts  [][]term
	cands     []candidateState
	sets      []selector
	maps      []selector
	last      selector
	nets      [][]netInput
	netRows   int // most rows of an input of a net
	nodes     int // of a net
	dims      int // of its vectors
	inputs    int // of the mixer
	tableBits int
	runBits   int // of the number of buckets of runs; -1 without
}

const (
	leastLines    = 8
	leastRuns     = 5
	leastRows     = 1 << 10
	smallThings   = 1 << 18 // bytes, and what allocating rounds up
	manyTokens    = 1 << 22 // from here on sizes do not grow
	spellingBytes = 64      // of a stream
)

// draw returns the blueprint for a block of a number of tokens over size
// symbols.
func (s setup) draw(size, classes, tokens int) (*blueprint, error) {
	g := &geometries[s.geometry]
	p := &blueprint{g: g, rows: s.rows, cols: s.cols, transposed: s.transposed, symbols: size}
	specs, sets := g.contexts, g.sets
	p.dims = g.netDims
	if s.level == Best {
		specs = append(specs[:len(specs):len(specs)], g.best...)
		sets = append(sets[:len(sets):len(sets)], g.bestSets...)
		p.dims = max(p.dims, g.bestDims)
	}
	if s.geometry == geometryBytes || s.geometry == geometrySpelt {
		p.cols = 1 // what the setup has is the length of a record, or the number of a vocabulary
	}
	if s.learned == treeLetters {
		tokens += len(primer)
	}
	d := dims{rows: s.rows, cols: s.cols, symbols: size, classes: classes, contexts: len(specs)}
	for _, spec := range specs {
		terms, err := g.parse(spec)
		if err != nil {
			return nil, err
		}
		p.contexts = append(p.contexts, terms)
	}
	nets := g.nets(s.level)
	p.inputs = 2*len(specs) + 2*len(g.windows) + 1 + len(nets)
	if g.guided {
		p.inputs += guideInputs
	}
	for _, c := range g.candidate {
		v, err := g.value(c.value)
		if err != nil {
			return nil, err
		}
		sels, err := g.selectors(c.contexts, d)
		if err != nil {
			return nil, err
		}
		p.cands = append(p.cands, candidateState{value: v, sels: sels})
		p.inputs += len(sels)
	}
	var err error
	if p.sets, err = g.selectors(sets, d); err != nil {
		return nil, err
	}
	if p.maps, err = g.selectors(g.maps, d); err != nil {
		return nil, err
	}
	if p.last, err = g.selector(g.final, d); err != nil {
		return nil, err
	}
	tokens = min(tokens, manyTokens)
	p.netRows = min(maxNetRows, max(leastRows, 1<<bits.Len(uint(4*tokens))))
	p.nodes = min(size, p.netRows)
	for _, told := range nets {
		var inputs []netInput
		for _, spec := range told {
			in, err := g.netInput(spec, d, p.netRows)
			if err != nil {
				return nil, err
			}
			inputs = append(inputs, in)
		}
		p.nets = append(p.nets, inputs)
	}
	n := tokens * len(specs)
	p.size(s.level, n, n)
	return p, nil
}

// size sets the sizes of the tables of lines and runs, which are to take in so many.
func (p *blueprint) size(level Level, lines, runs int) {
	most, mostRuns := 20, 19 // logarithms of the numbers of lines and buckets of a table
	if level == Best {
		most, mostRuns = 22, 21
		if p.g.runs {
			most = 21
		}
	}
	p.tableBits, p.runBits = leastLines, -1
	for p.tableBits < most && 1<<p.tableBits < 2*lines {
		p.tableBits++
	}
	if p.g.runs {
		p.runBits = leastRuns
		for p.runBits < mostRuns && 4<<p.runBits < runs {
			p.runBits++
		}
	}
}

// nets returns what each net is told at a level.
func (g *geometry) nets(level Level) [][]string {
	var nets [][]string
	for i, t := range append([]told{{g.net, g.bestNet}}, g.side...) {
		inputs := slices.Clone(t.inputs)
		if level == Best {
			inputs = append(inputs, t.best...)
		}
		if i == 0 || len(inputs) > 0 {
			nets = append(nets, inputs)
		}
	}
	return nets
}

// netInput returns an input of a net: a context, whose values each have a row of
// their own if there are at most most of them.
func (g *geometry) netInput(spec string, d dims, most int) (netInput, error) {
	terms, err := g.parse(spec)
	rows := 1
	for _, t := range terms {
		n := g.size(t, d)
		if t.kind == kindValue && int(t.value) < len(g.neighbours)+valuePlace {
			n = d.symbols + 1
		}
		rows = int(min(int64(rows)*int64(n), int64(most)))
	}
	return netInput{terms: terms, rows: uint32(rows)}, err
}

func (g *geometry) selectors(specs []string, d dims) ([]selector, error) {
	var out []selector
	for _, spec := range specs {
		s, err := g.selector(spec, d)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// bytes returns how much memory the engine takes at most.
func (p *blueprint) bytes() int64 {
	n := int64(64) << p.tableBits
	if p.runBits >= 0 {
		n += 64<<p.runBits + 1<<p.tableBits
	}
	n += int64(len(p.contexts)) * (int64(p.g.pasts())*histories*4 + 192)
	for _, c := range p.cands {
		for _, s := range c.sels {
			n += 4 * int64(s.size)
		}
	}
	for _, s := range p.sets {
		n += int64(s.size) * int64(4*padded(p.inputs)+2)
	}
	n += int64(p.last.size) * int64(4*padded(len(p.sets))+2)
	for _, s := range p.maps {
		n += 2 * apmPoints * int64(s.size)
	}
	n += int64(len(p.g.matches)) * 4 << matchBits
	rows := int64(p.nodes) * int64(len(p.nets))
	for _, inputs := range p.nets {
		for _, in := range inputs {
			rows += int64(in.rows)
		}
	}
	n += rows * int64(4*p.dims+12)
	n += int64(len(p.g.windows)) * int64(4*p.nodes+4*windowSizes*windowSizes)
	if p.g.guided {
		n += 16*int64(p.symbols) + (maxDepth+1)*trusts*4
	}
	if p.g.trail {
		n += 8 * int64(p.symbols)
	}
	if p.g.spelt {
		n += spellingBytes * int64(p.cols)
	}
	return n + 8*int64(p.rows)*int64(p.cols) + smallThings
}

// treeBytes returns how much memory the trees take, and the work of making them:
// for each symbol 88 bytes at most, and the models of what is stored.
func (s setup) treeBytes(size int) int64 {
	trees := int64(1)
	switch s.learned {
	case treeKin:
		trees = int64(s.cols)
	case treeSpelled:
		return 88*int64(size) + vocabulary.Memory
	}
	return trees * (88*int64(size) + 48<<10)
}
