// Package fault holds the error values that every layer of foretell returns.
// The root package re-exports them; callers test with errors.Is and errors.As.
// Input that ends too early is io.ErrUnexpectedEOF everywhere.
package fault

import (
	"errors"
	"fmt"
)

var (
	// ErrCorrupt marks bytes that no foretell encoder wrote: a failed
	// checksum, an impossible value, bytes after the end.
	ErrCorrupt = errors.New("corrupt data")

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

// A DistributionError says which value of a distribution was refused and why.
// It is an ErrDistribution.
type DistributionError struct {
	Index  int // position of the refused value; -1 if it is the whole
	Reason string
}

func (e *DistributionError) Error() string {
	if e.Index < 0 {
		return fmt.Sprintf("%v: %s", ErrDistribution, e.Reason)
	}
	return fmt.Sprintf("%v: %s at index %d", ErrDistribution, e.Reason, e.Index)
}

// Unwrap returns ErrDistribution.
func (e *DistributionError) Unwrap() error { return ErrDistribution }

// A SymbolError names a symbol that is not in 0..Len-1. It is an ErrSymbol.
type SymbolError struct {
	Symbol uint32
	Len    int // number of symbols
}

func (e *SymbolError) Error() string {
	return fmt.Sprintf("%v: %d is not below %d", ErrSymbol, e.Symbol, e.Len)
}

// Unwrap returns ErrSymbol.
func (e *SymbolError) Unwrap() error { return ErrSymbol }

// A DriftError gives the half-open range of steps in which encoder and decoder
// first disagreed. It is an ErrDrift.
type DriftError struct {
	From, To int64
}

func (e *DriftError) Error() string {
	return fmt.Sprintf("%v between steps %d and %d", ErrDrift, e.From, e.To)
}

// Unwrap returns ErrDrift.
func (e *DriftError) Unwrap() error { return ErrDrift }

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
