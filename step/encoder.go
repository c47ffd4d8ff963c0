package step

import (
	"io"

	"github.com/foretell/foretell/internal/stream"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// An Encoder codes one symbol at a time under a distribution that the caller
// hands over with it, as autoregressive models need it. A Decoder that is handed
// equal distributions gives the symbols back.
//
// Its stream is bare unless NewFramedEncoder made it: nothing but the coder's
// bytes, which say neither how many steps there are nor under which model. An
// error from a distribution or symbol comes before anything has changed, and the
// encoder can go on. An Encoder is not for several goroutines at once.
type Encoder struct {
	coded
	rc        rangecoder.Encoder
	out       io.Writer // nil if the stream stays in memory
	frame     *frameWriter
	written   int64 // what Len of rc may reach before bytes go to out
	err       error // what out failed with, or errFinished
	dense     prob.Categorical
	sparse    prob.Sparse
	pending   pendingStep
	intervals []prob.Interval // of a value
	tolerant  *tolerantEncoder
}

// drainSize is how many bytes an Encoder gathers before it writes them.
const drainSize = 1 << 15

// NewEncoder returns an encoder of a bare stream that Finish appends to dst,
// which may be nil.
func NewEncoder(dst []byte) *Encoder {
	e := new(Encoder)
	e.Reset(dst)
	return e
}

// NewStreamEncoder returns an encoder of a bare stream that is written to w as it
// grows, so that a stream without end needs little memory.
func NewStreamEncoder(w io.Writer) *Encoder {
	e := NewEncoder(nil)
	e.out = w
	return e
}

// Reset makes the encoder begin another bare stream in memory, which Finish
// appends to dst. Guard and tolerance stay as they were set.
func (e *Encoder) Reset(dst []byte) {
	e.begin()
	if e.tolerant != nil {
		e.tolerant.reset()
	}
	e.rc.Reset(dst)
	e.out, e.frame, e.err = nil, nil, nil
	e.vocabulary = 0
	e.written = drainSize
}

// SetGuard makes a bare stream carry a check against drift after every so many
// steps, and one at its end; 0 means no checks. It must come before the first
// step. The decoder needs the same setting.
func (e *Encoder) SetGuard(every int) error { return e.setGuard(every, e.frame != nil) }

// Encode codes symbol under d.
func (e *Encoder) Encode(d prob.Distribution, symbol uint32) error {
	if err := e.readyExact(d.Len()); err != nil {
		return err
	}
	iv, err := d.Interval(symbol)
	if err != nil {
		return err
	}
	if iv.Width-1 >= prob.Total || iv.Low > prob.Total-iv.Width {
		return errOffTheLine
	}
	w := uint64(0)
	if e.guard.every != 0 {
		w = weight(d)
	}
	e.put(w, iv)
	return e.next()
}

// EncodeStep codes symbol under probs, the probability of each symbol. They need
// not be normalised. A NaN, a negative or infinite probability, none above zero
// and more than 2^24 are a *DistributionError that names the index, a symbol that
// is not below len(probs) is a *SymbolError. Probabilities of other types go
// through EncodeSteps.
func (e *Encoder) EncodeStep(probs []float32, symbol uint32) error {
	return encodeRow(e, Probabilities, probs, symbol)
}

// EncodeLogits codes symbol under the softmax of logits. Minus infinity is a
// probability of zero; otherwise errors are those of EncodeStep.
func (e *Encoder) EncodeLogits(logits []float32, symbol uint32) error {
	return encodeRow(e, Logits, logits, symbol)
}

// EncodeValue codes an integer under a parametric density: a symbol of its range,
// or with Escape any integer. It is one step.
func (e *Encoder) EncodeValue(d *prob.Parametric, value int64) error {
	if err := e.readyExact(d.Len()); err != nil {
		return err
	}
	ivs, err := d.AppendIntervals(e.intervals[:0], value)
	e.intervals = ivs
	if err != nil {
		return err
	}
	for _, iv := range ivs {
		e.put(0, iv)
	}
	return e.next()
}

// EncodeSparse codes symbol, out of n, where symbol ids[i] has probability
// probs[i] and all others share tail, a probability or prob.Rest: what top-k and
// top-p sampling leave. Refused are the distributions that prob.SetSparse refuses.
func (e *Encoder) EncodeSparse(n int, ids []uint32, probs []float32, tail float64, symbol uint32) error {
	if err := e.readyExact(n); err != nil {
		return err
	}
	if err := prob.SetSparse(&e.sparse, n, ids, probs, tail); err != nil {
		return err
	}
	return e.Encode(&e.sparse, symbol)
}

// EncodeSparseLog is EncodeSparse with natural logarithms of probabilities.
func (e *Encoder) EncodeSparseLog(n int, ids []uint32, logs []float32, tail float64, symbol uint32) error {
	if err := e.readyExact(n); err != nil {
		return err
	}
	if err := prob.SetSparseLog(&e.sparse, n, ids, logs, tail); err != nil {
		return err
	}
	return e.Encode(&e.sparse, symbol)
}

// ready returns why no step over so many symbols can be coded, if so.
func (e *Encoder) ready(symbols int) error {
	if e.err != nil {
		return e.err
	}
	return e.fits(symbols)
}

// readyExact is ready for a step that a tolerance refuses.
func (e *Encoder) readyExact(symbols int) error {
	if err := e.ready(symbols); err != nil {
		return err
	}
	return e.exact()
}

// put codes an interval of the current step.
func (e *Encoder) put(weight uint64, iv prob.Interval) {
	e.rc.Put(iv)
	e.add(weight, iv)
}

// next ends a step.
func (e *Encoder) next() error {
	e.steps++
	if e.guard.step() {
		e.rc.Put(e.guard.check())
		e.guard.checked()
	}
	if e.out != nil && e.rc.Len() >= e.written {
		return e.Flush()
	}
	return nil
}

// Flush writes the bytes that are final so far, all but the last few, to the
// writer of the stream. A framed stream passes them on in whole chunks. Steps that a
// tolerance holds back stay where they are. An encoder in memory has nothing to do.
func (e *Encoder) Flush() error {
	if e.err == nil && e.out != nil {
		e.err = e.rc.Drain(e.out)
		e.written = e.rc.Len() + drainSize
	}
	return e.err
}

// Finish ends the stream. In memory it returns dst with the stream appended, which
// the encoder does not use again before Reset gives it another; otherwise it
// writes what is left and returns nil. Then only Reset is of use.
func (e *Encoder) Finish() ([]byte, error) {
	if e.err != nil {
		return nil, e.err
	}
	if e.tolerant != nil {
		if err := e.putChunks(true); err != nil {
			return nil, err
		}
	}
	if e.guard.every != 0 {
		e.rc.Put(e.guard.check())
	}
	rest := e.rc.Finish()
	e.err = errFinished
	if e.out == nil {
		return rest, nil
	}
	_, err := stream.Write(e.out, rest)
	if err == nil && e.frame != nil {
		err = e.frame.end(e.steps)
	}
	if err != nil {
		e.err = err
	}
	return nil, err
}

// Bits returns the bits that the coder has spent so far, a fraction of a bit
// included: what Information says, the guard's checks and the coder's rounding.
func (e *Encoder) Bits() float64 { return spent(e.rc.State()) }

// Position returns the place where the encoder stands. Under a tolerance that is the
// beginning of the chunk of steps that it gathers: Position.Step says which.
func (e *Encoder) Position() Position {
	p := e.position(e.rc.State())
	if e.tolerant != nil {
		p.tolerant, p.chunks = true, e.tolerant.chunks
	}
	return p
}
