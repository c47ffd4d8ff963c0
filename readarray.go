package foretell

import (
	"fmt"
	"unsafe"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
)

// ReadArray returns rows from..to-1 of a member as values in the order in which
// they lie in its file; to may be [End]. Rows are those of the first axis, from 0, and rows
// that the member does not have are an error. T must hold all values of the member's type,
// else the error is an [ErrUnsupported].
func ReadArray[T Integer](r *ReaderAt, member, from, to int) ([]T, error) {
	to = r.end(member, to)
	row, err := r.row(member, from, to)
	if err != nil {
		return nil, err
	}
	info := &r.members[member]
	if !holds(typeOf[T](), info.Type) {
		return nil, fmt.Errorf("%w: %v values do not fit %v", fault.ErrUnsupported, info.Type, typeOf[T]())
	}
	n := row * int64(to-from)
	size := int64(unsafe.Sizeof(T(0)))
	if n > r.opts.MaxMemory/size {
		return nil, fmt.Errorf("%w: the range has %d tokens", fault.ErrLimit, n)
	}
	mem := newBudget(r.opts.MaxMemory)
	if err := mem.Take(n * size); err != nil {
		return nil, err
	}
	values := make([]T, n)
	if err := r.copyRange(r.opts.Context, &arraySink[T]{values, info}, mem, member, from, to); err != nil {
		return nil, err
	}
	return values, nil
}

// An arraySink takes whole elements of an array as they lie in its file.
type arraySink[T Integer] struct {
	rest []T
	info *tokens.Info
}

func (w *arraySink[T]) Write(p []byte) (int, error) {
	n := len(p) / w.info.Type.Size()
	decodeArray(w.rest[:n], p, w.info)
	w.rest = w.rest[n:]
	return len(p), nil
}

// holds reports whether every value of type t is one of type wide.
func holds(wide, t tokens.Type) bool {
	if t.Signed() {
		return wide.Signed() && wide.Size() >= t.Size()
	}
	if wide.Signed() {
		return wide.Size() > t.Size()
	}
	return wide.Size() >= t.Size()
}
