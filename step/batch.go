package step

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
)

// EncodeBatch codes one symbol in each of several independent streams, as a
// batched model advances them in lock-step: symbols[i] goes to streams[i], under
// row i of the matrix rows. The rows are worked on by several goroutines; the
// bytes do not depend on how many. Each stream can be decoded alone.
//
// If a row or symbol is refused, nothing is coded in any stream, and the error is
// a *RowError for the first of them. If a stream cannot be written, all have taken
// the step, and the *RowError says so with Moved. Streams that are at their end are
// left out of later calls. No stream may be given twice.
func EncodeBatch[T prob.Float](streams []*Encoder, form Form, rows []T, symbols []uint32) error {
	v, err := batchRows(len(streams), len(rows), len(symbols))
	if err != nil {
		return err
	}
	if err := apart(streams); err != nil {
		return err
	}
	err = inParallel(len(streams), len(rows), func(i int) error {
		return prepareEncode(streams[i], form, rows[i*v:(i+1)*v], symbols[i])
	})
	if err != nil {
		return err
	}
	return commitAll(streams)
}

// commitAll takes the step that was prepared in each stream.
func commitAll(streams []*Encoder) error {
	var first error
	for i, e := range streams {
		if err := e.commit(); err != nil && first == nil {
			first = &RowError{Row: i, Err: err, Moved: true}
		}
	}
	return first
}

// DecodeBatch sets symbols[i] to the next symbol of streams[i], which was coded
// under a row equal to row i of rows.
//
// If a row is refused, or a stream is damaged or, being framed, at its end, no
// stream moves on, and the error is a *RowError for the first of them: leave that
// stream out and repeat the call with the others. Only if a guard's check after the
// step fails have all moved on, and symbols is filled; the *RowError then has Moved
// set.
func DecodeBatch[T prob.Float](streams []*Decoder, form Form, rows []T, symbols []uint32) error {
	v, err := batchRows(len(streams), len(rows), len(symbols))
	if err != nil {
		return err
	}
	if err := apart(streams); err != nil {
		return err
	}
	err = inParallel(len(streams), len(rows), func(i int) error {
		return prepareDecode(streams[i], form, rows[i*v:(i+1)*v])
	})
	if err != nil {
		for _, d := range streams {
			d.unstage()
		}
		return err
	}
	return takeAll(streams, symbols)
}

// takeAll moves each stream past the symbol that was found.
func takeAll(streams []*Decoder, symbols []uint32) error {
	var first error
	for i, d := range streams {
		symbols[i] = d.symbol
		if err := d.commit(); err != nil && first == nil {
			first = &RowError{Row: i, Err: err, Moved: true}
		}
	}
	return first
}

// batchRows returns the length of each stream's row.
func batchRows(streams, size, symbols int) (int, error) {
	if symbols != streams {
		return 0, fmt.Errorf("%w: %d symbols for %d streams", fault.ErrSymbol, symbols, streams)
	}
	return rowLength(size, streams)
}

// apart refuses a batch in which a stream is given twice.
func apart[S interface{ mark() *bool }](streams []S) error {
	marked := 0
	for _, s := range streams {
		if *s.mark() {
			break
		}
		*s.mark() = true
		marked++
	}
	for _, s := range streams[:marked] {
		*s.mark() = false
	}
	if marked < len(streams) {
		return fmt.Errorf("stream %d of the batch is given twice", marked)
	}
	return nil
}

// batchShare is how many numbers are worth a goroutine.
const batchShare = 1 << 16

// inParallel calls do for each of n rows, which hold size numbers together, on as
// many cores as pay. It returns the error of the first row that has one.
func inParallel(n, size int, do func(row int) error) error {
	workers := min(runtime.GOMAXPROCS(0), n, 1+size/batchShare)
	if workers == 1 {
		for i := range n {
			if err := do(i); err != nil {
				return &RowError{Row: i, Err: err}
			}
		}
		return nil
	}
	var (
		next  atomic.Int64
		wait  sync.WaitGroup
		mutex sync.Mutex
		first *RowError
	)
	work := func() {
		for {
			i := int(next.Add(1) - 1)
			if i >= n {
				return
			}
			if err := do(i); err != nil {
				mutex.Lock()
				if first == nil || i < first.Row {
					first = &RowError{Row: i, Err: err}
				}
				mutex.Unlock()
			}
		}
	}
	for range workers - 1 {
		wait.Go(work)
	}
	work()
	wait.Wait()
	if first != nil {
		return first
	}
	return nil
}
