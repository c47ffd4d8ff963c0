package mix

import (
	"fmt"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/rangecoder"
)

// Trees by number, as stored in a block.
const (
	treeNatural = iota // the symbols' own order
	treeHalves         // learned, every node split in the middle
	treeClasses        // learned classes, and codes by count below them
	treeKin            // coarse classes for each column
	treePrior          // the prior's
	treeLetters        // that of bytes of text, which is the same for all
	treeSpelled        // that of a known vocabulary
	treeCount
)

// A learned holds trees and what is stored of them.
type learned struct {
	forest []*tree
	order  []uint32 // of a tree of halves
	books  []*book  // of trees of classes
}

// A pulse asks the owner of a block, while it is learned from, whether to go on. What
// learning returns once the answer was no means nothing.
type pulse struct {
	b   *model.Block
	err error // the answer, if it was no
}

// stops asks and reports whether the answer is, or was, no.
func (p *pulse) stops() bool {
	if p.err == nil {
		p.err = p.b.Worked(0)
	}
	return p.err != nil
}

// pulseEvery is after how many symbols learning asks again.
const pulseEvery = 1 << 8

// learnTrees makes the trees of a block, of the kind that the setup says or else
// the natural one; it returns the setup with the kind that they are of. The error is
// that of the block's Work.
func learnTrees(b *model.Block, s setup) (learned, setup, error) {
	var l learned
	on := &pulse{b: b}
	switch s.learned {
	case treeHalves:
		l.order = learnOrder(b.Size, pairsOf(b, s), on)
		if on.err != nil {
			break
		}
		canonical(l.order)
		l.forest = []*tree{halves(l.order)}
	case treeClasses:
		count := make([]int32, b.Size)
		for _, x := range b.Symbols {
			count[x]++
		}
		l.books = []*book{learnBook(b.Size, pairsOf(b, s), count, on)}
	case treeKin:
		for col := range s.cols {
			near, count := nearPairs(b, s, col)
			l.books = append(l.books, learnKin(b.Size, len(kinOffsets)*b.Size, near, count, on))
			if on.err != nil {
				break
			}
		}
	case treeLetters:
		l.forest = []*tree{letters(b.Size)}
	case treeSpelled:
		t, err := spelled(s.cols, b.Size)
		if err != nil {
			return learned{}, s, err
		}
		l.forest = []*tree{t}
	default:
		l.forest = []*tree{natural(b.Size)}
	}
	if on.err != nil {
		return learned{}, s, on.err
	}
	l, s = l.grown(b.Size, s)
	return l, s, nil
}

// grown makes the trees of the books. Where one would be too deep, which a chain of
// classes can be, it returns the natural tree.
func (l learned) grown(size int, s setup) (learned, setup) {
	for _, k := range l.books {
		t, err := k.tree()
		if err != nil {
			s.learned = treeNatural
			return learned{forest: []*tree{natural(size)}}, s
		}
		l.forest = append(l.forest, t)
	}
	return l, s
}

// put stores the trees.
func (l *learned) put(enc *rangecoder.Encoder) {
	putHalves(enc, l.order)
	for _, b := range l.books {
		b.put(enc)
	}
}

// readTree reads a stored tree.
func readTree(dec *rangecoder.Decoder, size int, s setup) ([]*tree, error) {
	if s.learned == treeHalves && size > maxHalves || s.learned == treeKin && (size > maxHalves || s.cols > maxColumns) {
		return nil, fmt.Errorf("%w: a tree that is not stored for arrays of this shape", fault.ErrCorrupt)
	}
	switch s.learned {
	case treeHalves:
		order := ascending(size)
		readHalves(dec, order, make([]uint32, size))
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
	case treeLetters:
		return []*tree{letters(size)}, nil
	case treeSpelled:
		return trees(spelled(s.cols, size))
	}
	return []*tree{natural(size)}, nil
}

func trees(t *tree, err error) ([]*tree, error) { return []*tree{t}, err }

// sortAtOnce is how many pairs are sorted before it is asked whether to go on.
const sortAtOnce = 1 << 20

// sort puts pairs in order, unless learning stops.
func (p pairs) sort(on *pulse) {
	n := len(p)
	if n <= sortAtOnce {
		slices.Sort(p)
		return
	}
	if on.stops() {
		return
	}
	pivot, i, j := p[(n-1)/2], -1, n
	for {
		for i++; p[i] < pivot; i++ {
		}
		for j--; p[j] > pivot; j-- {
		}
		if i >= j {
			break
		}
		p[i], p[j] = p[j], p[i]
	}
	if min(j+1, n-j-1) < n/16 {
		slices.Sort(p) // which holds out against any order
		return
	}
	p[:j+1].sort(on)
	p[j+1:].sort(on)
}

// pairsOf returns which symbols stand at the same place an instant apart.
func pairsOf(b *model.Block, s setup) pairs {
	var p pairs
	eachSpan(b, s, func(l *layout) {
		for i := l.stepT; i < len(l.sym); i++ {
			p = append(p, uint64(l.sym[i-l.stepT])*uint64(b.Size)+uint64(l.sym[i]))
		}
	})
	return p
}

// spans calls f for each span.
func eachSpan(b *model.Block, s setup, f func(l *layout)) {
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

// nearPairs returns the features of the tokens of a column, and how often each symbol
// occurs there.
func nearPairs(b *model.Block, s setup, col int) (pairs, []int32) {
	var p pairs
	count := make([]int32, b.Size)
	features := uint64(len(kinOffsets) * b.Size)
	eachSpan(b, s, func(l *layout) {
		from, to := l.times()
		for t := from; t < to; t = l.after(t) {
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
