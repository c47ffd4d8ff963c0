package mix

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/rangecoder"
)

// log2 returns a logarithm with entropyBits after the point.
func log2(n uint64) uint64 { return surprisal.Log2(n) >> (48 - entropyBits) }

// A book is what is stored of a tree of classes: for each symbol the class, 0 if
// it is not listed, and the logarithm of its count; and the tree of the classes,
// which are numbered from left to right.
type book struct {
	class []uint16
	scale []uint8 // floor(log2(count)), of listed symbols
	inner []bool  // the tree of the classes: for each node in preorder, whether it is inner
	count int     // number of classes, class 0 included
}

const (
	leastCount = 8 // of listed symbols
	maxClasses = 256
	maxScale   = 31
)

// learnBook finds classes for a block.
func learnBook(size int, p pairs, count []int32, on *pulse) *book {
	order := common(count, leastCount)
	classes := 2
	for classes < maxClasses && classes*32 < len(order) {
		classes *= 2
	}
	c := newClustering(size, classes, p, on)
	c.start(order)
	c.exchange(order, on)
	merges := c.join(on)
	if on.err != nil {
		return nil
	}
	b := &book{class: make([]uint16, size), scale: make([]uint8, size), count: classes}
	number := b.shape(merges, classes)
	for _, s := range order {
		b.class[s] = number[c.class[s]]
		b.scale[s] = uint8(bits.Len32(uint32(count[s])) - 1)
	}
	return b
}

// shape sets the tree of classes and returns their numbers in it. Class 0 keeps
// its number: it becomes the left child of the root.
func (b *book) shape(merges []merge, classes int) []uint16 {
	number := make([]uint16, classes)
	next := uint16(1)
	var walk func(node int)
	walk = func(node int) {
		inner := node >= classes
		if node == 0 {
			return
		}
		if !inner {
			b.inner = append(b.inner, false)
			number[node] = next
			next++
			return
		}
		m := merges[node-classes]
		if m[0] != 0 && m[1] != 0 {
			b.inner = append(b.inner, true)
		}
		walk(int(m[0]))
		walk(int(m[1]))
	}
	b.inner = append(b.inner, true)
	walk(classes + len(merges) - 1)
	return number
}

// put stores a book.
func (b *book) put(enc *rangecoder.Encoder) {
	k := newBookCoder(b.count, len(b.class))
	for i := range 16 {
		enc.PutBit(b.count>>i&1, 1<<31)
	}
	for _, inner := range b.inner[1:] {
		k.inner.put(enc, b2i(inner))
	}
	for s, c := range b.class {
		k.listed[s>>10].put(enc, b2i(c != 0))
		if c != 0 {
			k.scales[s>>11].put(enc, int(b.scale[s]))
			k.classes[b.scale[s]].put(enc, int(c))
		}
	}
}

// readBook reads a stored book.
func readBook(dec *rangecoder.Decoder, size int) (*book, error) {
	b := &book{class: make([]uint16, size), scale: make([]uint8, size), inner: []bool{true}}
	for i := range 16 {
		b.count |= dec.Bit(1<<31) << i
	}
	if b.count < 2 || b.count > maxClasses {
		return nil, fmt.Errorf("%w: impossible number of classes", fault.ErrCorrupt)
	}
	k := newBookCoder(b.count, size)
	for open := 1; open > 0; {
		inner := k.inner.read(dec) == 1
		if b.inner = append(b.inner, inner); len(b.inner) > 2*b.count {
			return nil, fmt.Errorf("%w: impossible tree of classes", fault.ErrCorrupt)
		}
		open += 2*b2i(inner) - 1
	}
	if len(b.inner) != 2*b.count-2 {
		return nil, fmt.Errorf("%w: impossible tree of classes", fault.ErrCorrupt)
	}
	for s := range b.class {
		if k.listed[s>>10].read(dec) == 0 {
			continue
		}
		b.scale[s] = uint8(k.scales[s>>11].read(dec))
		b.class[s] = uint16(k.classes[b.scale[s]].read(dec))
		if int(b.class[s]) >= b.count {
			return nil, fmt.Errorf("%w: impossible class", fault.ErrCorrupt)
		}
	}
	return b, dec.Err()
}

// An adaptiveBit codes bits with a probability that adapts.
type adaptiveBit uint32

func (a *adaptiveBit) zero() uint64 {
	if *a == 0 {
		*a = newEntry
	}
	return (1<<22 - min(max(uint64(*a>>10), 16), 1<<22-16)) << 10
}

func (a *adaptiveBit) put(enc *rangecoder.Encoder, bit int) {
	enc.PutBit(bit, a.zero())
	adapt((*uint32)(a), uint32(bit), 1000)
}

func (a *adaptiveBit) read(dec *rangecoder.Decoder) int {
	bit := dec.Bit(a.zero())
	adapt((*uint32)(a), uint32(bit), 1000)
	return bit
}

// adaptiveBits codes numbers bit by bit, from the top.
type adaptiveBits []adaptiveBit

func (a adaptiveBits) put(enc *rangecoder.Encoder, x int) {
	for k := 1; k < len(a); {
		x <<= 1
		bit := b2i(x&len(a) != 0)
		a[k].put(enc, bit)
		k = 2*k + bit
	}
}

func (a adaptiveBits) read(dec *rangecoder.Decoder) int {
	k := 1
	for k < len(a) {
		k = 2*k + a[k].read(dec)
	}
	return k - len(a)
}

type bookCoder struct {
	inner   adaptiveBit
	listed  []adaptiveBit
	scales  []adaptiveBits
	classes [maxScale + 1]adaptiveBits
}

func newBookCoder(classes, size int) *bookCoder {
	k := &bookCoder{listed: make([]adaptiveBit, size>>10+1)}
	for range size>>11 + 1 {
		k.scales = append(k.scales, make(adaptiveBits, maxScale+1))
	}
	for i := range k.classes {
		k.classes[i] = make(adaptiveBits, 1<<bits.Len(uint(classes-1)))
	}
	return k
}

// tree returns the tree of a book: below the classes, codes by Huffman's method
// from the counts' scales, and for symbols that are not listed all equal.
func (b *book) tree() (*tree, error) {
	members := b.members()
	nodes := make([][2]int32, 0, len(b.class))
	join := func(l, r int32) int32 {
		nodes = append(nodes, [2]int32{l, r})
		return int32(len(nodes) - 1)
	}
	const none = -1 << 31
	at := 0
	class := 0
	var walk func() int32
	leaf := func() int32 {
		m := members[class]
		class++
		if len(m) == 0 {
			return none
		}
		if class == 1 {
			return even(m, join)
		}
		return b.huffman(m, join)
	}
	both := func(l, r int32) int32 {
		if l == none {
			return r
		}
		if r == none {
			return l
		}
		return join(l, r)
	}
	walk = func() int32 {
		inner := b.inner[at]
		at++
		if !inner {
			return leaf()
		}
		if at == 1 {
			l := leaf()
			return both(l, walk())
		}
		l := walk()
		return both(l, walk())
	}
	root := walk()
	t, ok := newTree(len(b.class), nodes, root)
	if !ok {
		return nil, fmt.Errorf("%w: the code tree is too deep", fault.ErrCorrupt)
	}
	t.class, t.classes = b.class, b.count
	return t, nil
}

// members returns the symbols of each class, in rising order.
func (b *book) members() [][]uint32 {
	size := make([]int, b.count)
	for _, c := range b.class {
		size[c]++
	}
	rest := make([]uint32, len(b.class))
	members := make([][]uint32, b.count)
	for c, n := range size {
		members[c], rest = rest[:0:n], rest[n:]
	}
	for s, c := range b.class {
		members[c] = append(members[c], uint32(s))
	}
	return members
}

// even returns a node over symbols with codes of about the same length.
func even(m []uint32, join func(l, r int32) int32) int32 {
	if len(m) == 1 {
		return ^int32(m[0])
	}
	mid := (len(m) + 1) / 2
	l := even(m[:mid], join)
	return join(l, even(m[mid:], join))
}

// huffman returns a node over symbols with Huffman codes.
func (b *book) huffman(m []uint32, join func(l, r int32) int32) int32 {
	slices.SortStableFunc(m, func(x, y uint32) int { return int(b.scale[x]) - int(b.scale[y]) })
	type item struct {
		weight uint64
		node   int32
	}
	// Two queues, of leaves and of joined nodes, both by rising weight.
	leaves := make([]item, len(m))
	for i, s := range m {
		leaves[i] = item{1 << b.scale[s], ^int32(s)}
	}
	joined := make([]item, 0, len(m))
	take := func() item {
		if len(joined) == 0 || len(leaves) > 0 && leaves[0].weight <= joined[0].weight {
			it := leaves[0]
			leaves = leaves[1:]
			return it
		}
		it := joined[0]
		joined = joined[1:]
		return it
	}
	for len(leaves)+len(joined) > 1 {
		x, y := take(), take()
		joined = append(joined, item{x.weight + y.weight, join(y.node, x.node)})
	}
	return take().node
}
