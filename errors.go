package foretell

import "github.com/foretell/foretell/internal/fault"

// Errors that callers can tell apart with errors.Is. Input that ends too early
// is io.ErrUnexpectedEOF.
var (
	// ErrCorrupt marks bytes that no foretell encoder wrote.
	ErrCorrupt = fault.ErrCorrupt

	// ErrNotFore is the ErrCorrupt of a file that does not begin as a .fore file:
	// more likely it is another kind of file than a damaged one.
	ErrNotFore = fault.ErrNotFore

	// ErrLimit marks well-formed input that asks for more memory or output
	// than the options allow.
	ErrLimit = fault.ErrLimit

	// ErrUnsupported marks input that is valid but cannot be handled: arrays
	// of floats or objects, a later format version.
	ErrUnsupported = fault.ErrUnsupported

	// ErrModel marks data that was written under another model, prior or
	// vocabulary than the one that the reader brings.
	ErrModel = fault.ErrModel

	// ErrDrift marks a block whose decoder was handed other distributions by
	// the caller's own model than its encoder was.
	ErrDrift = fault.ErrDrift
)

// A BlockError names the block of a file that could not be read. Its fields are
// those of the type that it stands for:
//
//	Block  int64 // ordinal of the block, from 0
//	Offset int64 // byte offset of its header in the file
//	Err    error // what went wrong
//
// It wraps Err.
type BlockError = fault.BlockError
