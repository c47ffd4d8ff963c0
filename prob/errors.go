package prob

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
)

// Errors that callers can tell apart with errors.Is.
var (
	// ErrDistribution marks a distribution that cannot be coded with: a NaN,
	// a negative or infinite value, nothing above zero, no symbols. Its errors
	// are DistributionErrors.
	ErrDistribution = fault.ErrDistribution

	// ErrSymbol marks a symbol outside its distribution or vocabulary. Its
	// errors are SymbolErrors.
	ErrSymbol = fault.ErrSymbol
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
