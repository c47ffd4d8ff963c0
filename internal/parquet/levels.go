package parquet

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
)

// A hybrid reads small numbers of so many bits in Parquet's mix of runs and of groups of
// eight that lie bit by bit.
type hybrid struct {
	b     []byte
	width uint
	left  uint64 // numbers of the run or the groups
	run   bool
	value uint32 // of the run
	bit   uint64 // of the groups, the next number's first
}

// maxBits is how many bits the numbers may have.
const maxBits = 32

// next fills dst.
func (h *hybrid) next(dst []uint32) error {
	for len(dst) > 0 {
		if h.left == 0 {
			if err := h.begin(); err != nil {
				return err
			}
			continue
		}
		n := int(min(h.left, uint64(len(dst))))
		if h.run {
			for i := range dst[:n] {
				dst[i] = h.value
			}
		} else if err := h.groups(dst[:n]); err != nil {
			return err
		}
		h.left -= uint64(n)
		dst = dst[n:]
	}
	return nil
}

// begin reads what stands before a run or groups.
func (h *hybrid) begin() error {
	s := scanner{b: h.b}
	head := s.uvarint()
	if s.bad {
		return io.ErrUnexpectedEOF
	}
	if h.run = head&1 == 0; !h.run {
		if head>>1 > 1<<40 {
			return fmt.Errorf("%w: groups of %d numbers", fault.ErrCorrupt, head>>1)
		}
		h.b, h.left, h.bit = s.b, head>>1*8, 0
		return nil
	}
	h.left, h.value = head>>1, 0
	for i, c := range s.take(uint64(h.width+7) / 8) {
		h.value |= uint32(c) << (8 * i)
	}
	h.b = s.b
	if s.bad {
		return io.ErrUnexpectedEOF
	}
	if h.value>>h.width != 0 {
		return fmt.Errorf("%w: a run of %d, which has more than %d bits", fault.ErrCorrupt, h.value, h.width)
	}
	return nil
}

// groups reads numbers that lie bit by bit.
func (h *hybrid) groups(dst []uint32) error {
	end := h.bit + uint64(len(dst))*uint64(h.width)
	if end > 8*uint64(len(h.b)) {
		return io.ErrUnexpectedEOF
	}
	for i := range dst {
		dst[i] = uint32(bitsAt(h.b, h.bit) & (1<<h.width - 1))
		h.bit += uint64(h.width)
	}
	if uint64(len(dst)) == h.left {
		h.b = h.b[h.bit/8:]
	}
	return nil
}

// bitsAt returns at least 57 bits from bit at on, as far as b has them.
func bitsAt(b []byte, at uint64) uint64 {
	b = b[min(at/8, uint64(len(b))):]
	if len(b) >= 8 {
		return binary.LittleEndian.Uint64(b) >> (at % 8)
	}
	v := uint64(0)
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v >> (at % 8)
}

// A hybridWriter writes levels in that mix: runs of at least eight, and groups of all
// else.
type hybridWriter struct {
	b     []byte
	width uint

	value uint32 // that comes again
	again int    // so many times
	group []uint32
}

// put adds a number.
func (w *hybridWriter) put(v uint32) {
	if v == w.value && w.again > 0 {
		w.again++
		return
	}
	w.settle()
	w.value, w.again = v, 1
}

// settle writes what came again and again as a run, or adds it to the groups.
func (w *hybridWriter) settle() {
	// A run begins where the groups are full.
	if fill := -len(w.group) & 7; w.again >= fill+8 {
		w.fill(fill)
		w.flush(len(w.group))
		w.b = binary.AppendUvarint(w.b, uint64(w.again)<<1)
		for i := uint(0); i < w.width; i += 8 {
			w.b = append(w.b, byte(w.value>>i))
		}
		w.again = 0
		return
	}
	w.fill(w.again)
	if whole := len(w.group) &^ 7; whole >= mostGrouped {
		w.flush(whole)
	}
}

// mostGrouped is how many numbers lie behind one header: as many as one byte can tell.
const mostGrouped = 63 * 8

func (w *hybridWriter) fill(n int) {
	for range n {
		w.group = append(w.group, w.value)
	}
	w.again -= n
}

// flush writes the first n numbers of the groups, of which the last group is filled up.
func (w *hybridWriter) flush(n int) {
	for rest := w.group[:n]; len(rest) > 0; {
		part := rest[:min(len(rest), mostGrouped)]
		rest = rest[len(part):]
		w.b = binary.AppendUvarint(w.b, uint64(len(part)+7)/8<<1|1)
		bits, have := uint64(0), uint(0)
		for i := range (len(part) + 7) &^ 7 {
			if i < len(part) {
				bits |= uint64(part[i]) << have
			}
			for have += w.width; have >= 8; have -= 8 {
				w.b = append(w.b, byte(bits))
				bits >>= 8
			}
		}
	}
	w.group = w.group[:copy(w.group, w.group[n:])]
}

// end returns all, and begins anew.
func (w *hybridWriter) end() []byte {
	w.settle()
	w.flush(len(w.group))
	b := w.b
	w.b = nil
	return b
}
