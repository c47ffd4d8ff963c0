package step

import (
	"math"

	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/prob"
)

// A tolerantDecoder is what a Decoder has under a tolerance.
type tolerantDecoder struct {
	masses masses
	rival  branch
	now    chunkState
	ahead  chunkState // after the step that was staged and not yet taken
	staged bool
}

// A chunkState is where a decoder stands in a chunk.
type chunkState struct {
	open   bool // in the middle of one
	seed   uint64
	left   int // steps, at most
	risk   uint64
	chunks chunkCoder
	begin  Position // of the chunk
	guard  guard
	info   surprisal.Sum
	drift  float64
	dither dither
}

// SetTolerance tells the decoder the setting that the encoder of a bare stream had.
func (d *Decoder) SetTolerance(bound float64) error {
	if err := d.setTolerance(bound, d.frame != nil); err != nil {
		return err
	}
	d.setLattice(d.lattice)
	return nil
}

func (d *Decoder) setLattice(l *lattice) {
	d.lattice, d.tolerant = l, nil
	if l != nil {
		d.tolerant = new(tolerantDecoder)
		d.tolerant.enter(newChunkCoder())
	}
}

// enter begins at the start of a chunk.
func (t *tolerantDecoder) enter(c chunkCoder) {
	t.now = chunkState{chunks: c, drift: t.now.drift}
	t.staged = false
}

// Drift returns how near the decoder's numbers have come to what the tolerance of the
// stream bears, as far as it can tell: a part of it, 0 to 1, which the real drift has
// reached for certain and may have passed. Above 1/2 the tolerance is too tight. It
// is 0 in a stream without one.
func (d *Decoder) Drift() float64 {
	if d.tolerant == nil {
		return 0
	}
	return d.tolerant.now.drift
}

// unstage goes back to before a step that was staged and not taken.
func (d *Decoder) unstage() {
	if t := d.tolerant; t != nil && t.staged {
		d.rc.Rewind()
		t.staged = false
	}
}

// stageNext finds the next symbol, under a tolerance, and leaves it for takeNext.
func stageNext[T prob.Float](d *Decoder, form Form, row []T) error {
	d.unstage()
	t := d.tolerant
	if err := setMasses(&t.masses, form, row); err != nil {
		return err
	}
	defer t.masses.release()
	d.rc.Mark()
	s := &t.ahead
	*s = t.now
	s.guard, s.info = d.guard, d.info
	if !s.open {
		s.begin = d.Position()
		var cut int
		cut, s.seed = s.chunks.get(&d.rc)
		s.open, s.left, s.risk = true, d.lattice.limit(cut), 0
	}
	s.dither = newDither(d.steps, s.seed)
	d.symbol = 0
	if t.masses.symbols > 1 {
		d.symbol = d.walk(s)
	}
	if err := d.rc.Err(); err != nil {
		d.rc.Rewind()
		return d.fail(err)
	}
	s.guard.fold(d.symbol)
	s.left--
	s.open = s.left > 0 && s.risk < chunkRisk
	t.staged = true
	return nil
}

// takeNext moves past the symbol that stageNext found.
func (d *Decoder) takeNext() error {
	t := d.tolerant
	d.rc.Forget()
	t.staged = false
	t.now = t.ahead
	d.guard, d.info = t.now.guard, t.now.info
	return d.next()
}

// walk decides which symbol it is.
func (d *Decoder) walk(s *chunkState) uint32 {
	m, l := &d.tolerant.masses, d.lattice
	best := -1
	if odds, can := m.likely(l.bound); can {
		off := s.dither.lane(laneLikely)
		theta := logTheta + float64(float64(off)*(thetaSpan/65536))
		s.note(l, max(odds-theta, theta-odds))
		if uint32(off) < likelyLimits(odds) {
			best = d.likeliest(s)
		}
	}
	rival := &d.tolerant.rival
	if best >= 0 {
		m.branch(rival, best, false)
		if d.decide(s, laneFirst, m.mass(m.depth, best), rival.within[0]) == 0 {
			return uint32(best)
		}
	}
	node := 0
	for level := 1; level <= m.depth; level++ {
		node *= 2
		var mass [2]float64
		var count [2]int
		for half := range 2 {
			i := node + half
			count[half] = m.count(level, i)
			if best >= 0 && best>>(m.depth-level) == i {
				count[half]--
				mass[half] = rival.within[level]
			} else if count[half] > 0 {
				mass[half] = m.mass(level, i)
			}
		}
		switch {
		case count[0] == 0:
			node++
		case count[1] > 0:
			node += d.decide(s, laneTree+level-1, mass[0], mass[1])
		}
	}
	return uint32(node)
}

// likeliest returns the symbol that is asked for first.
func (d *Decoder) likeliest(s *chunkState) (best int) {
	m, l := &d.tolerant.masses, d.lattice
	most, next := 0.0, 0.0
	best = -1
	m.above(m.belowLargest(l.spread+l.bound), func(i int) bool {
		key := m.key(i) + float64(l.spread*s.dither.symbol(uint32(i)))
		switch {
		case best < 0:
			best, most, next = i, key, key-1
		case key > most:
			best, most, next = i, key, most
		default:
			next = max(next, key)
		}
		return true
	})
	s.note(l, most-next)
	return best
}

// decide decodes a decision with the given masses.
func (d *Decoder) decide(s *chunkState, lane int, mass0, mass1 float64) int {
	l := d.lattice
	root := cubeRoot(mass1 / mass0)
	off := s.dither.lane(lane)
	k := (int64(math.Floor(l.place(root))) + int64(off<<zoneFraction)) >> (16 + zoneFraction)
	lo, hi := l.cell(k, off)
	width := zeroWidth(lo, hi)
	bit := d.rc.Bit(width)
	iv := bitInterval(bit, width)
	s.info.Add(iv.Width)
	if s.guard.every != 0 {
		s.guard.add(0, iv)
	}
	s.risk += l.cellRisk(lo, hi)
	z := 1 - 1/root
	if root < 1 {
		z = root - 1
	}
	for _, end := range [2]int64{lo, hi} {
		e := float64(end) * 0x1p-32
		if e > -1 && e < 1 {
			// The logarithm of odds moves by 3/t where t, the smaller one's cube root, does by 1.
			s.note(l, 3*max(z-e, e-z)/min(1-max(z, -z), 1-max(e, -e)))
		}
	}
	return bit
}

// note takes in how far from an edge something lies that the encoder had farther from
// it than the bound.
func (s *chunkState) note(l *lattice, distance float64) {
	s.drift = max(s.drift, 1-distance/l.bound)
}
