package tokens

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/foretell/foretell/internal/fault"
)

// Limits of an Info.
const (
	MaxRank = 64   // axes, as many as NumPy allows
	MaxName = 4096 // bytes of a member's name
)

// An Info describes a member: an array as it lies in its file.
type Info struct {
	Name      string // unique in a Source; slashes separate folders and archives
	Type      Type
	BigEndian bool // byte order of the elements in the file
	Fortran   bool // first axis fastest in the file
	Form      Form // what it was in its file

	// Shape holds the length of each axis as NumPy prints it, slowest axis
	// first unless Fortran. No axes is a single element. The first is -1
	// while unknown because the input is a pipe of raw elements; then the
	// end of the data tells.
	Shape []int
}

// A Form says what a member was. The numbers are part of the file format.
type Form uint8

// The forms of members.
const (
	Raw    Form = 0 // a file, or one in an archive, of elements and nothing else
	NPY    Form = 1 // the data of an npy file, behind its header
	Stored Form = 2 // bytes as an archive stores them, which are not those of the file that the name means: it is sparse, or cut off
	Named  Form = 3 // the data of an npy file whose name has lost its ending .npy, as those of an npz, or a column of a table
)

// String returns the form's name in lower case.
func (f Form) String() string {
	switch f {
	case Raw:
		return "raw"
	case NPY:
		return "npy"
	case Stored:
		return "stored"
	case Named:
		return "named"
	}
	return fmt.Sprintf("form %d", uint8(f))
}

// Open reports whether the length of the first axis is still unknown.
func (in *Info) Open() bool { return len(in.Shape) > 0 && in.Shape[0] == -1 }

// Len returns the number of elements, -1 if it is unknown. An Info that
// Validate refuses may give -1 too.
func (in *Info) Len() int64 {
	switch {
	case in.Open():
		return -1
	case slices.Contains(in.Shape, 0):
		return 0
	}
	return product(in.Shape)
}

// StorageShape returns the shape in storage order, slowest axis first: Shape,
// reversed if Fortran. It is a copy.
func (in *Info) StorageShape() []int {
	shape := slices.Clone(in.Shape)
	if in.Fortran {
		slices.Reverse(shape)
	}
	return shape
}

// Validate checks an Info from an untrusted file: a name in UTF-8 without NUL
// of at most MaxName bytes, a known type and form, at most MaxRank axes, none negative
// (but a first one of -1, not in Fortran order), and a size in bytes that an
// int64 holds. Its error wraps foretell.ErrCorrupt.
func (in *Info) Validate() error {
	bad := func(format string, args ...any) error {
		why := fmt.Sprintf(format, args...)
		if in.Name != "" {
			why = fmt.Sprintf("member %.100q: %s", in.Name, why)
		}
		return fmt.Errorf("%w: %s", fault.ErrCorrupt, why)
	}
	switch {
	case len(in.Name) > MaxName:
		return bad("name longer than %d bytes", MaxName)
	case !utf8.ValidString(in.Name) || strings.IndexByte(in.Name, 0) >= 0:
		return bad("name is not clean UTF-8")
	case !in.Type.Valid():
		return bad("unknown element %v", in.Type)
	case in.Form > Named:
		return bad("unknown form %d", in.Form)
	case len(in.Shape) > MaxRank:
		return bad("%d axes, more than %d", len(in.Shape), MaxRank)
	case in.Open() && in.Fortran:
		return bad("Fortran order with an open first axis")
	}
	shape := in.Shape
	if in.Open() {
		shape = shape[1:]
	}
	for _, n := range shape {
		if n < 0 {
			return bad("axis of length %d", n)
		}
	}
	if !slices.Contains(shape, 0) {
		n := product(shape)
		if n < 0 || n > math.MaxInt64/int64(in.Type.Size()) {
			return bad("shape %v is too large", in.Shape)
		}
	}
	return nil
}

// product multiplies positive lengths; -1 if one is negative or the product
// overflows.
func product(shape []int) int64 {
	n := int64(1)
	for _, d := range shape {
		if d <= 0 || n > math.MaxInt64/int64(d) {
			return -1
		}
		n *= int64(d)
	}
	return n
}
