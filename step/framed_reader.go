package step

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/foretell/foretell/internal/fault"
)

// A frameReader joins the chunks of a framed stream, none of which is handed out
// before its checksum was compared.
type frameReader struct {
	in    io.Reader
	size  int64  // of the header, with its checksum
	chunk int    // size of every chunk but the last
	sum   uint32 // of all content so far
	data  []byte // content of chunks, handed out up to pos
	pos   int
	given int64 // bytes of the coder's stream in the chunks so far
	short bool  // the last chunk has come
	total int64 // steps, as the end mark says; -1 before it has come
	err   error // sticky
}

// Read hands out more of the coder's stream, and io.EOF once the end mark has
// come and nothing follows it.
func (f *frameReader) Read(b []byte) (int, error) {
	if f.pos == len(f.data) {
		f.next()
	}
	n := copy(b, f.data[f.pos:])
	f.pos += n
	switch {
	case n > 0 || len(b) == 0:
		return n, nil
	case f.err != nil:
		return 0, f.err
	}
	return 0, io.EOF
}

// next reads a chunk or the end mark.
func (f *frameReader) next() {
	if f.err != nil || f.total >= 0 {
		return
	}
	f.data = append(f.data[:0], f.data[f.pos:]...)
	f.pos = 0
	had := len(f.data)
	if err := f.read(); err != nil {
		f.data, f.err = f.data[:had], early(err)
	}
}

func (f *frameReader) read() error {
	n, err := f.number()
	switch {
	case err != nil:
		return err
	case n == 0:
		return f.readEnd()
	case n > uint32(f.chunk) || f.short:
		return fmt.Errorf("%w: the length of a chunk", fault.ErrCorrupt)
	}
	had := len(f.data)
	f.data = slices.Grow(f.data, int(n))[:had+int(n)]
	if err := f.fill(f.data[had:]); err != nil {
		return err
	}
	if err := f.compare(); err != nil {
		return err
	}
	f.given += int64(n)
	f.short = n < uint32(f.chunk)
	return nil
}

// readEnd reads what is left of the end mark.
func (f *frameReader) readEnd() error {
	var b [8]byte
	if err := f.fill(b[:]); err != nil {
		return err
	}
	if err := f.compare(); err != nil {
		return err
	}
	steps := int64(binary.LittleEndian.Uint64(b[:]))
	n, err := io.ReadFull(f.in, b[:1])
	switch {
	case steps < 0:
		return fmt.Errorf("%w: the number of steps", fault.ErrCorrupt)
	case n != 0:
		return fmt.Errorf("%w: bytes after the end of the stream", fault.ErrCorrupt)
	case !errors.Is(err, io.EOF):
		return err
	}
	f.total = steps
	return nil
}

// fill reads all of b and adds it to the checksum.
func (f *frameReader) fill(b []byte) error {
	if _, err := io.ReadFull(f.in, b); err != nil {
		return err
	}
	f.sum = crc32.Update(f.sum, castagnoli, b)
	return nil
}

// number reads a number and adds it to the checksum.
func (f *frameReader) number() (uint32, error) {
	var b [4]byte
	err := f.fill(b[:])
	return binary.LittleEndian.Uint32(b[:]), err
}

// compare reads a checksum and compares it.
func (f *frameReader) compare() error {
	sum := f.sum
	var b [4]byte
	if _, err := io.ReadFull(f.in, b[:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(b[:]) != sum {
		return fmt.Errorf("%w: the checksum of the chunk at byte %d of the coder's stream", fault.ErrCorrupt, f.given)
	}
	return nil
}

// lookAhead is more than the bytes that a coder writes after its last step, the
// guard's check included, beyond its window.
const lookAhead = 24

// ahead makes sure that a decoder whose window is at offset knows the number of
// steps if it has come to the last of them.
func (f *frameReader) ahead(offset int64) error {
	for f.err == nil && f.total < 0 && f.given < offset+lookAhead {
		f.next()
	}
	return f.err
}

// intact reports whether all of the stream has come, unaltered.
func (f *frameReader) intact() bool { return f.total >= 0 }

// seek makes the next Read begin at byte offset of the coder's stream, where in
// begins at byte start of s.
func (f *frameReader) seek(s io.Seeker, start, offset int64) error {
	chunk := offset / int64(f.chunk)
	// The checksum before the chunk, of the chunk or header that precedes it.
	at := start + f.size - 4 + chunk*int64(f.chunk+8)
	if _, err := s.Seek(at, io.SeekStart); err != nil {
		return err
	}
	var b [4]byte
	if _, err := io.ReadFull(f.in, b[:]); err != nil {
		return early(err)
	}
	f.sum = binary.LittleEndian.Uint32(b[:])
	f.data, f.pos, f.given = f.data[:0], 0, chunk*int64(f.chunk)
	f.short, f.total, f.err = false, -1, nil
	skip := int(offset - f.given)
	for f.pos == len(f.data) && skip > 0 && f.total < 0 {
		f.next()
		if f.err != nil {
			return f.err
		}
	}
	if skip > len(f.data) {
		return fmt.Errorf("%w: a position after the end of the stream", fault.ErrCorrupt)
	}
	f.pos = skip
	return nil
}
