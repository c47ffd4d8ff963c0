package mix

import (
	"math"
	"math/bits"

	"github.com/foretell/foretell/internal/pages"
	"github.com/foretell/foretell/internal/simd/learn"
)

// A net predicts the bits of a token from vectors that it learns: each of a few
// values of the token's surroundings has a vector, their sum says what is going
// on, and its product with the vector of a node of the code tree is the stretched
// probability of a 1 there (a log-bilinear model with a tree for its output:
// Mnih, Hinton, A scalable hierarchical distributed language model, 2008).
// What it adds to counters is that similar surroundings give similar predictions
// even where they have not been seen together before.
//
// Everything is in fixed point with vectorPoint bits after the point. Rates fall
// with the sum of the squared gradients of a vector (Duchi et al., Adaptive
// subgradient methods, 2011).
type net struct {
	dims   int
	bent   bool // numbers of the sum below 0 count as 0
	inputs []netInput
	out    []int32  // vectors of nodes
	outSum []uint64 // their sums of squared gradients
	bias   []int32

	rows      [][]int32 // the inputs' vectors of this token
	sum, grad []int32   // of this token
	act       []int32   // the sum, bent
	energy    uint64    // mean square of act
	z, p      int32     // of this bit: stretched, with 4 more bits, and 16 bits
}

type netInput struct {
	terms []term
	rows  uint32
	vec   []int32
	sumSq []uint64
	at    int
	sum   uint64 // sumSq[at]
}

const (
	vectorPoint = 22
	maxVector   = 4 << vectorPoint
	maxOut      = 32 << vectorPoint
	maxBias     = 1 << 30 // of a prior
	maxNetRows  = 1 << 16
	energyPoint = 32
	maxSum      = 1 << 62

	// Learning rates, in 1/256.
	netOutRate = 18
	netInRate  = 64
)

// rootTable holds 1/sqrt(1 + 3(i+1/2)/128) with 24 bits after the point.
var rootTable [128]int64

func makeRoots() {
	for i := range rootTable {
		rootTable[i] = int64((1 << 24) / math.Sqrt(float64(256+6*i+3)/256))
	}
}

// rate returns scale/256 divided by the root of x, which has energyPoint bits
// after the point, plus 0.1; the result has 24.
func rate(scale int64, x uint64) int64 {
	x += (1 << energyPoint) / 10
	// x = m * 4^k with 1 <= m < 4.
	k := (63 - bits.LeadingZeros64(x)) / 2
	m := x << (62 - 2*k) >> 55 // 1..4 with 7 bits after the point
	r := rootTable[(m-128)*128/384]
	return r * scale >> 8 << (energyPoint / 2) >> k
}

func newNet(dims, nodes int, inputs []netInput, bent bool) net {
	for k := range inputs {
		in := &inputs[k]
		in.vec, in.sumSq = pages.Large(make([]int32, int(in.rows)*dims)), make([]uint64, in.rows)
	}
	n := net{
		dims: dims, bent: bent, inputs: inputs,
		out: pages.Large(make([]int32, nodes*dims)), outSum: make([]uint64, nodes), bias: make([]int32, nodes),
		rows: make([][]int32, len(inputs)), sum: make([]int32, dims), grad: make([]int32, dims),
	}
	n.act = n.sum
	if bent {
		n.act = make([]int32, dims)
	}
	return n
}

// reset gives the inputs small random vectors, so that they can learn to differ.
func (n *net) reset() {
	clear(n.out)
	clear(n.outSum)
	clear(n.bias)
	seed := uint32(1)
	for k := range n.inputs {
		in := &n.inputs[k]
		seed = randomVectors(in.vec, seed)
		clear(in.sumSq)
	}
}

const (
	seedFactor = 1664525
	seedTerm   = 1013904223
)

// randomVectors fills vec with small numbers that follow from a seed, and returns the
// seed of what comes next. Each number follows from the one eight before it, so that none
// waits for the last one.
func randomVectors(vec []int32, seed uint32) uint32 {
	factor, term := uint32(1), uint32(0)
	var next [8]uint32
	for k := range next {
		seed = seed*seedFactor + seedTerm
		next[k] = seed
		factor, term = factor*seedFactor, term*seedFactor+seedTerm
	}
	const shift = 32 - vectorPoint + 2 // up to 1/8
	for ; len(vec) >= len(next); vec = vec[len(next):] {
		v := (*[len(next)]int32)(vec)
		for k := range next {
			v[k] = int32(next[k]) >> shift
			seed = next[k]
			next[k] = next[k]*factor + term
		}
	}
	for k := range vec {
		vec[k] = int32(next[k]) >> shift
		seed = next[k]
	}
	return seed
}

// copy takes the state of a net of the same inputs.
func (n *net) copy(from *net) {
	for k := range n.inputs {
		copy(n.inputs[k].vec, from.inputs[k].vec)
		copy(n.inputs[k].sumSq, from.inputs[k].sumSq)
	}
	copy(n.out, from.out)
	copy(n.outSum, from.outSum)
	copy(n.bias, from.bias)
}

// choose selects the vectors of the inputs, and has them brought to the cache.
func (n *net) choose(values *[maxValues]uint32, e *engine) {
	for k := range n.inputs {
		in := &n.inputs[k]
		x := uint32(0)
		for _, t := range in.terms {
			x = x*0x9E3779B1 + e.part(values, t)
		}
		if len(in.terms) > 1 {
			x ^= x >> 15
			x *= 0x85EBCA6B
			x ^= x >> 13
		}
		in.at = int(x % in.rows)
		n.rows[k] = in.vec[in.at*n.dims:][:n.dims]
	}
	learn.Fetch(n.rows)
}

// begin computes the sum of the vectors that the inputs select.
func (n *net) begin() {
	clear(n.grad)
	learn.Sum(n.sum, n.rows)
	for k := range n.inputs {
		in := &n.inputs[k]
		in.sum = in.sumSq[in.at]
	}
	if n.bent {
		for i, x := range n.sum {
			n.act[i] = max(x, 0)
		}
	}
	n.energy = learn.Energy(n.act) / uint64(n.dims) // 2*vectorPoint - 12 = 32 bits after the point
}

// predict returns the net's opinion, stretched.
func (n *net) predict(node int32) int32 {
	if int(node) >= len(n.bias) {
		n.z = 0
		return 0
	}
	s := int64(n.bias[node])<<vectorPoint + learn.Product(n.act, n.out[int(node)*n.dims:][:n.dims])
	const limit = maxStretch << 4
	n.z = int32(min(max(s>>(2*vectorPoint-12), -limit), limit))
	n.p = squash(n.z)
	return n.z >> 4
}

// update trains the vector of a node, and keeps what the inputs are to learn.
func (n *net) update(node int32, bit int32) {
	if int(node) >= len(n.bias) {
		return
	}
	err := int64(bit<<16 - bit - n.p)
	n.outSum[node] = min(n.outSum[node]+uint64(err*err>>8)*(n.energy>>8)>>16, maxSum)
	e := rate(netOutRate, n.outSum[node]) * err >> 16
	v := n.out[int(node)*n.dims:][:n.dims]
	learn.Learn(n.grad, v, n.act, int32(err), int32(e), maxOut)
	n.bias[node] += int32(err * (1 << vectorPoint / 100) >> 16)
}

// end trains the vectors that were summed.
func (n *net) end() {
	if n.bent {
		for i, x := range n.sum {
			if x < 0 {
				n.grad[i] = 0
			}
		}
	}
	e := learn.Energy(n.grad) / uint64(n.dims)
	for k := range n.inputs {
		in := &n.inputs[k]
		in.sumSq[in.at] = min(in.sum+e, maxSum)
		r := rate(netInRate, in.sumSq[in.at])
		learn.Step(n.rows[k], n.grad, int32(r), maxVector)
	}
}
