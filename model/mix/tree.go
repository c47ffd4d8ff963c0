package mix

// A tree is a binary code over the symbols 0..size-1, of which the learned ones
// say which symbols are alike: the upper bits are easier to predict then, and
// counters of similar symbols share what they learn. Its inner nodes are
// numbered from the root, 0, level by level.
type tree struct {
	size    int
	child   []int32  // two for each inner node: a node, or ^symbol
	code    []uint64 // of each symbol, from the top bit down
	depth   []uint8  // number of bits of each code
	class   []uint16 // of each symbol, if the tree has classes
	classes int
}

// maxCode is the longest code of a symbol.
const maxCode = 64

// number completes a tree from nodes in any order. It reports whether they make
// a tree of codes of at most maxCode bits.
func newTree(size int, nodes [][2]int32, root int32) (*tree, bool) {
	t := &tree{size: size, code: make([]uint64, size), depth: make([]uint8, size)}
	if size < 2 {
		return t, true
	}
	type item struct {
		node  int32
		code  uint64
		depth uint8
	}
	t.child = make([]int32, 0, 2*(size-1))
	queue := make([]item, 0, size-1)
	queue = append(queue, item{node: root})
	for k := 0; k < len(queue); k++ {
		it := queue[k]
		if it.depth >= maxCode || len(queue) > size-1 {
			return nil, false
		}
		for b, c := range nodes[it.node] {
			code := it.code | uint64(b)<<(63-it.depth)
			if c < 0 {
				t.code[^c], t.depth[^c] = code, it.depth+1
				t.child = append(t.child, c)
				continue
			}
			t.child = append(t.child, int32(len(queue)))
			queue = append(queue, item{c, code, it.depth + 1})
		}
	}
	return t, len(queue) == size-1
}

// halves returns the tree whose leaves, from left to right, are order, every
// node split in the middle.
func halves(order []uint32) *tree {
	n := len(order)
	nodes := make([][2]int32, 0, n)
	type item struct{ lo, hi int }
	queue := make([]item, 1, max(1, n))
	queue[0] = item{0, n}
	for k := 0; k < len(queue) && n > 1; k++ {
		it := queue[k]
		mid := it.lo + (it.hi-it.lo+1)/2
		var c [2]int32
		for b, r := range [2]item{{it.lo, mid}, {mid, it.hi}} {
			if r.hi-r.lo == 1 {
				c[b] = ^int32(order[r.lo])
			} else {
				c[b] = int32(len(queue))
				queue = append(queue, r)
			}
		}
		nodes = append(nodes, c)
	}
	t, _ := newTree(n, nodes, 0)
	return t
}

// natural returns the tree of the symbols in their own order.
func natural(size int) *tree { return halves(ascending(size)) }

func ascending(size int) []uint32 {
	order := make([]uint32, size)
	for i := range order {
		order[i] = uint32(i)
	}
	return order
}
