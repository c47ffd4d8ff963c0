package parquet

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
	"github.com/klauspost/compress/zstd"
)

// A walker goes through a column.
type walker struct {
	*leaf
	file   io.ReaderAt
	chunks []chunk       // to come
	done   func(n int64) // is told of bytes that are done with, if not nil
	most   *float64      // bytes that the pages of all walks may still have

	from chunk         // that the walk is in
	r    *bufio.Reader // its bytes to come
	left int64         // and how many they are
	rows int64         // that have begun in it
	dict *dictionary
	z    *zstd.Decoder // nil if none was needed

	n              int // levels of the page that are to come
	reps, defs     *hybrid
	values         decoder
	repBuf, defBuf [levelBatch]uint32
}

// levelBatch is how many levels are read at a time.
const levelBatch = 1 << 10

// levels reads the next levels of repetition and of definition, as many of one as of
// the other; none at the end of the column. A column without either has zeros. All
// belong to one page, and the values that they announce are to be read, or to be passed
// over, before the next call.
func (w *walker) levels() (reps, defs []uint32, err error) {
	for w.n == 0 {
		if w.left == 0 {
			if more, err := w.enter(); err != nil || !more {
				return nil, nil, err
			}
			continue
		}
		if err := w.page(); err != nil {
			return nil, nil, w.in(err)
		}
	}
	n := min(w.n, levelBatch)
	reps, defs = w.repBuf[:n], w.defBuf[:n]
	if err := w.read(w.reps, reps, w.repeated); err != nil {
		return nil, nil, err
	}
	if err := w.read(w.defs, defs, w.defined); err != nil {
		return nil, nil, err
	}
	if w.rows == 0 && reps[0] != 0 {
		return nil, nil, fmt.Errorf("%w: column %s begins within a list", fault.ErrCorrupt, w.name)
	}
	for _, r := range reps {
		if r == 0 {
			w.rows++
		}
	}
	w.n -= n
	w.from.values -= int64(n)
	return reps, defs, nil
}

// read fills levels.
func (w *walker) read(from *hybrid, to []uint32, most uint32) error {
	if most == 0 {
		clear(to)
		return nil
	}
	if err := from.next(to); err != nil {
		return w.in(err)
	}
	for _, v := range to {
		if v > most {
			return fmt.Errorf("%w: column %s has a level of %d, more than %d", fault.ErrCorrupt, w.name, v, most)
		}
	}
	return nil
}

// in says which column an error is in. A page that ends too early is damaged: the file
// itself is as long as it should be.
func (w *walker) in(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: a page ends too early", fault.ErrCorrupt)
	}
	return fmt.Errorf("column %s: %w", w.name, err)
}

// enter ends a chunk and begins the next.
func (w *walker) enter() (bool, error) {
	if w.r != nil && (w.from.values != 0 || w.rows != w.from.rows) {
		return false, fmt.Errorf("%w: column %s has not as many values or rows as it should", fault.ErrCorrupt, w.name)
	}
	if len(w.chunks) == 0 {
		return false, nil
	}
	w.from, w.chunks = w.chunks[0], w.chunks[1:]
	w.left, w.rows, w.dict = w.from.size, 0, nil
	w.seek()
	return true, nil
}

// page begins the next page, or reads the dictionary.
func (w *walker) page() error {
	head, err := w.head()
	if err != nil {
		return err
	}
	packed, size := head.number(3, -1), head.number(2, -1)
	if packed < 0 || packed > w.left || size < 0 {
		return fmt.Errorf("%w: a page of %d bytes", fault.ErrCorrupt, packed)
	}
	if *w.most -= float64(size); *w.most < 0 {
		return fmt.Errorf("%w: the pages have too many bytes for the size of the file", fault.ErrLimit)
	}
	w.left -= packed
	if w.done != nil {
		w.done(packed)
	}
	body := io.NewSectionReader(w.file, w.from.at+w.from.size-w.left-packed, packed)
	// The next page begins where this one ends, however much of it is read.
	w.seek()
	switch kind := head.number(1, -1); kind {
	case pageDict:
		if w.dict != nil {
			return fmt.Errorf("%w: a second dictionary", fault.ErrCorrupt)
		}
		h := head.of(7)
		n := h.number(1, -1)
		if e := h.number(2, -1); n < 0 || n > maxPage || e != encodingPlain && e != encodingPlainDict {
			return fmt.Errorf("%w: a dictionary that is malformed", fault.ErrCorrupt)
		}
		p, err := w.open(body, w.from.codec, head, packed, size, nil)
		if err != nil {
			return err
		}
		w.dict, err = w.dictionary(p, int(n))
		return err
	case pageData:
		return w.first(body, head, packed, size)
	case pageDataV2:
		return w.second(body, head, packed, size)
	case pageIndex:
		return nil
	default:
		return fmt.Errorf("%w: a page of kind %d", fault.ErrUnsupported, kind)
	}
}

// seek has the bytes of the chunk that are left read from where they are.
func (w *walker) seek() {
	rest := io.NewSectionReader(w.file, w.from.at+w.from.size-w.left, w.left)
	// A buffer that a long header made larger would be filled for each page to come.
	if w.r == nil || w.r.Size() > headBuffer {
		w.r = bufio.NewReaderSize(rest, headBuffer)
	}
	w.r.Reset(rest)
}

// head reads what stands before a page.
func (w *walker) head() (fields, error) {
	for peek := 256; ; peek *= 4 {
		peek = int(min(int64(peek), w.left))
		b, err := w.r.Peek(peek)
		if err == bufio.ErrBufferFull {
			w.r = bufio.NewReaderSize(w.r, peek)
			b, err = w.r.Peek(peek)
		}
		if err != nil {
			return nil, cut(err)
		}
		if head, n := structOf(b); n > 0 {
			w.left -= int64(n)
			_, err := w.r.Discard(n)
			return head, err
		}
		if int64(peek) == w.left || peek >= maxPageHeader {
			return nil, fmt.Errorf("%w: a page whose header is malformed", fault.ErrCorrupt)
		}
	}
}

// count returns how many values a page has, absent ones included.
func (w *walker) count(n int64) (int, error) {
	if n < 0 || n > w.from.values {
		return 0, fmt.Errorf("%w: a page of %d values", fault.ErrCorrupt, n)
	}
	return int(n), nil
}
