package step

import (
	"errors"
	"fmt"
	"math"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
)

// A Weighed is what coding a symbol needs of a row whose weights were worked out
// elsewhere, such as on an accelerator that holds the row: sums of the integer weights
// of docs/exactness.md, sections 2 and 3, which do not depend on the order in which
// they are taken.
type Weighed struct {
	Symbols int    // of the row, 1..2^24
	Total   uint64 // weight of all symbols, above 0 and below 2^63
	Before  uint64 // weight of the symbols before the one that is coded
	Weight  uint64 // its own
}

// Candidates is what decoding a symbol needs of such a row: up to three neighbouring
// symbols, one of which is it.
type Candidates struct {
	Symbols int
	Total   uint64
	First   uint32    // the first of the three, at most Symbols-1
	Before  [4]uint64 // weight of the symbols before First, First+1 and so on; Total from Symbols on
}

// ErrNotThere says that none of the Candidates is the symbol. Nothing has changed:
// decode the row itself.
var ErrNotThere = errors.New("none of the candidates is the symbol: decode the row itself")

func badWeights(reason string, a ...any) error {
	return &prob.DistributionError{Index: -1, Reason: fmt.Sprintf(reason, a...)}
}

// checkWeighed refuses a row with an impossible number of symbols or total weight.
func checkWeighed(symbols int, total uint64) error {
	switch {
	case symbols < 1 || symbols > prob.MaxSymbols:
		return badWeights("%d symbols, not 1 to 2^24", symbols)
	case total == 0 || total > math.MaxInt64:
		return badWeights("a total weight of %d", total)
	}
	return nil
}

// EncodeWeighed codes symbol under weights that were worked out elsewhere. The bytes,
// and what a guard sees, are those of EncodeStep or EncodeLogits under the row that was
// weighed; either side may do either. Weights that no row can have are a
// *prob.DistributionError.
func (e *Encoder) EncodeWeighed(w Weighed, symbol uint32) error {
	if err := prepareWeighed(e, w, symbol); err != nil {
		return err
	}
	return e.commit()
}

func prepareWeighed(e *Encoder, w Weighed, symbol uint32) error {
	if err := e.readyExact(w.Symbols); err != nil {
		return err
	}
	if err := checkWeighed(w.Symbols, w.Total); err != nil {
		return err
	}
	s := uint64(symbol)
	switch {
	case s >= uint64(w.Symbols):
		return &prob.SymbolError{Symbol: symbol, Len: w.Symbols}
	case w.Before > w.Total || w.Weight > w.Total-w.Before || s == 0 && w.Before != 0 ||
		s == uint64(w.Symbols)-1 && w.Before+w.Weight != w.Total:
		return badWeights("weights %d and %d of symbol %d do not fit a total of %d", w.Before, w.Weight, symbol, w.Total)
	}
	low := prob.Low(w.Symbols, w.Total, w.Before, int(s))
	high := prob.Low(w.Symbols, w.Total, w.Before+w.Weight, int(s)+1)
	e.pending = pendingStep{prob.Interval{Low: low, Width: high - low}, w.Total}
	return nil
}

// EncodeWeighedBatch is EncodeBatch under weights that were worked out elsewhere.
func EncodeWeighedBatch(streams []*Encoder, rows []Weighed, symbols []uint32) error {
	if len(rows) != len(streams) || len(symbols) != len(streams) {
		return fmt.Errorf("%w: %d symbols and %d rows for %d streams", fault.ErrSymbol, len(symbols), len(rows), len(streams))
	}
	if err := apart(streams); err != nil {
		return err
	}
	for i, e := range streams {
		if err := prepareWeighed(e, rows[i], symbols[i]); err != nil {
			return &RowError{Row: i, Err: err}
		}
	}
	return commitAll(streams)
}

// Point returns where on the line of length 2^32 the stream stands, which is all that
// finding the next symbol needs to know of it. It moves nothing. Its errors are those
// of Decode.
func (d *Decoder) Point() (uint32, error) {
	if err := d.exact(); err != nil {
		return 0, err
	}
	if err := d.ready(max(d.vocabulary, 1)); err != nil {
		return 0, err
	}
	return d.point()
}

// DecodeWeighed returns the next symbol, one of the candidates, or ErrNotThere.
// Weights that no row can have are a *prob.DistributionError.
func (d *Decoder) DecodeWeighed(c Candidates) (uint32, error) {
	if err := prepareCandidates(d, &c); err != nil {
		return 0, err
	}
	return d.symbol, d.commit()
}

func prepareCandidates(d *Decoder, c *Candidates) error {
	if err := d.readyExact(c.Symbols); err != nil {
		return err
	}
	if err := checkWeighed(c.Symbols, c.Total); err != nil {
		return err
	}
	if uint64(c.First) >= uint64(c.Symbols) || c.First == 0 && c.Before[0] != 0 {
		return badWeights("candidates from %d of %d on", c.First, c.Symbols)
	}
	for i, before := range c.Before {
		if i > 0 && before < c.Before[i-1] || before > c.Total || int(c.First)+i >= c.Symbols && before != c.Total {
			return badWeights("candidates of weights %d under a total of %d", c.Before, c.Total)
		}
	}
	point, err := d.point()
	if err != nil {
		return err
	}
	for i := range min(3, c.Symbols-int(c.First)) {
		symbol := int(c.First) + i
		low := prob.Low(c.Symbols, c.Total, c.Before[i], symbol)
		high := prob.Low(c.Symbols, c.Total, c.Before[i+1], symbol+1)
		if low <= uint64(point) && uint64(point) < high {
			d.symbol = uint32(symbol)
			d.pending = pendingStep{prob.Interval{Low: low, Width: high - low}, c.Total}
			return nil
		}
	}
	return ErrNotThere
}

// DecodeWeighedBatch is DecodeBatch with candidates of each row. If those of a row do
// not hold its symbol, no stream moves on and the *RowError wraps ErrNotThere.
func DecodeWeighedBatch(streams []*Decoder, rows []Candidates, symbols []uint32) error {
	if len(rows) != len(streams) || len(symbols) != len(streams) {
		return fmt.Errorf("%w: %d symbols and %d rows for %d streams", fault.ErrSymbol, len(symbols), len(rows), len(streams))
	}
	if err := apart(streams); err != nil {
		return err
	}
	for i, d := range streams {
		if err := prepareCandidates(d, &rows[i]); err != nil {
			return &RowError{Row: i, Err: err}
		}
	}
	return takeAll(streams, symbols)
}
