package parquet

import (
	"fmt"
	"math"
	"strings"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
)

// The physical types.
const (
	typeBool   = 0
	typeInt32  = 1
	typeInt64  = 2
	typeInt96  = 3
	typeFloat  = 4
	typeDouble = 5
	typeBytes  = 6
	typeFixed  = 7
)

// A leaf is a column: a field of the schema that has values.
type leaf struct {
	name   string // the path of its fields
	kind   int64  // its physical type
	width  int    // bytes of a value, 0 if that is not the same for all; a boolean is 1 until it is written
	signed bool

	// The most that the levels of repetition and of definition can be: how many lists
	// a value is in, and how many fields above it, or it itself, could be absent.
	repeated, defined uint32
}

// whole reports whether the values are whole numbers.
func (l *leaf) whole() bool { return l.kind == typeInt32 || l.kind == typeInt64 }

// elements returns what the column's values are as an array. Values that are no whole
// numbers are bytes.
func (l *leaf) elements() tokens.Type {
	switch {
	case l.kind == typeInt32 && l.signed:
		return tokens.Int32
	case l.kind == typeInt32:
		return tokens.Uint32
	case l.kind == typeInt64 && l.signed:
		return tokens.Int64
	case l.kind == typeInt64:
		return tokens.Uint64
	}
	return tokens.Uint8
}

// An element is a field of the schema.
type element struct {
	name       string
	leaf       bool
	kind       int64
	length     int64 // bytes of a value of fixed length
	repetition int64 // 0 required, 1 optional, 2 repeated
	children   int64
	list       bool // annotated as one
	unsigned   bool
}

func parseElement(v value) element {
	f, _ := structOf(v.raw)
	_, leaf := f[1]
	e := element{name: string(f[4].raw), leaf: leaf, kind: f.number(1, -1), length: f.number(2, 0), repetition: f.number(3, 0), children: f.number(5, 0)}
	const convertedList, convertedUint8, convertedUint64 = 3, 11, 14
	converted, logical := f.number(6, -1), f.of(10)
	const logicalList, logicalInt = 3, 10
	_, isList := logical[logicalList]
	e.list = isList || converted == convertedList
	_, isInt := logical[logicalInt]
	e.unsigned = isInt && logical.of(logicalInt).number(2, 1) == 0 || !isInt && converted >= convertedUint8 && converted <= convertedUint64
	return e
}

// A schema is read depth first.
type schema struct {
	elements []element
	leaves   []leaf
}

// columns returns the columns of a file by its metadata.
func columns(meta fields) ([]leaf, error) {
	var s schema
	if !meta.list(2, func(v value) { s.elements = append(s.elements, parseElement(v)) }) || len(s.elements) == 0 {
		return nil, errSchema
	}
	root := s.elements[0]
	s.elements = s.elements[1:]
	if err := s.group(root.children, nil, 0, 0, 0); err != nil {
		return nil, err
	}
	if len(s.elements) > 0 {
		return nil, errSchema
	}
	return s.leaves, nil
}

var errSchema = fmt.Errorf("%w: a Parquet file whose schema is malformed", fault.ErrCorrupt)

// Bounds of what a schema may hold, whose names could take much more memory than it does.
const (
	maxColumns    = 1 << 16
	maxColumnName = 1 << 10
)

// group reads the fields of a group. above says how many of the fields above are a list
// and what it repeats, which add nothing to the path: 2 are yet to come, or 1.
func (s *schema) group(children int64, path []string, repeated, defined uint32, above int) error {
	if len(path) > maxNesting || repeated > maxNesting || defined > 2*maxNesting {
		return fmt.Errorf("%w: a Parquet file whose schema nests deeper than %d", fault.ErrLimit, maxNesting)
	}
	for ; children > 0; children-- {
		if len(s.elements) == 0 {
			return errSchema
		}
		e := s.elements[0]
		s.elements = s.elements[1:]
		at, r, d := path, repeated, defined
		if above == 0 || children > 1 {
			at = append(path[:len(path):len(path)], e.name)
		}
		switch e.repetition {
		case 0:
		case 1:
			d++
		case 2:
			r, d = r+1, d+1
		default:
			return errSchema
		}
		if !e.leaf {
			inside := 0
			switch {
			case e.children != 1:
			case e.list && e.repetition != 2:
				inside = 2
			case above == 2 && e.repetition == 2:
				inside = 1
			}
			if err := s.group(e.children, at, r, d, inside); err != nil {
				return err
			}
			continue
		}
		length := 0
		for _, name := range at {
			length += len(name) + 1
		}
		if length > maxColumnName || len(s.leaves) >= maxColumns {
			return fmt.Errorf("%w: a Parquet file of more than %d columns, or one whose name has more than %d bytes", fault.ErrLimit, maxColumns, maxColumnName)
		}
		if err := s.leaf(e, strings.Join(at, "/"), r, d); err != nil {
			return err
		}
	}
	return nil
}

// leaf adds a column.
func (s *schema) leaf(e element, name string, repeated, defined uint32) error {
	l := leaf{name: name, kind: e.kind, signed: !e.unsigned, repeated: repeated, defined: defined}
	switch e.kind {
	case typeBool:
		l.width = 1
	case typeInt32, typeFloat:
		l.width = 4
	case typeInt64, typeDouble:
		l.width = 8
	case typeInt96:
		l.width = 12
	case typeBytes:
	case typeFixed:
		if e.length < 1 || e.length > math.MaxUint16 {
			return fmt.Errorf("%w: column %s has values of %d bytes", fault.ErrUnsupported, name, e.length)
		}
		l.width = int(e.length)
	default:
		return fmt.Errorf("%w: column %s is of the unknown type %d", fault.ErrUnsupported, name, e.kind)
	}
	s.leaves = append(s.leaves, l)
	return nil
}
