package step

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
)

// Errors that callers can tell apart with errors.Is. Input that ends too early
// is io.ErrUnexpectedEOF.
var (
	// ErrCorrupt marks bytes that no encoder wrote.
	ErrCorrupt = fault.ErrCorrupt

	// ErrUnsupported marks a stream or position of a later version.
	ErrUnsupported = fault.ErrUnsupported

	// ErrLimit marks a Frame whose numbers are out of range.
	ErrLimit = fault.ErrLimit

	// ErrDistribution marks a distribution that cannot be coded with. Its
	// errors are [prob.DistributionError]s.
	ErrDistribution = fault.ErrDistribution

	// ErrSymbol marks a symbol outside its distribution or vocabulary. Its
	// errors are [prob.SymbolError]s.
	ErrSymbol = fault.ErrSymbol

	// ErrModel marks a stream that was written under another model or
	// vocabulary than the one that the decoder brings.
	ErrModel = fault.ErrModel

	// ErrDrift marks a stream whose decoder was handed other distributions
	// than its encoder. Its errors are DriftErrors.
	ErrDrift = fault.ErrDrift
)

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
