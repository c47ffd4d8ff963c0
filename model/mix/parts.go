package mix

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/uvarint"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/rangecoder"
)

// A block of arrays of several kinds is coded in parts: spans that are alike make one,
// which is a block of its own with its own symbols, geometry and tree. A span that
// another one contains is not coded at all. That is how codes of audio lie in files:
// beside all codebooks often the coarse ones once more, in the other order of axes, and
// tokens of another kind.

const (
	maxParts = 16
	partBits = 5 // of the number of a span's part, or one of those that follow

	copied = 1<<partBits - 2 // the span is the corner of another
	turned = copied + 1      // and its axes are the other's, exchanged

	reachBits = 7
	reach     = 1 << (reachBits - 1) // how many spans away the other may be
)

// A division says of each span of a block in which part it is.
type division struct {
	part []int // or copied, or turned
	from []int // the span that it is a corner of
	of   int   // parts
}

// A section is a part as a block of its own.
type section struct {
	model.Block
	lowest uint32 // symbol of the whole block that is 0 here
	body   []byte
}

// matrix returns the rows and columns of a span that is a whole array; the first axis
// makes rows, all others columns.
func matrix(s *model.Span) (rows, cols int, whole bool) {
	cols = 1
	for _, n := range s.Shape[min(1, len(s.Shape)):] {
		if n < 1 || n > s.Count/cols {
			return 0, 0, false
		}
		cols *= n
	}
	return s.Count / cols, cols, s.First == 0 && s.Count > 0 && s.Count%cols == 0
}

// corner returns how much further along in another span the next row and the next
// column of a span are; false if it would not fit there.
func corner(s, other *model.Span, turn bool) (row, col int, fits bool) {
	rows, cols, a := matrix(s)
	r, c, b := matrix(other)
	if turn {
		return 1, c, a && b && rows <= c && cols <= r
	}
	return c, 1, a && b && rows <= r && cols <= c
}

// starts returns where the spans begin among the symbols.
func starts(b *model.Block) []int {
	at, n := make([]int, len(b.Spans)), 0
	for k := range b.Spans {
		at[k] = n
		n += b.Spans[k].Count
	}
	return at
}

// copySpan fills span k from the one that it is a corner of. It reports false if it
// would not fit there.
func (d *division) copySpan(b *model.Block, at []int, k int) bool {
	s, other := &b.Spans[k], &b.Spans[d.from[k]]
	row, col, fits := corner(s, other, d.part[k] == turned)
	if !fits {
		return false
	}
	_, cols, _ := matrix(s)
	to, source := b.Symbols[at[k]:][:s.Count], b.Symbols[at[d.from[k]]:][:other.Count]
	for i := range to {
		to[i] = source[i/cols*row+i%cols*col]
	}
	return true
}

// put stores a division.
func (d *division) put(enc *rangecoder.Encoder) {
	parts, reaches, last := newLists(), make(adaptiveBits, 1<<reachBits), 0
	for k, p := range d.part {
		parts[last].put(enc, p)
		if last = p; p >= copied {
			reaches.put(enc, d.from[k]-k+reach)
		}
	}
}

// newLists returns the models of the numbers of parts, by the one of the span before.
func newLists() (m [1 << partBits]adaptiveBits) {
	for i := range m {
		m[i] = make(adaptiveBits, 1<<partBits)
	}
	return m
}

// readDivision reads what put stored, for a number of spans.
func readDivision(src []byte, spans, parts int) (*division, error) {
	dec := rangecoder.NewDecoder(src)
	d := &division{part: make([]int, spans), from: make([]int, spans), of: parts}
	lists, reaches, last, used := newLists(), make(adaptiveBits, 1<<reachBits), 0, 0
	for k := range d.part {
		p := lists[last].read(dec)
		if err := dec.Err(); err != nil {
			return nil, err
		}
		switch last = p; {
		case p < parts:
			used |= 1 << p
		case p >= copied:
			d.from[k] = k + reaches.read(dec) - reach
		default:
			return nil, fmt.Errorf("%w: a span of no part", fault.ErrCorrupt)
		}
		d.part[k] = p
	}
	for k, p := range d.part {
		if p >= copied && (uint(d.from[k]) >= uint(spans) || d.part[d.from[k]] >= copied) {
			return nil, fmt.Errorf("%w: a span of which there is no other", fault.ErrCorrupt)
		}
	}
	if used != 1<<parts-1 {
		return nil, fmt.Errorf("%w: a part without spans", fault.ErrCorrupt)
	}
	return d, dec.Finish()
}

// sections returns the parts of a block. They have symbols of their own.
func (d *division) sections(b *model.Block) []section {
	parts := make([]section, d.of)
	for k, p := range d.part {
		if p < d.of {
			parts[p].Spans = append(parts[p].Spans, b.Spans[k])
		}
	}
	at, before := starts(b), 0
	for p := range parts {
		s := &parts[p]
		n := 0
		for i := range s.Spans {
			n += s.Spans[i].Count
		}
		s.Symbols = make([]uint32, 0, n)
		d.each(b, at, p, func(x []uint32) { s.Symbols = append(s.Symbols, x...) })
		if b.Work != nil {
			s.Work = shifted(b, before, 1)
		}
		before += n
	}
	return parts
}

// shifted returns what tells a block of the work on a part of it, which begins behind a
// number of its symbols and is one of so many tries. 0 asks alone whether to go on.
func shifted(b *model.Block, before, tries int) func(int) error {
	return func(done int) error {
		if done == 0 {
			return b.Work(0)
		}
		return b.Work((before + done) / tries)
	}
}

// each calls f for the symbols of each span of a part.
func (d *division) each(b *model.Block, at []int, part int, f func(x []uint32)) {
	for k, p := range d.part {
		if p == part {
			f(b.Symbols[at[k]:][:b.Spans[k].Count])
		}
	}
}

// encodeParts returns the body of a block in parts.
func (c *Codec) encodeParts(b *model.Block, d *division) ([]byte, error) {
	parts := d.sections(b)
	out := []byte{formParts}
	out = binary.AppendUvarint(out, uint64(d.of))
	for p := range parts {
		s := &parts[p]
		s.lowest = slices.Min(s.Symbols)
		s.Size = int(slices.Max(s.Symbols)-s.lowest) + 1
		for i := range s.Symbols {
			s.Symbols[i] -= s.lowest
		}
		if b.Costs != nil {
			s.Costs = make([]float32, len(s.Symbols))
		}
		var err error
		if s.body, err = c.encodeWhole(&s.Block); err != nil {
			return nil, err
		}
		out = binary.AppendUvarint(out, uint64(s.lowest))
		out = binary.AppendUvarint(out, uint64(s.Size))
		out = binary.AppendUvarint(out, uint64(len(s.body)))
	}
	if b.Costs != nil {
		d.costs(b, parts)
	}
	enc := rangecoder.NewEncoder(nil)
	d.put(enc)
	list := enc.Finish()
	out = binary.AppendUvarint(out, uint64(len(list)))
	out = append(out, list...)
	for p := range parts {
		out = append(out, parts[p].body...)
	}
	return out, nil
}

// costs fills the costs of a block from those of its parts. What is copied costs
// nothing.
func (d *division) costs(b *model.Block, parts []section) {
	at := starts(b)
	clear(b.Costs)
	for k, p := range d.part {
		if p < d.of {
			n := copy(b.Costs[at[k]:][:b.Spans[k].Count], parts[p].Costs)
			parts[p].Costs = parts[p].Costs[n:]
		}
	}
}

// parseParts returns the parts that the body of a block in parts has, the list of what
// is in which and the bodies.
func parseParts(size int, src []byte) (parts []section, list []byte, err error) {
	fields := func() uint64 {
		v, n := uvarint.Parse(src)
		switch {
		case n > 0:
			src = src[n:]
		case n == 0 && err == nil:
			err = io.ErrUnexpectedEOF
		case err == nil:
			err = fmt.Errorf("%w: impossible parts of a block", fault.ErrCorrupt)
		}
		return v
	}
	n := fields()
	if err == nil && (n < 1 || n > maxParts) {
		err = fmt.Errorf("%w: impossible parts of a block", fault.ErrCorrupt)
	}
	if err != nil {
		return nil, nil, err
	}
	parts = make([]section, n)
	lengths := make([]uint64, n+1)
	for p := range parts {
		low, of := fields(), fields()
		lengths[p] = fields()
		if err == nil && (of < 1 || of > uint64(size) || low > uint64(size)-of) {
			err = fmt.Errorf("%w: symbols of a part that the block has not", fault.ErrCorrupt)
		}
		parts[p].lowest, parts[p].Size = uint32(low), int(of)
	}
	lengths[n] = fields()
	if err != nil {
		return nil, nil, err
	}
	cut := func(k uint64) []byte {
		if n := lengths[k]; n <= uint64(len(src)) {
			x := src[:n]
			src = src[n:]
			return x
		}
		err = io.ErrUnexpectedEOF
		return nil
	}
	list = cut(n)
	for p := range parts {
		x := cut(uint64(p))
		if err == nil && len(x) == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, nil, err
		}
		parts[p].body = x
		if x[0] == formParts || x[0] == formMixed && len(x) > 3 && x[3] == treePrior {
			return nil, nil, fmt.Errorf("%w: a part that is no block of its own", fault.ErrCorrupt)
		}
	}
	if len(src) > 0 {
		err = fmt.Errorf("%w: bytes behind the parts of a block", fault.ErrCorrupt)
	}
	return parts, list, err
}

// decodeParts is the reverse of encodeParts.
func (c *Codec) decodeParts(b *model.Block, src []byte) error {
	read, list, err := parseParts(b.Size, src)
	if err != nil {
		return err
	}
	d, err := readDivision(list, len(b.Spans), len(read))
	if err != nil {
		return err
	}
	at := starts(b)
	parts := d.sections(b)
	for p := range parts {
		s := &parts[p]
		s.Size = read[p].Size
		if err := c.decodeWhole(&s.Block, read[p].body); err != nil {
			return err
		}
		rest := s.Symbols
		d.each(b, at, p, func(x []uint32) {
			for i := range x {
				x[i] = rest[i] + read[p].lowest
			}
			rest = rest[len(x):]
		})
	}
	for k, p := range d.part {
		if p >= copied && !d.copySpan(b, at, k) {
			return fmt.Errorf("%w: a span that does not lie in another", fault.ErrCorrupt)
		}
	}
	return nil
}
