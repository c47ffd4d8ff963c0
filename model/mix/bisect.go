package mix

import (
	"cmp"
	"math"
	"slices"
)

// The learned order of a grid's symbols. Symbols are alike if the same symbols
// come before and after them, so each gets a vector: how often each symbol comes
// one instant before it and one after it, as square roots of shares, projected on
// the leading directions of all of them. Halving the set of vectors again and
// again, each half as dense as can be, makes the tree.
//
// Only sums and products of explicit precision and square roots are used, in a
// fixed order, so the tree is the same on every machine.

const (
	directions  = 48
	projections = 8 // rounds of subspace iteration
	splitRounds = 8 // rounds of balanced 2-means
	shareOffset = 5 // keeps rare symbols' vectors short
)

type vector [directions]float32

type entry struct {
	col   int32
	value float32
}

// A pairs counts which symbol came after which: each is first*size + second.
type pairs []uint64

// learnOrder returns an order of the symbols for a tree of halves. p, which it
// sorts, holds the pairs of symbols that are an instant apart.
func learnOrder(size int, p pairs, on *pulse) []uint32 {
	if p.sort(on); on.err != nil {
		return nil
	}
	points := project(shares(p, size), 2*size, on)
	order := ascending(size)
	b := bisector{points: points, at: make([]float32, size), on: on}
	b.split(order)
	return order
}

// shares returns a row for each symbol: in column x how often x came after it, in
// column size+x how often before it, as roots of shares.
func shares(p pairs, size int) [][]entry {
	rows := make([][]entry, size)
	n := uint64(size)
	after, before := make([]int, size), make([]int, size)
	for _, x := range p {
		after[x/n]++
		before[x%n]++
	}
	for k := 0; k < len(p); {
		end := k
		for end < len(p) && p[end] == p[k] {
			end++
		}
		a, b, c := int(p[k]/n), int(p[k]%n), end-k
		share := func(total int) float32 {
			return float32(math.Sqrt(float64(c) / float64(total+shareOffset)))
		}
		rows[a] = append(rows[a], entry{int32(b), share(after[a])})
		rows[b] = append(rows[b], entry{int32(size + a), share(before[b])})
		k = end
	}
	return rows
}

// project returns the rows' coordinates along their leading principal
// directions, by subspace iteration.
func project(rows [][]entry, cols int, on *pulse) []vector {
	mean := make([]float32, cols)
	for _, r := range rows {
		for _, e := range r {
			mean[e.col] += e.value / float32(len(rows))
		}
	}
	basis := make([]vector, cols)
	seed := uint32(1)
	for i := range basis {
		for k := range basis[i] {
			seed = seed*1664525 + 1013904223
			basis[i][k] = float32(int32(seed)) / (1 << 31)
		}
	}
	points := make([]vector, len(rows))
	for range projections {
		if on.stops() {
			break
		}
		multiply(points, rows, mean, basis)
		orthonormal(points)
		if on.stops() {
			break
		}
		multiplyTransposed(basis, rows, mean, points)
		orthonormal(basis)
	}
	multiply(points, rows, mean, basis)
	return points
}

func multiply(points []vector, rows [][]entry, mean []float32, basis []vector) {
	var shift vector
	for j := range basis {
		shift.add(mean[j], &basis[j])
	}
	for i, r := range rows {
		var a vector
		for _, e := range r {
			a.add(e.value, &basis[e.col])
		}
		a.add(-1, &shift)
		points[i] = a
	}
}

func multiplyTransposed(basis []vector, rows [][]entry, mean []float32, points []vector) {
	clear(basis)
	var shift vector
	for i, r := range rows {
		shift.add(1, &points[i])
		for _, e := range r {
			basis[e.col].add(e.value, &points[i])
		}
	}
	for j := range basis {
		basis[j].add(-mean[j], &shift)
	}
}

// add adds w times x.
func (v *vector) add(w float32, x *vector) {
	for k := range v {
		v[k] += float32(w * x[k])
	}
}

func (v *vector) dot(x *vector) float32 {
	s := float32(0)
	for k := range v {
		s += float32(v[k] * x[k])
	}
	return s
}

// scale makes v a unit vector, unless it is zero.
func (v *vector) scale() {
	if s := v.dot(v); s > 0 {
		f := float32(1 / math.Sqrt(float64(s)))
		for k := range v {
			v[k] *= f
		}
	}
}

// orthonormal makes the columns of m orthonormal (modified Gram-Schmidt; a column
// that depends on others becomes zero or noise, which does no harm).
func orthonormal(m []vector) {
	for k := range directions {
		// One pass takes the products with all later columns.
		var products vector
		norm := float32(0)
		for i := range m {
			norm += float32(m[i][k] * m[i][k])
		}
		if norm <= 0 {
			continue
		}
		f := float32(1 / math.Sqrt(float64(norm)))
		for i := range m {
			row := &m[i]
			row[k] *= f
			for l := k + 1; l < directions; l++ {
				products[l] += float32(row[k] * row[l])
			}
		}
		for i := range m {
			row := &m[i]
			for l := k + 1; l < directions; l++ {
				row[l] -= float32(row[k] * products[l])
			}
		}
	}
}

type bisector struct {
	points []vector
	at     []float32 // of each symbol: where it stands along the direction of the split
	on     *pulse
}

// split orders a set so that its halves, and theirs, are dense.
func (b *bisector) split(set []uint32) {
	if len(set) < 3 || len(set) >= pulseEvery && b.on.stops() {
		return
	}
	half := (len(set) + 1) / 2
	direction := b.principal(set)
	b.sort(set, &direction)
	for range splitRounds {
		var sums [2]vector
		for i, s := range set {
			sums[b2i(i >= half)].add(1, &b.points[s])
		}
		var d vector
		d.add(1/float32(len(set)-half), &sums[1])
		d.add(-1/float32(half), &sums[0])
		if d == direction {
			break
		}
		direction = d
		b.sort(set, &direction)
	}
	b.split(set[:half])
	b.split(set[half:])
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (b *bisector) sort(set []uint32, direction *vector) {
	for _, s := range set {
		b.at[s] = b.points[s].dot(direction)
	}
	slices.SortFunc(set, func(x, y uint32) int {
		if c := cmp.Compare(b.at[x], b.at[y]); c != 0 {
			return c
		}
		return cmp.Compare(x, y)
	})
}

// principal returns the direction in which a set varies most, by power iteration
// from its farthest point.
func (b *bisector) principal(set []uint32) vector {
	const rounds = 12
	var mean, best vector
	for _, s := range set {
		mean.add(1/float32(len(set)), &b.points[s])
	}
	far := float32(0)
	for _, s := range set {
		v := b.points[s]
		v.add(-1, &mean)
		if d := v.dot(&v); d > far {
			far, best = d, v
		}
	}
	for range rounds {
		best.scale()
		var next vector
		for _, s := range set {
			v := b.points[s]
			v.add(-1, &mean)
			next.add(v.dot(&best), &v)
		}
		best = next
	}
	return best
}
