package model

import "github.com/foretell/foretell/prob"

// A Predictor is a caller's own model, token by token.
type Predictor interface {
	// Reset begins a block: spans says where its tokens stand, and size that
	// they are 0..size-1. What is predicted may depend on these and on
	// the symbols of the block so far, on nothing else.
	Reset(spans []Span, size int) error

	// Predict returns the distribution of the next symbol, over size symbols.
	// It is used until the next call.
	Predict() (prob.Distribution, error)

	// Update tells which symbol came.
	Update(symbol uint32) error
}
