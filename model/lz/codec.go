// Package lz is the codec for speed. It copies stretches of symbols that came
// before (J. Ziv and A. Lempel, A universal algorithm for sequential data
// compression, 1977), symbols rather than bytes, and codes literals, lengths and
// offsets each by tANS with a table of its own. docs/codecs.md specifies the bytes.
package lz

import (
	"fmt"
	"io"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
)

// Levels of encoding, from the fastest to the smallest.
const (
	MinLevel = 1
	MaxLevel = 9
)

// maxTokens is the most symbols of a block, so that decoding takes no more memory
// than readers allow by default.
const (
	maxTokenBits = 24
	maxTokens    = 1 << maxTokenBits
)

// effort says how a level parses.
type effort struct {
	pair, quad int  // places looked at with the same two and four symbols; no pair: greedily
	rounds     int  // of parsing
	bias       int  // bits that a match must save, so that decoding has fewer of them
	slack      int  // bits by which going past a place may be dearer than the place, in one round
	all        bool // all orders are parsed, not only the one that looks best
}

var efforts = [MaxLevel + 1]effort{
	1: {},
	2: {pair: 1, rounds: 1, bias: 3, slack: 5},
	3: {pair: 2, rounds: 1, bias: 3, slack: 5},
	4: {pair: 1, quad: 1, rounds: 1, bias: 4, slack: 5},
	5: {pair: 1, quad: 1, rounds: 1, bias: 2, slack: 5},
	6: {pair: 4, quad: 4, rounds: 1, bias: 2, slack: 2},
	7: {pair: 16, quad: 16, rounds: 2, bias: 1, all: true},
	8: {pair: 64, quad: 32, rounds: 3, all: true},
	9: {pair: 256, quad: 64, rounds: 4, bias: 1, all: true},
}

// A Codec codes blocks at a level, which decoding need not know.
type Codec struct {
	model.Unplanned
	effort  effort
	encoder encoder
	decoder decoder
	turned  [numOrders][]uint32
	sample  []uint32
	spare   []byte
}

// New returns a codec that encodes at a level, MinLevel to MaxLevel.
func New(level int) (*Codec, error) {
	if level < MinLevel || level > MaxLevel {
		return nil, fmt.Errorf("level %d: give %d to %d", level, MinLevel, MaxLevel)
	}
	return &Codec{effort: efforts[level]}, nil
}

// Encode appends the body in the order that makes it smaller, or packed symbols
// where that is no larger.
func (c *Codec) Encode(dst []byte, b *model.Block) ([]byte, error) {
	if err := model.CheckEncode(b); err != nil {
		return dst, err
	}
	if err := model.CheckSpans(b); err != nil {
		return dst, err
	}
	if len(b.Symbols) > maxTokens {
		return dst, fmt.Errorf("%w: %d symbols in a block: give at most %d", fault.ErrUnsupported, len(b.Symbols), maxTokens)
	}
	start := len(dst)
	out, err := c.encode(dst, b)
	if err != nil {
		return dst, err
	}
	dst = out
	width := uint8(bits.Len(uint(b.Size - 1)))
	if packed := (len(b.Symbols)*int(width) + 7) / 8; len(dst)-start-1 >= packed {
		w := bitWriter{dst: c.encoder.low}
		w.reset(len(b.Symbols))
		for _, s := range b.Symbols {
			w.put(s, width)
		}
		c.encoder.low = w.finish()
		dst = append(append(dst[:start], packedOrder), c.encoder.low...)
	}
	model.SpreadCosts(b, len(dst)-start)
	return dst, nil
}

func (c *Codec) encode(dst []byte, b *model.Block) ([]byte, error) {
	orders := distinct(b.Spans)
	p := &c.encoder.parser
	p.worked, p.pass, p.passes = b.Worked, 0, 1
	if c.effort.all {
		for _, is := range orders[storageOrder+1:] {
			if is {
				p.passes++
			}
		}
	}
	best, symbols := storageOrder, b.Symbols
	least := ^uint64(0)
	start := len(dst)
	for o := storageOrder; o < numOrders; o++ {
		s := b.Symbols
		if o != storageOrder {
			if !orders[o] {
				continue
			}
			c.turned[o] = resize(c.turned[o], len(s))
			s = c.turned[o]
			transpose(s, b.Symbols, b.Spans, o)
		}
		if !c.effort.all {
			if !orders[placeOrder] {
				break
			}
			if g := c.guess(s, b.Size); g < least {
				best, symbols, least = o, s, g
			}
			continue
		}
		var err error
		if c.spare, err = c.parse(append(c.spare[:0], byte(o)), s, b.Size, c.effort); err != nil {
			return dst, err
		}
		p.pass++
		if o == storageOrder || len(c.spare) < len(dst)-start {
			dst = append(dst[:start], c.spare...)
		}
	}
	if c.effort.all {
		return dst, nil
	}
	return c.parse(append(dst, byte(best)), symbols, b.Size, c.effort)
}

// A sample is windows out of a block, of a share of it but at least so long.
const (
	windows   = 4
	share     = 16
	minWindow = 2048
)

// guess returns about how many bits greedy parsing makes of a sample of s.
func (c *Codec) guess(s []uint32, size int) uint64 {
	sample := s
	if w := max(len(s)/(share*windows), minWindow); w*windows < len(s) {
		c.sample = c.sample[:0]
		for i := range windows {
			c.sample = append(c.sample, s[(len(s)-w)/(windows-1)*i:][:w]...)
		}
		sample = c.sample
	}
	e := &c.encoder
	e.parser.greedy(sample)
	e.counts = resize(e.counts, size)
	clear(e.counts)
	for _, v := range sample {
		e.counts[v]++
	}
	information := uint64(0) // of all symbols, in 2^-16 bit
	for _, v := range sample {
		information += log2(uint64(len(sample))) - log2(uint64(e.counts[v]))
	}
	const token = 6 // bits of one, about
	literals, sum := uint64(len(sample)), uint64(0)
	for _, t := range e.parser.steps {
		literals -= uint64(t.length)
		sum += token
		if t.offset >= newOffset {
			sum += uint64(bits.Len32(t.offset))
		}
	}
	return sum + information/uint64(max(len(sample), 1))*literals>>16
}

// parse appends the body of s as an effort makes it.
func (c *Codec) parse(dst []byte, s []uint32, size int, e effort) ([]byte, error) {
	p := &c.encoder.parser
	if e.pair == 0 {
		p.greedy(s)
		p.parts.reset(len(s))
		p.parts.add(s, 0, len(s), p.steps)
	} else if err := p.optimal(s, size, e); err != nil {
		return dst, err
	}
	return c.encoder.body(dst, size, &p.parts)
}

// Need returns the bytes of the steps, the literals and their alphabet, of a second
// copy of the symbols, and of tables.
func (c *Codec) Need(size, count int, src []byte) (int64, error) {
	if len(src) > 0 && src[0] == packedOrder {
		return 0, nil
	}
	const (
		perSymbol  = 1 + 1 + 4 + 8 + 4 + 4 // token, code, offset, two long numbers, literal, copy
		perLetter  = 4 + 4 + 1 + 1
		perStretch = 1 << 18
	)
	return int64(count)*perSymbol + int64(min(size, count))*perLetter + int64(len(src)) + perStretch, nil
}

// Decode reads what Encode wrote.
func (c *Codec) Decode(b *model.Block, src []byte) error {
	if err := model.CheckSize(b); err != nil {
		return err
	}
	if err := model.CheckSpans(b); err != nil {
		return err
	}
	if len(b.Symbols) > maxTokens {
		return fmt.Errorf("%w: a block of %d symbols", fault.ErrCorrupt, len(b.Symbols))
	}
	if len(src) == 0 {
		return io.ErrUnexpectedEOF
	}
	switch src[0] {
	case packedOrder:
		return c.unpack(b, src[1:])
	case storageOrder:
		return c.decoder.body(b.Symbols, b.Size, src[1:])
	case placeOrder, longOrder:
		o := int(src[0])
		if !distinct(b.Spans)[o] {
			return fmt.Errorf("%w: a block that an order of its own is not for", fault.ErrCorrupt)
		}
		if err := c.decoder.body(b.Symbols, b.Size, src[1:]); err != nil {
			return err
		}
		c.turned[0] = transposeBack(b.Symbols, c.turned[0], b.Spans, o)
		return nil
	}
	return fmt.Errorf("%w: no such order of a block", fault.ErrCorrupt)
}

// unpack reads packed symbols.
func (c *Codec) unpack(b *model.Block, src []byte) error {
	width := uint8(bits.Len(uint(b.Size - 1)))
	c.spare = pad(c.spare, src)
	var r bitReader
	for i := range b.Symbols {
		r = r.refill(c.spare)
		b.Symbols[i] = r.peek(width)
		r = r.skip(width)
	}
	if err := r.finish(c.spare); err != nil {
		return err
	}
	return model.CheckDecoded(b)
}
