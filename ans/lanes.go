package ans

import (
	"encoding/binary"
	"io"
	"math/bits"
)

// A laneEncoder writes one body, last symbol first.
type laneEncoder[S Symbol] struct {
	block  *Block[S]
	buf    []uint32 // words from the end backwards
	at     int      // the last word written
	full   bool     // there was no room: the body is longer than the packed symbols
	states [maxLanes]uint64
}

// encode codes the last symbols with the first lane alone, beginning at state 0,
// until it has shed a word for each other lane to begin with; then the rest with
// all lanes in turn, symbol i with lane i modulo lanes. So hardly a bit is lost to
// states that begin and end at will.
func (w *laneEncoder[S]) encode(dst []byte, symbols []S, index []uint16, lanes int) ([]byte, error) {
	i := len(symbols)
	end := len(w.buf) - (lanes - 1)
	for x := uint64(0); ; i-- {
		if lanes > 1 && w.at == end || i == 0 {
			w.states[0] = x
			break
		}
		var err error
		if x, err = w.push(symbols, index, i-1, x); err != nil {
			return nil, err
		}
		if w.full {
			return dst, nil
		}
	}
	if lanes == 1 || w.at != end {
		n := (bits.Len64(w.states[0]) + 7) / 8
		if n == 0 && w.at == len(w.buf) {
			return dst, nil
		}
		dst = append(dst, byte(n<<4))
		dst = binary.LittleEndian.AppendUint64(dst, w.states[0])
		return w.appendWords(dst[:len(dst)-8+n]), nil
	}
	for l := 1; l < lanes; l++ {
		w.states[l] = blockLower + uint64(w.buf[len(w.buf)-l])
	}
	w.at = len(w.buf)
	if err := w.encodeMain(symbols[:i], index, lanes); err != nil {
		return nil, err
	}
	dst = append(dst, byte(bits.Len(uint(lanes))-1))
	dst = binary.AppendUvarint(dst, uint64(len(symbols)-i))
	dst = packStates(dst, w.states[:lanes])
	return w.appendWords(dst), nil
}

// push codes symbol i with one state of any size.
func (w *laneEncoder[S]) push(symbols []S, index []uint16, i int, x uint64) (uint64, error) {
	t := w.block.set.table(index, i)
	s := uint32(symbols[i])
	f := uint64(t.Slots(s))
	if f == 0 {
		return 0, t.symbolError(s)
	}
	if x >= f<<(63-t.prec) {
		if w.at == 0 {
			w.full = true
			return x, nil
		}
		w.at--
		w.buf[w.at] = uint32(x)
		x >>= 32
	}
	q := x / f
	return q<<t.prec + (x - q*f) + uint64(t.cum[s]), nil
}

// encodeMain codes symbols from the last to the first, each with the lane of its
// place.
func (w *laneEncoder[S]) encodeMain(symbols []S, index []uint16, lanes int) error {
	i := len(symbols)
	for i%lanes != 0 {
		i--
		var err error
		if w.states[i%lanes], err = w.push(symbols, index, i, w.states[i%lanes]); err != nil || w.full {
			return err
		}
	}
	for ; i > 0; i -= lanes {
		if w.at < lanes {
			w.full = true
			return nil
		}
		g := symbols[i-lanes : i]
		var err error
		if index == nil {
			err = w.group(g, w.block.enc[0], w.states[:lanes])
		} else {
			err = w.groupIndexed(g, index[i-lanes:i], w.states[:lanes])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *laneEncoder[S]) group(symbols []S, enc []encEntry, states []uint64) error {
	m := uint64(1) << w.block.set.prec
	buf := w.buf
	at := w.at
	for l := len(states) - 1; l >= 0; l-- {
		s := uint(symbols[l])
		if s >= uint(len(enc)) || enc[s].slots == 0 {
			return w.block.set.tables[0].symbolError(uint32(s))
		}
		e := &enc[s]
		x := states[l]
		buf[at-1] = uint32(x)
		if x>>32 >= uint64(e.limit) {
			x >>= 32
			at--
		}
		q, _ := bits.Mul64(x, e.reciprocal)
		q >>= e.shift & 63
		states[l] = x + uint64(e.cum) + q*(m-uint64(e.slots))
	}
	w.at = at
	return nil
}

func (w *laneEncoder[S]) groupIndexed(symbols []S, index []uint16, states []uint64) error {
	for l := len(states) - 1; l >= 0; l-- {
		var err error
		if states[l], err = w.push(symbols, index, l, states[l]); err != nil {
			return err
		}
	}
	return nil
}

func (w *laneEncoder[S]) appendWords(dst []byte) []byte {
	for _, x := range w.buf[w.at:] {
		dst = binary.LittleEndian.AppendUint32(dst, x)
	}
	return dst
}

// decodeMain decodes symbols, each with the lane of its place, and returns how
// many bytes of src it used.
func (b *Block[S]) decodeMain(symbols []S, index []uint16, src []byte, states []uint64) (int, error) {
	prec := b.set.prec
	lanes := len(states)
	pos, i := 0, 0
	if index == nil {
		dec := b.dec[:1<<prec]
		mask := uint64(len(dec) - 1)
		for ; i+lanes <= len(symbols) && pos+4*lanes <= len(src); i += lanes {
			g := symbols[i : i+lanes]
			for l, x := range states {
				e := dec[x&mask]
				g[l] = S(e & 0xffff)
				x = e>>40*(x>>(prec&63)) + e>>16&0xffffff
				y := x<<32 | uint64(binary.LittleEndian.Uint32(src[pos:]))
				if x < blockLower {
					x = y
					pos += 4
				}
				states[l] = x
			}
		}
	}
	mask := uint64(1)<<prec - 1
	for ; i < len(symbols); i++ {
		l := i & (lanes - 1)
		x := states[l]
		slot := x & mask
		if index != nil {
			slot += uint64(index[i]) << prec
		}
		e := b.dec[slot]
		symbols[i] = S(e & 0xffff)
		x = e>>40*(x>>prec) + e>>16&0xffffff
		if x < blockLower {
			if pos+4 > len(src) {
				return 0, io.ErrUnexpectedEOF
			}
			x = x<<32 | uint64(binary.LittleEndian.Uint32(src[pos:]))
			pos += 4
		}
		states[l] = x
	}
	return pos, nil
}
