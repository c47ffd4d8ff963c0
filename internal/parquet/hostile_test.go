package parquet

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/fault"
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
