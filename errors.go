package foretell

import "github.com/foretell/foretell/internal/fault"

// Errors that callers can tell apart with errors.Is. Input that ends too early
// is io.ErrUnexpectedEOF.
var (
	// ErrCorrupt marks bytes that no foretell encoder wrote.
	ErrCorrupt = fault.ErrCorrupt

	// ErrLimit marks well-formed input that asks for more memory or output
	// than the options allow.
	ErrLimit = fault.ErrLimit

	// ErrUnsupported marks input that is valid but cannot be handled: arrays
	// of floats or objects, a later format version.
	ErrUnsupported = fault.ErrUnsupported

	// ErrDistribution marks a distribution that cannot be coded with. Its
	// errors are DistributionErrors.
	ErrDistribution = fault.ErrDistribution

	// ErrSymbol marks a symbol outside its distribution or vocabulary. Its
	// errors are SymbolErrors.
	ErrSymbol = fault.ErrSymbol

	// ErrModel marks data that was written under another model, prior or
	// vocabulary than the one that the reader brings.
	ErrModel = fault.ErrModel

	// ErrDrift marks a stream whose decoder was handed other distributions
	// than its encoder. Its errors are DriftErrors.
	ErrDrift = fault.ErrDrift
)

// The errors that carry more than a kind, for errors.As.
type (
	// A BlockError names the block of a file that could not be read.
	BlockError = fault.BlockError

	// A DistributionError says which value of a distribution was refused.
	DistributionError = fault.DistributionError

	// A SymbolError names a symbol that is out of range.
	SymbolError = fault.SymbolError

	// A DriftError gives the range of steps in which encoder and decoder
	// first disagreed.
	DriftError = fault.DriftError
)
