package parquet

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// maxPage bounds the bytes of a page that is held in memory, and of a value.
const maxPage = 128 << 20

// maxPageHeader bounds what stands before a page.
const maxPageHeader = 1 << 20

// headBuffer is how many bytes are read at a time where headers lie.
const headBuffer = 4 << 10

// The codecs.
const (
	codecNone   = 0
	codecSnappy = 1
	codecGzip   = 2
	codecZstd   = 6
)

var codecNames = map[int64]string{3: "LZO", 4: "Brotli", 5: "LZ4", 7: "LZ4_RAW"}

// The kinds of pages.
const (
	pageData   = 0
	pageIndex  = 1
	pageDict   = 2
	pageDataV2 = 3
)

// A chunk is what a group of rows has of a column.
type chunk struct {
	at, size     int64 // in the file
	codec        int64
	values, rows int64 // values with those that are absent
}

// A page is what a page holds: its levels, if that is not yet read, and its values.
type page struct{ r *bufio.Reader }

// rest returns all that is left.
func (p *page) rest() ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(p.r, maxPage+1))
	if len(b) > maxPage {
		err = errPage
	}
	return b, err
}

var errPage = fmt.Errorf("%w: a page of more than %d bytes", fault.ErrLimit, maxPage)

// take returns the next n bytes.
func (p *page) take(n int64) ([]byte, error) {
	if n < 0 || n > maxPage {
		return nil, errPage
	}
	return readN(p.r, n)
}

// readN reads n bytes. It takes no more memory than a few times what there is.
func readN(r io.Reader, n int64) ([]byte, error) {
	const little = 1 << 20
	if n <= little {
		b := make([]byte, n)
		_, err := io.ReadFull(r, b)
		return b, cut(err)
	}
	b, err := io.ReadAll(io.LimitReader(r, n))
	if err == nil && int64(len(b)) < n {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// levels returns what reads levels that lie behind their length.
func (p *page) levels(most uint32) (*hybrid, error) {
	if most == 0 {
		return &hybrid{}, nil
	}
	head, err := p.take(4)
	if err != nil {
		return nil, err
	}
	b, err := p.take(int64(binary.LittleEndian.Uint32(head)))
	return &hybrid{b: b, width: uint(bits.Len32(most))}, err
}

// first begins a data page of the first version.
func (w *walker) first(body io.Reader, head fields, packed, size int64) error {
	h := head.of(5)
	n, err := w.count(h.number(1, -1))
	if err != nil {
		return err
	}
	if w.defined > 0 && h.number(3, -1) != encodingRLE || w.repeated > 0 && h.number(4, -1) != encodingRLE {
		return fmt.Errorf("%w: levels in an encoding of old: write the table anew", fault.ErrUnsupported)
	}
	p, err := w.open(body, w.from.codec, head, packed, size, nil)
	if err != nil {
		return err
	}
	if w.reps, err = p.levels(w.repeated); err != nil {
		return err
	}
	if w.defs, err = p.levels(w.defined); err != nil {
		return err
	}
	w.n = n
	w.values, err = w.decoder(h.number(2, -1), p, n, w.dict)
	return err
}

// second begins a data page of the second version: its levels are not compressed.
func (w *walker) second(body io.Reader, head fields, packed, size int64) error {
	h := head.of(8)
	n, err := w.count(h.number(1, -1))
	if err != nil {
		return err
	}
	defs, reps := h.number(5, -1), h.number(6, -1)
	if defs < 0 || reps < 0 || reps+defs > min(packed, size) {
		return fmt.Errorf("%w: a page whose levels are malformed", fault.ErrCorrupt)
	}
	levels := &page{bufio.NewReader(io.LimitReader(body, reps+defs))}
	r, err := levels.take(reps)
	if err != nil {
		return err
	}
	d, err := levels.take(defs)
	if err != nil {
		return err
	}
	w.reps, w.defs = &hybrid{b: r, width: uint(bits.Len32(w.repeated))}, &hybrid{b: d, width: uint(bits.Len32(w.defined))}
	codec := w.from.codec
	if h.number(7, 1) != 1 {
		codec = codecNone
	}
	p, err := w.open(body, codec, head, packed-reps-defs, size-reps-defs, append(r, d...))
	if err != nil {
		return err
	}
	w.n = n
	w.values, err = w.decoder(h.number(4, -1), p, n, w.dict)
	return err
}

// open decompresses a page of which before has been read. A page that is neither
// compressed nor short is read as it is wanted.
func (w *walker) open(body io.Reader, codec int64, head fields, packed, size int64, before []byte) (*page, error) {
	if codec == codecNone {
		if packed != size {
			return nil, fmt.Errorf("%w: a page of %d bytes that should have %d", fault.ErrCorrupt, packed, size)
		}
		if packed > maxPage {
			return &page{bufio.NewReaderSize(body, enoughBytes)}, nil
		}
	}
	if packed > maxPage || size > maxPage {
		return nil, errPage
	}
	b, err := readN(body, packed)
	if err != nil {
		return nil, err
	}
	if sum, ok := head[4]; ok && sum.kind == kindInt32 {
		c := crc32.Update(crc32.ChecksumIEEE(before), crc32.IEEETable, b)
		if c != uint32(sum.n) {
			return nil, fmt.Errorf("%w: a page whose checksum is another", fault.ErrCorrupt)
		}
	}
	if b, err = w.decompress(codec, b, int(size)); err != nil {
		return nil, err
	}
	if int64(len(b)) != size {
		return nil, fmt.Errorf("%w: a page of %d bytes that should have %d", fault.ErrCorrupt, len(b), size)
	}
	return &page{bufio.NewReader(bytes.NewReader(b))}, nil
}

// decompress returns what compressed bytes hold, which should be size bytes.
func (w *walker) decompress(codec int64, b []byte, size int) (out []byte, err error) {
	if codec == codecNone || size == 0 {
		return b[:min(len(b), size)], nil
	}
	switch codec {
	case codecSnappy:
		n, err := snappy.DecodedLen(b)
		if err == nil && n != size {
			err = fmt.Errorf("%d bytes instead of %d", n, size)
		}
		if err == nil {
			out, err = snappy.Decode(nil, b)
		}
		return out, damaged(err)
	case codecGzip:
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err == nil {
			out, err = io.ReadAll(io.LimitReader(z, int64(size)+1))
		}
		return out, damaged(err)
	default: // codecZstd
		if err = w.zstd(bytes.NewReader(b)); err == nil {
			out, err = io.ReadAll(io.LimitReader(w.z, int64(size)+1))
		}
		return out, damaged(err)
	}
}

// zstd begins to decompress.
func (w *walker) zstd(r io.Reader) (err error) {
	if w.z == nil {
		w.z, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxPage))
		return err
	}
	return w.z.Reset(r)
}

// damaged marks an error of a decompressor.
func damaged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", fault.ErrCorrupt, err)
}
