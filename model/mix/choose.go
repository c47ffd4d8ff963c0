package mix

import (
	"slices"

	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/mix/internal/vocabulary"
)

// The encoder's choices. What is near a token follows from the shape of the
// array, unless the tokens themselves say otherwise; what a tree is worth follows
// from the number of tokens, and where that is not clear both ways are tried.

const (
	maxColumns  = 32   // of audio codes and the like
	maxHalves   = 4096 // symbols of a tree that is stored whole
	clearTokens = 1 << 16
	leastTokens = 1 << 11
)

// choose returns the setups that are worth trying for a block.
func choose(b *model.Block, level Level) []setup {
	s := arrange(b)
	s.level = level
	n := len(b.Symbols)
	switch {
	case s.geometry != geometryStream:
	case isText(b):
		s.geometry, s.learned, s.delimiter = geometryProse, treeLetters, '\n'
		return []setup{s}
	case b.Size > 128 && b.Size <= 256 && n >= leastTokens:
		s.geometry, s.cols = geometryBytes, recordOf(b)
		return []setup{s}
	default:
		s.delimiter = commonest(b)
		if isSpelled(b, vocabulary.GPT2) {
			s.geometry, s.learned, s.cols = geometrySpelt, treeSpelled, vocabulary.GPT2
			return []setup{s}
		}
	}
	learned := uint8(treeClasses)
	clear := n >= clearTokens
	switch {
	case s.geometry == geometryBooks && b.Size <= maxHalves:
		learned = treeKin
	case s.geometry == geometryGrid && b.Size <= maxHalves:
		learned = treeHalves
		clear = n >= 64*b.Size
	}
	if b.Size < 4 || n < leastTokens || n < b.Size/4 {
		return []setup{s}
	}
	t := s
	t.learned = learned
	if clear {
		return []setup{t}
	}
	return []setup{s, t}
}

// arrange decides what the axes of a block's arrays mean.
func arrange(b *model.Block) setup {
	stream := setup{geometry: geometryStream, rows: 1, cols: 1}
	shape := shapeOf(b)
	if len(shape) < 2 {
		return stream
	}
	last := shape[len(shape)-1]
	above := shape[len(shape)-2]
	if len(shape) > 2 {
		if slices.Min(shape[1:]) < 1 {
			return stream
		}
		// The time axis is the first, or all those before the last two are.
		all := 1
		for _, n := range shape[1:] {
			all = product(all, n)
		}
		var setups []setup
		if product(above, last) <= maxPlaces {
			setups = append(setups, setup{geometry: geometryGrid, rows: above, cols: last})
		}
		if all <= maxPlaces && all > above*last {
			setups = append(setups, setup{geometry: geometryGrid, rows: all / last, cols: last})
		}
		return preferred(b, append(setups, stream)...)
	}
	books := setup{geometry: geometryBooks, rows: 1, cols: above, transposed: true}
	switch {
	case b.Size <= maxHalves && above > 1 && above <= maxColumns && b.Spans[0].Shape[1] > 4*above && books.fits(b):
		return preferred(b, books, stream)
	case b.Size <= maxHalves && last > 1 && last <= maxColumns:
		return preferred(b, setup{geometry: geometryBooks, rows: 1, cols: last}, stream)
	case last > 1 && last <= maxPlaces:
		s := preferred(b, setup{geometry: geometryGrid, rows: 1, cols: last}, stream)
		if s.geometry == geometryGrid {
			s.cols = lineWidth(b, last)
			s.rows = last / s.cols
		}
		return s
	}
	return stream
}

// shapeOf returns the shape of the block's arrays, 0 for the axes in which they
// differ; nil if they do not have the same number of axes.
func shapeOf(b *model.Block) []int {
	if len(b.Spans) == 0 {
		return nil
	}
	shape := slices.Clone(b.Spans[0].Shape)
	for _, s := range b.Spans {
		if len(s.Shape) != len(shape) {
			return nil
		}
		for k, n := range s.Shape {
			if n != shape[k] {
				shape[k] = 0
			}
		}
	}
	return shape
}

// fits reports whether all spans of a block lie within arrays of the setup's form.
func (s setup) fits(b *model.Block) bool {
	if !s.transposed {
		return true
	}
	for k := range b.Spans {
		if _, err := framesOf(&b.Spans[k], s.rows*s.cols); err != nil && b.Spans[k].Count > 0 {
			return false
		}
	}
	return true
}

// preferred returns the first setup, unless tokens tell more of each other at the
// distance of another: that of an instant (or of a codebook, if those come first)
// or, for a stream, adjacent ones. A stream must be much better.
func preferred(b *model.Block, setups ...setup) setup {
	best, most := setups[0], int64(-1)
	if len(b.Symbols) < leastTokens {
		return best
	}
	c := coarse(b)
	for _, s := range setups {
		j := new(joint)
		start := 0
		for _, sp := range b.Spans {
			if sp.Count == 0 {
				continue
			}
			lag := s.rows * s.cols
			if s.transposed {
				lag = sp.Shape[1]
			}
			j.add(c[start:start+sp.Count], lag)
			start += sp.Count
		}
		n := j.information()
		if s.geometry == geometryStream {
			n /= 8
		}
		if n > most {
			best, most = s, n
		}
	}
	return best
}

// lineWidth returns how many columns a frame of n tokens has: the distance at which
// tokens of a frame tell most of each other, if it divides n and stands out.
func lineWidth(b *model.Block, n int) int {
	if len(b.Symbols) < leastTokens {
		return n
	}
	c := coarse(b)
	at := func(lag int) int64 {
		j := new(joint)
		for i := 0; i+n <= len(c); i += n {
			j.add(c[i:i+n], lag)
		}
		return j.information()
	}
	best, width := int64(0), n
	for w := 3; w <= n/2; w++ {
		if n%w != 0 {
			continue
		}
		if i := at(w); i > best && i > at(w-1) && i > at(w+1) {
			best, width = i, w
		}
	}
	return width
}

// coarse returns a block's tokens as a few classes. They are hashed, since
// nothing is known of the symbols.
func coarse(b *model.Block) []uint8 {
	c := make([]uint8, len(b.Symbols))
	for i, x := range b.Symbols {
		c[i] = uint8(x * 0x9E3779B1 >> (32 - coarseBits))
	}
	return c
}

const coarseBits = 5

// A joint counts pairs of classes.
type joint struct {
	pairs int32
	both  [1 << (2 * coarseBits)]int32
	a, b  [1 << coarseBits]int32
}

// add counts the pairs that stand lag apart.
func (j *joint) add(c []uint8, lag int) {
	for i := lag; i < len(c); i++ {
		x, y := c[i-lag]%(1<<coarseBits), c[i]%(1<<coarseBits)
		j.both[int(x)<<coarseBits|int(y)]++
		j.a[x]++
		j.b[y]++
		j.pairs++
	}
}

// information returns the mutual information of the pairs, less what chance
// gives, in 1/65536 bit.
func (j *joint) information() int64 {
	if j.pairs == 0 {
		return 0
	}
	sum := h(j.pairs)
	for _, n := range j.both {
		sum += h(n)
	}
	x, y := int64(-1), int64(-1)
	for k := range j.a {
		sum -= h(j.a[k]) + h(j.b[k])
		x += int64(b2i(j.a[k] > 0))
		y += int64(b2i(j.b[k] > 0))
	}
	const chance = 47274 // 1/(2 ln 2) bit for each degree of freedom
	return max(0, (sum-x*y*chance)/int64(j.pairs))
}

// commonest returns the symbol that occurs most, the first of several.
func commonest(b *model.Block) int {
	count := make([]int32, b.Size)
	best := 0
	for _, x := range b.Symbols {
		count[x]++
	}
	for x, n := range count {
		if n > count[best] {
			best = x
		}
	}
	return best
}
