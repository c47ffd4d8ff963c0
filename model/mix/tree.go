package mix

import "slices"

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
	return grow(order, func(lo, hi, _ int) int { return lo + (hi-lo+1)/2 })
}

// grow returns the tree whose leaves, from left to right, are order. split says
// where a node of some leaves at a depth is split.
func grow(order []uint32, split func(lo, hi, depth int) int) *tree {
	n := len(order)
	nodes := make([][2]int32, 0, n)
	type item struct{ lo, hi, depth int }
	queue := make([]item, 1, max(1, n))
	queue[0] = item{0, n, 0}
	for k := 0; k < len(queue) && n > 1; k++ {
		it := queue[k]
		mid := split(it.lo, it.hi, it.depth)
		var c [2]int32
		for b, r := range [2]item{{it.lo, mid, it.depth + 1}, {mid, it.hi, it.depth + 1}} {
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

// weighed returns the tree whose leaves, from left to right, are order, every node
// split so that the symbols on both sides are about equally common, if a symbol of
// rank r comes about 1/(r+200) of the time. Deep nodes are split in the middle.
func weighed(order, rank []uint32) *tree {
	n := len(order)
	sums := make([]uint64, n+1)
	for i, s := range order {
		sums[i+1] = sums[i] + 1<<40/(uint64(rank[s])+200)
	}
	return grow(order, func(lo, hi, depth int) int {
		if depth > deepest {
			return lo + (hi-lo+1)/2
		}
		half := sums[lo] + (sums[hi]-sums[lo])/2
		mid, _ := slices.BinarySearch(sums[lo+1:hi], half)
		mid += lo + 1
		if mid > lo+1 && half-sums[mid-1] < sums[min(mid, hi-1)]-half {
			mid--
		}
		return min(mid, hi-1)
	})
}

// deepest is the depth below which a weighed tree is balanced.
const deepest = 20

// natural returns the tree of the symbols in their own order.
func natural(size int) *tree { return halves(ascending(size)) }

func ascending(size int) []uint32 {
	order := make([]uint32, size)
	for i := range order {
		order[i] = uint32(i)
	}
	return order
}
