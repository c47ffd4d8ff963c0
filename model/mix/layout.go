package mix

import (
	"fmt"
	"math"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
)

// A layout finds the neighbours of tokens in the symbols of one span.
type layout struct {
	g          *geometry
	rows, cols int

	// transposed: the array is stored with its time axis last, frames long.
	transposed bool

	sym    []uint32
	first  int // position in the array of sym[0]
	frames int // length of the time axis; only if transposed
	now    int // tokens of an instant that comes before are known

	stepT, stepR, stepC int
	offset              []int    // of each neighbour, without time
	exists              []uint64 // for each place, a bit for each neighbour that lies inside

	changes [][2]int
	values  [maxValues]uint32
}

const maxValues = 64

func (l *layout) init(g *geometry, rows, cols int, transposed bool) {
	*l = layout{g: g, rows: rows, cols: cols, transposed: transposed, changes: l.changes[:0]}
	for _, c := range g.changes {
		a, errA := g.value(c[0])
		b, errB := g.value(c[1])
		if errA == nil && errB == nil {
			l.changes = append(l.changes, [2]int{a, b})
		}
	}
	l.exists = make([]uint64, rows*cols)
	for place := range l.exists {
		for k, n := range g.neighbours {
			r, c := place/cols+n.dr, place%cols+n.dc
			if r >= 0 && r < rows && c >= 0 && c < cols {
				l.exists[place] |= 1 << k
			}
		}
	}
	l.offset = make([]int, len(g.neighbours))
}

// span begins a span whose first token is number first of an array; frames is
// the length of a transposed array's last axis.
func (l *layout) span(sym []uint32, first, frames int) {
	l.sym, l.first, l.frames = sym, first, frames
	l.stepT, l.stepR, l.stepC = l.rows*l.cols, l.cols, 1
	if l.transposed {
		l.stepT, l.stepR, l.stepC = 1, l.cols*frames, frames
	}
	for k, n := range l.g.neighbours {
		l.offset[k] = n.dr*l.stepR + n.dc*l.stepC
	}
}

// enter begins a span of a block.
func (l *layout) enter(s *model.Span, sym []uint32) error {
	if !l.transposed {
		l.span(sym, int(s.First%int64(l.rows*l.cols)), 0)
		return nil
	}
	frames, err := framesOf(s, l.rows*l.cols)
	if err == nil {
		l.span(sym, int(s.First), frames)
	}
	return err
}

// framesOf returns the length of the last axis of a span's array, which holds that
// many tokens of each of a number of places.
func framesOf(s *model.Span, places int) (int, error) {
	frames := 0
	if len(s.Shape) > 1 {
		frames = s.Shape[len(s.Shape)-1]
	}
	if frames < 1 || int64(frames) > 1<<40 || int64(s.Count) > int64(frames)*int64(places)-s.First {
		return 0, fmt.Errorf("%w: a span does not fit its array", fault.ErrCorrupt)
	}
	if int64(frames)*int64(places) > math.MaxInt {
		return 0, fmt.Errorf("%w: an array of %d x %d tokens is too large for this machine", fault.ErrLimit, places, frames)
	}
	return frames, nil
}

// at returns the position in sym of a token, which may lie outside.
func (l *layout) at(t, place int) int {
	if l.transposed {
		return place*l.frames + t - l.first
	}
	return t*l.stepT + place - l.first
}

// times returns the range of instants that the span has tokens of.
func (l *layout) times() (from, to int) {
	end := l.first + len(l.sym)
	if !l.transposed {
		return l.first / l.stepT, (end + l.stepT - 1) / l.stepT
	}
	if l.first/l.frames == (end-1)/l.frames {
		return l.first % l.frames, (end-1)%l.frames + 1
	}
	return 0, l.frames
}

// after returns the next instant after t. A transposed span that begins late in
// one row and ends early in the next has none in between.
func (l *layout) after(t int) int {
	if l.transposed && len(l.sym) < l.frames && t+1 == (l.first+len(l.sym))%l.frames {
		return max(t+1, l.first%l.frames)
	}
	return t + 1
}

// load sets values for the token at position i of sym, time running forwards
// (dir 1) or backwards (-1). Backwards, nothing from instant l.now on is read.
func (l *layout) load(i, t, place, dir int) {
	v := &l.values
	exists := l.exists[place]
	n := len(l.g.neighbours)
	for k := range n {
		v[k] = 0
		if exists>>k&1 == 0 {
			continue
		}
		dt := l.g.neighbours[k].dt * dir
		if dir < 0 && t+dt >= l.now || l.transposed && (t+dt < 0 || t+dt >= l.frames) {
			continue
		}
		if j := i + l.offset[k] + dt*l.stepT; uint(j) < uint(len(l.sym)) {
			v[k] = l.sym[j] + 1
		}
	}
	flags := uint32(0)
	for k, c := range l.changes {
		if v[c[0]] != v[c[1]] {
			flags |= 1 << k
		}
	}
	v[n+valueFirst] = 0
	if j := l.at(t, 0); place > 0 && uint(j) < uint(len(l.sym)) {
		v[n+valueFirst] = l.sym[j] + 1
	} else if j := l.at(t-1, len(l.exists)-1); place == 0 && t > 0 && uint(j) < uint(len(l.sym)) {
		v[n+valueFirst] = l.sym[j] + 1
	}
	v[n+valuePlace] = uint32(place)
	v[n+valueRow] = uint32(place / l.cols)
	v[n+valueCol] = uint32(place % l.cols)
	v[n+valueFlags] = flags
	v[n+valueAge] = l.age(i, t, dir)
}

// age returns for how many instants before t, or after it if dir is -1, the
// place has kept its token.
func (l *layout) age(i, t, dir int) uint32 {
	from, to := 0, len(l.sym)
	if l.transposed {
		from, to = max(0, i-t), min(len(l.sym), i-t+l.frames)
	}
	if dir < 0 {
		to = min(to, i+(l.now-t)*l.stepT)
	}
	age := uint32(0)
	step := dir * l.stepT
	for j := i - 2*step; age < maxAge && j >= from && j < to && l.sym[j] == l.sym[j+step]; j -= step {
		age++
	}
	return age
}
