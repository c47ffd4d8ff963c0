package step

import (
	"fmt"
	"math"

	"github.com/foretell/foretell/internal/fault"
)

// arithmeticSlack is added to the bound on what a decision moves by, for what the two
// sides' own arithmetic differs by.
const arithmeticSlack = 1e-6

// A queue holds the steps of an encoder under a tolerance until a seed is found for
// which no decision of a chunk of them lies near the edge of a cell. Of a step it
// keeps where its decisions lie, not its row.
type queue struct {
	*lattice
	margin  float64 // how near an edge is too near
	stretch float64 // the factor between a cube root of odds and that of odds farther by margin

	steps  []queued // those taken, and one that is not yet
	zones  []zone
	rivals []rival
	taken  int

	cut     int
	seed    uint64
	passed  int    // steps that the seed is safe for
	counted int    // of them that risk is of
	risk    uint64 // of those
	ceiling uint64 // what the risk of all passed can be
	chunks  chunkCoder
}

// A queued step. Whether a symbol is asked for first depends on the dither of
// laneLikely: below first it is, from plain on it is not, between the two it is too
// near to tell.
type queued struct {
	symbol       uint32
	first, plain uint32
	path         span // zones of the path to the symbol
	rivals       span
	ceiling      uint64 // what its risk can be
}

type span struct{ from, to int32 }

// A rival is a symbol that may be the likeliest under some dither.
type rival struct {
	key    float64
	symbol uint32
	own    span  // zones of laneFirst and of the levels that it lies in
	rest   int32 // zones of the path after those, from here to its end
}

// A zone is where the odds of a decision may lie: z in units of 2^-24 of a cell, at
// least, with lane and bit in the lowest eight bits, and the size of the zone.
type zone struct{ low, high, size uint32 }

func (z zone) lane() int { return int(z.low >> 1 & 0x7f) }
func (z zone) bit() int  { return int(z.low & 1) }
func (z zone) at() int64 { return (int64(int32(z.high))<<32 | int64(z.low)) >> 8 }

// cell returns which cell the zone begins in, under a dither.
func (z zone) cell(off uint64) int64 {
	return (z.at() + int64(off<<zoneFraction)) >> (16 + zoneFraction)
}

func (q *queue) init(l *lattice) {
	q.lattice, q.margin = l, l.bound+arithmeticSlack
	q.stretch = exponential(q.margin / 3)
	q.reset()
}

func (q *queue) reset() {
	q.steps, q.zones, q.rivals, q.taken = q.steps[:0], q.zones[:0], q.rivals[:0], 0
	q.chunks = newChunkCoder()
	q.begin()
}

// begin begins the search for another chunk.
func (q *queue) begin() {
	q.cut, q.seed = 0, 0
	q.again()
}

// again begins with another seed.
func (q *queue) again() { q.passed, q.counted, q.risk, q.ceiling = 0, 0, 0, 0 }

// decision adds the zone of a decision with the given masses.
func (q *queue) decision(s *queued, lane, bit int, zero, one float64) {
	root := cubeRoot(one / zero)
	// The middle of a cell is no farther than half of it from what is in it.
	t := uint64(65536*min(root, 1/root)) + q.spacing/2 + 2
	s.ceiling += q.rootRisk(min(t, 1<<16))
	lo, hi := math.Floor(q.place(root/q.stretch)), math.Ceil(q.place(root*q.stretch))
	at := int64(lo)<<8 | int64(lane)<<1 | int64(bit)
	q.zones = append(q.zones, zone{uint32(at), uint32(at >> 32), uint32(min(hi-lo, math.MaxUint32))})
}

// level adds the decision of a level of the tree: the masses of the half that holds
// the symbol and of the other.
func (q *queue) level(s *queued, b *branch, depth, l int, mine, other float64) {
	if b.symbol>>(depth-l-1)&1 == 0 {
		q.decision(s, laneTree+l, 0, mine, other)
	} else {
		q.decision(s, laneTree+l, 1, other, mine)
	}
}

// stage makes symbol under m the step that is not yet taken.
func (q *queue) stage(m *masses, symbol uint32, path, rivalPath *branch) {
	q.drop()
	zones, rivals := int32(len(q.zones)), int32(len(q.rivals))
	s := queued{symbol: symbol, path: span{zones, zones}, rivals: span{rivals, rivals}}
	if m.symbols > 1 {
		q.zonesOf(&s, m, path, rivalPath)
	}
	q.steps = append(q.steps, s)
}

// zonesOf finds the decisions that a step may come to.
func (q *queue) zonesOf(s *queued, m *masses, path, rivalPath *branch) {
	odds, can := m.likely(q.margin)
	if can {
		s.first, s.plain = likelyLimits(odds-q.margin), likelyLimits(odds+q.margin)
	}
	rivals := len(q.rivals)
	alone := false // there is one rival, and it is the symbol
	if can {
		m.above(m.belowLargest(q.spread+q.margin), func(i int) bool {
			q.rivals = append(q.rivals, rival{key: m.key(i), symbol: uint32(i)})
			return true
		})
		alone = len(q.rivals) == rivals+1 && q.rivals[rivals].symbol == s.symbol
	}
	s.rivals.to = int32(len(q.rivals))
	m.branch(path, int(s.symbol), true)
	if s.first < 1<<16 || !alone {
		for l := range m.depth {
			if m.count(l+1, int(s.symbol)>>(m.depth-l-1)^1) > 0 {
				q.level(s, path, m.depth, l, path.within[l+1], path.side[l+1])
			}
		}
	}
	s.path.to = int32(len(q.zones))
	for i := rivals; i < len(q.rivals); i++ {
		r := &q.rivals[i]
		r.own.from, r.rest = int32(len(q.zones)), s.path.to
		m.branch(rivalPath, int(r.symbol), false)
		mine, others := m.mass(m.depth, int(r.symbol)), rivalPath.within[0]
		if r.symbol == s.symbol {
			q.decision(s, laneFirst, 0, mine, others)
		} else {
			q.decision(s, laneFirst, 1, mine, others)
			r.rest = q.without(s, m, path, rivalPath)
		}
		r.own.to = int32(len(q.zones))
	}
}

// likelyLimits returns the least dither of laneLikely under which theta is at least
// that.
func likelyLimits(odds float64) uint32 {
	return uint32(min(max(math.Ceil((odds-logTheta)*(65536/thetaSpan)), 0), 1<<16))
}

// without adds the decisions on the path to a symbol down to where a rival, which is
// left out, is no longer near it. It returns where in the symbol's own path those
// after it begin.
func (q *queue) without(s *queued, m *masses, path, rivalPath *branch) (rest int32) {
	d, plain := m.depth, s.path
	for l := range d {
		down := d - l - 1
		other := path.symbol>>down ^ 1
		if rivalPath.symbol>>down == other {
			if m.count(l+1, other) > 1 {
				q.level(s, path, d, l, path.within[l+1], rivalPath.within[l+1])
			}
			rest = plain.from
			for rest < plain.to && q.zones[rest].lane() <= laneTree+l {
				rest++
			}
			return rest
		}
		if m.count(l+1, other) > 0 {
			q.level(s, path, d, l, rivalPath.within[l+1], path.side[l+1])
		}
	}
	return plain.to
}

// drop forgets a step that was staged and not taken.
func (q *queue) drop() {
	if len(q.steps) == q.taken {
		return
	}
	s := &q.steps[q.taken]
	q.zones, q.rivals = q.zones[:s.path.from], q.rivals[:s.rivals.from]
	q.steps = q.steps[:q.taken]
}

// decisions returns the decisions of a step under a dither, in two parts, and false if
// it is too near to tell which they are.
func (q *queue) decisions(s *queued, d *dither) (first, rest []zone, ok bool) {
	path := q.zones[s.path.from:s.path.to]
	if len(path) == 0 && s.rivals.from == s.rivals.to {
		return nil, nil, true // a single symbol
	}
	switch off := uint32(d.lane(laneLikely)); {
	case off >= s.plain:
		return nil, path, true
	case off >= s.first:
		return nil, nil, false
	}
	var best *rival
	most, next := math.Inf(-1), math.Inf(-1)
	for i := s.rivals.from; i < s.rivals.to; i++ {
		r := &q.rivals[i]
		key := r.key + float64(q.spread*d.symbol(r.symbol))
		if key > most {
			best, most, next = r, key, most
		} else {
			next = max(next, key)
		}
	}
	if most-next <= q.margin {
		return nil, nil, false
	}
	return q.zones[best.own.from:best.own.to], q.zones[best.rest:s.path.to], true
}

// safe reports whether no decision of a step is near an edge under a dither.
func (q *queue) safe(s *queued, d *dither) bool {
	first, rest, ok := q.decisions(s, d)
	for _, zones := range [2][]zone{first, rest} {
		for _, z := range zones {
			at := z.at() + int64(d.lane(z.lane())<<zoneFraction)
			if at>>(16+zoneFraction) != (at+int64(z.size))>>(16+zoneFraction) {
				return false
			}
		}
	}
	return ok
}

// stepRisk returns the risk of a step under a dither that it is safe under.
func (q *queue) stepRisk(s *queued, d *dither) (risk uint64) {
	first, rest, _ := q.decisions(s, d)
	for _, zones := range [2][]zone{first, rest} {
		for _, z := range zones {
			off := d.lane(z.lane())
			risk += q.cellRisk(q.cell(z.cell(off), off))
		}
	}
	return risk
}

const (
	cutAfter = 4096            // seeds tried before a chunk is cut
	giveUp   = 1<<seedBits - 1 // seeds tried in vain for a single step
)

var errNoSeed = fmt.Errorf("%w: no seed bears the tolerance in one step: give a smaller one", fault.ErrLimit)

// search looks for a seed for the next chunk, where done steps came before those in
// the queue. It returns how many steps the chunk has, 0 if more have to come first.
func (q *queue) search(done int64, last bool) (int, error) {
	for q.passed < q.taken {
		d := newDither(done+int64(q.passed), q.seed)
		s := &q.steps[q.passed]
		if !q.safe(s, &d) {
			q.seed++
			q.again()
			switch {
			case q.seed == cutAfter && q.limit(q.cut) > 1:
				q.cut, q.seed = q.cut+1, 0
			case q.seed == giveUp:
				return 0, errNoSeed
			}
			continue
		}
		q.passed++
		if q.ceiling += s.ceiling; q.ceiling >= chunkRisk {
			// The chunk may be full: only now is it worth a look.
			for ; q.counted < q.passed; q.counted++ {
				d := newDither(done+int64(q.counted), q.seed)
				q.risk += q.stepRisk(&q.steps[q.counted], &d)
			}
			q.ceiling = q.risk
		}
		if q.risk >= chunkRisk || q.passed == q.limit(q.cut) {
			return q.passed, nil
		}
	}
	if last {
		return q.passed, nil
	}
	return 0, nil
}

// shiftOut forgets the first n steps.
func (q *queue) shiftOut(n int) {
	q.drop()
	q.taken -= n
	if q.taken == 0 {
		q.steps, q.zones, q.rivals = q.steps[:0], q.zones[:0], q.rivals[:0]
		return
	}
	zones, rivals := q.steps[n].path.from, q.steps[n].rivals.from
	q.steps = q.steps[:copy(q.steps, q.steps[n:])]
	q.zones = q.zones[:copy(q.zones, q.zones[zones:])]
	q.rivals = q.rivals[:copy(q.rivals, q.rivals[rivals:])]
	for i := range q.steps {
		s := &q.steps[i]
		s.path.shift(zones)
		s.rivals.shift(rivals)
	}
	for i := range q.rivals {
		r := &q.rivals[i]
		r.own.shift(zones)
		r.rest -= zones
	}
}

func (s *span) shift(n int32) { s.from, s.to = s.from-n, s.to-n }
