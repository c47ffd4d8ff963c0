package mix

import (
	"github.com/foretell/foretell/internal/pages"
	"github.com/foretell/foretell/internal/simd/learn"
)

// A mixer joins stretched probabilities into one by a weighted sum, with
// weights trained online (logistic mixing: Mahoney, Adaptive weighing of context
// models, 2005). It has several sets of weight vectors over the same inputs; a
// small context selects a vector of each, and each is trained on its own error.
//
// Weights have 20 bits after the point.
type mixer struct {
	inputs int // padded to a multiple of lanes
	sets   []weightSet
	rates  []int32

	chosen [][]int32 // the selected vector of each set
	dots   []int32   // their outputs: stretched, with 4 more bits after the point
	errs   []int32   // and by how much each is to move its weights
}

type weightSet struct {
	w     []int32
	count []uint16 // how often each vector was trained, for the rate
	at    int      // the selected vector
	p     int32    // its output as 16 bits of probability
}

const (
	lanes     = 8
	weightOne = 1 << 20
	maxWeight = 8 * weightOne
)

// padded returns a number of inputs rounded up to whole lanes.
func padded(inputs int) int { return (inputs + lanes - 1) / lanes * lanes }

func newMixer(inputs int, sets []selector, rates []int32) mixer {
	m := mixer{inputs: padded(inputs), rates: rates}
	for _, s := range sets {
		m.sets = append(m.sets, weightSet{w: pages.Large(make([]int32, s.size*m.inputs)), count: make([]uint16, s.size)})
	}
	m.chosen, m.dots, m.errs = make([][]int32, len(sets)), make([]int32, len(sets)), make([]int32, len(sets))
	return m
}

// choose selects the vector of a set.
func (m *mixer) choose(set, at int) {
	s := &m.sets[set]
	s.at = at
	m.chosen[set] = s.w[at*m.inputs:][:m.inputs]
}

// reset gives every input the same weight.
func (m *mixer) reset(weight int32) {
	for k := range m.sets {
		s := &m.sets[k]
		for i := range s.w {
			s.w[i] = weight
		}
		clear(s.count)
	}
}

// forget takes the vectors that were trained at most so often for untrained.
func (m *mixer) forget(uses uint16) {
	for k := range m.sets {
		for i, n := range m.sets[k].count {
			if n <= uses {
				m.sets[k].count[i] = 0
			}
		}
	}
}

// start gives one input another weight.
func (m *mixer) start(input int, weight int32) {
	for k := range m.sets {
		s := &m.sets[k]
		for i := input; i < len(s.w); i += m.inputs {
			s.w[i] = weight
		}
	}
}

func (m *mixer) predict(x []int32) {
	learn.Dots(m.dots, m.chosen, x)
	for k := range m.sets {
		m.dots[k] >>= 2
		m.sets[k].p = squash(m.dots[k])
	}
}

func (m *mixer) update(x []int32, bit int32) {
	target := bit<<16 - bit
	for k := range m.sets {
		s := &m.sets[k]
		c := s.count[s.at]
		if int(c) < len(m.rates)-1 {
			s.count[s.at]++
		}
		m.errs[k] = ((target - s.p) * m.rates[c]) >> 10
	}
	learn.Train(m.chosen, x, m.errs, maxWeight)
}

// A schedule of learning rates in 1/65536, by how often a vector was trained:
// from first, falling to last.
type schedule struct{ first, last int }

func (s schedule) rates() []int32 {
	var r []int32
	for n := 0; ; n++ {
		v := s.first * 100 / (100 + 2*n)
		if v <= s.last || n == 1<<16-2 {
			return append(r, int32(s.last))
		}
		r = append(r, int32(v))
	}
}
