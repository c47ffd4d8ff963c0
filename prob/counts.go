package prob

// Counts is the distribution of symbols that were counted: symbol i takes a
// share of the line in proportion to the i-th count. A symbol whose count is
// zero still takes an interval, of width 1, so that everything can be coded.
//
// It looks at the counts anew for every symbol: for counts that serve more than
// one, make a Table, and for counts that change with every symbol an Adaptive.
//
// The zero value has no symbols: Interval gives an error and Find the whole line.
type Counts[T uint32 | uint64] struct {
	counts []T
	line   line
}

// NewCounts returns the distribution of the counts, which stay the caller's and
// must not change while it is used. There must be 1..MaxSymbols of them, at
// least one positive, and their sum below 2^63.
func NewCounts[T uint32 | uint64](counts []T) (*Counts[T], error) {
	total, err := sum(counts)
	if err != nil {
		return nil, err
	}
	return &Counts[T]{counts, newLine(total, len(counts))}, nil
}

// sum checks counts and adds them up.
func sum[T uint32 | uint64](counts []T) (uint64, error) {
	if len(counts) == 0 || len(counts) > MaxSymbols {
		return 0, &DistributionError{Index: -1, Reason: "the number of symbols is not 1 to 2^24"}
	}
	total := uint64(0)
	for i, n := range counts {
		total += uint64(n)
		if uint64(n)>>63 != 0 || total>>63 != 0 {
			return 0, &DistributionError{Index: i, Reason: "the sum of the counts reaches 2^63"}
		}
	}
	if total == 0 {
		return 0, &DistributionError{Index: -1, Reason: "no count is positive"}
	}
	return total, nil
}

// Len returns the number of symbols.
func (c *Counts[T]) Len() int { return len(c.counts) }

// Interval returns the interval of symbol.
func (c *Counts[T]) Interval(symbol uint32) (Interval, error) {
	if uint64(symbol) >= uint64(len(c.counts)) {
		return Interval{}, &SymbolError{Symbol: symbol, Len: len(c.counts)}
	}
	before := uint64(0)
	for _, n := range c.counts[:symbol] {
		before += uint64(n)
	}
	return c.line.interval(before, uint64(c.counts[symbol]), uint64(symbol)), nil
}

// Find returns the symbol whose interval holds point, and the interval.
func (c *Counts[T]) Find(point uint32) (uint32, Interval) {
	if len(c.counts) == 0 {
		return 0, Interval{Width: Total}
	}
	before := uint64(0)
	symbol := 0
	for _, n := range c.counts[:len(c.counts)-1] {
		if !c.line.begins(before+uint64(n), uint64(symbol)+1, point) {
			break
		}
		before += uint64(n)
		symbol++
	}
	return uint32(symbol), c.line.interval(before, uint64(c.counts[symbol]), uint64(symbol))
}
