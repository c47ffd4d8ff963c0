// Package fault holds the error values that every layer of foretell returns.
// The packages that callers import re-export those that they return, for
// errors.Is. Input that ends too early is io.ErrUnexpectedEOF everywhere.
package fault

import (
	"errors"
	"fmt"
)

var (
	// ErrCorrupt marks bytes that no foretell encoder wrote: a failed
	// checksum, an impossible value, bytes after the end.
	ErrCorrupt = errors.New("corrupt data")

	// ErrNotFore is the ErrCorrupt of a file that does not begin as a .fore file:
	// more likely it is another kind of file than a damaged one.
	ErrNotFore error = notFore{}

	// ErrLimit marks well-formed input that asks for more memory or output
	// than the caller allows.
	ErrLimit = errors.New("limit exceeded")

	// ErrUnsupported marks input that is valid but not of a kind that can be
	// handled: floats, object arrays, a later format version.
	ErrUnsupported = errors.New("unsupported")

	// ErrDistribution marks a distribution that cannot be coded with: a NaN,
	// a negative or infinite value, nothing above zero, no symbols.
	ErrDistribution = errors.New("invalid distribution")

	// ErrSymbol marks a symbol outside its distribution or vocabulary.
	ErrSymbol = errors.New("symbol out of range")

	// ErrModel marks a stream or file that was written under another model,
	// prior or vocabulary than the one that the reader brings.
	ErrModel = errors.New("wrong model")

	// ErrDrift marks a stream whose decoder was handed other distributions
	// than its encoder.
	ErrDrift = errors.New("model drift or corrupted stream")
)

type notFore struct{}

func (notFore) Error() string        { return "not a .fore file" }
func (notFore) Is(target error) bool { return target == ErrCorrupt }

// A BlockError names the block of a file that could not be read.
type BlockError struct {
	Block  int64 // ordinal of the block, from 0
	Offset int64 // byte offset of its header in the file
	Err    error
}

func (e *BlockError) Error() string {
	return fmt.Sprintf("block %d at byte %d: %v", e.Block, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *BlockError) Unwrap() error { return e.Err }
