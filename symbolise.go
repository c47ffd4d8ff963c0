package foretell

import (
	"encoding/binary"

	"github.com/foretell/foretell/internal/symbols"
	"github.com/foretell/foretell/model"
)

// symbolise turns the elements of a block into symbols.
func (c *blockCoder) symbolise(b *rawBlock) (*symbols.ValueMap, *model.Block, error) {
	if c.fixed != nil {
		block, err := c.apply(c.fixed, b)
		return c.fixed, block, err
	}
	c.fitter.Reset()
	for i := range b.spans {
		if err := c.fitter.Add(b.span(i), b.infos[i].Type, b.infos[i].BigEndian); err != nil {
			return nil, nil, err
		}
	}
	m := c.fitter.Fit()
	block, err := c.apply(m, b)
	return m, block, err
}

// apply turns the elements of a block into symbols by the map m.
func (c *blockCoder) apply(m *symbols.ValueMap, b *rawBlock) (*model.Block, error) {
	block := c.newBlock(b, m)
	rest := block.Symbols
	for i, s := range b.spans {
		t := b.infos[i].Type
		n := s.Count * m.PerElement(t)
		if err := m.Symbols(rest[:n], b.span(i), t, b.infos[i].BigEndian); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	return block, nil
}

// identity returns the map of tokens that are symbols: 0..size-1.
func identity(size int) (*symbols.ValueMap, error) {
	m, _, err := symbols.ParseValueMap(binary.AppendUvarint([]byte{byte(symbols.OffsetMap), 0}, uint64(size)), size)
	return m, err
}

// symbolCount returns how many symbols a block becomes.
func symbolCount(b *rawBlock, m *symbols.ValueMap) int64 {
	n := int64(0)
	for i, s := range b.spans {
		n += int64(s.Count) * int64(m.PerElement(b.infos[i].Type))
	}
	return n
}

// newBlock returns a codec's view of b, with room for its symbols. Planes are a
// plain series.
func (c *blockCoder) newBlock(b *rawBlock, m *symbols.ValueMap) *model.Block {
	n := int(symbolCount(b, m))
	if cap(c.symbols) < n {
		c.symbols = make([]uint32, n)
	}
	block := &model.Block{Spans: b.spans, Size: m.Size(), Symbols: c.symbols[:n], Work: func(done int) error { return c.progress(done, n) }}
	if n != b.tokens {
		block.Spans = []model.Span{{Count: n, Shape: []int{n}}}
	}
	return block
}
