package model

import "github.com/foretell/foretell/prob"

// A Predictor is a caller's own model: it predicts one symbol after another and
// learns which one came. It may keep what it likes, but what it predicts must be
// the same when decoding as it was when encoding, bit for bit, so it may depend
// on nothing but what Reset and Update told it.
type Predictor interface {
	// Reset begins a block. spans says where its tokens stand, and size that
	// its symbols are 0..size-1.
	Reset(spans []Span, size int) error

	// Predict returns the distribution of the next symbol, over at least
	// size symbols. It is used until Update is called. A distribution that
	// wraps another should hand on its weight (prob.Weigher).
	Predict() (prob.Distribution, error)

	// Update tells which symbol came.
	Update(symbol uint32) error
}
