package lz

import (
	"slices"

	"github.com/foretell/foretell/internal/simd/matches"
)

// chunk finds the cheapest way to code s[start:end], makes steps its steps, and
// returns the state after it.
func (p *parser) chunk(start, end int, first state) state {
	n := end - start
	w := p.ways
	w.Begin(n, first.run, first.last)
	p.nearest = p.once && p.pair.depth == 1
	var fours []uint32
	if p.nearest && p.quad.depth > 0 {
		fours = p.quad.latest
	}
	for w.At < n {
		limit := n
		if p.nearest {
			limit = w.Advance(p.s, start, n, p.pair.latest, fours, &p.prices.Prices, p.slack)
		}
		p.walk(start, min(limit, n), n)
	}
	if !w.Known {
		w.Price, w.Run, w.Origin, w.History = w.Least[n], 0, uint32(n), p.settle(n)
	}
	p.steps = p.steps[:0]
	for at := w.Origin; at > 0; {
		o := &w.Offers[w.Match[at]]
		p.steps = append(p.steps, step{uint32(start) + o.From, at - o.From, o.Offset})
		at = o.Origin
	}
	slices.Reverse(p.steps)
	return state{w.Run, w.History}
}

// walk goes on from the node in hand, up to a place, limit, of the n of the chunk that
// begins at start, or farther by a long match.
func (p *parser) walk(start, limit, n int) {
	w := p.ways
	all := p.s[:start+n]
	lit, more := p.prices.Literals, &p.prices.More
	// The node in hand is in registers as long as literals go on: the way through memory
	// would be what takes the most time.
	i, known, stay := w.At, w.Known, w.Stay
	price, run, origin, last := w.Price, w.Run, w.Origin, w.History
	once, slack := p.once, p.slack
	var pairs []uint32 // the places to look at
	if p.nearest {
		pairs = p.pair.latest[:n]
	}
	for ; i < limit; i++ {
		next := w.Least[i+1]
		if !known {
			price = w.Least[i]
		}
		if once && !stay && next <= price+slack || !known && price == matches.Unknown {
			known = false
			continue // what leads past this place is no dearer
		}
		stay = false
		if !known {
			run, origin, last = 0, uint32(i), p.settle(i)
		}
		at := uint(start + i)
		x := all[at]
		if i >= len(pairs) || pairs[i] != uint32(at) || hasAt(all, at-uint(last[0]), x) || hasAt(all, at-uint(last[1]), x) || hasAt(all, at-uint(last[2]), x) {
			if longest := p.offer(i, start, run, origin, price, all); longest >= matches.LongMatch {
				// The match is taken whole, or a long run would be compared with itself from
				// each place.
				i += longest - 2
				known = false
				continue
			}
		}
		next = w.Least[i+1]
		price += int32(lit[x]) + more[run]
		if known = price <= next; known {
			run = min(run+1, matches.MaxRun)
		}
	}
	w.Node = matches.Node{At: i, Known: known, Price: price, Run: run, Origin: origin, History: last}
}

// hasAt reports whether all has x at place k.
func hasAt(all []uint32, k uint, x uint32) bool { return k < uint(len(all)) && all[k] == x }

// offer offers the matches of the node i of the chunk that begins at start, after a run
// since origin. It returns the length of the longest.
func (p *parser) offer(i, start int, run, origin uint32, price int32, all []uint32) int {
	at := start + i
	s := all[at:]
	o := matches.Offer{From: uint32(i), Origin: origin}
	price += p.prices.After[run]
	longest := 0
	for r, offset := range p.ways.Last[origin][:numReps] {
		if k := uint(at) - uint(offset); hasAt(all, k, s[0]) {
			l := common(all[k:], s)
			o.Offset = uint32(r)
			p.relax(o, run, 1, l, price)
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
		o.Offset = uint32(at-j) + numReps - 1
		p.relax(o, run, 2, l, price)
		longest = max(longest, l)
		if p.quad.depth > 0 && l < nice {
			if j = int(p.quad.latest[i]); j != at {
				k := common(all[j:], s)
				o.Offset = uint32(at-j) + numReps - 1
				p.relax(o, run, 2, k, price)
				longest = max(longest, k)
			}
		}
	default:
		from := 2
		for _, m := range p.of(at, start) {
			l := min(int(m.length), len(s))
			o.Offset = m.offset + numReps - 1
			p.relax(o, run, from, l, price)
			from = l + 1
			longest = max(longest, l)
		}
	}
	return longest
}

// settle completes a node that a match leads to, and returns the last offsets there.
func (p *parser) settle(i int) history {
	w := p.ways
	o := &w.Offers[w.Match[i]]
	h := use(history(w.Last[o.Origin][:]), o.Offset)
	w.Last[i] = [4]uint32{h[0], h[1], h[2]}
	return h
}

// of returns the matches of a place of the chunk that begins at start.
func (p *parser) of(at, start int) []match {
	if p.once {
		p.matches = p.find(p.matches[:0], at, start)
		return p.matches
	}
	return p.matches[p.starts[at]:p.starts[at+1]]
}

// relax offers a match of lengths from to upto after a run; price is what is paid without
// it.
func (p *parser) relax(o matches.Offer, run uint32, from, upto int, price int32) {
	if o.Offset >= newOffset {
		price += p.prices.Offsets[code(o.Offset-newOffset)]
	}
	if upto >= matches.LongMatch {
		from = max(from, upto-1) // a long one is taken whole, or nearly
	}
	if upto < from {
		return
	}
	w := p.ways
	k := uint32(len(w.Offers))
	w.Offers = append(w.Offers, o)
	least, match := w.Least[o.From:], w.Match[o.From:]
	least, match = least[:upto+1], match[:upto+1]
	t := &p.prices.Steps[min(run, longRun)][min(o.Offset, newOffset)]
	l := from
	for ; l <= upto && l < longLength; l++ {
		if v := price + t[l-1]; v < least[l] {
			least[l], match[l] = v, k
		}
	}
	price += t[longLength-1]
	for ; l <= upto; l++ {
		if v := price + p.prices.longer(l-longLength); v < least[l] {
			least[l], match[l] = v, k
		}
	}
}
