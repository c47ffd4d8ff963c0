package step

import (
	"fmt"

	"github.com/foretell/foretell/prob"
)

// A Form says what the numbers of a distribution are.
type Form uint8

const (
	// Probabilities are finite, not negative, not all zero, and need not add
	// up to one.
	Probabilities Form = iota

	// Logits are natural logarithms of probabilities up to a common summand,
	// as the last layer of a model gives them. Minus infinity is allowed.
	Logits
)

// A RowError says which row of a matrix was refused, and why.
type RowError struct {
	Row int
	Err error

	// Moved says that all streams of a batch have taken the step nevertheless:
	// what failed came after it, a check against drift or the writing of bytes.
	Moved bool
}

func (e *RowError) Error() string { return fmt.Sprintf("row %d: %v", e.Row, e.Err) }

// Unwrap returns the cause.
func (e *RowError) Unwrap() error { return e.Err }

// EncodeSteps codes symbols one after another, each under its row of a matrix:
// rows holds len(symbols) rows of equal length, one after another. It returns how
// many were coded. If that is not all of them the error is a *RowError, and the
// encoder stands after the last one that was.
func EncodeSteps[T prob.Float](e *Encoder, form Form, rows []T, symbols []uint32) (int, error) {
	v, err := rowLength(len(rows), len(symbols))
	if err != nil {
		return 0, err
	}
	for i, symbol := range symbols {
		if err := encodeRow(e, form, rows[i*v:(i+1)*v], symbol); err != nil {
			return i, &RowError{Row: i, Err: err}
		}
	}
	return len(symbols), nil
}

// DecodeSteps fills symbols with the next ones of the stream, each of which was
// coded under a row equal to that of rows. It returns how many it has filled in.
// If that is not all of them the error is a *RowError.
func DecodeSteps[T prob.Float](d *Decoder, form Form, rows []T, symbols []uint32) (int, error) {
	v, err := rowLength(len(rows), len(symbols))
	if err != nil {
		return 0, err
	}
	for i := range symbols {
		symbol, err := decodeRow(d, form, rows[i*v:(i+1)*v])
		if err != nil {
			return i, &RowError{Row: i, Err: err}
		}
		symbols[i] = symbol
	}
	return len(symbols), nil
}

// rowLength returns the length of each of n rows that hold size numbers together.
func rowLength(size, n int) (int, error) {
	switch {
	case n == 0 && size == 0:
		return 0, nil
	case n == 0 || size%n != 0:
		return 0, &prob.DistributionError{Index: -1, Reason: fmt.Sprintf("%d numbers are not %d rows of equal length", size, n)}
	}
	return size / n, nil
}

// setRow makes c the distribution of row.
func setRow[T prob.Float](c *prob.Categorical, form Form, row []T) error {
	switch form {
	case Probabilities:
		return prob.Set(c, row)
	case Logits:
		return prob.SetLogits(c, row)
	}
	return &prob.DistributionError{Index: -1, Reason: fmt.Sprintf("form %d is none: use Probabilities or Logits", form)}
}

// A pendingStep is a step that was prepared and not yet coded.
type pendingStep struct {
	interval prob.Interval
	weight   uint64
}

// encodeRow codes symbol under row.
func encodeRow[T prob.Float](e *Encoder, form Form, row []T, symbol uint32) error {
	if err := prepareEncode(e, form, row, symbol); err != nil {
		return err
	}
	return e.commit()
}

// prepareEncode does all of a step that can be refused, and leaves its interval
// for commit. It keeps no reference to row: callers in other languages free it.
func prepareEncode[T prob.Float](e *Encoder, form Form, row []T, symbol uint32) error {
	if err := e.ready(len(row)); err != nil {
		return err
	}
	if e.tolerant != nil {
		return stage(e, form, row, symbol)
	}
	err := setRow(&e.dense, form, row)
	if err == nil {
		e.pending.interval, err = e.dense.Interval(symbol)
	}
	e.pending.weight = e.dense.Weight()
	e.dense.Release()
	return err
}

func (e *Encoder) commit() error {
	if e.tolerant != nil {
		return e.takeStaged()
	}
	e.put(e.pending.weight, e.pending.interval)
	return e.next()
}

// decodeRow returns the symbol that was coded under row.
func decodeRow[T prob.Float](d *Decoder, form Form, row []T) (uint32, error) {
	if err := prepareDecode(d, form, row); err != nil {
		return 0, err
	}
	return d.symbol, d.commit()
}

// prepareDecode finds the next symbol and its interval, and leaves them for
// commit. It keeps no reference to row.
func prepareDecode[T prob.Float](d *Decoder, form Form, row []T) error {
	if err := d.ready(len(row)); err != nil {
		return err
	}
	if d.tolerant != nil {
		return stageNext(d, form, row)
	}
	point, err := d.point()
	if err != nil {
		return err
	}
	err = setRow(&d.dense, form, row)
	if err == nil {
		d.symbol, d.pending.interval = d.dense.Find(point)
	}
	d.pending.weight = d.dense.Weight()
	d.dense.Release()
	return err
}

func (d *Decoder) commit() error {
	if d.tolerant != nil {
		return d.takeNext()
	}
	d.pass(d.pending.weight, d.pending.interval)
	return d.next()
}
