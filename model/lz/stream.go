package lz

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/internal/fault"
)

// A coder codes streams of codes with tables of their own, one for each context.
type coder struct {
	block  ans.Block[uint16]
	counts []uint64
	tables []*ans.Table
}

// maxPrecision is the most that the tables of a stream have: what the first cache
// of a core holds.
const maxPrecision = 14

// encode appends codes below size, each in one of the given number of contexts;
// index is nil if there is one context only.
func (c *coder) encode(dst []byte, codes, index []uint16, size, contexts int) ([]byte, error) {
	if len(codes) == 0 {
		return dst, nil
	}
	c.counts = resize(c.counts, (contexts+1)*size)
	clear(c.counts)
	all := c.counts[contexts*size:]
	for i, s := range codes {
		all[s]++
		if index != nil {
			c.counts[int(index[i])*size+int(s)]++
		}
	}
	first, err := ans.NewTable(all, 0)
	if err != nil {
		return dst, err
	}
	if first.Precision() > maxPrecision || contexts > 1 {
		if first, err = ans.NewTable(all, min(first.Precision(), maxPrecision)); err != nil {
			return dst, err
		}
	}
	stored, _ := first.AppendTable(nil, nil)
	dst = binary.AppendUvarint(dst, uint64(len(stored)))
	dst = append(dst, stored...)
	c.tables = append(c.tables[:0], first)
	if contexts > 1 {
		// The table of all codes is the base of those of the contexts. One
		// that does not pay is stored as nothing and stands for it.
		c.tables = c.tables[:0]
		for k := range contexts {
			counts := c.counts[k*size : (k+1)*size]
			table := first
			stored = stored[:0]
			if bound, _ := first.Bits(counts); bound > 0 {
				own, err := ans.NewTable(counts, first.Precision())
				if err != nil {
					return dst, err
				}
				form, _ := own.AppendTable(nil, first)
				if n, ok := own.Bits(counts); ok && n+8*uint64(len(form)) < bound {
					table, stored = own, form
				}
			}
			dst = binary.AppendUvarint(dst, uint64(len(stored)))
			dst = append(dst, stored...)
			c.tables = append(c.tables, table)
		}
	}
	if err := c.block.Reset(c.tables...); err != nil {
		return dst, err
	}
	body, err := c.block.Encode(nil, codes, index)
	if err != nil {
		return dst, err
	}
	dst = binary.AppendUvarint(dst, uint64(len(body)))
	return append(dst, body...), nil
}

// decode fills codes, and returns what follows them in src.
func (c *coder) decode(codes, index []uint16, size, contexts int, src []byte) ([]byte, error) {
	if len(codes) == 0 {
		return src, nil
	}
	stored, src, err := section(src)
	if err != nil {
		return nil, err
	}
	first, err := parseTable(stored, size, nil)
	if err != nil {
		return nil, err
	}
	c.tables = append(c.tables[:0], first)
	if contexts > 1 {
		c.tables = c.tables[:0]
		for range contexts {
			if stored, src, err = section(src); err != nil {
				return nil, err
			}
			table := first
			if len(stored) > 0 {
				if table, err = parseTable(stored, size, first); err != nil {
					return nil, err
				}
				if table.Precision() != first.Precision() {
					return nil, fmt.Errorf("%w: tables of several precisions", fault.ErrCorrupt)
				}
			}
			c.tables = append(c.tables, table)
		}
	}
	body, src, err := section(src)
	if err != nil {
		return nil, err
	}
	if err := c.block.Reset(c.tables...); err != nil {
		return nil, err
	}
	return src, c.block.Decode(codes, index, body)
}

func parseTable(stored []byte, size int, base *ans.Table) (*ans.Table, error) {
	t, err := ans.ParseTable(stored, size, base)
	if err == nil && t.Precision() > maxPrecision {
		err = fmt.Errorf("%w: a table of 2^%d slots", fault.ErrCorrupt, t.Precision())
	}
	return t, err
}

// section takes a stretch of bytes that begins with its length off src.
func section(src []byte) (stretch, rest []byte, err error) {
	n, k := binary.Uvarint(src)
	if k == 0 {
		return nil, nil, io.ErrUnexpectedEOF
	}
	if k < 0 {
		return nil, nil, fmt.Errorf("%w: a length is too large", fault.ErrCorrupt)
	}
	src = src[k:]
	if n > uint64(len(src)) {
		return nil, nil, io.ErrUnexpectedEOF
	}
	return src[:n], src[n:], nil
}

// resize returns a slice of n elements, of any values, in s's memory if it fits.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
