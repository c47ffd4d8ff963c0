package container

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/foretell/foretell/internal/stream"
)

// A Writer writes a file front to back. NewWriter makes one; Close completes the
// file but does not close what it writes to. After an error all calls return it.
type Writer struct {
	w      io.Writer
	id     uint64 // hash of the header, in every record
	packer *zstd.Encoder
	index  index
	offset int64
	buf    []byte
	err    error
}

// NewWriter writes the header h to w and returns a Writer for what follows.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	raw := h.append(nil)
	packer, err := newPacker()
	if err != nil {
		return nil, err
	}
	cw := &Writer{w: w, id: headerID(raw), packer: packer}
	cw.write(raw)
	for i := range h.Needs {
		cw.write(h.Needs[i].Data)
	}
	return cw, cw.err
}

// Offset returns the number of bytes written.
func (w *Writer) Offset() int64 { return w.offset }

func (w *Writer) write(parts ...[]byte) {
	for _, p := range parts {
		if w.err != nil {
			return
		}
		var n int
		n, w.err = stream.Write(w.w, p)
		w.offset += int64(n)
	}
}

// Layout writes a layout record. The entries may come to at most MaxLayout bytes.
func (w *Writer) Layout(entries []Entry) error {
	if w.err != nil {
		return w.err
	}
	var raw []byte
	for _, e := range entries {
		raw = e.append(raw)
	}
	if len(raw) > MaxLayout {
		w.err = fmt.Errorf("layout of %d bytes is too large for a record", len(raw))
		return w.err
	}
	p, stored := pack(w.packer, raw, w.index.layouts)
	w.buf = appendRecord(w.buf[:0], kindLayout, p.appendFields(nil, w.id))
	w.index.addLayout(uint64(len(w.buf)+len(stored)), headerSum(w.buf), entries)
	w.write(w.buf, stored)
	return w.err
}

// Block writes a block record. It sets the block's ordinal and sizes; if leans,
// its parameters need those of the last block that stands alone.
func (w *Writer) Block(b *Block, leans bool, params, body []byte) error {
	if w.err != nil {
		return w.err
	}
	if w.err = checkSpans(b.Spans); w.err != nil {
		return w.err
	}
	b.Ordinal = w.index.blocks
	b.Params, b.Body = uint64(len(params)), uint64(len(body))
	b.paramsSum = checksum(params)
	b.Base = 0
	if leans {
		b.Base = b.Ordinal - w.index.lastBase
	}
	w.buf = appendRecord(w.buf[:0], kindBlock, b.appendFields(nil, w.id))
	w.index.addBlock(uint64(len(w.buf)+len(params)+len(body)), headerSum(w.buf), b)
	w.write(w.buf, params, body)
	return w.err
}

// Close writes the index and the trailer. content is the 128-bit xxh3 of all
// content, length its size in bytes.
func (w *Writer) Close(content [16]byte, length uint64) error {
	if w.err != nil {
		return w.err
	}
	p, stored := pack(w.packer, w.index.payload(), 0)
	w.buf = appendRecord(w.buf[:0], kindIndex, p.appendFields(nil, w.id))
	t := trailer{content: content, length: length, index: uint64(len(w.buf) + len(stored))}
	w.write(w.buf, stored, t.append(nil))
	if w.err != nil {
		return w.err
	}
	w.err = fmt.Errorf("the file is closed")
	return nil
}
