package rangecoder

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
)

// A Decoder reads a stream of an Encoder. NewDecoder and NewReader make one.
//
// A stream does not tell its own length: the caller knows how many symbols to
// ask for, and Finish then says whether the stream ends exactly there.
type Decoder struct {
	code, rng uint64 // code is the stream's value within the range: code < rng
	src       []byte
	pos       int   // next byte of src
	base      int64 // offset of src[0] in the stream
	padding   int   // zero bytes supplied after the end of the stream
	err       error // sticky: a read error, or the end of the stream
	r         io.Reader
	buf       []byte // what src is when reading from r
	marked    mark
}

// A mark is where a Decoder can go back to.
type mark struct {
	set       bool
	code, rng uint64
	pos       int
	padding   int
}

var (
	errNoSymbol   = fmt.Errorf("%w: no symbol stands at this place of the stream", fault.ErrCorrupt)
	errNoPosition = fmt.Errorf("%w: no such position in the stream", fault.ErrCorrupt)
)

// readSize is how much a Decoder asks of its reader at once.
const readSize = 4096

// NewDecoder returns a decoder of the stream src.
func NewDecoder(src []byte) *Decoder {
	d := new(Decoder)
	d.Reset(src)
	return d
}

// NewReader returns a decoder that reads its stream from r as it needs it, to
// the end of r.
func NewReader(r io.Reader) *Decoder {
	d := new(Decoder)
	d.ResetReader(r)
	return d
}

// Reset makes the decoder begin the stream src.
func (d *Decoder) Reset(src []byte) {
	*d = Decoder{src: src, buf: d.buf}
	d.begin(State{Range: firstRange})
}

// ResetReader makes the decoder begin the stream that it reads from r.
func (d *Decoder) ResetReader(r io.Reader) {
	d.read(r, State{Range: firstRange})
}

func (d *Decoder) read(r io.Reader, s State) {
	if d.buf == nil {
		d.buf = make([]byte, 0, readSize)
	}
	*d = Decoder{r: r, src: d.buf, buf: d.buf, base: s.Offset}
	d.begin(s)
}

// SeekReader is Seek for a stream that is read from r, which must stand at byte
// s.Offset of it.
func (d *Decoder) SeekReader(r io.Reader, s State) error {
	if s.Offset < 0 || s.Range < minRange {
		return errNoPosition
	}
	d.read(r, s)
	return nil
}

// Seek makes the decoder go on from a state that the encoder was in. src is the
// whole stream.
func (d *Decoder) Seek(src []byte, s State) error {
	if s.Offset < 0 || s.Offset > int64(len(src)) || s.Range < minRange {
		return errNoPosition
	}
	*d = Decoder{src: src, pos: int(s.Offset), buf: d.buf}
	d.begin(s)
	return nil
}

func (d *Decoder) begin(s State) {
	d.rng = s.Range
	hi := d.word()
	d.code = (uint64(hi)<<32 | uint64(d.word())) - s.Low
	if d.code >= d.rng && d.err == nil {
		d.err = errNoSymbol
	}
}

// Point returns the point of the line, 0..2^32-1, that the stream stands at. A
// stream that cannot have been written by an Encoder is an error that wraps
// foretell.ErrCorrupt, one that ends early io.ErrUnexpectedEOF.
func (d *Decoder) Point() (uint32, error) {
	if d.code >= d.rng || d.err != nil {
		return 0, d.fail()
	}
	// floor(((code+1) * 2^32 - 1) / rng), whose numerator is code and 32 ones.
	point, _ := bits.Div64(d.code>>32, d.code<<32|0xffffffff, d.rng)
	return uint32(point), nil
}

// Take moves past the interval that holds the point which Point returned.
func (d *Decoder) Take(iv prob.Interval) {
	lo := scale(d.rng, iv.Low)
	hi := scale(d.rng, iv.Low+iv.Width)
	d.code -= lo
	d.rng = hi - lo
	if d.rng < minRange {
		d.shift()
	}
}

// Bit decodes one binary decision, where zero is the width of the interval of
// bit 0, 1..2^32-1. After an error it returns any bits; Finish tells.
func (d *Decoder) Bit(zero uint64) int {
	split := scale(d.rng, zero)
	bit := 0
	if d.code < split {
		d.rng = split
	} else {
		d.code -= split
		d.rng -= split
		bit = 1
	}
	if d.rng < minRange {
		d.shift()
	}
	return bit
}

// Mark notes the place where the decoder stands, for Rewind. Until Forget it keeps all
// that it reads.
func (d *Decoder) Mark() {
	d.marked = mark{true, d.code, d.rng, d.pos, d.padding}
}

// Rewind goes back to the place that Mark noted. An error that came since stays.
func (d *Decoder) Rewind() {
	m := d.marked
	d.code, d.rng, d.pos, d.padding = m.code, m.rng, m.pos, m.padding
	d.Forget()
}

// Forget drops the place that Mark noted.
func (d *Decoder) Forget() { d.marked.set = false }

// Err returns the error that Point would return, if any. Users of Bit ask it
// from time to time.
func (d *Decoder) Err() error {
	if d.code >= d.rng || d.err != nil {
		return d.fail()
	}
	return nil
}

// State returns the state that the encoder was in at this place of the stream.
func (d *Decoder) State() State {
	window := d.base + int64(d.pos+d.padding) - 8
	return State{Offset: window, Low: d.window() - d.code, Range: d.rng}
}

// Finish reports whether the stream ends here, exactly as an encoder would have
// ended it: nil, foretell.ErrCorrupt (bytes left over or changed), or
// io.ErrUnexpectedEOF.
func (d *Decoder) Finish() error {
	if err := d.Err(); err != nil {
		return err
	}
	window := d.window()
	end, n, _ := tail(window-d.code, d.rng)
	switch {
	case 8-d.padding < n:
		return io.ErrUnexpectedEOF
	case end != window || 8-d.padding > n || d.more():
		return fmt.Errorf("%w: the stream goes on after its last symbol", fault.ErrCorrupt)
	}
	return d.err // what looking for more bytes may have met
}

// window returns the 8 bytes of the stream that code was made of.
func (d *Decoder) window() uint64 {
	var b [8]byte
	have := max(0, 8-d.padding)
	copy(b[:have], d.src[d.pos-have:d.pos])
	return binary.BigEndian.Uint64(b[:])
}

// more reports whether there are bytes after those that were used.
func (d *Decoder) more() bool {
	if d.pos == len(d.src) {
		d.fill()
	}
	return d.pos < len(d.src)
}

func (d *Decoder) fail() error {
	if d.err == nil {
		d.err = errNoSymbol
	}
	return d.err
}

func (d *Decoder) shift() {
	d.rng <<= 32
	d.code = d.code<<32 | uint64(d.word())
}

// word returns the next 32 bits of the stream. The encoder leaves out up to 8
// bytes at the end, which count as zero.
func (d *Decoder) word() uint32 {
	if d.pos+4 <= len(d.src) {
		w := binary.BigEndian.Uint32(d.src[d.pos:])
		d.pos += 4
		return w
	}
	var b [4]byte
	for i := range b {
		if d.pos == len(d.src) {
			d.fill()
		}
		if d.pos < len(d.src) {
			b[i] = d.src[d.pos]
			d.pos++
			continue
		}
		if d.padding++; d.padding > 8 && d.err == nil {
			d.err = io.ErrUnexpectedEOF
		}
	}
	return binary.BigEndian.Uint32(b[:])
}

// fill reads more of the stream, keeping the 8 bytes of the window and what a mark
// needs.
func (d *Decoder) fill() {
	if d.r == nil || d.err != nil {
		return
	}
	keep := min(8, d.pos)
	if d.marked.set {
		keep = d.pos - max(0, d.marked.pos-8)
		if keep == cap(d.src) {
			d.src = slices.Grow(d.src, readSize)
			d.buf = d.src[:0]
		}
		d.marked.pos -= d.pos - keep
	}
	d.base += int64(d.pos - keep)
	copy(d.src[:keep], d.src[d.pos-keep:d.pos])
	d.src, d.pos = d.src[:keep], keep
	n, err := io.ReadAtLeast(d.r, d.src[keep:cap(d.src)], 1)
	d.src = d.src[:keep+n]
	if err == nil {
		return
	}
	d.r = nil
	if !errors.Is(err, io.EOF) {
		d.err = err
	}
}
