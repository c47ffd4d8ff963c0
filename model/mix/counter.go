package mix

import (
	"encoding/binary"

	"github.com/foretell/foretell/internal/pages"
)

// A line is a bucket of 15 counters, those of 4 levels of the code tree under
// one context, in one cache line. Word 0 is its tag, word 1 the counter of the
// topmost node, and those below node k are 2k and 2k+1.
//
// A counter holds, from the top, 17 bits of the probability of bit 1, 8 bits of
// a count of how often it was trained, and 7 bits of history: up to 7 ones, up
// to 7 zeros, and the last bit.
type line [16]uint32

const (
	sures      = 6
	lineLevels = 4
	newCounter = 1 << 31
	countLimit = 250
	histories  = 128
)

var (
	counterRate [256]int32          // by count, of 1<<14
	historyNext [2][histories]uint8 // by bit and history
	mapRate     [1024]int64         // by count, of 1<<16
	sureOf      [histories]uint8    // how sure a history makes, below sures
)

func makeCounterTables() {
	for n := range counterRate {
		counterRate[n] = int32(16384 * 10 / (10*n + 16))
	}
	for n := range mapRate {
		mapRate[n] = int64(65536 * 2 / (2*n + 3))
	}
	for h := range histories {
		sureOf[h] = sureness(h>>1&7, h>>4&7)
		n := [2]int{h >> 1 & 7, h >> 4 & 7}
		for bit := range 2 {
			m := n
			m[bit] = min(7, m[bit]+1)
			// Evidence for the other side fades: what came last counts most.
			if o := m[1-bit]; o > 4 {
				m[1-bit] = (o + 2) / 2
			} else if o > 2 {
				m[1-bit] = o - 1
			}
			historyNext[bit][h] = uint8(m[1]<<4 | m[0]<<1 | bit)
		}
	}
}

// sureness returns 0 if nothing has come, 1 to 3 if it was always the same, once or more
// often, 5 if it nearly was, and else 4.
func sureness(zeros, ones int) uint8 {
	less, all := min(zeros, ones), zeros+ones
	switch {
	case all == 0:
		return 0
	case less == 0 && all == 1:
		return 1
	case less == 0 && all < 4:
		return 2
	case less == 0:
		return 3
	case less == 1 && all > 5:
		return 5
	}
	return 4
}

// train moves a counter towards bit.
func train(c *uint32, bit uint32) {
	v := *c
	p := int32(v >> 15)
	n := v >> 7 & 255
	p += ((int32(bit<<17-bit) - p) * counterRate[n]) >> 14
	if n < countLimit {
		n++
	}
	*c = uint32(p)<<15 | n<<7 | uint32(historyNext[bit&1][v%histories])
}

// An adaptive map gives a probability for each of a few small contexts. An
// entry holds 22 bits of probability and 10 of a count.
const newEntry = 1 << 31

// adapt moves a map's entry towards bit, at a rate of at least 1/limit.
func adapt(m *uint32, bit, limit uint32) {
	v := *m
	n := v & 1023
	p := int64(v >> 10)
	p += ((int64(bit<<22-bit) - p) * mapRate[n]) >> 16
	if n < limit {
		n++
	}
	*m = uint32(p)<<10 | n
}

// A table keeps lines by hash. A line's tag is its hash, so that its place in a
// table of any size follows from it.
type table struct {
	lines []line
	marks []marks // a few bits of the tag of each line, if most of what is sought is not there
	shift uint
}

// A marks is the marks of 64 lines, in one cache line.
type marks [marksInLine]uint8

const marksInLine = 64

func newTable(bits int, marked bool) table {
	t := table{lines: pages.Large(make([]line, 1<<bits)), shift: uint(32 - bits)}
	if marked {
		t.marks = make([]marks, 1<<bits/marksInLine)
	}
	return t
}

// place returns the first place for a tag.
func (t *table) place(tag uint32) int { return int(tag>>t.shift) & (len(t.lines) - 1) }

// mark returns the bits of a tag that marks hold.
func mark(tag uint32) uint8 { return uint8(tag >> 1) }

// marked appends to at the places where the line of a tag may be.
func (t *table) marked(at []uint32, tag uint32) []uint32 {
	i, m := t.place(tag), mark(tag)
	// The three places are in one group of four; is any of its bytes m?
	marks := &t.marks[i/marksInLine]
	x := binary.LittleEndian.Uint32(marks[i%marksInLine&^3:]) ^ uint32(m)*0x01010101
	if (x-0x01010101)&^x&0x80808080 == 0 {
		return at
	}
	for _, k := range [...]int{i, i ^ 1, i ^ 2} {
		if marks[k%marksInLine] == m {
			at = append(at, uint32(k))
		}
	}
	return at
}

// find returns the line of a hash. One that is new takes the place of the least
// used of three.
func (t *table) find(hash uint32) *line {
	tag := hash | 1
	i := t.place(tag)
	a := &t.lines[i]
	if a[0] == tag {
		return a
	}
	b := &t.lines[i^1]
	if b[0] == tag {
		return b
	}
	c := &t.lines[i^2]
	if c[0] == tag {
		return c
	}
	if used(b) < used(a) {
		a, i = b, i^1
	}
	if used(c) < used(a) {
		a, i = c, t.place(tag)^2
	}
	if t.marks != nil {
		t.marks[i/marksInLine][i%marksInLine] = mark(tag)
	}
	a[0] = tag
	for k := 1; k < len(a); k++ {
		a[k] = newCounter
	}
	return a
}

// used returns how often a line was trained; a free line, of zeros, never was.
func used(l *line) uint32 { return l[1] >> 7 & 255 }
