package main

const (
	groups = 48  // of classes, of which is counted how often a token stands next to them
	price  = 0.2 // what a decision counts, in bits
)

// A node is one of a tree: a leaf has a token, or a class as long as its tokens are not there.
type node struct {
	left, right *node
	token       int32
}

// An item is what is joined to trees.
type item struct {
	node   *node
	weight float64 // how often its tokens occur
	near   []int32 // how often they stand before, and after, each of some classes
	n      int32   // all of near
}

// tree returns the code tree of a corpus's tokens, and how many each class has, from left to
// right.
func (c *corpus) tree() (*node, []uint16) {
	g := c.cluster()
	members := make([][]int32, classes)
	for t, d := range g.class {
		members[d] = append(members[d], int32(t))
	}
	group := make([]int32, classes)
	for d := range group {
		group[d] = int32(d)
	}
	var items []*item
	for d, list := range members {
		if len(list) == 0 {
			continue
		}
		x := &item{node: &node{token: int32(d)}, near: make([]int32, 2*classes)}
		for _, t := range list {
			g.addNear(x, t, group, classes)
		}
		items = append(items, x)
	}
	root := joined(items)
	for p, x := range root.parts(groups) {
		x.eachLeaf(func(leaf *node) { group[leaf.token] = int32(p) })
	}
	var sizes []uint16
	root.eachLeaf(func(leaf *node) {
		sizes = append(sizes, uint16(len(members[leaf.token])))
		items = items[:0]
		for _, t := range members[leaf.token] {
			x := &item{node: &node{token: t}, near: make([]int32, 2*groups)}
			g.addNear(x, t, group, groups)
			x.weight += 0.5
			items = append(items, x)
		}
		*leaf = *joined(items)
	})
	return root, sizes
}

// addNear adds a token to an item whose near has so many groups of classes.
func (g *clustering) addNear(x *item, t int32, group []int32, groups int32) {
	for _, b := range g.next[t] {
		x.near[group[g.class[b.token]]] += b.count
		x.n += b.count
	}
	for _, b := range g.prev[t] {
		x.near[groups+group[g.class[b.token]]] += b.count
		x.n += b.count
	}
	x.near[group[g.class[t]]] += g.self[t]
	x.near[groups+group[g.class[t]]] += g.self[t]
	x.n += 2 * g.self[t]
	x.weight += float64(g.count[t])
}

// eachLeaf calls f for the leaves below a node, from left to right.
func (x *node) eachLeaf(f func(leaf *node)) {
	if x.left == nil {
		f(x)
		return
	}
	x.left.eachLeaf(f)
	x.right.eachLeaf(f)
}

func (x *node) size() (n int) {
	x.eachLeaf(func(*node) { n++ })
	return n
}

// parts returns so many nodes that have all leaves below them: those that remain when the
// one with most leaves is split, again and again.
func (x *node) parts(n int) []*node {
	parts := []*node{x}
	for len(parts) < n {
		at := 0
		for i, p := range parts {
			if p.size() > parts[at].size() {
				at = i
			}
		}
		p := parts[at]
		if p.left == nil {
			break
		}
		parts[at] = p.left
		parts = append(parts, p.right)
	}
	return parts
}

// cost returns what joining two items costs, in bits: the information of the classes near them
// about which of the two stands there, and a decision for each of their tokens.
func cost(x, y *item) float32 {
	sum := h(x.n+y.n) - h(x.n) - h(y.n)
	for k, a := range x.near {
		if b := y.near[k]; a != 0 && b != 0 {
			sum -= h(a+b) - h(a) - h(b)
		}
	}
	return float32(max(sum, 0) + price*(x.weight+y.weight))
}

// joined joins items, two at a time, those first that cost least, and returns the tree.
func joined(items []*item) *node {
	m := len(items)
	live := append([]*item(nil), items...) // nil once it is part of another
	costs := make([]float32, m*m)          // of joining i and j < i
	nearest := make([]int, m)              // for each i the cheapest j < i, or -1
	seek := func(i int) {
		nearest[i] = -1
		for j := range i {
			if live[j] != nil && (nearest[i] < 0 || costs[i*m+j] < costs[i*m+nearest[i]]) {
				nearest[i] = j
			}
		}
	}
	for i := range m {
		for j := range i {
			costs[i*m+j] = cost(live[i], live[j])
		}
		seek(i)
	}
	for range m - 1 {
		a := -1
		for i := range m {
			if live[i] != nil && nearest[i] >= 0 && (a < 0 || costs[i*m+nearest[i]] < costs[a*m+nearest[a]]) {
				a = i
			}
		}
		b := nearest[a]
		live[a], live[b] = nil, both(live[b], live[a])
		for j := range m {
			if live[j] != nil && j != b {
				costs[max(b, j)*m+min(b, j)] = cost(live[b], live[j])
			}
		}
		for i := range m {
			switch {
			case live[i] == nil:
			case i == b || nearest[i] == a || nearest[i] == b:
				seek(i)
			case i > b && costs[i*m+b] < costs[i*m+nearest[i]]:
				nearest[i] = b
			}
		}
	}
	return live[0].node
}

// both returns two items as one. The commoner one is on the right.
func both(x, y *item) *item {
	if x.weight > y.weight {
		x, y = y, x
	}
	z := &item{
		node: &node{left: x.node, right: y.node}, weight: x.weight + y.weight,
		near: make([]int32, len(x.near)), n: x.n + y.n,
	}
	for k := range z.near {
		z.near[k] = x.near[k] + y.near[k]
	}
	return z
}
