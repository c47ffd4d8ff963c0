// Package prob turns predictions into exact integer intervals: what an entropy
// coder needs, the same on every machine.
//
// A distribution over V symbols divides a line of length 2^32 into V intervals,
// one per symbol, in symbol order, each at least 1 long. An encoder asks for the
// interval of a symbol, a decoder for the symbol at a point. How each kind of
// input becomes intervals is specified in docs/exactness.md.
package prob

// Total is the length of the line that a distribution divides: the widths of
// its intervals add up to exactly this.
const Total = 1 << 32

// MaxSymbols is the largest number of symbols that a distribution may have.
const MaxSymbols = 1 << 24

// An Interval is a symbol's share of a line of length Total. Width is at least
// 1 and Low+Width at most Total. A Width of Total, which a symbol has when it is
// the only one, costs nothing and is coded as nothing.
type Interval struct {
	Low, Width uint64
}

// A Distribution says how likely each symbol is, as intervals. It is the whole
// hand-over between models and coders.
//
// The symbols are 0..Len()-1, their intervals lie in symbol order without gaps
// and cover the line. Both methods must agree: Find(t) returns the one symbol
// whose interval has Low <= t < Low+Width.
type Distribution interface {
	// Len returns the number of symbols, 1..MaxSymbols.
	Len() int

	// Interval returns the interval of symbol. A symbol that is not below
	// Len is an error that wraps ErrSymbol.
	Interval(symbol uint32) (Interval, error)

	// Find returns the symbol whose interval holds point, and the interval.
	Find(point uint32) (symbol uint32, iv Interval)
}

// A Weigher is a Distribution that has a fingerprint of all its symbols, in which
// nearly any difference between two distributions shows. The guard of a stream
// takes it in; a Distribution that wraps another should hand it on, else the guard
// sees the intervals of the coded symbols only.
type Weigher interface {
	Weight() uint64
}
