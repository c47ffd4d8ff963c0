package step

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
)

// A DriftMeter measures how far the numbers of two runs of a model lie apart, such as
// prompt-wise and token by token, and what tolerance they ask for. MeasureDrift feeds
// it. The zero value is ready.
type DriftMeter struct {
	logits, decisions []float32 // of each step
	nodes             float64
	entropy, cost     float64
	masses            masses
	a, b              tree
}

// A DriftReport is what a DriftMeter has measured.
type DriftReport struct {
	Steps int64

	// Logits is half the range of the differences between the two rows of a step: how
	// far each logit lies from the other's, once a common summand is left out.
	Logits DriftQuantiles

	// Decisions is the largest of half the differences between the logarithms of odds
	// of the decisions that code the symbol of a step: what a tolerance has to bear. If
	// no symbols were given it is that of all decisions that Nodes is of.
	Decisions DriftQuantiles

	// Nodes is the same over all decisions that are met with a probability above
	// 2^-20, the largest of all steps.
	Nodes float64

	// Tolerance is the advised one, twice the largest of Decisions, for a sample is not
	// all: 0 if that is more than a stream can bear.
	Tolerance float64

	// Entropy is the mean entropy of the rows in bits, and Cost about how many bits a
	// step the advised tolerance takes beyond it.
	Entropy, Cost float64
}

// DriftQuantiles say how a number is distributed over steps.
type DriftQuantiles struct {
	Median, P99, Max float64
}

// MeasureDrift takes n steps into m: a and b hold n rows each, one after another, of
// the same steps from the two runs. symbols are those that follow, or nil if they are
// not known. If a row is refused the error is a *RowError; those before it count.
func MeasureDrift[T prob.Float](m *DriftMeter, form Form, n int, a, b []T, symbols []uint32) error {
	v, err := rowLength(len(a), n)
	switch {
	case err != nil:
		return err
	case len(b) != len(a):
		return &prob.DistributionError{Index: -1, Reason: fmt.Sprintf("%d and %d numbers in the two runs", len(a), len(b))}
	case symbols != nil && len(symbols) != n:
		return fmt.Errorf("%w: %d symbols for %d rows", fault.ErrSymbol, len(symbols), n)
	}
	for i := range n {
		err := grow(&m.a, &m.masses, form, a[i*v:(i+1)*v])
		if err == nil {
			err = grow(&m.b, &m.masses, form, b[i*v:(i+1)*v])
		}
		symbol := -1
		if err == nil && symbols != nil {
			if symbol = int(symbols[i]); symbol >= v {
				err = &prob.SymbolError{Symbol: symbols[i], Len: v}
			}
		}
		if err != nil {
			return &RowError{Row: i, Err: err}
		}
		m.compare(symbol)
	}
	return nil
}

// A tree is a row as masses of all nodes, in full precision.
type tree struct {
	logits []float64
	nodes  []float64
	depth  int
}

// grow makes t the tree of a row.
func grow[T prob.Float](t *tree, m *masses, form Form, row []T) error {
	if err := setMasses(m, form, row); err != nil {
		return err
	}
	defer m.release()
	n := len(row)
	t.depth = bits.Len(uint(n - 1))
	t.logits = slices.Grow(t.logits[:0], n)[:n]
	t.nodes = slices.Grow(t.nodes[:0], 2<<t.depth)[:2<<t.depth]
	leaves := t.nodes[1<<t.depth:]
	clear(leaves)
	sum, largest := 0.0, float64(m.largest)
	if form == Probabilities {
		largest = math.Log(largest)
	}
	for i := range n {
		t.logits[i] = float64(m.x[i])
		if form == Probabilities {
			t.logits[i] = math.Log(float64(m.x[i]))
		}
		leaves[i] = math.Exp(t.logits[i] - largest)
		sum += leaves[i]
	}
	for i := range n {
		leaves[i] = leaves[i]/sum + floorShare/float64(n)
	}
	for i := len(leaves) - 1; i > 0; i-- {
		t.nodes[i] = t.nodes[2*i] + t.nodes[2*i+1]
	}
	return nil
}

// without takes a symbol out of the tree.
func (t *tree) without(symbol int) {
	i := 1<<t.depth + symbol
	t.nodes[i] = 0
	for i >>= 1; i > 0; i >>= 1 {
		t.nodes[i] = t.nodes[2*i] + t.nodes[2*i+1]
	}
}

// odds returns the logarithm of the odds of the decision at a node, and false if there
// is none.
func (t *tree) odds(node int) (float64, bool) {
	a, b := t.nodes[2*node], t.nodes[2*node+1]
	return math.Log(b / a), a > 0 && b > 0
}

// costFactor is what a decision of probability p costs in bits, in units of
// (p(1-p))^(1/3) * tolerance^(2/3): by theory 2.38 at best, measured a third more.
const costFactor = 3.2

// compare takes in the step that is in both trees.
func (m *DriftMeter) compare(symbol int) {
	a, b := &m.a, &m.b
	lo, hi := math.Inf(1), math.Inf(-1)
	best := 0
	for i, x := range a.logits {
		if x > a.logits[best] {
			best = i
		}
		if d := b.logits[i] - x; !math.IsNaN(d) { // of two that are minus infinity
			lo, hi = min(lo, d), max(hi, d)
		}
	}
	path, all, cost := 0.0, 0.0, 0.0
	note := func(oddsA, oddsB, share float64, onPath bool) {
		d := math.Abs(oddsA-oddsB) / 2
		if share > 0x1p-20 {
			all = max(all, d)
			p := 1 / (1 + math.Exp(oddsA))
			cost += share * math.Cbrt(p*(1-p))
		}
		if onPath {
			path = max(path, d)
		}
	}
	for _, p := range a.nodes[1<<a.depth:] {
		if p > 0 {
			m.entropy -= p * math.Log2(p)
		}
	}
	leaf := 1<<a.depth + best
	pa, pb := a.nodes[leaf], b.nodes[leaf]
	share := 1.0
	if pa > 0.11 && len(a.logits) > 1 {
		a.without(best)
		b.without(best)
		note(math.Log(a.nodes[1]/pa), math.Log(b.nodes[1]/pb), 1, symbol >= 0)
		if share = a.nodes[1]; symbol == best {
			symbol = -2 // no others are on its path
		}
	}
	for i := 1; i < 1<<a.depth; i++ {
		oddsA, ok := a.odds(i)
		oddsB, _ := b.odds(i)
		if ok {
			down := a.depth + 1 - bits.Len(uint(i))
			note(oddsA, oddsB, a.nodes[i]/a.nodes[1]*share, symbol >= 0 && (1<<a.depth+symbol)>>down == i)
		}
	}
	if symbol == -1 {
		path = all
	}
	m.nodes = max(m.nodes, all)
	m.cost += cost
	m.logits = append(m.logits, float32(max(0, (hi-lo)/2)))
	m.decisions = append(m.decisions, float32(path))
}

// Report returns what has been measured so far.
func (m *DriftMeter) Report() DriftReport {
	r := DriftReport{Steps: int64(len(m.logits)), Logits: quantiles(m.logits), Decisions: quantiles(m.decisions), Nodes: m.nodes}
	if r.Steps == 0 {
		return r
	}
	r.Entropy = m.entropy / float64(r.Steps)
	if r.Tolerance = max(2*r.Decisions.Max, minTolerance); r.Tolerance > maxTolerance {
		r.Tolerance = 0
	}
	r.Cost = costFactor * m.cost / float64(r.Steps) * math.Cbrt(r.Tolerance*r.Tolerance)
	return r
}

func quantiles(x []float32) (q DriftQuantiles) {
	if len(x) == 0 {
		return q
	}
	sorted := slices.Sorted(slices.Values(x))
	at := func(part float64) float64 { return float64(sorted[int(part*float64(len(sorted)-1))]) }
	return DriftQuantiles{Median: at(0.5), P99: at(0.99), Max: at(1)}
}
