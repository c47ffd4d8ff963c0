package lz

import (
	"math/bits"

	"github.com/foretell/foretell/internal/simd/matches"
)

// A state is what the end of a chunk hands on to the next one.
type state struct {
	run  uint32 // literals before, at most matches.MaxRun
	last history
}

// chunkLen is how many symbols are parsed at a time.
const chunkLen = matches.MaxWay

// workEvery is after how many symbols a block is told of them.
const workEvery = 32 * chunkLen

// A parser chooses literals and matches.
type parser struct {
	finder
	prices prices
	stats  statistics
	ways   *matches.Ways
	slack  int32
	once   bool // there is one round

	nearest bool   // and of each chain one place is looked at
	steps   []step // of a chunk, or of all symbols where they are parsed greedily
	parts   parts

	depth        int // places with the same four symbols to look at, where that is worth it
	saved, spent int // prices with and without those, where both were tried

	// worked is told how many symbols of a block are parsed, taking all passes over it
	// together.
	worked       func(done int) error
	pass, passes int

	matches []match  // of all places, kept from one round to the next; of one if there is none
	starts  []uint32 // where those of each place begin
}

// optimal parses s by dynamic programming over the prices that the statistics of
// what was parsed before give, in rounds.
func (p *parser) optimal(s []uint32, size int, e effort) error {
	p.finder.reset(s, e.pair, e.quad)
	if p.ways == nil {
		p.ways = new(matches.Ways)
	}
	if len(s) <= 4*chunkLen {
		e.slack = min(e.slack, 1) // a short block takes little time anyway
	}
	p.prices.bias, p.slack = int32(e.bias)<<priceBits, int32(e.slack)<<priceBits
	p.depth, p.saved, p.spent = e.quad, 0, 0
	p.begin(s, size)
	p.matches = p.matches[:0]
	if p.once = e.rounds == 1; !p.once {
		p.starts = resize(p.starts, len(s)+1)
		p.starts[0] = 0
	}
	for round := range e.rounds {
		p.parts.reset(len(s))
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
				p.parts.add(s, at, end, p.steps)
				continue
			}
			state = p.first(at, end, state)
		}
		if round+1 < e.rounds {
			p.clearStats()
			p.stats.count(&p.parts, mark{})
			p.prices.set(&p.stats)
			p.prices.setLiterals(&p.stats)
		}
	}
	return nil
}

// first parses a chunk in the first round.
func (p *parser) first(at, end int, before state) state {
	if k := at / chunkLen; k >= steady && k&(k-1) == 0 {
		p.quad.depth = p.depth // perhaps they are of use again
	}
	p.enter(at, end)
	if !p.once {
		p.gather(at, end)
	}
	if at == 0 {
		// The first chunk is parsed twice, to begin with better prices.
		p.chunk(at, end, before)
		p.parts.add(p.s, at, end, p.steps)
		p.stats.count(&p.parts, mark{})
		p.parts.reset(len(p.s))
		p.prices.set(&p.stats)
	}
	m := p.parts.mark()
	after := p.chunkAsWell(at, end, before)
	p.parts.add(p.s, at, end, p.steps)
	p.stats.count(&p.parts, m)
	k := end / chunkLen
	if k < steady || k%(steady/2) == 0 {
		p.prices.set(&p.stats)
	}
	if k&(k-1) == 0 {
		// There may be very many, and they change less and less.
		p.prices.setLiterals(&p.stats)
	}
	return after
}

// chunkAsWell is chunk, and now and then tries where fours are looked at whether they save
// more than the time that they take is worth. If not, there are none for a while.
func (p *parser) chunkAsWell(at, end int, before state) state {
	k := at/chunkLen + 1
	octave := 1 << (bits.Len(uint(k)) - 1)
	if !p.once || p.quad.depth == 0 || k < steady || k != octave+octave/steady {
		return p.chunk(at, end, before)
	}
	p.quad.depth = 0
	p.chunk(at, end, before)
	without := p.ways.Price
	p.quad.depth = p.depth
	after := p.chunk(at, end, before)
	p.saved += int(without - p.ways.Price)
	p.spent += int(without)
	if p.saved < p.spent/worth {
		p.quad.depth = 0
	}
	return after
}

// worth is the share of the price of chunks that fours must save.
const worth = 150

// steady is after how many chunks prices are no longer set anew after each.
const steady = 8

// gather finds the matches of s[at:end], places that have been entered.
func (p *parser) gather(at, end int) {
	for i := at; i < end; i++ {
		p.matches = p.find(p.matches, i, at)
		p.starts[i+1] = uint32(len(p.matches))
		if m := len(p.matches); m > int(p.starts[i]) && p.matches[m-1].length >= nice {
			// Places within a long match need no other.
			long := p.matches[m-1]
			for k := uint32(1); k+nice < long.length && i+1 < end; k++ {
				i++
				p.matches = append(p.matches, match{long.length - k, long.offset})
				p.starts[i+1] = uint32(len(p.matches))
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
