package mix

// plant sets the trees.
func (e *engine) plant(forest []*tree) {
	e.forest, e.tree, e.book = forest, forest[0], 0
	if e.layout.g.guided {
		e.opinion.plant(e.tree)
	}
	n := len(e.layout.g.neighbours)
	for k := range e.bookOf {
		e.bookOf[k] = 0
		if k < n {
			e.bookOf[k] = e.layout.g.neighbours[k].dc
		}
	}
}

// choose sets the tree of a place.
func (e *engine) choose(place int) {
	if n := len(e.forest); n > 1 {
		e.book = place % n
		e.tree = e.forest[e.book]
	}
}

// treeOf returns the tree that a value's symbol is coded with.
func (e *engine) treeOf(value uint8) *tree {
	n := len(e.forest)
	if n == 1 {
		return e.tree
	}
	if int(value) == len(e.layout.g.neighbours)+valueFirst {
		if e.book == 0 {
			return e.forest[n-1]
		}
		return e.forest[0]
	}
	return e.forest[(e.book+e.bookOf[value%maxValues]+n)%n]
}
