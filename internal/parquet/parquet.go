// Package parquet reads tables from Parquet files as arrays
// (https://github.com/apache/parquet-format), for programs that read whatever people
// have. It stands apart from tokens to keep what that imports small.
//
// A file comes as its plain twin: a Parquet file of the same table whose values are
// neither compressed nor encoded and lie in one piece for each column. The values of a
// column are a member; all else, the levels of lists and of absent values included, is
// framing. Beside a column of lists, or one that lacks values, lie the offsets of its
// rows, where no reader of Parquet looks.
//
// It is written by hand because a file is not to be trusted: parquet-go, for one, makes
// lists as long as the metadata claims that they are.
package parquet

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
)

// magic begins and ends a file.
const magic = "PAR1"

// maxFooter bounds the bytes of a file's metadata.
const maxFooter = 16 << 20

// Format is what a tokens.Source is told to read Parquet files by.
func Format() tokens.Format { return tokens.Format{Magic: magic, Walk: Walk} }

// A file is a table.
type file struct {
	r      io.ReaderAt
	size   int64
	meta   fields
	leaves []leaf
	chunks [][]chunk // by leaf and group of rows
	paths  [][]byte  // of the leaves, as the metadata has them
	rows   int64
}

// Walk hands out a table: framing and members, whose names are those of its columns. The
// data of a member is to be read to its end before emit returns. read is told of bytes of
// the file that are done with. Errors wrap
// foretell.ErrUnsupported, foretell.ErrCorrupt, foretell.ErrLimit or io.ErrUnexpectedEOF,
// but for those of r and of emit.
func Walk(r io.ReaderAt, size int64, read func(n int64), emit func(tokens.Part) error) error {
	f := file{r: r, size: size}
	if err := f.footer(); err != nil {
		return err
	}
	t := twin{file: &f, read: read, emit: emit, most: most(size), pages: maxWalks * most(size)}
	return t.write()
}

// footer reads the metadata at the end of the file.
func (f *file) footer() error {
	const tail = 8
	if f.size < int64(len(magic))+tail {
		return fmt.Errorf("%w: a Parquet file that is cut off", fault.ErrCorrupt)
	}
	var b [tail]byte
	if _, err := f.r.ReadAt(b[:], f.size-tail); err != nil && err != io.EOF {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(b[:]))
	switch end := string(b[4:]); {
	case end == "PARE":
		return fmt.Errorf("%w: a Parquet file that is encrypted", fault.ErrUnsupported)
	case end != magic || n > f.size-tail-int64(len(magic)):
		return fmt.Errorf("%w: a Parquet file that is cut off", fault.ErrCorrupt)
	case n > maxFooter:
		return fmt.Errorf("%w: a Parquet file with %d bytes of metadata, more than %d", fault.ErrLimit, n, maxFooter)
	}
	meta := make([]byte, n)
	if _, err := f.r.ReadAt(meta, f.size-tail-n); err != nil && err != io.EOF {
		return err
	}
	var err error
	if f.meta, _ = structOf(meta); f.meta == nil {
		return fmt.Errorf("%w: a Parquet file whose metadata is malformed", fault.ErrCorrupt)
	}
	if f.leaves, err = columns(f.meta); err != nil {
		return err
	}
	return f.groups(f.size - tail - n)
}

// groups reads where the columns lie, before end.
func (f *file) groups(end int64) (err error) {
	f.chunks, f.paths = make([][]chunk, len(f.leaves)), make([][]byte, len(f.leaves))
	all, bytes := int64(0), float64(0)
	ok := f.meta.list(4, func(v value) {
		if err != nil {
			return
		}
		group, _ := structOf(v.raw)
		rows, column := group.number(3, -1), 0
		if rows < 0 || rows > math.MaxInt64-f.rows {
			err = errGroups
			return
		}
		f.rows += rows
		is := group.list(1, func(v value) {
			if column++; err != nil || column > len(f.leaves) {
				return
			}
			var c chunk
			if c, err = f.chunk(column-1, v, rows, end); err == nil {
				all += c.size
				bytes += float64(c.values) * float64(max(f.leaves[column-1].width, 1))
			}
		})
		if err == nil && (!is || column != len(f.leaves)) {
			err = errGroups
		}
	})
	switch {
	case err != nil:
		return err
	case !ok || all > end || f.rows != f.meta.number(3, -1):
		return errGroups
	case bytes > most(f.size):
		return fmt.Errorf("%w: a Parquet file of %d bytes with %.0f bytes of values", fault.ErrLimit, f.size, bytes)
	}
	return nil
}

// most returns how many bytes of values a file of size bytes may have, and of pages in each
// walk: about as many as gzip can make of it. Columns of what is always the same take next to nothing.
func most(size int64) float64 { return 64<<20 + 1024*float64(size) }

// maxWalks is how often a column is walked through.
const maxWalks = 3

var errGroups = fmt.Errorf("%w: a Parquet file whose groups of rows are malformed", fault.ErrCorrupt)

// chunk reads where a column of a group lies.
func (f *file) chunk(column int, v value, rows, end int64) (c chunk, err error) {
	l := &f.leaves[column]
	at, _ := structOf(v.raw)
	meta := at.of(3)
	_, elsewhere := at[1]
	_, encrypted := at[8]
	switch {
	case elsewhere || encrypted || meta == nil:
		return c, fmt.Errorf("%w: column %s is encrypted, or in another file", fault.ErrUnsupported, l.name)
	case meta.number(1, -1) != l.kind || meta[3].kind != kindList:
		return c, errGroups
	}
	c = chunk{at: meta.number(9, -1), size: meta.number(7, -1), codec: meta.number(4, -1), values: meta.number(5, -1), rows: rows}
	if dict := meta.number(11, 0); dict > 0 && (dict < c.at || c.at == 0) {
		c.at = dict // a chunk without values may have nothing but a dictionary
	}
	if c.size < 0 || c.size > end || c.size > 0 && (c.at < int64(len(magic)) || c.at > end-c.size) || c.values < rows || l.repeated == 0 && c.values != rows {
		return c, errGroups
	}
	switch c.codec {
	case codecNone, codecSnappy, codecGzip, codecZstd:
	default:
		name := codecNames[c.codec]
		if name == "" {
			name = fmt.Sprintf("codec %d", c.codec)
		}
		return c, fmt.Errorf("%w: column %s is compressed by %s: write the table with zstd, gzip or snappy", fault.ErrUnsupported, l.name, name)
	}
	strange := int64(-1)
	meta.list(2, func(v value) {
		if v.n != encodingBits && !readable(v.n) {
			strange = v.n
		}
	})
	if strange >= 0 {
		return c, l.unreadable(strange)
	}
	f.chunks[column] = append(f.chunks[column], c)
	f.paths[column] = meta[3].raw
	return c, nil
}
