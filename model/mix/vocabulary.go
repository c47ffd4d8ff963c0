package mix

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/mix/internal/vocabulary"
)

// Streams of tokens of a vocabulary that the format knows hang in a tree that comes with
// it, so that it costs nothing and is good from the first token on; and what the tokens
// spell is part of their surroundings.

// takes refuses a number of symbols that is more than the vocabulary of the setup has.
func (s setup) takes(size int) error {
	if s.geometry == geometrySpelt && size > vocabulary.Get(s.cols).Size() {
		return fmt.Errorf("%w: %d symbols, more than vocabulary %d has", fault.ErrCorrupt, size, s.cols)
	}
	return nil
}

// spelled returns the tree of a vocabulary's tokens below size: that which comes with it,
// but for the leaves of other tokens, which are left out.
func spelled(number, size int) (*tree, error) {
	v := vocabulary.Get(number)
	if v == nil || size > v.Size() {
		return nil, fmt.Errorf("%w: %d symbols of vocabulary %d", fault.ErrCorrupt, size, number)
	}
	const none = -1 << 31
	nodes := make([][2]int32, 0, size)
	at := 0
	var grow func(depth uint8) int32
	grow = func(depth uint8) int32 {
		if v.Depth[at] == depth {
			s := int32(v.Order[at])
			if at++; int(s) >= size {
				return none
			}
			return ^s
		}
		l := grow(depth + 1)
		r := grow(depth + 1)
		if l == none {
			return r
		}
		if r == none {
			return l
		}
		nodes = append(nodes, [2]int32{l, r})
		return int32(len(nodes) - 1)
	}
	root := grow(0)
	t, ok := newTree(size, nodes, root)
	if !ok {
		return nil, fmt.Errorf("%w: the code tree is too deep", fault.ErrCorrupt)
	}
	t.class, t.classes = v.Class[:size], v.Classes
	return t, nil
}

// isSpelled reports whether a block's symbols look like tokens of a vocabulary: whether its
// first ones cost less by the depths of their leaves than if what were common in it were
// merely the lower of two numbers, as in any vocabulary that was made by merging pairs.
func isSpelled(b *model.Block, number int) bool {
	v := vocabulary.Get(number)
	if v == nil || b.Size > v.Size() {
		return false
	}
	depth := make([]uint8, v.Size())
	for i, s := range v.Order {
		depth[s] = v.Depth[i]
	}
	sum := int64(0)
	for _, x := range b.Symbols[:min(len(b.Symbols), spelledSample)] {
		sum += int64(log2(uint64(x)+usualRank)) + rankMargin - int64(depth[x])<<entropyBits
	}
	return sum > 0
}

const (
	spelledSample = 1 << 16

	// A symbol of rank r comes about 1/(r+usualRank) of the time.
	usualRank  = 200
	rankMargin = 2 << entropyBits // as 1/(r+usualRank) does not add up to 1, less what must be saved
)
