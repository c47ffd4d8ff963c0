package mix

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/surprisal"
)

// A Guide predicts the tokens of a block from outside, as a network does. What it
// says goes into the mix as one more opinion.
type Guide interface {
	// Weights returns a weight for each of the symbols as the token at position
	// i of the block, whatever their sum, or nil if it has no opinion there. It
	// is asked for every token once, in the order in which tokens are coded: by
	// the step within their stream and then by stream. All tokens before that
	// are in the block's Symbols then. The weights are read before the next call.
	Weights(i int) ([]uint32, error)
}

// A Foreteller is a Guide that has worked out what it says of the tokens of a block
// before they are encoded. It is asked in the place of Weights, and only by
// EncodeGuided.
type Foreteller interface {
	Guide

	// Path returns what [Forecast.AppendPath] made of the weights at position i, nil
	// if it has no opinion there.
	Path(i int) []int16
}

// An opinion is what a guide says of one token, as shares of the branches of the
// code tree.
type opinion struct {
	guide   Guide
	decodes bool
	tree    *tree
	order   []uint32 // symbols in the order of the tree's leaves
	mid     []int32  // of each inner node: how many leaves stand before its right half
	sums    []uint64 // of the weights of the leaves before each
	known   bool     // whether there is one of this token
	path    []int16  // it, where that is known already

	lo, hi int32 // the leaves below the node
	trust  int   // what it says of the bit, as one of trusts, which is none

	maps []uint32 // chance of a 1, by depth and trust
	at   int      // index into maps; -1 if there is no opinion
}

const (
	trusts      = 24  // sizes of an opinion
	trustStep   = 200 // between two, stretched
	guideLimit  = 1000
	guideInputs = 2 // of the mixer

	// guidedWeight is what the other inputs weigh at first.
	guidedWeight = weightOne / 64
)

// plant sets the tree. A tree that is there already costs nothing.
func (o *opinion) plant(t *tree) {
	if o.tree == t {
		return
	}
	o.tree, o.order, o.mid = t, make([]uint32, 0, t.size), make([]int32, len(t.child)/2)
	o.sums = make([]uint64, t.size+1)
	if t.size > 1 {
		o.leaves(0)
	}
}

// leaves lists the leaves below a node.
func (o *opinion) leaves(node int32) {
	if node < 0 {
		o.order = append(o.order, uint32(^node))
		return
	}
	o.leaves(o.tree.child[2*node])
	o.mid[node] = int32(len(o.order))
	o.leaves(o.tree.child[2*node+1])
}

// reset forgets what came of the guide's opinions.
func (o *opinion) reset() {
	for i := range o.maps {
		z := i % trusts
		o.maps[i] = uint32(squash(int32((2*z+1-trusts)*trustStep/2)<<4)) << 16
	}
}

// load asks the guide about the token at position i.
func (o *opinion) load(i int) error {
	if f, ok := o.guide.(Foreteller); ok && !o.decodes {
		o.path = f.Path(i)
		o.known = o.path != nil
		return nil
	}
	w, err := o.guide.Weights(i)
	o.known = w != nil
	if err != nil || w == nil {
		return err
	}
	if len(w) < len(o.order) {
		return fmt.Errorf("%w: %d symbols are predicted for an alphabet of %d", fault.ErrModel, len(w), len(o.order))
	}
	o.sum(w)
	return nil
}

// sum takes in the weights of the symbols.
func (o *opinion) sum(w []uint32) {
	sums, sum := o.sums[:len(o.order)+1], uint64(0)
	for k, s := range o.order {
		sums[k] = sum
		sum += uint64(w[s])
	}
	sums[len(o.order)] = sum
	o.lo, o.hi = 0, int32(len(o.order))
}

// silence stands for no opinion in a path.
const silence = math.MinInt16

// share returns the stretched chance of a 1 at a node, or silence.
func (o *opinion) share(node int32) int32 {
	m := o.sums[o.mid[node]]
	zero, one := m-o.sums[o.lo], o.sums[o.hi]-m
	if zero|one == 0 {
		return silence
	}
	return min(max(ratio(one, zero), -maxStretch), maxStretch)
}

// descend goes to a branch of a node.
func (o *opinion) descend(node int32, bit uint32) {
	if bit == 0 {
		o.hi = o.mid[node]
	} else {
		o.lo = o.mid[node]
	}
}

// predict sets the two opinions on a node.
func (o *opinion) predict(node int32, depth int, x []int32) {
	o.at = -1
	x[0], x[1], o.trust = 0, 0, trusts
	if !o.known {
		return
	}
	st := int32(silence)
	if o.path == nil {
		st = o.share(node)
	} else if depth < len(o.path) {
		st = int32(o.path[depth])
	}
	if st == silence {
		return
	}
	o.trust = min(max(int(st+trusts*trustStep/2)/trustStep, 0), trusts-1)
	o.at = min(depth, maxDepth)*trusts + o.trust
	x[0] = st
	x[1] = stretch(o.maps[o.at] >> 16)
}

func (o *opinion) update(node int32, bit uint32) {
	if o.at >= 0 {
		adapt(&o.maps[o.at], bit, guideLimit)
	}
	if o.known && o.path == nil {
		o.descend(node, bit)
	}
}

// ratio returns ln(a / b) in units; half a weight stands for none.
func ratio(a, b uint64) int32 {
	return int32((halfLog(a) - halfLog(b)) >> 8)
}

// halfLog returns the natural logarithm of 2x, x < 2^63, in units of 2^-16; 0 for 0.
func halfLog(x uint64) int64 {
	if x == 0 {
		return 0
	}
	n := bits.Len64(x)
	m := x << (64 - n) << 1 >> (64 - guideBits)
	return int64(n)*ln2 + int64(guideLog[m])
}

const (
	guideBits = 12
	ln2       = 45426 // in units of 2^-16
)

// guideLog holds ln(1 + (i+1/2) / 2^guideBits) in units of 2^-16.
var guideLog [1 << guideBits]uint16

func makeGuideLogs() {
	for i := range guideLog {
		l := surprisal.Log2(uint64(2<<guideBits+2*i+1)) - (guideBits+1)*surprisal.One
		guideLog[i] = uint16(l >> 16 * ln2 >> 32)
	}
}
