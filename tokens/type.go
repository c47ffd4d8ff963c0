// Package tokens reads arrays of tokens: what they are (element type, byte order,
// shape), and where they lie in npy, npz, tar, tar.gz and raw files.
//
// A Source splits its inputs into framing, literal bytes that are no array data,
// and members, the arrays; written one after another they are the inputs again.
package tokens

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
)

// A Type is the type of an array's elements. The numbers are part of the file
// format; 0 is no type.
type Type uint8

// The element types.
const (
	Bool   Type = 1 // one byte, 0 or 1; other bytes are kept as they are
	Int8   Type = 2
	Int16  Type = 3
	Int32  Type = 4
	Int64  Type = 5
	Uint8  Type = 6
	Uint16 Type = 7
	Uint32 Type = 8
	Uint64 Type = 9
)

var typeNames = [...]string{
	Bool: "bool", Int8: "int8", Int16: "int16", Int32: "int32", Int64: "int64",
	Uint8: "uint8", Uint16: "uint16", Uint32: "uint32", Uint64: "uint64",
}

// ParseType returns the type with the given name, such as "uint16": the names
// that NumPy uses. Any other name is an error that wraps foretell.ErrUnsupported.
func ParseType(name string) (Type, error) {
	for t, n := range typeNames {
		if n == name && n != "" {
			return Type(t), nil
		}
	}
	return 0, fmt.Errorf("%w: element type %q: use bool, int8 to int64 or uint8 to uint64", fault.ErrUnsupported, name)
}

// ParseDtype returns the type and the byte order that a name of NumPy's means, such as
// "uint16", "u2", "<u2" or ">i4". Without an order it is little-endian.
func ParseDtype(name string) (t Type, bigEndian bool, err error) {
	t, bigEndian, err = parseDescr(name)
	if err != nil {
		err = fmt.Errorf("%w: element type %q: use bool, int8 to int64, uint8 to uint64, or NumPy's short forms such as u2 or <u2", fault.ErrUnsupported, name)
	}
	return t, bigEndian, err
}

// Valid reports whether t is one of the types above.
func (t Type) Valid() bool { return t >= Bool && t <= Uint64 }

// Size returns the number of bytes of an element: 1, 2, 4 or 8; 0 if t is not
// valid.
func (t Type) Size() int {
	switch t {
	case Bool, Int8, Uint8:
		return 1
	case Int16, Uint16:
		return 2
	case Int32, Uint32:
		return 4
	case Int64, Uint64:
		return 8
	}
	return 0
}

// Signed reports whether the type has negative values.
func (t Type) Signed() bool { return t >= Int8 && t <= Int64 }

// String returns NumPy's name of the type.
func (t Type) String() string {
	if t.Valid() {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", uint8(t))
}
