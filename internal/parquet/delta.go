package parquet

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
)

// A delta reads numbers in DELTA_BINARY_PACKED: the first one, then blocks of the
// differences, each less the least one of its block, in miniblocks of so many bits.
type delta struct {
	s     scanner
	width int // bytes of a number

	perBlock, perMini uint64 // numbers
	total             uint64 // numbers to come
	first             bool   // last is to be handed out
	last              uint64

	least  uint64
	widths []byte // of the miniblocks to come
	mini   []byte // the miniblock
	bits   uint64 // of each in it
	at     uint64 // numbers of it that have been read
}

func newDelta(b []byte, width int) (*delta, error) {
	d := &delta{s: scanner{b: b}, width: width}
	d.perBlock = d.s.uvarint()
	minis := d.s.uvarint()
	d.total = d.s.uvarint()
	d.last, d.first = uint64(d.s.varint()), true
	const most = 1 << 20 // numbers in a block
	if d.s.bad || minis == 0 || d.perBlock > most || minis > d.perBlock || d.perBlock%minis != 0 || d.perBlock/minis%8 != 0 {
		return nil, fmt.Errorf("%w: numbers in a delta encoding that is malformed", fault.ErrCorrupt)
	}
	d.perMini = d.perBlock / minis
	d.at = d.perMini
	return d, nil
}

func (d *delta) next(dst []byte, n int) ([]byte, int, error) {
	n = min(n, enoughBytes/d.width)
	for i := range n {
		if d.total == 0 {
			return dst, i, io.ErrUnexpectedEOF
		}
		d.total--
		if !d.first {
			if err := d.step(); err != nil {
				return dst, i, err
			}
		}
		d.first = false
		if d.width == 4 {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(d.last))
		} else {
			dst = binary.LittleEndian.AppendUint64(dst, d.last)
		}
	}
	return dst, n, nil
}

// step reads the next number.
func (d *delta) step() error {
	if d.at == d.perMini {
		if len(d.widths) == 0 {
			d.least = uint64(d.s.varint())
			d.widths = d.s.take(d.perBlock / d.perMini)
		}
		if d.s.bad {
			return io.ErrUnexpectedEOF
		}
		if d.bits = uint64(d.widths[0]); d.bits > 64 {
			return fmt.Errorf("%w: a difference of %d bits", fault.ErrCorrupt, d.bits)
		}
		d.widths, d.at = d.widths[1:], 0
		if d.mini = d.s.take(d.perMini * d.bits / 8); d.s.bad {
			return io.ErrUnexpectedEOF
		}
	}
	bit := d.at * d.bits
	v := bitsAt(d.mini, bit)
	if have := 64 - bit%8; d.bits > have {
		v |= uint64(d.mini[bit/8+8]) << have
	}
	if d.bits < 64 {
		v &= 1<<d.bits - 1
	}
	d.at++
	d.last += d.least + v
	return nil
}
