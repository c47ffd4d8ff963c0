package lz

import "math"

// A step is a match in the way a block is coded: a run of literals ends where it
// begins.
type step struct {
	place  uint32
	length uint32
	offset uint32 // below numReps one of the last offsets, else the offset + numReps - 1
}

// A history is the last offsets, the latest first.
type history [numReps]uint32

var firstHistory = history{1, 2, 3}

// use returns the history after an offset was used, given as in step.
func (h history) use(offset uint32) history {
	switch offset {
	case 0:
		return h
	case 1:
		return history{h[1], h[0], h[2]}
	case 2:
		return history{h[2], h[0], h[1]}
	}
	return history{offset - numReps + 1, h[0], h[1]}
}

// A node is the cheapest way found to code the symbols before a place.
type node struct {
	price  int32
	length uint32 // of the match that ends here; 0 after a literal
	offset uint32
	run    uint32 // literals before this place
	class  uint8  // of the match before them
	last   history
}

// chunkLen is how many symbols are parsed at a time.
const chunkLen = 1 << 13

// A parser chooses literals and matches.
type parser struct {
	finder
	prices prices
	stats  statistics
	nodes  []node
	steps  []step

	matches []match  // of all places, kept from one round to the next
	first   []uint32 // where those of each place begin
}

// optimal parses s by dynamic programming over the prices that the statistics of
// what was parsed before give, in rounds.
func (p *parser) optimal(s []uint32, size int, pair, quad, rounds int) {
	p.finder.reset(s, pair, quad)
	p.begin(s, size)
	p.matches = p.matches[:0]
	p.first = resize(p.first, len(s)+1)
	p.first[0] = 0
	for round := range rounds {
		p.steps = p.steps[:0]
		start := node{last: firstHistory, class: numClasses - 1}
		state := start
		for at := 0; at < len(s); at += chunkLen {
			end := min(at+chunkLen, len(s))
			if round > 0 {
				state = p.chunk(at, end, state)
				continue
			}
			if rounds == 1 {
				p.matches = p.matches[:0]
				p.first[at] = 0
			}
			p.gather(at, end)
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
		}
		if round+1 < rounds {
			p.clearStats()
			p.tally(s, 0, len(s), 0)
			p.prices.set(&p.stats)
		}
	}
}

// gather finds the matches of s[at:end].
func (p *parser) gather(at, end int) {
	for i := at; i < end; i++ {
		p.matches = p.find(p.matches, i)
		p.first[i+1] = uint32(len(p.matches))
		if m := len(p.matches); m > int(p.first[i]) && p.matches[m-1].length >= nice {
			// Places within a long match need no other.
			long := p.matches[m-1]
			for k := uint32(1); k+nice < long.length && i+1 < end; k++ {
				i++
				p.matches = append(p.matches, match{long.length - k, long.offset})
				p.first[i+1] = uint32(len(p.matches))
			}
			p.insert(i + 1)
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
	for c := range p.stats.run {
		for n := range 8 {
			p.stats.run[c][n] = 64 >> n
		}
	}
	for n := 1; n < 12; n++ {
		p.stats.length[n] = 256 >> n
	}
	for c := range p.stats.offset {
		for n := range p.stats.offset[c] {
			p.stats.offset[c][n] = 1
		}
		p.stats.offset[c][0] = 16
	}
	p.prices.set(&p.stats)
	for c := range p.stats.run {
		clear(p.stats.run[c][:])
	}
}

// tally counts what the steps from the given one on code of s[start:end].
func (p *parser) tally(s []uint32, start, end, from int) {
	at, c := uint32(start), numClasses-1
	for _, t := range p.steps[from:] {
		run := t.place - at
		for _, v := range s[at:t.place] {
			p.stats.lit[v]++
		}
		p.stats.run[c][code(run)]++
		p.stats.length[code(t.length)]++
		c = class(t.length)
		p.stats.offset[offsetCtx(run, t.length)][offsetCode(t.offset)]++
		at = t.place + t.length
	}
	for _, v := range s[at:end] {
		p.stats.lit[v]++
	}
}

func offsetCtx(run, length uint32) int {
	c := class(length)
	if run == 0 {
		c += numClasses
	}
	return c
}

func offsetCode(offset uint32) uint32 {
	if offset < numReps {
		return offset
	}
	return numReps + code(offset-numReps)
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
	for i := range nodes {
		d := &nodes[i]
		if i > 0 {
			if d.length == 0 {
				b := &nodes[i-1]
				d.run, d.class, d.last = b.run+1, b.class, b.last
			} else {
				b := &nodes[i-int(d.length)]
				d.run, d.class, d.last = 0, uint8(class(d.length)), b.last.use(d.offset)
			}
		}
		if i == n {
			break
		}
		at := start + i
		s := p.s[at:end]
		if v := d.price + p.prices.lit[s[0]] + p.prices.runPrice(int(d.class), d.run+1) - p.prices.runPrice(int(d.class), d.run); v < nodes[i+1].price {
			nodes[i+1].price, nodes[i+1].length = v, 0
		}
		longest := 0
		for r, offset := range d.last {
			if int(offset) > at || p.s[at-int(offset)] != s[0] {
				continue
			}
			l := common(p.s[at-int(offset):], s)
			p.relax(i, 1, l, uint32(r))
			longest = max(longest, l)
		}
		if longest >= nice {
			continue
		}
		from := 2
		for _, m := range p.matches[p.first[at]:p.first[at+1]] {
			l := min(int(m.length), len(s))
			p.relax(i, from, l, m.offset+numReps-1)
			from = l + 1
		}
	}
	last := nodes[n]
	k := len(p.steps)
	for i := n; i > 0; {
		d := &nodes[i]
		if d.length == 0 {
			i--
			continue
		}
		i -= int(d.length)
		p.steps = append(p.steps, step{uint32(start + i), d.length, d.offset})
	}
	for a, b := k, len(p.steps)-1; a < b; a, b = a+1, b-1 {
		p.steps[a], p.steps[b] = p.steps[b], p.steps[a]
	}
	return last
}

// relax offers a match of lengths from to upto, from the node on.
func (p *parser) relax(i, from, upto int, offset uint32) {
	nodes := p.nodes
	d := &nodes[i]
	ctx := 0
	if d.run == 0 {
		ctx = numClasses
	}
	c := offsetCode(offset)
	if upto >= 2*nice {
		from = max(from, upto-1) // a long one is taken whole, or nearly
	}
	for l := from; l <= upto; l++ {
		k := class(uint32(l))
		v := d.price + p.prices.offset[ctx+k][c] + p.prices.lengthPrice(uint32(l)) + p.prices.run[k][0]
		if t := &nodes[i+l]; v < t.price {
			t.price, t.length, t.offset = v, uint32(l), offset
		}
	}
}
