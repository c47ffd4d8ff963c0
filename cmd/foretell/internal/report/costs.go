package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Limits of what is kept of the costs of an array, however long it is.
const (
	maxSteps     = 600     // of the curve over time
	maxMapSteps  = 480     // of the map of time by position
	maxMapPlaces = 256     // of the map of time by position
	maxPlaces    = 1 << 22 // positions whose means are known
	binWidth     = 0.5     // of the distribution, in bits
	bins         = 2 * 32  // of the distribution; the last holds all above
	listed       = 8       // stretches of each kind
)

// Costs says where in an array the bits go. Time is the longest axis, the first
// of them if several are; a position is a place at one instant.
type Costs struct {
	TimeAxis  int       `json:"time_axis"`
	Steps     int64     `json:"steps"`     // length of the time axis
	Positions int64     `json:"positions"` // tokens at each instant
	Time      []float64 `json:"time"`      // mean bits per token, over equal parts of the time axis

	// Grid holds the mean bits per position in rows, nil without positions.
	// Guessed says that the array has no such rows and the width is a guess.
	Grid    [][]float64 `json:"grid"`
	Guessed bool        `json:"grid_guessed"`

	// Map holds the mean bits per token of equal parts of the positions, and
	// in each of equal parts of the time axis.
	Map [][]float64 `json:"map"`

	BinWidth  float64   `json:"bin_width"`       // bits
	BinTokens []int64   `json:"bin_tokens"`      // tokens by cost; the last holds all that cost more
	BinBits   []float64 `json:"bin_bits"`        // their bits
	Stretch   int64     `json:"stretch"`         // tokens in a stretch
	Costliest []Stretch `json:"costliest"`       // the costliest first
	Cheapest  []Stretch `json:"cheapest"`        // the cheapest first
	Median    float64   `json:"median_bits"`     // upper end of the bin with the median
	Top       float64   `json:"top_tenth_share"` // share of all bits that the costliest tenth of the tokens takes, about
}

// A Stretch is a run of tokens in storage order.
type Stretch struct {
	First int64   `json:"first"`
	Count int64   `json:"count"`
	Bits  float64 `json:"bits_per_token"`
	Place string  `json:"place"` // as an index in Python
}

// A Gatherer adds up the costs of the tokens of one array, which come in storage
// order.
type Gatherer struct {
	shape        []int // in storage order
	fortran      bool
	axis         int   // of time, in storage order
	inner, steps int64 // tokens behind the time axis, and its length
	places       int64
	order        []int32 // of the positions in storage order, their numbers; nil if these are equal

	n      int64
	total  float64
	time   mean
	place  mean // of each position
	grid   mean // of parts of the time axis and of the positions
	binN   []int64
	binSum []float64

	window    int64
	run       float64 // bits of the stretch that is under way
	costliest []Stretch
	cheapest  []Stretch
}

// mean adds up values in cells.
type mean struct {
	sum []float64
	n   []int64
}

func newMean(cells int64) mean { return mean{make([]float64, cells), make([]int64, cells)} }

func (m *mean) add(cell int64, v float64) {
	m.sum[cell] += v
	m.n[cell]++
}

func (m *mean) at(cell int) float64 { return quotient(m.sum[cell], float64(m.n[cell])) }

func (m *mean) all() []float64 {
	list := make([]float64, len(m.sum))
	for i := range list {
		list[i] = m.at(i)
	}
	return list
}

// NewGatherer returns a Gatherer for an array with the given shape, in storage
// order, slowest axis first; fortran says that this is the reverse of its own.
func NewGatherer(shape []int, fortran bool) *Gatherer {
	g := &Gatherer{
		shape: slices.Clone(shape), fortran: fortran, inner: 1, steps: 1, places: 1,
		binN: make([]int64, bins), binSum: make([]float64, bins),
	}
	for i, n := range shape {
		longer := int64(n) > g.steps
		if i == 0 || longer || fortran && int64(n) == g.steps {
			g.axis, g.steps = i, int64(n)
		}
	}
	for i, n := range shape {
		if i != g.axis {
			g.places *= int64(n)
		}
		if i > g.axis {
			g.inner *= int64(n)
		}
	}
	g.time = newMean(min(g.steps, maxSteps))
	if g.places > 1 && g.steps > 0 {
		g.grid = newMean(g.mapSteps() * g.mapPlaces())
		if g.places <= maxPlaces {
			g.place = newMean(g.places)
		}
	}
	g.window = g.stretch()
	if fortran && g.place.n != nil {
		g.order = reversed(slices.Delete(slices.Clone(shape), g.axis, g.axis+1))
	}
	return g
}

// reversed returns for each place of an array the number that it has in the array
// whose axes are in reverse order; nil if that is the same.
func reversed(shape []int) []int32 {
	if len(shape) < 2 {
		return nil
	}
	order := []int32{0}
	stride := int32(1)
	for _, n := range shape { // the slowest axis becomes the fastest
		next := make([]int32, 0, len(order)*n)
		for _, at := range order {
			for i := range int32(n) {
				next = append(next, at+i*stride)
			}
		}
		order, stride = next, stride*int32(n)
	}
	return order
}

func (g *Gatherer) mapSteps() int64  { return min(g.steps, maxMapSteps) }
func (g *Gatherer) mapPlaces() int64 { return min(g.places, maxMapPlaces) }

// stretch returns how many tokens stretches have: one instant where its tokens
// lie together and are not too few or too many.
func (g *Gatherer) stretch() int64 {
	const usual, most = 64, 1 << 16
	if g.axis == 0 && g.inner >= usual/4 && g.inner <= most {
		return g.inner
	}
	return min(usual, max(g.steps*g.places/(2*listed), 1))
}

// Add adds the costs in bits of tokens first, first+1, ...
func (g *Gatherer) Add(first int64, costs []float32) {
	for i, cost := range costs {
		at, c := first+int64(i), float64(cost)
		step := at / g.inner
		place := step/g.steps*g.inner + at%g.inner
		step %= g.steps
		if g.order != nil {
			place = int64(g.order[place])
		}
		g.time.add(step*int64(len(g.time.n))/g.steps, c)
		if g.grid.n != nil {
			row := place * g.mapPlaces() / g.places
			g.grid.add(row*g.mapSteps()+step*g.mapSteps()/g.steps, c)
		}
		if g.place.n != nil {
			g.place.add(place, c)
		}
		bin := min(int(c/binWidth), bins-1)
		g.binN[bin]++
		g.binSum[bin] += c
		g.n++
		g.total += c
		g.run += c
		if g.n%g.window == 0 {
			g.end(at+1-g.window, g.window)
		}
	}
}

// end ends the stretch of count tokens from first.
func (g *Gatherer) end(first, count int64) {
	s := Stretch{First: first, Count: count, Bits: g.run / float64(count)}
	g.run = 0
	rank := func(list []Stretch, sign float64) []Stretch {
		i, _ := slices.BinarySearchFunc(list, s, func(a, b Stretch) int {
			return cmp.Or(cmp.Compare(sign*b.Bits, sign*a.Bits), -1)
		})
		if i == listed {
			return list
		}
		list = slices.Insert(list, i, s)
		return list[:min(len(list), listed)]
	}
	g.costliest = rank(g.costliest, 1)
	g.cheapest = rank(g.cheapest, -1)
}

// Bits returns the mean cost of a token.
func (g *Gatherer) Bits() float64 { return quotient(g.total, float64(g.n)) }

// Finish returns what was gathered. rows and cols lay the positions out as a
// grid where the array does not say how; 0 means a guess.
func (g *Gatherer) Finish(rows, cols int) *Costs {
	axis := g.axis
	if g.fortran {
		axis = len(g.shape) - 1 - axis
	}
	if left := g.n % g.window; left > 0 && (2*left >= g.window || g.n < g.window) {
		g.end(g.n-left, left)
	}
	c := &Costs{
		TimeAxis: axis, Steps: g.steps, Positions: g.places,
		Time: g.time.all(), BinWidth: binWidth, BinTokens: g.binN, BinBits: g.binSum,
		Stretch: g.window, Costliest: g.costliest, Cheapest: g.cheapest,
	}
	for _, list := range [][]Stretch{c.Costliest, c.Cheapest} {
		for i := range list {
			list[i].Place = g.where(list[i].First, list[i].Count)
		}
	}
	if g.grid.n != nil {
		c.Map = inRows(g.grid.all(), int(g.mapSteps()))
	}
	if g.place.n != nil {
		cells := g.place.all()
		c.Grid, c.Guessed = inRows(cells, g.width(cells, rows, cols)), len(g.shape) == 2
	}
	c.spread(g)
	return c
}

// width returns how many columns the grid of the positions has.
func (g *Gatherer) width(cells []float64, rows, cols int) int {
	if len(g.shape) != 2 {
		own := slices.Delete(slices.Clone(g.shape), g.axis, g.axis+1)
		if g.fortran {
			slices.Reverse(own)
		}
		return own[len(own)-1]
	}
	if cols > 0 && rows*cols == len(cells) {
		return cols
	}
	return guessWidth(cells)
}

func inRows(cells []float64, width int) [][]float64 {
	return slices.Collect(slices.Chunk(cells, width))
}

// guessWidth returns the width at which a strip of cells, laid out in rows, looks
// most like a picture: cells one above the other differ least. Shapes much
// taller or wider than screens are left out. A short or prime strip stays one.
func guessWidth(cells []float64) int {
	const short = 16
	n := len(cells)
	best, least := n, 0.0
	for w := 2; w <= n/2 && n >= short; w++ {
		if n%w != 0 || 2*w < n/w || w > 4*(n/w) {
			continue
		}
		sum := 0.0
		for i := range n - w {
			sum += max(cells[i]-cells[i+w], cells[i+w]-cells[i])
		}
		if sum /= float64(n - w); best == n || sum < least {
			best, least = w, sum
		}
	}
	return best
}

// spread fills in what the distribution says.
func (c *Costs) spread(g *Gatherer) {
	seen := int64(0)
	for i, n := range g.binN {
		if seen += n; 2*seen >= g.n {
			c.Median = binWidth * float64(i+1)
			break
		}
	}
	left, bits := (g.n+9)/10, 0.0
	for i, n := range slices.Backward(g.binN) {
		if n == 0 {
			continue
		}
		take := min(n, left)
		bits += g.binSum[i] * float64(take) / float64(n)
		left -= take
	}
	c.Top = quotient(bits, g.total)
}

// where writes a run of tokens as an index into the array, or as their numbers
// in storage order if it is no simple one.
func (g *Gatherer) where(first, count int64) string {
	// The run covers whole axes from last on, and a part of the axis before.
	row := int64(1)
	last := len(g.shape)
	for last > 0 && count%(row*int64(g.shape[last-1])) == 0 && first%(row*int64(g.shape[last-1])) == 0 {
		last--
		row *= int64(g.shape[last])
	}
	index := make([]string, len(g.shape))
	for i := last; i < len(index); i++ {
		index[i] = ":"
	}
	at, n := first/row, count/row
	if last > 0 {
		length := int64(g.shape[last-1])
		if at%length+n > length {
			return fmt.Sprintf("tokens %d to %d", first, first+count-1)
		}
		index[last-1] = fmt.Sprint(at % length)
		if n > 1 || last == len(index) {
			index[last-1] = fmt.Sprintf("%d:%d", at%length, at%length+n)
		}
		at /= length
		for i := last - 2; i >= 0; i-- {
			index[i] = fmt.Sprint(at % int64(g.shape[i]))
			at /= int64(g.shape[i])
		}
	}
	if g.fortran {
		slices.Reverse(index)
	}
	for len(index) > 1 && index[len(index)-1] == ":" {
		index = index[:len(index)-1]
	}
	return "[" + strings.Join(index, ", ") + "]"
}
