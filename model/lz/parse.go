package lz

import (
	"math"
	"slices"
)

// A node is the cheapest way found to code the symbols before a place.
type node struct {
	price  int32
	offset uint32
	length uint16 // of the match that ends here; 0 after a literal
	run    uint16 // literals before this place, at most maxRun
	last   history
}

// chunkLen is how many symbols are parsed at a time.
const chunkLen = 1 << 11

// workEvery is after how many symbols a block is told of them.
const workEvery = 32 * chunkLen

// A parser chooses literals and matches.
type parser struct {
	finder
	prices prices
	stats  statistics
	nodes  []node
	bias   int32
	once   bool // there is one round
	steps  []step

	// worked is told how many symbols of a block are parsed, taking all passes over it
	// together.
	worked       func(done int) error
	pass, passes int

	matches []match  // of all places, kept from one round to the next; of one if there is none
	first   []uint32 // where those of each place begin
}

// optimal parses s by dynamic programming over the prices that the statistics of
// what was parsed before give, in rounds.
func (p *parser) optimal(s []uint32, size int, e effort) error {
	p.finder.reset(s, e.pair, e.quad)
	p.bias = int32(e.bias) << priceBits
	p.begin(s, size)
	p.matches = p.matches[:0]
	if p.once = e.rounds == 1; !p.once {
		p.first = resize(p.first, len(s)+1)
		p.first[0] = 0
	}
	for round := range e.rounds {
		p.steps = p.steps[:0]
		start := node{last: firstHistory}
		state := start
		for at := 0; at < len(s); at += chunkLen {
			end := min(at+chunkLen, len(s))
			if at%workEvery == 0 {
				whole := p.pass*e.rounds + round
				if err := p.worked((whole*len(s) + at) / (p.passes * e.rounds)); err != nil {
					return err
				}
			}
			if round > 0 {
				state = p.chunk(at, end, state)
				continue
			}
			p.enter(at, end)
			if !p.once {
				p.gather(at, end)
			}
			if at == 0 {
				// The first chunk is parsed twice, to begin with better prices.
				p.chunk(at, end, state)
				p.tally(s, 0, end, 0)
				p.prices.set(&p.stats)
				p.steps = p.steps[:0]
			}
			from := len(p.steps)
			state = p.chunk(at, end, state)
			p.tally(s, at, end, from)
			p.prices.set(&p.stats)
			if k := end / chunkLen; k&(k-1) == 0 {
				// There may be very many, and they change less and less.
				p.prices.setLiterals(&p.stats)
			}
		}
		if round+1 < e.rounds {
			p.clearStats()
			p.tally(s, 0, len(s), 0)
			p.prices.set(&p.stats)
			p.prices.setLiterals(&p.stats)
		}
	}
	return nil
}

// gather finds the matches of s[at:end], places that have been entered.
func (p *parser) gather(at, end int) {
	for i := at; i < end; i++ {
		p.matches = p.find(p.matches, i, at)
		p.first[i+1] = uint32(len(p.matches))
		if m := len(p.matches); m > int(p.first[i]) && p.matches[m-1].length >= nice {
			// Places within a long match need no other.
			long := p.matches[m-1]
			for k := uint32(1); k+nice < long.length && i+1 < end; k++ {
				i++
				p.matches = append(p.matches, match{long.length - k, long.offset})
				p.first[i+1] = uint32(len(p.matches))
			}
		}
	}
}

func (p *parser) clearStats() {
	lit := p.stats.lit
	clear(lit)
	p.stats = statistics{lit: lit}
}

// begin sets the prices for the first chunk.
func (p *parser) begin(s []uint32, size int) {
	p.stats.lit = resize(p.stats.lit, size)
	p.clearStats()
	for _, v := range s {
		p.stats.lit[v]++
	}
	// About what is usual.
	for t := range p.stats.token {
		run, length, kind := t/(longLength*numKinds), t/numKinds%longLength, t%numKinds
		p.stats.token[t] = uint32(max(1, 256>>(run+length)))
		if kind == newOffset && length > 0 {
			p.stats.token[t] *= 4
		}
	}
	for i := range p.stats.offset {
		p.stats.offset[i], p.stats.long[i] = 1, 1
	}
	p.prices.set(&p.stats)
	p.prices.setLiterals(&p.stats)
}

// tally counts what the steps from the given one on code of s[start:end].
func (p *parser) tally(s []uint32, start, end, from int) {
	at := uint32(start)
	for _, t := range p.steps[from:] {
		run := t.place - at
		for _, v := range s[at:t.place] {
			p.stats.lit[v]++
		}
		p.stats.token[token(run, t.length, t.kind())]++
		if run >= longRun {
			p.stats.long[code(run-longRun)]++
		}
		if t.length >= longLength {
			p.stats.long[code(t.length-longLength)]++
		}
		if t.offset >= newOffset {
			p.stats.offset[code(t.offset-newOffset)]++
		}
		at = t.place + t.length
	}
	for _, v := range s[at:end] {
		p.stats.lit[v]++
	}
}

// chunk finds the cheapest way to code s[start:end], appends its steps, and
// returns the state after it.
func (p *parser) chunk(start, end int, state node) node {
	n := end - start
	p.nodes = resize(p.nodes, n+1)
	nodes := p.nodes
	for i := range nodes {
		nodes[i].price = math.MaxInt32
	}
	state.price, state.length = 0, 0
	nodes[0] = state
	all := p.s[:end]
	long := 0 // places before this one are within a match that is taken whole
	for i := range n {
		d, next := &nodes[i], &nodes[i+1]
		p.settle(nodes, i)
		if i < long || d.price == math.MaxInt32 {
			continue // or a long run would be compared with itself from each place
		}
		if p.once && next.price <= d.price+2<<priceBits {
			continue // what leads past this place is no dearer
		}
		at := start + i
		s := all[at:]
		if v := d.price + int32(p.prices.lit[s[0]]) + p.prices.more[d.run]; v < next.price {
			next.price, next.length = v, 0
		}
		longest := 0
		for r, offset := range d.last {
			if k := at - int(offset); k >= 0 && all[k] == s[0] {
				l := common(all[k:], s)
				p.relax(i, 1, l, uint32(r))
				longest = max(longest, l)
			}
		}
		if longest < nice {
			from := 2
			for _, m := range p.of(at, start) {
				l := min(int(m.length), len(s))
				p.relax(i, from, l, m.offset+numReps-1)
				from = l + 1
				longest = max(longest, l)
			}
		}
		if longest >= 2*nice {
			long = i + longest - 1
		}
	}
	p.settle(nodes, n)
	k := len(p.steps)
	for i := n; i > 0; {
		d := &nodes[i]
		if d.length == 0 {
			i--
			continue
		}
		i -= int(d.length)
		p.steps = append(p.steps, step{uint32(start + i), uint32(d.length), d.offset})
	}
	slices.Reverse(p.steps[k:])
	return nodes[n]
}

// of returns the matches of a place of the chunk that begins at start.
func (p *parser) of(at, start int) []match {
	if p.once {
		p.matches = p.find(p.matches[:0], at, start)
		return p.matches
	}
	return p.matches[p.first[at]:p.first[at+1]]
}

// settle completes a node when its price is final.
func (p *parser) settle(nodes []node, i int) {
	d := &nodes[i]
	switch {
	case i == 0:
	case d.length == 0:
		b := &nodes[i-1]
		d.run, d.last = min(b.run+1, maxRun), b.last
	default:
		d.run, d.last = 0, use(nodes[i-int(d.length)].last, d.offset)
	}
}

// relax offers a match of lengths from to upto, from the node on.
func (p *parser) relax(i, from, upto int, offset uint32) {
	d := &p.nodes[i]
	price := d.price + p.bias + p.prices.after[d.run]
	kind := uint32(newOffset)
	if offset < newOffset {
		kind = offset
	} else {
		price += p.prices.offset[code(offset-newOffset)]
	}
	if upto >= 2*nice {
		from = max(from, upto-1) // a long one is taken whole, or nearly
	}
	nodes := p.nodes[i : i+upto+1]
	t := p.prices.token[token(uint32(d.run), 1, kind):]
	for l := from; l <= upto; l++ {
		v := price
		if l < longLength {
			v += t[(l-1)*numKinds]
		} else {
			v += t[(longLength-1)*numKinds] + p.prices.long[code(uint32(l-longLength))]
		}
		if t := &nodes[l]; v < t.price {
			t.price, t.length, t.offset = v, uint16(l), offset
		}
	}
}
