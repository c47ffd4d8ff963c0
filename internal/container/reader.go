package container

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
)

// Limits bound what a reader allocates for a file that it does not trust.
type Limits struct {
	Memory int64 // bytes for any one prior, index or block's code
}

// A Record is a layout or a block.
type Record struct {
	Offset  int64   // of the record in the file
	Entries []Entry // layout; Block is nil

	Block *Block
	Data  BlockData
}

// BlockData is the payload of a block.
type BlockData struct {
	Params []byte // its own parameters
	Base   []byte // those of the block it leans on, nil if it stands alone
	Body   []byte
}

// A Reader reads a file front to back, checking everything that can be checked
// without decoding. NewReader makes one.
type Reader struct {
	Header Header
	Trailer

	id     uint64
	r      *bufio.Reader
	offset int64 // of the next byte of r
	limits Limits
	index  index
	base   []byte // parameters of the last block that stands alone
	noBase bool   // that block was damaged or is missing

	recover bool // go on after damage
	rescans int
	src     *source
	last    []byte // while recovering: what was read since the last good header
	done    bool
}

// Trailer is what the end of a file says of its content. A Reader has it once
// Next has returned io.EOF.
type Trailer struct {
	Content [16]byte // 128-bit xxh3 of all content
	Length  uint64   // bytes of all content
}

const bufferSize = 1 << 17

func newBuffer(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, bufferSize) }

// NewReader reads the header of the file that r begins with.
func NewReader(r io.Reader, limits Limits) (*Reader, error) {
	src := &source{r: r}
	br := newBuffer(src)
	h, id, size, err := readHeader(br, limits.Memory)
	if err != nil {
		return nil, err
	}
	return &Reader{Header: h, id: id, src: src, r: br, offset: size, limits: limits}, nil
}

// Recover makes Next go on behind damage: after an error, the next call looks
// for the next record that is whole.
func (r *Reader) Recover() { r.recover = true }

// Offset returns the offset in the file of what Next reads next.
func (r *Reader) Offset() int64 { return r.offset }

// Blocks returns the ordinal that the next block has if none is missing.
func (r *Reader) Blocks() uint64 { return r.index.blocks }

// Next returns the next record. At the end it checks the index and the trailer
// and returns io.EOF. A file that ends early is io.ErrUnexpectedEOF; damage is
// an error that wraps fault.ErrCorrupt. After Recover the caller may go on after
// a fault.ErrCorrupt.
func (r *Reader) Next() (Record, error) {
	if r.done {
		return Record{}, io.EOF
	}
	rec, err := r.next()
	if r.recover && err == io.ErrUnexpectedEOF && len(r.last) > 0 {
		// A damaged length may have led past whole records.
		err = corrupt("%w", err)
		r.resync()
	}
	return rec, err
}

func (r *Reader) next() (Record, error) {
	offset := r.offset
	k, header, sum, err := r.header()
	if err != nil {
		if r.recover && errors.Is(err, fault.ErrCorrupt) {
			r.resync()
		}
		return Record{}, err
	}
	size := uint64(r.offset - offset)
	switch k {
	case kindLayout:
		p, err := parsePacked(header, r.id)
		if err == nil && p.ordinal != r.index.layouts && !(r.recover && p.ordinal > r.index.layouts) {
			err = corrupt("layout record %d stands where %d belongs", p.ordinal, r.index.layouts)
		}
		if err == nil && p.raw > MaxLayout {
			err = corrupt("layout of %d bytes", p.raw)
		}
		if err != nil {
			return Record{}, err
		}
		raw, err := r.unpack(&p)
		if err != nil {
			return Record{}, err
		}
		entries, err := parseEntries(raw)
		if err != nil {
			return Record{}, err
		}
		r.index.layouts = p.ordinal
		r.index.addLayout(size+p.stored, sum, entries)
		return Record{Offset: offset, Entries: entries}, nil
	case kindBlock:
		return r.block(offset, size, header, sum)
	case kindIndex:
		r.done = true
		if err := r.end(header, size); err != nil {
			return Record{}, err
		}
		return Record{}, io.EOF
	}
	return Record{}, corrupt("unknown record kind %q", k)
}

// block completes a block record.
func (r *Reader) block(offset int64, size uint64, header []byte, sum uint32) (rec Record, err error) {
	b, err := parseBlock(header, r.id)
	if err != nil {
		return rec, err
	}
	if b.Ordinal != r.index.blocks && !(r.recover && b.Ordinal > r.index.blocks) {
		return rec, corrupt("block %d stands where %d belongs", b.Ordinal, r.index.blocks)
	}
	payload, err := r.payload(b.Params + b.Body)
	if err != nil {
		return rec, &fault.BlockError{Block: int64(b.Ordinal), Offset: offset, Err: err}
	}
	rec = Record{Offset: offset, Block: b}
	rec.Data.Params, rec.Data.Body = payload[:b.Params:b.Params], payload[b.Params:]
	damaged := checksum(rec.Data.Params) != b.paramsSum
	r.index.blocks = b.Ordinal
	wantBase := b.Ordinal - b.Base
	haveBase := r.index.lastBase
	r.index.addBlock(size+b.Params+b.Body, sum, b)
	switch {
	case b.Base == 0:
		r.base, r.noBase = rec.Data.Params, damaged
	case wantBase != haveBase || r.noBase:
		return rec, &fault.BlockError{Block: int64(b.Ordinal), Offset: offset,
			Err: corrupt("the parameters of block %d, which it needs, are missing", wantBase)}
	default:
		rec.Data.Base = r.base
	}
	if damaged {
		return rec, &fault.BlockError{Block: int64(b.Ordinal), Offset: offset, Err: corrupt("parameter checksum")}
	}
	return rec, nil
}

// header reads a record's mark, header and checksum.
func (r *Reader) header() (k kind, header []byte, sum uint32, err error) {
	offset := r.offset
	r.last = r.last[:0]
	raw := make([]byte, markSize, 128)
	if err := r.full(raw); err != nil {
		return 0, nil, 0, err
	}
	if string(raw[:len(mark)]) != mark {
		return 0, nil, 0, corrupt("no record at byte %d", offset)
	}
	raw, n, err := readUvarint(counter{r}, raw)
	if err != nil {
		return 0, nil, 0, err
	}
	if n > maxRecordHeader {
		return 0, nil, 0, corrupt("record header of %d bytes", n)
	}
	start := len(raw)
	raw = append(raw, make([]byte, n+4)...)
	if err := r.full(raw[start:]); err != nil {
		return 0, nil, 0, err
	}
	sum = headerSum(raw)
	if checksum(raw[:len(raw)-4]) != sum {
		return 0, nil, 0, corrupt("record header checksum at byte %d", offset)
	}
	r.last = r.last[:0]
	return kind(raw[len(mark)]), raw[start : len(raw)-4], sum, nil
}

// end checks the index and the trailer, and that nothing follows.
func (r *Reader) end(header []byte, size uint64) error {
	p, err := parsePacked(header, r.id)
	if err != nil {
		return err
	}
	raw, err := r.unpack(&p)
	if err != nil {
		return err
	}
	if !bytes.Equal(raw, r.index.payload()) {
		return corrupt("the index disagrees with the file: a record is missing, added or changed")
	}
	tail := make([]byte, trailerSize)
	if err := r.full(tail); err != nil {
		return err
	}
	t, err := parseTrailer(tail)
	if err != nil {
		return err
	}
	if t.index != size+p.stored {
		return corrupt("trailer")
	}
	r.Trailer = Trailer{Content: t.content, Length: t.length}
	switch _, err := r.r.ReadByte(); {
	case err == nil:
		return corrupt("bytes after the end of the file")
	case err != io.EOF:
		return err
	}
	return nil
}

func (r *Reader) unpack(p *packed) ([]byte, error) {
	if p.raw > uint64(r.limits.Memory) {
		return nil, fmt.Errorf("%w: an index of %d bytes", fault.ErrLimit, p.raw)
	}
	stored, err := r.payload(p.stored)
	if err != nil {
		return nil, err
	}
	return p.unpack(stored)
}

// payload reads n bytes, allocating as they come, so that a header that lies
// costs no memory.
func (r *Reader) payload(n uint64) ([]byte, error) {
	if n > uint64(r.limits.Memory) {
		return nil, fmt.Errorf("%w: a record of %d bytes", fault.ErrLimit, n)
	}
	const step = 1 << 20
	buf := make([]byte, 0, min(n, step))
	for uint64(len(buf)) < n {
		have := len(buf)
		more := min(n-uint64(have), max(step, uint64(have)))
		buf = append(buf, make([]byte, more)...)
		if err := r.full(buf[have:]); err != nil {
			return nil, err
		}
	}
	return buf, nil
}

// full reads all of b.
func (r *Reader) full(b []byte) error {
	_, err := io.ReadFull(counter{r}, b)
	return unexpected(err)
}

// A source reads from r, after what is to be read again.
type source struct {
	again []byte
	r     io.Reader
}

func (s *source) Read(b []byte) (int, error) {
	if len(s.again) == 0 {
		s.again = nil
		return s.r.Read(b)
	}
	n := copy(b, s.again)
	s.again = s.again[n:]
	return n, nil
}

// counter keeps count of what is read, and a copy while recovering.
type counter struct{ r *Reader }

func (h counter) Read(b []byte) (int, error) {
	n, err := h.r.r.Read(b)
	h.r.offset += int64(n)
	if h.r.recover {
		h.r.last = append(h.r.last, b[:n]...)
	}
	return n, err
}

// maxFound is the longest record header that resync finds; it bounds the work of
// looking at bytes that only look like one.
const maxFound = 1 << 14

// maxRescans bounds how often resync goes back, since a file made for it could
// have each of many records claim all that follows.
const maxRescans = 256

// resync moves to the next record header that is whole and belongs to this file,
// or to the end. It looks again through what was read since the last one, since
// a cut in the file makes a payload run over the next record.
func (r *Reader) resync() {
	if r.rescans < maxRescans {
		r.rescans++
		ahead, _ := r.r.Peek(r.r.Buffered())
		r.src.again = bytes.Join([][]byte{r.last, ahead, r.src.again}, nil)
		r.r.Reset(r.src)
		r.offset -= int64(len(r.last))
	}
	r.last = nil
	for {
		b, err := r.r.Peek(r.r.Size())
		end := len(b) - maxFound
		if err != nil {
			end = len(b)
		}
		at := 0
		for at < end {
			i := bytes.Index(b[at:], []byte(mark))
			if i < 0 || at+i >= end {
				at = max(at, end-len(mark)+1)
				break
			}
			at += i
			if r.whole(b[at:]) {
				r.skip(at)
				return
			}
			at++
		}
		if err != nil {
			r.skip(len(b))
			r.done = true
			return
		}
		r.skip(at)
	}
}

func (r *Reader) skip(n int) {
	n, _ = r.r.Discard(n)
	r.offset += int64(n)
}

// whole reports whether b begins with a record header of this file that has not
// been read yet.
func (r *Reader) whole(b []byte) bool {
	if len(b) < markSize {
		return false
	}
	k := kind(b[len(mark)])
	n, l := binary.Uvarint(b[markSize:])
	if l <= 0 || n > maxFound {
		return false
	}
	start := markSize + l
	end := start + int(n)
	if end+4 > len(b) || checksum(b[:end]) != headerSum(b[:end+4]) {
		return false
	}
	switch k {
	case kindBlock:
		h, err := parseBlock(b[start:end], r.id)
		return err == nil && h.Ordinal >= r.index.blocks
	case kindLayout:
		p, err := parsePacked(b[start:end], r.id)
		return err == nil && p.ordinal >= r.index.layouts
	}
	_, err := parsePacked(b[start:end], r.id)
	return err == nil && k == kindIndex
}
