package mix

import "github.com/foretell/foretell/rangecoder"

// Trees by number, as stored in a block.
const (
	treeNatural = iota // the symbols' own order
	treeHalves         // learned, every node split in the middle
	treeClasses        // learned classes, and codes by count below them
	treeKin            // coarse classes for each column
	treeCount
)

// learnTree makes the tree of a block and stores it.
func (c *Codec) learnTree(enc *rangecoder.Encoder, b *Block, s setup) ([]*tree, error) {
	switch s.learned {
	case treeHalves:
		order := learnOrder(b.Size, b.pairs(s, 1))
		canonical(order)
		putHalves(enc, order)
		return []*tree{halves(order)}, nil
	case treeClasses:
		count := make([]int32, b.Size)
		for _, x := range b.Symbols {
			count[x]++
		}
		book := learnBook(b.Size, b.pairs(s, 1), count)
		book.put(enc)
		return trees(book.tree())
	case treeKin:
		var forest []*tree
		for col := range s.cols {
			near, count := b.near(s, col)
			book := learnKin(b.Size, len(kinOffsets)*b.Size, near, count)
			book.put(enc)
			t, err := book.tree()
			if err != nil {
				return nil, err
			}
			forest = append(forest, t)
		}
		return forest, nil
	}
	return []*tree{natural(b.Size)}, nil
}

// readTree reads a stored tree.
func readTree(dec *rangecoder.Decoder, size int, s setup) ([]*tree, error) {
	switch s.learned {
	case treeHalves:
		sorted, order := make([]uint32, size), make([]uint32, size)
		for i := range sorted {
			sorted[i] = uint32(i)
		}
		readHalves(dec, sorted, order)
		return []*tree{halves(order)}, dec.Err()
	case treeClasses:
		book, err := readBook(dec, size)
		if err != nil {
			return nil, err
		}
		return trees(book.tree())
	case treeKin:
		var forest []*tree
		for range s.cols {
			book, err := readBook(dec, size)
			if err != nil {
				return nil, err
			}
			t, err := book.tree()
			if err != nil {
				return nil, err
			}
			forest = append(forest, t)
		}
		return forest, nil
	}
	return []*tree{natural(size)}, nil
}

func trees(t *tree, err error) ([]*tree, error) { return []*tree{t}, err }

// pairs returns which symbols stand where, lag instants apart.
func (b *Block) pairs(s setup, lag int) pairs {
	var p pairs
	b.spans(s, func(l *layout) {
		for i := lag * l.stepT; i < len(l.sym); i++ {
			p = append(p, uint64(l.sym[i-lag*l.stepT])*uint64(b.Size)+uint64(l.sym[i]))
		}
	})
	return p
}

// spans calls f for each span.
func (b *Block) spans(s setup, f func(l *layout)) {
	l := layout{g: &geometries[s.geometry]}
	l.init(l.g, s.rows, s.cols, s.transposed)
	start := 0
	for k := range b.Spans {
		sp := &b.Spans[k]
		if sp.Count > 0 && l.enter(sp, b.Symbols[start:start+sp.Count]) == nil {
			f(&l)
		}
		start += sp.Count
	}
}

// kinOffsets are the places near a token, as offsets in time and column, whose
// tokens tell which symbols are alike.
var kinOffsets = [...][2]int{{0, -1}, {-1, 0}, {1, 0}, {0, 1}, {0, -2}, {0, 2}}

// near returns the features of the tokens of a column, and how often each symbol
// occurs there.
func (b *Block) near(s setup, col int) (pairs, []int32) {
	var p pairs
	count := make([]int32, b.Size)
	features := uint64(len(kinOffsets) * b.Size)
	b.spans(s, func(l *layout) {
		from, to := l.times()
		for t := from; t < to; t++ {
			i := l.at(t, col)
			if uint(i) >= uint(len(l.sym)) {
				continue
			}
			count[l.sym[i]]++
			for k, o := range kinOffsets {
				if col+o[1] < 0 || col+o[1] >= s.cols || t+o[0] < from || t+o[0] >= to {
					continue
				}
				if j := l.at(t+o[0], col+o[1]); uint(j) < uint(len(l.sym)) {
					p = append(p, uint64(l.sym[i])*features+uint64(k*b.Size)+uint64(l.sym[j]))
				}
			}
		}
	})
	return p, count
}
