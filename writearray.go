package foretell

import (
	"errors"
	"fmt"
	"slices"

	"github.com/foretell/foretell/tokens"
)

// WriteArray adds a file name.npy that holds one array: values in C order with
// the given shape, as NumPy would save it. After values that do not fill the shape the
// Writer goes on; other errors are final, as those of [Writer.WritePart].
func WriteArray[T Integer](w *Writer, name string, shape []int, values []T) error {
	info := tokens.Info{Name: name, Type: typeOf[T](), Shape: shape, Form: tokens.Named}
	if n := info.Len(); n != int64(len(values)) {
		return fmt.Errorf("shape %v does not fit %d values", shape, len(values))
	}
	header, err := tokens.AppendNPYHeader(nil, info)
	if err != nil {
		return err
	}
	for _, p := range []tokens.Part{
		{Kind: tokens.File, Name: name + ".npy"},
		{Kind: tokens.Framing, Bytes: header},
		{Kind: tokens.Member, Info: info, Data: newArrayReader(values)},
	} {
		if err := w.WritePart(p); err != nil {
			return err
		}
	}
	return nil
}

// An ArrayWriter writes an array piece by piece: the length of its first axis is
// known at the end only. NewArrayWriter makes one. Close ends the array; until then
// the [Writer] takes nothing else.
type ArrayWriter[T Integer] struct {
	w      *Writer
	member *memberState
}

// NewArrayWriter begins an array whose rows have the given shape; without one, a row
// is a single value. An npy file begins with the length of its array, so this one is
// a raw file of little-endian values, whose name has the type behind it, such as
// name.u16. The .fore file keeps the shape all the same, for [ReadArray] and others.
func NewArrayWriter[T Integer](w *Writer, name string, row ...int) (*ArrayWriter[T], error) {
	if name == "" || slices.Contains(row, 0) {
		return nil, errors.New("an array that is written in pieces needs a name, and rows that are not empty")
	}
	t := typeOf[T]()
	kind := "u"
	if t.Signed() {
		kind = "i"
	}
	if err := w.WritePart(tokens.Part{Kind: tokens.File, Name: fmt.Sprintf("%s.%s%d", name, kind, 8*t.Size())}); err != nil {
		return nil, err
	}
	a := &ArrayWriter[T]{w: w}
	a.member, w.err = w.beginMember(tokens.Info{Name: name, Type: t, Shape: append([]int{-1}, row...)})
	if w.err != nil {
		return nil, w.err
	}
	w.pieces = name
	return a, nil
}

// Write appends values in C order. They need not be whole rows.
func (a *ArrayWriter[T]) Write(values []T) error {
	if a.member == nil {
		return errArrayClosed
	}
	if a.w.err == nil && len(values) > 0 {
		a.w.err = a.w.feed(a.member, newArrayReader(values))
	}
	return a.w.err
}

// Close ends the array. It does not close the Writer. Values that do not fill the
// last row are an error.
func (a *ArrayWriter[T]) Close() error {
	if a.member == nil {
		return errArrayClosed
	}
	if a.w.err == nil {
		a.w.err = a.w.endMember(a.member)
	}
	a.member, a.w.pieces = nil, ""
	return a.w.err
}

var errArrayClosed = errors.New("the array is closed")

// busy refuses all else while an array is being written in pieces.
func (w *Writer) busy() error {
	if w.pieces == "" {
		return nil
	}
	return fmt.Errorf("array %q is not complete: close its ArrayWriter first", w.pieces)
}
