package lz

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/uvarint"
)

// A coder codes streams of bytes with a table each, by tANS.
type coder struct {
	block  ans.TBlock[uint8]
	counts [256]uint64
	stored []byte // table
	body   []byte
}

// maxPrecision is the most that a table has: what the first cache of a core holds.
const maxPrecision = 12

// encode appends codes: the length of a stored table and the table, the length of
// a body and the body; nothing at all for no codes.
func (c *coder) encode(dst []byte, codes []uint8) ([]byte, error) {
	if len(codes) == 0 {
		return dst, nil
	}
	clear(c.counts[:])
	if err := ans.Count(c.counts[:], codes); err != nil {
		return dst, err
	}
	table, size, err := chooseTable(c.counts[:], len(codes))
	if err != nil {
		return dst, err
	}
	c.stored, _ = table.AppendTable(c.stored[:0], nil)
	if flat := len(codes) + 1; int(size/8)+len(c.stored) >= flat {
		if table, err = ans.FlatTable(len(c.counts)); err != nil {
			return dst, err
		}
		c.stored, _ = table.AppendTable(c.stored[:0], nil)
	}
	if err := c.block.Reset(table); err != nil {
		return dst, err
	}
	dst = appendSection(dst, c.stored)
	if c.body, err = c.block.Encode(c.body[:0], codes, nil); err != nil {
		return dst, err
	}
	return appendSection(dst, c.body), nil
}

// chooseTable returns a table for counts of n codes, and the bits of these: one with half as
// many slots as long as that costs no more than two bits for each slot less, nor a
// hundredth, since making them is much of decoding a short stream.
func chooseTable(counts []uint64, n int) (best *ans.Table, least uint64, err error) {
	for p := min(max(bits.Len(uint(n)), ans.MinPrecision), maxPrecision); p >= ans.MinPrecision; p-- {
		t, err := ans.NewTable(counts, p)
		if err != nil {
			if best != nil {
				break // it has not a slot for each
			}
			return nil, 0, err
		}
		size, _ := t.Bits(counts)
		if best != nil && size > least+min(2<<p, least>>7) {
			break
		}
		best, least = t, size
	}
	return best, least, nil
}

// decode fills codes, and returns what follows them in src.
func (c *coder) decode(codes []uint8, src []byte) ([]byte, error) {
	if len(codes) == 0 {
		return src, nil
	}
	stored, src, err := section(src)
	if err != nil {
		return nil, err
	}
	table, err := ans.ParseTable(stored, len(c.counts), nil)
	if errors.Is(err, fault.ErrModel) {
		err = fmt.Errorf("%w: a table that leans on another", fault.ErrCorrupt)
	}
	if err != nil {
		return nil, err
	}
	if table.Precision() > maxPrecision {
		return nil, fmt.Errorf("%w: a table of 2^%d slots", fault.ErrCorrupt, table.Precision())
	}
	body, src, err := section(src)
	if err != nil {
		return nil, err
	}
	if err := c.block.Reset(table); err != nil {
		return nil, err
	}
	return src, c.block.Decode(codes, nil, body)
}

func appendSection(dst, stretch []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(stretch)))
	return append(dst, stretch...)
}

// section takes a stretch of bytes that begins with its length off src.
func section(src []byte) (stretch, rest []byte, err error) {
	n, src, err := number(src, len(src))
	if err != nil {
		return nil, nil, err
	}
	if n > len(src) {
		return nil, nil, io.ErrUnexpectedEOF
	}
	return src[:n], src[n:], nil
}

// number takes a number of at most limit off src.
func number(src []byte, limit int) (n int, rest []byte, err error) {
	v, w := uvarint.Parse(src)
	if w == 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	if w < 0 || v > uint64(limit) {
		return 0, nil, fmt.Errorf("%w: a length of %d, where %d is the most", fault.ErrCorrupt, v, limit)
	}
	return int(v), src[w:], nil
}

// resize returns a slice of n elements, of any values, in s's memory if it fits.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
