package ans

import (
	"encoding/binary"
	"io"
	"math/bits"

	"github.com/foretell/foretell/internal/simd/rans"
)

const (
	wordSize = 4 // bytes by which a lane's state grows and shrinks

	// firstState is where the first lane begins and where it must end when it is
	// decoded, so that a body of other symbols is noticed nearly always.
	firstState = 1 << 16
)

// A laneEncoder writes one body, last symbol first.
type laneEncoder[S Symbol] struct {
	block  *Block[S]
	buf    []byte // words from the end backwards
	at     int    // the word written last
	full   bool   // there was no room: the body is longer than the packed symbols
	states [rans.MaxLanes]uint64
}

// encode codes the last symbols with the first lane alone, until it has shed a
// word for each other lane to begin with; then the rest with all lanes in turn. So
// hardly a bit is lost to states that begin and end at will.
func (w *laneEncoder[S]) encode(dst []byte, symbols []S, index []uint16, lanes int) ([]byte, error) {
	end := len(w.buf) - wordSize*(lanes-1)
	i, x := len(symbols), uint64(firstState)
	for ; i > 0 && (lanes == 1 || w.at != end); i-- {
		var err error
		if x, err = w.push(symbols, index, i-1, x); err != nil || w.full {
			return dst, err
		}
	}
	if lanes == 1 || w.at != end {
		if w.block.set.certain(index, len(symbols)) {
			return dst, nil
		}
		n := (bits.Len64(x) + 7) / 8
		dst = append(dst, byte(n<<4))
		dst = binary.LittleEndian.AppendUint64(dst, x)
		return append(dst[:len(dst)-8+n], w.buf[w.at:]...), nil
	}
	w.states[0] = x
	for l := 1; l < lanes; l++ {
		w.states[l] = rans.Lower + uint64(binary.LittleEndian.Uint32(w.buf[len(w.buf)-wordSize*l:]))
	}
	w.at = len(w.buf)
	if err := w.encodeMain(symbols[:i], index, lanes); err != nil || w.full {
		return dst, err
	}
	dst = append(dst, byte(bits.Len(uint(lanes))-1))
	dst = binary.AppendUvarint(dst, uint64(len(symbols)-i))
	dst = packStates(dst, w.states[:lanes])
	return append(dst, w.buf[w.at:]...), nil
}

// push codes symbol i with a state of any size.
func (w *laneEncoder[S]) push(symbols []S, index []uint16, i int, x uint64) (uint64, error) {
	t := w.block.set.table(index, i)
	s := uint32(symbols[i])
	f := uint64(t.Slots(s))
	if f == 0 {
		return 0, t.symbolError(s)
	}
	if x >= f<<(63-t.prec) {
		if w.at < wordSize {
			w.full = true
			return x, nil
		}
		w.at -= wordSize
		binary.LittleEndian.PutUint32(w.buf[w.at:], uint32(x))
		x >>= 32
	}
	q := x / f
	return q<<t.prec + (x - q*f) + uint64(t.cum[s]), nil
}

// encodeMain codes symbols from the last to the first: those that do not fill a
// group one by one, each with the lane of its place, then whole groups.
func (w *laneEncoder[S]) encodeMain(symbols []S, index []uint16, lanes int) error {
	b := w.block
	prec := b.set.prec
	i := len(symbols)
	for groups := i - i%(lanes*rans.PerLane(prec)); i > groups; i-- {
		var err error
		l := (i - 1) & (lanes - 1)
		if w.states[l], err = w.push(symbols, index, i-1, w.states[l]); err != nil || w.full {
			return err
		}
	}
	if index != nil {
		index = index[:i]
	}
	left, at, ok := rans.Encode(symbols[:i], index, w.buf, w.at, w.states[:lanes], b.enc, b.set.size, prec)
	if !ok {
		return firstError(&b.set, symbols, index)
	}
	w.at, w.full = at, left != 0
	return nil
}

// firstError returns the error of a symbol that its table cannot code.
func firstError[S Symbol](set *tableSet, symbols []S, index []uint16) error {
	for i, s := range symbols {
		if t := set.table(index, i); t.Slots(uint32(s)) == 0 {
			return t.symbolError(uint32(s))
		}
	}
	return nil
}

// decodeMain decodes what encodeMain coded and returns how many bytes of src it
// used.
func (b *Block[S]) decodeMain(symbols []S, index []uint16, src []byte, states []uint64) (int, error) {
	prec := b.set.prec
	lanes := len(states)
	i, pos := rans.Decode(symbols, index, src, states, b.dec, prec)
	pop := func(i int) {
		x := states[i&(lanes-1)]
		e := b.slot(index, i, x)
		symbols[i] = S(e.Symbol())
		states[i&(lanes-1)] = e.Pop(x, prec)
	}
	refill := func(l int) error {
		if states[l] < rans.Lower {
			if len(src)-pos < wordSize {
				return io.ErrUnexpectedEOF
			}
			states[l] = states[l]<<32 | uint64(binary.LittleEndian.Uint32(src[pos:]))
			pos += wordSize
		}
		return nil
	}
	for group := lanes * rans.PerLane(prec); len(symbols)-i >= group; i += group {
		for l := range lanes {
			for j := i + l; j < i+group; j += lanes {
				pop(j)
			}
			if err := refill(l); err != nil {
				return 0, err
			}
		}
	}
	for ; i < len(symbols); i++ {
		pop(i)
		if err := refill(i & (lanes - 1)); err != nil {
			return 0, err
		}
	}
	return pos, nil
}
