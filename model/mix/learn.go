package mix

import "github.com/foretell/foretell/rangecoder"

// Trees by number, as stored in a block.
const (
	treeNatural = iota // the symbols' own order
	treeHalves         // learned, every node split in the middle
	treeClasses        // learned classes, and codes by count below them
	treeCount
)

// learnTree makes the tree of a block and stores it.
func (c *Codec) learnTree(enc *rangecoder.Encoder, b *Block, s setup) (*tree, error) {
	switch s.learned {
	case treeHalves:
		order := learnOrder(b.Size, b.pairs(s, 1))
		canonical(order)
		putHalves(enc, order)
		return halves(order), nil
	case treeClasses:
		count := make([]int32, b.Size)
		for _, x := range b.Symbols {
			count[x]++
		}
		book := learnBook(b.Size, b.pairs(s, 1), count)
		book.put(enc)
		return book.tree()
	}
	return natural(b.Size), nil
}

// readTree reads a stored tree.
func readTree(dec *rangecoder.Decoder, size int, learned uint8) (*tree, error) {
	switch learned {
	case treeHalves:
		sorted, order := make([]uint32, size), make([]uint32, size)
		for i := range sorted {
			sorted[i] = uint32(i)
		}
		readHalves(dec, sorted, order)
		return halves(order), dec.Err()
	case treeClasses:
		book, err := readBook(dec, size)
		if err != nil {
			return nil, err
		}
		return book.tree()
	}
	return natural(size), nil
}

// pairs returns which symbols stand where, lag instants apart.
func (b *Block) pairs(s setup, lag int) pairs {
	var p pairs
	start := 0
	for k := range b.Spans {
		sp := &b.Spans[k]
		sym := b.Symbols[start : start+sp.Count]
		start += sp.Count
		step := lag
		if !s.transposed {
			step *= s.rows * s.cols
		}
		for i := step; i < len(sym); i++ {
			p = append(p, uint64(sym[i-step])*uint64(b.Size)+uint64(sym[i]))
		}
	}
	return p
}
