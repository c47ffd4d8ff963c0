package lz

import (
	"math"
	"slices"
)

// A node is the cheapest way found to code the symbols before a place.
type node struct {
	price  int32
	offset uint32 // of the match that ends here
	length uint16 // of the match that ends here; 0 after a literal
	origin uint32 // where the match before ended
}

// unknown is the price of a place that nothing leads to yet.
const unknown = math.MaxInt32 / 2

// A state is what the end of a chunk hands on to the next one.
type state struct {
	run  uint16 // literals before, at most maxRun
	last history
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
	lasts  []history // after the match that ends at a place
	bias   int32
	slack  int32
	once   bool // there is one round

	nearest bool // and of each chain one place is looked at
	steps   []step

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
	if len(s) <= 4*chunkLen {
		e.slack = min(e.slack, 1) // a short block takes little time anyway
	}
	p.bias, p.slack = int32(e.bias)<<priceBits, int32(e.slack)<<priceBits
	p.begin(s, size)
	p.matches = p.matches[:0]
	if p.once = e.rounds == 1; !p.once {
		p.first = resize(p.first, len(s)+1)
		p.first[0] = 0
	}
	for round := range e.rounds {
		p.steps = p.steps[:0]
		state := state{last: firstHistory}
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
	at, lit := uint32(start), p.stats.lit
	for _, t := range p.steps[from:] {
		run := t.place - at
		for _, v := range s[at:t.place] {
			lit[v]++
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
		lit[v]++
	}
}

// chunk finds the cheapest way to code s[start:end], appends its steps, and
// returns the state after it.
func (p *parser) chunk(start, end int, first state) state {
	n := end - start
	p.nodes, p.lasts = resize(p.nodes, n+1), resize(p.lasts, n+1)
	nodes := p.nodes
	for i := range nodes {
		nodes[i].price = unknown
	}
	nodes[0] = node{}
	p.lasts[0] = first.last
	all := p.s[:end]
	lit, more := p.prices.lit, &p.prices.more
	// The node in hand, in registers as long as literals go on: the way through memory
	// would be what takes the most time.
	price, run, origin, last := int32(0), uint32(first.run), uint32(0), first.last
	literal := true
	once, slack := p.once, p.slack
	p.nearest = once && p.pair.depth == 1
	var pairs []uint32 // the places to look at
	if p.nearest {
		pairs = p.pair.latest[:n]
	}
	for i := 0; i < n; i++ {
		next := &nodes[i+1]
		if !literal {
			price = nodes[i].price
		}
		if once && next.price <= price+slack || price == unknown {
			literal = false
			continue // what leads past this place is no dearer
		}
		if !literal {
			run, origin, last = 0, uint32(i), p.settle(i)
		}
		at := uint(start + i)
		x := all[at]
		if i >= len(pairs) || pairs[i] != uint32(at) || hasAt(all, at-uint(last[0]), x) || hasAt(all, at-uint(last[1]), x) || hasAt(all, at-uint(last[2]), x) {
			if longest := p.offer(i, start, run, origin, price, all); longest >= 2*nice {
				// The match is taken whole, or a long run would be compared with itself from
				// each place.
				i += longest - 2
				literal = false
				continue
			}
		}
		price += int32(lit[x]) + more[run&maxRun]
		if literal = price <= next.price; literal {
			run = min(run+1, maxRun)
			*next = node{price: price, origin: origin}
		}
	}
	if !literal {
		run, last = 0, p.settle(n)
	}
	k := len(p.steps)
	for i := n; i > 0; {
		d := &nodes[i]
		if d.length == 0 {
			i = int(d.origin)
			continue
		}
		i -= int(d.length)
		p.steps = append(p.steps, step{uint32(start + i), uint32(d.length), d.offset})
	}
	slices.Reverse(p.steps[k:])
	return state{uint16(run), last}
}

// hasAt reports whether all has x at place k.
func hasAt(all []uint32, k uint, x uint32) bool { return k < uint(len(all)) && all[k] == x }

// offer offers the matches of the node i of the chunk that begins at start, after a run
// since origin. It returns the length of the longest.
func (p *parser) offer(i, start int, run, origin uint32, price int32, all []uint32) int {
	at := start + i
	s := all[at:]
	price += p.bias + p.prices.after[run&maxRun]
	longest := 0
	for r, offset := range &p.lasts[origin] {
		if k := uint(at) - uint(offset); hasAt(all, k, s[0]) {
			l := common(all[k:], s)
			p.relax(i, run, 1, l, uint32(r), price)
			longest = max(longest, l)
		}
	}
	switch {
	case longest >= nice:
	case p.nearest:
		j := int(p.pair.latest[i])
		if j == at {
			break
		}
		l := common(all[j:], s)
		p.relax(i, run, 2, l, uint32(at-j)+numReps-1, price)
		longest = max(longest, l)
		if p.quad.depth > 0 && l < nice {
			if j = int(p.quad.latest[i]); j != at {
				k := common(all[j:], s)
				p.relax(i, run, max(l+1, 4), k, uint32(at-j)+numReps-1, price)
				longest = max(longest, k)
			}
		}
	default:
		from := 2
		for _, m := range p.of(at, start) {
			l := min(int(m.length), len(s))
			p.relax(i, run, from, l, m.offset+numReps-1, price)
			from = l + 1
			longest = max(longest, l)
		}
	}
	return longest
}

// settle completes a node that a match leads to, and returns the last offsets there.
func (p *parser) settle(i int) history {
	d := &p.nodes[i]
	d.origin = uint32(i)
	p.lasts[i] = use(p.lasts[p.nodes[i-int(d.length)].origin], d.offset)
	return p.lasts[i]
}

// of returns the matches of a place of the chunk that begins at start.
func (p *parser) of(at, start int) []match {
	if p.once {
		p.matches = p.find(p.matches[:0], at, start)
		return p.matches
	}
	return p.matches[p.first[at]:p.first[at+1]]
}

// relax offers a match of lengths from to upto, from the node after a run on; price is
// what is paid without it.
func (p *parser) relax(i int, run uint32, from, upto int, offset uint32, price int32) {
	kind := offset
	if offset >= newOffset {
		kind = newOffset
		price += p.prices.offset[code(offset-newOffset)]
	}
	if upto >= 2*nice {
		from = max(from, upto-1) // a long one is taken whole, or nearly
	}
	if upto < from {
		return
	}
	nodes := p.nodes[i : i+upto+1]
	t := p.prices.token[token(run, 1, kind):]
	l := from
	for ; l <= upto && l < longLength; l++ {
		v := price + t[(l-1)*numKinds]
		if t := &nodes[l]; v < t.price {
			t.price, t.length, t.offset = v, uint16(l), offset
		}
	}
	for ; l <= upto; l++ {
		v := price + t[(longLength-1)*numKinds] + p.prices.long[code(uint32(l-longLength))]
		if t := &nodes[l]; v < t.price {
			t.price, t.length, t.offset = v, uint16(l), offset
		}
	}
}
