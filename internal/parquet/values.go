package parquet

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
)

// The encodings of values.
const (
	encodingPlain      = 0
	encodingPlainDict  = 2 // as encodingDict, of old files
	encodingRLE        = 3
	encodingBits       = 4 // of levels, of old
	encodingDelta      = 5
	encodingDict       = 8
	encodingByteStream = 9
)

// encodingNames are those that files with others are told of.
var encodingNames = map[int64]string{encodingBits: "BIT_PACKED", 6: "DELTA_LENGTH_BYTE_ARRAY", 7: "DELTA_BYTE_ARRAY"}

// readable reports whether there are values in an encoding that are read.
func readable(encoding int64) bool {
	switch encoding {
	case encodingPlain, encodingPlainDict, encodingRLE, encodingDelta, encodingDict, encodingByteStream:
		return true
	}
	return false
}

// unreadable refuses a column in another encoding.
func (l *leaf) unreadable(encoding int64) error {
	name := encodingNames[encoding]
	if name == "" {
		name = fmt.Sprintf("encoding %d", encoding)
	}
	return fmt.Errorf("%w: column %s is written in %s: write the table with plain or dictionary encoding", fault.ErrUnsupported, l.name, name)
}

// enoughBytes is after how many bytes reading values pauses.
const enoughBytes = 64 << 10

// A decoder appends up to n values to dst as the plain encoding has them, booleans as a
// byte each, and returns how many: fewer only where they take more than enoughBytes.
type decoder interface {
	next(dst []byte, n int) ([]byte, int, error)
}

// decoder returns what decodes the n values of a page.
func (l *leaf) decoder(encoding int64, p *page, n int, dict *dictionary) (decoder, error) {
	switch {
	case encoding == encodingPlain && l.kind == typeBool:
		b, err := p.rest()
		return &plainBools{b: b}, err
	case encoding == encodingPlain && l.kind == typeBytes:
		return &plainBytes{p.r}, nil
	case encoding == encodingPlain:
		return &plainFixed{p.r, l.width}, nil
	case encoding == encodingDict || encoding == encodingPlainDict:
		b, err := p.rest()
		if err != nil || n == 0 {
			return &indexed{dict: dict}, err
		}
		if dict == nil {
			return nil, fmt.Errorf("%w: a page without its dictionary", fault.ErrCorrupt)
		}
		if len(b) == 0 || b[0] > maxBits {
			return nil, fmt.Errorf("%w: a page of indices that is malformed", fault.ErrCorrupt)
		}
		return &indexed{hybrid{b: b[1:], width: uint(b[0])}, dict}, nil
	case encoding == encodingRLE && l.kind == typeBool:
		b, err := p.rest()
		if err == nil && len(b) < 4 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		return &runs{hybrid{b: b[4:], width: 1}}, nil
	case encoding == encodingDelta && (l.kind == typeInt32 || l.kind == typeInt64):
		b, err := p.rest()
		if err != nil {
			return nil, err
		}
		return newDelta(b, l.width)
	case encoding == encodingByteStream && l.kind != typeBytes && l.kind != typeBool:
		b, err := p.rest()
		if err == nil && len(b)%l.width != 0 {
			err = fmt.Errorf("%w: %d bytes of values of %d bytes", fault.ErrCorrupt, len(b), l.width)
		}
		return &split{b, l.width, len(b) / l.width, 0}, err // absent values are not there
	}
	return nil, l.unreadable(encoding)
}

type plainFixed struct {
	r     *bufio.Reader
	width int
}

func (d *plainFixed) next(dst []byte, n int) ([]byte, int, error) {
	n = min(n, enoughBytes/d.width+1)
	at := len(dst)
	dst = append(dst, make([]byte, n*d.width)...)
	_, err := io.ReadFull(d.r, dst[at:])
	return dst, n, cut(err)
}

// cut returns what reading a part of a page has come to.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// plainBytes are strings, each behind its length of four bytes.
type plainBytes struct{ r *bufio.Reader }

func (d *plainBytes) next(dst []byte, n int) ([]byte, int, error) {
	begin := len(dst)
	for i := range n {
		var err error
		if dst, err = d.one(dst); err != nil {
			return dst, i, err
		}
		if len(dst)-begin > enoughBytes {
			return dst, i + 1, nil
		}
	}
	return dst, n, nil
}

func (d *plainBytes) one(dst []byte) ([]byte, error) {
	head, err := d.r.Peek(4)
	if err != nil {
		return dst, cut(err)
	}
	length := int64(binary.LittleEndian.Uint32(head))
	if length > maxPage {
		return dst, fmt.Errorf("%w: a value of %d bytes", fault.ErrLimit, length)
	}
	// It grows with what is there, not with what is claimed.
	for left := length + 4; left > 0; {
		at, piece := len(dst), int(min(left, enoughBytes))
		dst = append(dst, make([]byte, piece)...)
		if _, err := io.ReadFull(d.r, dst[at:]); err != nil {
			return dst, cut(err)
		}
		left -= int64(piece)
	}
	return dst, nil
}

// plainBools lie bit by bit.
type plainBools struct {
	b  []byte
	at int
}

func (d *plainBools) next(dst []byte, n int) ([]byte, int, error) {
	n = min(n, enoughBytes)
	if d.at+n > 8*len(d.b) {
		return dst, 0, io.ErrUnexpectedEOF
	}
	for range n {
		dst = append(dst, d.b[d.at/8]>>(d.at%8)&1)
		d.at++
	}
	return dst, n, nil
}

// runs are booleans in the mix of runs and groups.
type runs struct{ hybrid }

func (d *runs) next(dst []byte, n int) ([]byte, int, error) {
	var piece [1024]uint32
	n = min(n, len(piece))
	err := d.hybrid.next(piece[:n])
	for _, v := range piece[:n] {
		dst = append(dst, byte(v))
	}
	return dst, n, err
}

// A dictionary holds the values that a chunk's pages name by their indices.
type dictionary struct {
	b     []byte   // the values as the plain encoding has them
	width int      // of each, or 0
	ends  []uint32 // of values of any length
}

func (d *dictionary) value(i uint32) []byte {
	switch {
	case d.width > 0 && int64(i) < int64(len(d.b)/d.width):
		return d.b[int(i)*d.width:][:d.width]
	case d.width == 0 && int64(i) < int64(len(d.ends)-1):
		return d.b[d.ends[i]:d.ends[i+1]]
	}
	return nil
}

// dictionary reads a page of n values.
func (l *leaf) dictionary(p *page, n int) (*dictionary, error) {
	dec, err := l.decoder(encodingPlain, p, n, nil)
	if err != nil {
		return nil, err
	}
	d := &dictionary{width: l.width, ends: []uint32{0}}
	for n > 0 {
		k, want := 0, n
		if l.width == 0 {
			want = 1
		}
		if d.b, k, err = dec.next(d.b, want); err != nil {
			return nil, err
		}
		if n -= k; l.width == 0 {
			d.ends = append(d.ends, uint32(len(d.b)))
		}
		if len(d.b) > maxPage {
			return nil, fmt.Errorf("%w: the dictionary of column %s is longer than %d bytes", fault.ErrLimit, l.name, maxPage)
		}
	}
	return d, nil
}

// indexed are indices into a dictionary.
type indexed struct {
	hybrid
	dict *dictionary
}

func (d *indexed) next(dst []byte, n int) ([]byte, int, error) {
	var piece [1024]uint32
	n = min(n, len(piece))
	if d.dict.width == 0 {
		n = 1 // of any length
	}
	if err := d.hybrid.next(piece[:n]); err != nil {
		return dst, 0, err
	}
	for _, i := range piece[:n] {
		v := d.dict.value(i)
		if v == nil {
			return dst, 0, fmt.Errorf("%w: an index of %d that is not in the dictionary", fault.ErrCorrupt, i)
		}
		dst = append(dst, v...)
	}
	return dst, n, nil
}

// split are values of which first all first bytes come, then all second ones, and so on.
type split struct {
	b         []byte
	width, of int
	at        int
}

func (d *split) next(dst []byte, n int) ([]byte, int, error) {
	n = min(n, enoughBytes/d.width+1)
	if d.at+n > d.of {
		return dst, 0, io.ErrUnexpectedEOF
	}
	for range n {
		for k := range d.width {
			dst = append(dst, d.b[k*d.of+d.at])
		}
		d.at++
	}
	return dst, n, nil
}
