package parquet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
	"github.com/klauspost/compress/zstd"
)

// handmade returns a file whose metadata are given.
func handmade(meta []byte) []byte {
	file := append([]byte(magic), meta...)
	return append(binary.LittleEndian.AppendUint32(file, uint32(len(meta))), magic...)
}

// handmadeElement returns an element of a schema.
func handmadeElement(name string, leaf bool, children int64) []byte {
	var e builder
	if leaf {
		e.number(1, kindInt32, typeInt32)
	}
	e.number(3, kindInt32, 0)
	e.raw(4, kindBinary, []byte(name))
	if !leaf {
		e.number(5, kindInt32, children)
	}
	return e.end()
}

func handmadeSchema(elements ...[]byte) []byte {
	var all []byte
	for _, e := range elements {
		all = append(all, e...)
	}
	var m builder
	m.number(1, kindInt32, 1)
	m.raw(2, kindList, listOf(kindStruct, len(elements), all))
	m.number(3, kindInt64, 0)
	m.raw(4, kindList, listOf(kindStruct, 0, nil))
	return m.end()
}

// What a few bytes claim takes neither memory nor time.
func TestHostile(t *testing.T) {
	long := handmadeElement(strings.Repeat("n", 1<<20), false, 1<<17)
	many := [][]byte{handmadeElement("schema", false, 1), long}
	for range 1 << 17 {
		many = append(many, handmadeElement("x", true, 0))
	}
	deep := [][]byte{handmadeElement("schema", false, 1)}
	for range 1 << 16 {
		deep = append(deep, handmadeElement("x", false, 1))
	}
	deep = append(deep, handmadeElement("x", true, 0))
	var claims builder
	claims.number(1, kindInt32, 1)
	claims.raw(2, kindList, binary.AppendUvarint([]byte{15<<4 | kindStruct}, 1<<31-1))
	for name, test := range map[string]struct {
		meta []byte
		want error
	}{
		"a long name over many columns": {handmadeSchema(many...), fault.ErrLimit},
		"groups in groups":              {handmadeSchema(deep...), fault.ErrLimit},
		"more children than there are":  {handmadeSchema(handmadeElement("schema", false, 1<<40)), fault.ErrCorrupt},
		"a list of 2^31 structs":        {claims.b, fault.ErrCorrupt},
		"structs in structs":            {append([]byte(strings.Repeat("\x1c", 1<<20)), make([]byte, 1<<20)...), fault.ErrCorrupt},
		"nothing":                       {nil, fault.ErrCorrupt},
	} {
		if got, err := walk(handmade(test.meta)); !errors.Is(err, test.want) || len(got.members) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// handmadeTable returns a file of one column and one group of rows.
func handmadeTable(kind, repetition, codec, values, rows int64, pages []byte) []byte {
	var leaf builder
	leaf.number(1, kindInt32, kind)
	leaf.number(3, kindInt32, repetition)
	leaf.raw(4, kindBinary, []byte("x"))
	schema := append(handmadeElement("schema", false, 1), leaf.end()...)
	var c builder
	c.number(1, kindInt32, kind)
	c.raw(2, kindList, listOf(kindInt32, 0, nil))
	c.raw(3, kindList, listOf(kindBinary, 1, []byte("\x01x")))
	c.number(4, kindInt32, codec)
	c.number(5, kindInt64, values)
	c.number(6, kindInt64, int64(len(pages)))
	c.number(7, kindInt64, int64(len(pages)))
	c.number(9, kindInt64, int64(len(magic)))
	var chunk, group, m builder
	chunk.number(2, kindInt64, 0)
	chunk.raw(3, kindStruct, c.end())
	group.raw(1, kindList, listOf(kindStruct, 1, chunk.end()))
	group.number(3, kindInt64, rows)
	m.number(1, kindInt32, 1)
	m.raw(2, kindList, listOf(kindStruct, 2, schema))
	m.number(3, kindInt64, rows)
	m.raw(4, kindList, listOf(kindStruct, 1, group.end()))
	file := append([]byte(magic), pages...)
	meta := m.end()
	file = append(file, meta...)
	return append(binary.LittleEndian.AppendUint32(file, uint32(len(meta))), magic...)
}

// handmadePage returns a page of n values that take size bytes. Its header has some bytes
// that mean nothing.
func handmadePage(n, encoding, size int64, packed, nothing []byte) []byte {
	var d, h builder
	d.number(1, kindInt32, n)
	d.number(2, kindInt32, encoding)
	d.number(3, kindInt32, encodingRLE)
	d.number(4, kindInt32, encodingRLE)
	h.number(1, kindInt32, pageData)
	h.number(2, kindInt32, size)
	h.number(3, kindInt32, int64(len(packed)))
	h.raw(5, kindStruct, d.end())
	if nothing != nil {
		h.raw(9, kindBinary, nothing)
	}
	return append(h.end(), packed...)
}

// Pages that are not what they should be come to nothing wrong.
func TestHostilePages(t *testing.T) {
	zeros, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	bomb := handmadePage(0, encodingPlain, maxPage, zeros.EncodeAll(make([]byte, maxPage), nil), nil)
	for name, test := range map[string]struct {
		file []byte
		want error
	}{
		"booleans of two bits": {handmadeTable(typeBool, 0, codecNone, 8, 8,
			handmadePage(8, encodingRLE, 6, []byte{2, 0, 0, 0, 16, 2}, nil)), fault.ErrCorrupt},
		"halves of values": {handmadeTable(typeInt32, 0, codecNone, 1, 1,
			handmadePage(1, encodingByteStream, 6, make([]byte, 6), nil)), fault.ErrCorrupt},
		"rows without values":      {handmadeTable(typeInt32, 2, codecNone, 0, 1<<50, nil), fault.ErrCorrupt},
		"rows up to the last":      {handmadeTable(typeInt32, 2, codecNone, 0, math.MaxInt64, nil), fault.ErrCorrupt},
		"large pages of no values": {handmadeTable(typeInt32, 0, codecZstd, 1, 1, bytes.Repeat(bomb, 4)), fault.ErrLimit},
	} {
		if got, err := walk(test.file); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, %v", name, got.members, err)
		}
	}
}

// A long header does not make those behind it slow.
func TestLongHeader(t *testing.T) {
	pages := handmadePage(0, encodingPlain, 0, nil, make([]byte, 1<<20-100))
	const n = 4000
	for range n {
		pages = append(pages, handmadePage(1, encodingPlain, 4, make([]byte, 4), nil)...)
	}
	file := handmadeTable(typeInt32, 0, codecNone, n, n, pages)
	r := counter{bytes.NewReader(file), new(int64)}
	err := Walk(r, int64(len(file)), func(int64) {}, func(p tokens.Part) error {
		_, err := io.Copy(io.Discard, cmp.Or[io.Reader](p.Data, bytes.NewReader(nil)))
		return err
	})
	if most := int64(3 * n * 2 * headBuffer); err != nil || *r.n > most {
		t.Errorf("%d bytes are read of a file of %d, more than %d; %v", *r.n, len(file), most, err)
	}
}

// A counter counts bytes that are read.
type counter struct {
	io.ReaderAt
	n *int64
}

func (c counter) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, at)
	*c.n += int64(n)
	return n, err
}
