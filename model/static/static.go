// Package static is the codec of one frequency table a block, shared where blocks
// are alike, under interleaved rANS or tANS.
package static

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
)

// A tableCoder is a block coder of package ans.
type tableCoder interface {
	Encode(dst []byte, symbols []uint32, index []uint16) ([]byte, error)
	Decode(symbols []uint32, index []uint16, src []byte) error
}

func newRANS(t *ans.Table) (tableCoder, error) { return ans.NewBlock[uint32](t) }
func newTANS(t *ans.Table) (tableCoder, error) { return ans.NewTBlock[uint32](t) }

// A Codec codes blocks under frequency tables: the Params are a stored ans.Table,
// or empty for the table of the base, and the body is what package ans makes of the
// symbols. It refuses alphabets of more than ans.MaxSize symbols.
type Codec struct {
	make   func(*ans.Table) (tableCoder, error)
	counts []uint64

	table        *ans.Table // read from params and base, and what codes with it
	coder        tableCoder
	params, from []byte
}

// NewRANS returns a codec of interleaved rANS.
func NewRANS() *Codec { return &Codec{make: newRANS} }

// NewTANS returns a codec of interleaved tANS.
func NewTANS() *Codec { return &Codec{make: newTANS} }

// Plan makes the table, unless that of the base serves as well.
func (c *Codec) Plan(b *model.Block, base []byte) (params []byte, leans bool, err error) {
	if err := model.CheckEncode(b); err != nil {
		return nil, false, err
	}
	if b.Size > ans.MaxSize {
		return nil, false, fmt.Errorf("%w: a table of %d symbols: at most %d", fault.ErrUnsupported, b.Size, ans.MaxSize)
	}
	c.counts = slices.Grow(c.counts[:0], b.Size)[:b.Size]
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

// Encode appends what package ans makes of the symbols.
func (c *Codec) Encode(dst []byte, b *model.Block) ([]byte, error) {
	if err := model.CheckEncode(b); err != nil {
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

// Need returns the size of the tables, of the coder's form of them, and of what
// planning needs.
func (c *Codec) Need(size, count int, src []byte) (int64, error) {
	width := int64(bits.Len(uint(size - 1)))
	return 128*int64(min(size, ans.MaxSize)) + 16<<ans.MaxPrecision + int64(count)*width/8, nil
}

// Decode reads what Encode wrote.
func (c *Codec) Decode(b *model.Block, src []byte) error {
	if err := model.CheckSize(b); err != nil {
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
	return model.CheckDecoded(b)
}

// prepare makes table and coder from the block's parameters, unless it has them.
func (c *Codec) prepare(b *model.Block) error {
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
