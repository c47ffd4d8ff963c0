package model

import (
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// static is the codec Static: the frequency table of the Params and the range
// coder.
type static struct {
	freqs   frequencies
	weights []uint32
	table   prob.Table
	enc     rangecoder.Encoder
	dec     rangecoder.Decoder
}

func (c *static) Plan(b *Block, base []byte) (params []byte, leans bool, err error) {
	return c.freqs.plan(b, base)
}

func (c *static) EncodeBlock(dst []byte, b *Block) ([]byte, error) {
	if err := checkEncode(b); err != nil {
		return dst, err
	}
	if err := c.prepare(b); err != nil {
		return dst, err
	}
	c.enc.Reset(dst)
	for _, s := range b.Symbols {
		iv, err := c.table.Interval(s)
		if err != nil {
			return dst, err
		}
		c.enc.Put(iv)
	}
	if b.Costs != nil {
		sheet := newCostSheet()
		for i, s := range b.Symbols {
			iv, _ := c.table.Interval(s)
			b.Costs[i] = sheet.of(iv)
		}
	}
	return c.enc.Finish(), nil
}

func (c *static) DecodeBlock(b *Block, src []byte) error {
	if err := checkSize(b); err != nil {
		return err
	}
	if err := c.prepare(b); err != nil {
		return err
	}
	c.dec.Reset(src)
	for i := range b.Symbols {
		point, err := c.dec.Point()
		if err != nil {
			return err
		}
		s, iv := c.table.Find(point)
		c.dec.Take(iv)
		b.Symbols[i] = s
	}
	return c.dec.Finish()
}

// prepare makes the table from the block's parameters.
func (c *static) prepare(b *Block) error {
	levels, err := c.freqs.read(b)
	if err != nil {
		return err
	}
	c.weights = resize(c.weights, len(levels))
	some := uint32(0)
	for i, l := range levels {
		c.weights[i] = l.weight()
		some |= c.weights[i]
	}
	if some == 0 {
		for i := range c.weights {
			c.weights[i] = 1
		}
	}
	return c.table.Reset(c.weights)
}

// staticMemory returns what the codec takes for an alphabet of size symbols: its
// counts, levels, weights and table.
func staticMemory(size int) int64 {
	return 1<<20 + 16*int64(size)
}
