package model

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
)

// The kinds of Params of the codec Static: their first byte, which no stored table
// of package ans begins with.
const (
	kindFlat   = 0x80 // all symbols are equally likely; nothing follows
	kindWhole  = 0x81 // the number of symbols as a uvarint and the table
	kindDelta  = 0x82 // the table as a difference to that of the base
	kindShared = 0x83 // the table of the base; nothing follows
)

// frequencies plans and reads the frequency tables of blocks: the Params of the
// codec Static.
type frequencies struct {
	coder  freqCoder
	counts []uint32
	levels []level // of the block, and what they were read from
	params []byte
	base   []level // of the base, and what they were read from
	from   []byte
	size   int
}

// plan returns the Params that make the block cheapest: table and body together.
func (f *frequencies) plan(b *Block, base []byte) (params []byte, leans bool, err error) {
	if err := checkEncode(b); err != nil {
		return nil, false, err
	}
	if uint64(len(b.Symbols)) >= 1<<(maxClass+1) {
		return nil, false, fmt.Errorf("%w: a block of %d tokens: give fewer than 2^31", fault.ErrUnsupported, len(b.Symbols))
	}
	f.params = f.params[:0]
	f.counts = resize(f.counts, b.Size)
	clear(f.counts)
	for _, s := range b.Symbols {
		f.counts[s]++
	}
	f.levels = resize(f.levels, b.Size)
	for i, n := range f.counts {
		f.levels[i] = levelOf(n)
	}
	t := logs()
	n := uint64(len(b.Symbols))
	best := n*log2(t, uint64(b.Size)) + 8*costOne
	params, leans = []byte{kindFlat}, base != nil
	consider := func(p []byte, lean bool, levels []level) {
		if cost := f.bodyCost(t, levels, n) + 8*costOne*uint64(len(p)); cost < best {
			best, params, leans = cost, p, lean
		}
	}
	whole := binary.AppendUvarint([]byte{kindWhole}, uint64(b.Size))
	if whole, err = f.coder.encode(whole, f.levels, nil); err != nil {
		return nil, false, err
	}
	consider(whole, false, f.levels)
	if base == nil || f.readBase(base, b.Size) != nil {
		// A base that is not a table of this codec is of no use.
		return params, leans, nil
	}
	delta, err := f.coder.encode([]byte{kindDelta}, f.levels, f.base)
	if err != nil {
		return nil, false, err
	}
	consider(delta, true, f.levels)
	consider([]byte{kindShared}, true, f.base)
	return params, leans, nil
}

// bodyCost returns what n symbols of the counts cost under a table.
func (f *frequencies) bodyCost(t *[1<<logIndex + 1]uint32, levels []level, n uint64) uint64 {
	total, gain := uint64(0), uint64(0)
	for i, l := range levels {
		if l == 0 {
			continue
		}
		w := l.weight()
		total += uint64(w)
		if c := f.counts[i]; c != 0 {
			gain += uint64(c) * log2(t, uint64(w))
		}
	}
	if total == 0 {
		return n * log2(t, uint64(len(levels)))
	}
	// All symbols share the line less one point for each of them.
	scale := log2(t, total) + 32*costOne - log2(t, 1<<32-uint64(len(levels)))
	cost := uint64(0)
	for i, l := range levels {
		if c := uint64(f.counts[i]); c != 0 && l == 0 {
			cost += c * (32*costOne - min(scale, 32*costOne))
		}
	}
	return cost + n*scale - gain
}

// read returns the weights of a block's table as levels; all are 0 if the
// symbols are equally likely. They stay valid until the next call.
func (f *frequencies) read(b *Block) ([]level, error) {
	if len(b.Params) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	kind, rest := b.Params[0], b.Params[1:]
	if kind == kindShared {
		if len(rest) != 0 {
			return nil, errParams
		}
		err := f.readBase(b.Base, b.Size)
		return f.base, err
	}
	if kind == kindDelta {
		if err := f.readBase(b.Base, b.Size); err != nil {
			return nil, err
		}
	} else if len(f.levels) == b.Size && bytes.Equal(f.params, b.Params) {
		return f.levels, nil
	}
	f.params = f.params[:0]
	f.levels = resize(f.levels, b.Size)
	var err error
	switch kind {
	case kindFlat:
		clear(f.levels)
		if len(rest) != 0 {
			err = errParams
		}
	case kindWhole:
		size, n := binary.Uvarint(rest)
		if n <= 0 || size != uint64(b.Size) {
			err = errParams
			break
		}
		err = f.coder.decode(f.levels, nil, rest[n:], false)
	case kindDelta:
		err = f.coder.decode(f.levels, f.base, rest, false)
	default:
		err = errParams
	}
	if err != nil {
		return nil, err
	}
	if kind != kindDelta {
		f.params = append(f.params, b.Params...)
	}
	return f.levels, nil
}

var errParams = fmt.Errorf("%w: the parameters of a frequency table", fault.ErrCorrupt)

// readBase reads the table of a base into f.base, cut or extended with zeros to
// size symbols.
func (f *frequencies) readBase(base []byte, size int) error {
	if f.size == size && bytes.Equal(f.from, base) {
		return nil
	}
	f.size = 0
	if len(base) == 0 {
		return fmt.Errorf("%w: a frequency table without its base", fault.ErrCorrupt)
	}
	f.base = resize(f.base, size)
	clear(f.base)
	switch base[0] {
	case kindFlat:
		if len(base) != 1 {
			return errParams
		}
	case kindWhole:
		of, n := binary.Uvarint(base[1:])
		if n <= 0 || of < 1 || of > MaxSize {
			return errParams
		}
		part := of > uint64(size)
		if err := f.coder.decode(f.base[:min(of, uint64(size))], nil, base[1+n:], part); err != nil {
			return err
		}
	default:
		return errParams
	}
	f.size = size
	f.from = append(f.from[:0], base...)
	return nil
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
