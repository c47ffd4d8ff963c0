package model

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/internal/fault"
)

// A tableCoder is a block coder of package ans.
type tableCoder interface {
	Encode(dst []byte, symbols []uint32, index []uint16) ([]byte, error)
	Decode(symbols []uint32, index []uint16, src []byte) error
}

func newRANS(t *ans.Table) (tableCoder, error) { return ans.NewBlock[uint32](t) }
func newTANS(t *ans.Table) (tableCoder, error) { return ans.NewTBlock[uint32](t) }

// staticTable is the codecs StaticRANS and StaticTANS: the Params are a stored
// ans.Table, or empty for the table of the base, and the body is what package ans
// makes of the symbols. Larger alphabets than it takes go to Static.
type staticTable struct {
	make   func(*ans.Table) (tableCoder, error)
	large  static
	counts []uint64

	table        *ans.Table // read from params and base, and what codes with it
	coder        tableCoder
	params, from []byte
}

// substitute returns the codec that encodes b in fact.
func (c *staticTable) substitute(id ID, b *Block) ID {
	if b.Size > ans.MaxSize {
		return Static
	}
	return id
}

func (c *staticTable) Plan(b *Block, base []byte) (params []byte, leans bool, err error) {
	if b.Size > ans.MaxSize {
		return c.large.Plan(b, base)
	}
	if err := checkEncode(b); err != nil {
		return nil, false, err
	}
	c.counts = resize(c.counts, b.Size)
	clear(c.counts)
	if err := ans.Count(c.counts, b.Symbols); err != nil {
		return nil, false, err
	}
	table, err := ans.NewTable(c.counts, 0)
	if err != nil {
		return nil, false, err
	}
	// A base of another alphabet is of no use.
	var shared *ans.Table
	if base != nil {
		shared, _ = ans.ParseTable(base, b.Size, nil)
	}
	params, leans = table.AppendTable(nil, shared)
	if shared != nil {
		own, _ := table.Bits(c.counts)
		if n, ok := shared.Bits(c.counts); ok && n <= own+8*uint64(len(params)) {
			return nil, true, nil
		}
		// The table of equal shares should not become the base of others.
		leans = leans || len(params) == 1
	}
	return params, leans, nil
}

func (c *staticTable) EncodeBlock(dst []byte, b *Block) ([]byte, error) {
	if b.Size > ans.MaxSize {
		return c.large.EncodeBlock(dst, b)
	}
	if err := checkEncode(b); err != nil {
		return dst, err
	}
	if err := c.prepare(b); err != nil {
		return dst, err
	}
	if b.Costs != nil {
		costs := c.table.Costs()
		for i, s := range b.Symbols {
			b.Costs[i] = costs[s]
		}
	}
	return c.coder.Encode(dst, b.Symbols, nil)
}

func (c *staticTable) DecodeBlock(b *Block, src []byte) error {
	if err := checkSize(b); err != nil {
		return err
	}
	if b.Size > ans.MaxSize {
		return fmt.Errorf("%w: a table of %d symbols", fault.ErrCorrupt, b.Size)
	}
	if err := c.prepare(b); err != nil {
		return err
	}
	if err := c.coder.Decode(b.Symbols, nil, src); err != nil {
		return err
	}
	return checkDecoded(b)
}

// prepare makes table and coder from the block's parameters, unless it has them.
func (c *staticTable) prepare(b *Block) error {
	if c.coder != nil && c.table.Len() == b.Size && bytes.Equal(c.params, b.Params) && bytes.Equal(c.from, b.Base) {
		return nil
	}
	c.coder = nil
	var err error
	if len(b.Params) > 0 {
		c.table, err = ans.ParseTable(b.Params, b.Size, nil)
	}
	if len(b.Params) == 0 || errors.Is(err, fault.ErrModel) {
		if c.table, err = ans.ParseTable(b.Base, b.Size, nil); err == nil && len(b.Params) > 0 {
			c.table, err = ans.ParseTable(b.Params, b.Size, c.table)
		}
	}
	if errors.Is(err, fault.ErrModel) {
		err = fmt.Errorf("%w: a table leans on one that leans on another", fault.ErrCorrupt)
	}
	if err != nil {
		return err
	}
	if c.coder, err = c.make(c.table); err != nil {
		c.coder = nil
		return err
	}
	c.params = append(c.params[:0], b.Params...)
	c.from = append(c.from[:0], b.Base...)
	return nil
}

// staticTableMemory returns what the codecs take for an alphabet of size symbols:
// the tables, the coder's form of them, and what planning needs.
func staticTableMemory(size, count int) int64 {
	if size > ans.MaxSize {
		return staticMemory(size)
	}
	return 128*int64(size) + 16<<ans.MaxPrecision + int64(count)*int64(width(size))/8
}
