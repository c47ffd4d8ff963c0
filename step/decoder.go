package step

import (
	"errors"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

var errFinished = errors.New("the stream is finished: Reset begins another")

// A Decoder gives back the symbols of an Encoder's stream, handed the
// distributions that the encoder was handed, in the same order.
//
// A bare stream does not say how many symbols it has: ask for as many as there
// are, then call Finish. Every stream of bytes that passes is the stream of some
// symbols, so that a truncated or altered one can pass for that of others unless
// it has a guard. A framed stream tells, and ends with io.EOF.
//
// An error about a distribution changes nothing. Any other is final: ErrCorrupt,
// io.ErrUnexpectedEOF, ErrDrift where a guard found that the distributions or the
// stream are not the encoder's. A Decoder is not for several goroutines at once.
type Decoder struct {
	coded
	rc     rangecoder.Decoder
	src    []byte    // the stream, if it is in memory
	in     io.Reader // otherwise where it comes from
	seeker io.Seeker // in, if it can be sought
	start  int64     // offset of the stream in it
	frame  *frameReader
	err    error            // sticky
	last   rangecoder.State // behind the last step of a stream that is finished
	dense  prob.Categorical
	sparse prob.Sparse
	// What a step has found, before it moves past it.
	symbol   uint32
	pending  pendingStep
	tolerant *tolerantDecoder
}

// NewDecoder returns a decoder of the bare stream src.
func NewDecoder(src []byte) *Decoder {
	d := new(Decoder)
	d.Reset(src)
	return d
}

// NewStreamDecoder returns a decoder that reads a bare stream from r as it needs
// it, to the end of r. If r is an io.Seeker, Seek works.
func NewStreamDecoder(r io.Reader) *Decoder {
	d := &Decoder{in: r}
	d.findStart()
	d.rc.ResetReader(r)
	return d
}

// findStart notes where the stream begins in a reader that can be sought.
func (d *Decoder) findStart() {
	if s, ok := d.in.(io.Seeker); ok {
		if at, err := s.Seek(0, io.SeekCurrent); err == nil {
			d.seeker, d.start = s, at
		}
	}
}

// Reset makes the decoder begin another bare stream in memory. Guard and tolerance
// stay as they were set.
func (d *Decoder) Reset(src []byte) {
	d.begin()
	d.setLattice(d.lattice)
	d.src, d.in, d.seeker, d.frame, d.err = src, nil, nil, nil, nil
	d.vocabulary = 0
	d.rc.Reset(src)
}

// SetGuard tells the decoder the setting that the encoder of a bare stream had.
func (d *Decoder) SetGuard(every int) error { return d.setGuard(every, d.frame != nil) }

// Decode returns the next symbol, which was coded under d's equal. If a check
// fails after this step the error is a *DriftError; up to as many symbols as lie
// between two checks may have been handed out wrong by then.
func (d *Decoder) Decode(dist prob.Distribution) (uint32, error) {
	if err := d.readyExact(dist.Len()); err != nil {
		return 0, err
	}
	symbol, err := d.take(dist)
	if err != nil {
		return 0, err
	}
	return symbol, d.next()
}

// DecodeStep returns the next symbol, coded under probs by EncodeStep.
func (d *Decoder) DecodeStep(probs []float32) (uint32, error) {
	return decodeRow(d, Probabilities, probs)
}

// DecodeLogits returns the next symbol, coded under logits by EncodeLogits.
func (d *Decoder) DecodeLogits(logits []float32) (uint32, error) {
	return decodeRow(d, Logits, logits)
}

// DecodeValue returns the next integer, coded by EncodeValue.
func (d *Decoder) DecodeValue(dist *prob.Parametric) (int64, error) {
	if err := d.readyExact(dist.Len()); err != nil {
		return 0, err
	}
	value, err := dist.ReadValue(d.take)
	if err != nil {
		return 0, d.fail(err)
	}
	return value, d.next()
}

// DecodeSparse returns the next symbol, coded by EncodeSparse.
func (d *Decoder) DecodeSparse(n int, ids []uint32, probs []float32, tail float64) (uint32, error) {
	if err := d.readyExact(n); err != nil {
		return 0, err
	}
	if err := prob.SetSparse(&d.sparse, n, ids, probs, tail); err != nil {
		return 0, err
	}
	return d.Decode(&d.sparse)
}

// DecodeSparseLog returns the next symbol, coded by EncodeSparseLog.
func (d *Decoder) DecodeSparseLog(n int, ids []uint32, logs []float32, tail float64) (uint32, error) {
	if err := d.readyExact(n); err != nil {
		return 0, err
	}
	if err := prob.SetSparseLog(&d.sparse, n, ids, logs, tail); err != nil {
		return 0, err
	}
	return d.Decode(&d.sparse)
}

// ready returns why no step over so many symbols can be decoded, if so.
func (d *Decoder) ready(symbols int) error {
	if d.err != nil {
		return d.err
	}
	if d.frame != nil {
		if err := d.end(); err != nil {
			return err
		}
	}
	return d.fits(symbols)
}

// readyExact is ready for a step that a tolerance refuses.
func (d *Decoder) readyExact(symbols int) error {
	if err := d.ready(symbols); err != nil {
		return err
	}
	return d.exact()
}

// More reports whether a framed stream has another step. A bare stream does not
// tell: it is an error to ask.
func (d *Decoder) More() (bool, error) {
	if d.frame == nil {
		return false, errors.New("a bare stream does not say where it ends: count its steps, or use a framed one")
	}
	if d.err == nil {
		d.end() // its error is d.err
	}
	if d.err != nil && d.err != io.EOF {
		return false, d.err
	}
	return d.err == nil, nil
}

// end returns io.EOF if a framed stream has no more steps.
func (d *Decoder) end() error {
	if err := d.frame.ahead(d.rc.State().Offset); err != nil {
		return d.fail(err)
	}
	if d.steps != d.frame.total {
		return nil
	}
	if err := d.Finish(); err != nil {
		return err
	}
	return io.EOF
}

// take returns the next symbol under dist and moves past it.
func (d *Decoder) take(dist prob.Distribution) (uint32, error) {
	point, err := d.point()
	if err != nil {
		return 0, err
	}
	symbol, iv := dist.Find(point)
	if iv.Width-1 >= prob.Total || iv.Low > prob.Total-iv.Width || uint64(point)-iv.Low >= iv.Width {
		return 0, errOffTheLine
	}
	w := uint64(0)
	if d.guard.every != 0 {
		w = weight(dist)
	}
	d.pass(w, iv)
	return symbol, nil
}

// point returns where on the line the stream stands.
func (d *Decoder) point() (uint32, error) {
	point, err := d.rc.Point()
	if err != nil {
		return 0, d.fail(err)
	}
	return point, nil
}

// pass moves past an interval of the current step.
func (d *Decoder) pass(weight uint64, iv prob.Interval) {
	d.rc.Take(iv)
	d.add(weight, iv)
}

// next ends a step.
func (d *Decoder) next() error {
	d.steps++
	if d.guard.step() {
		return d.check()
	}
	return nil
}

// check compares the guard's digest with the encoder's.
func (d *Decoder) check() error {
	point, err := d.point()
	if err != nil {
		return err
	}
	want := d.guard.check()
	if uint64(point) != want.Low {
		return d.fail(d.drift())
	}
	d.rc.Take(want)
	d.guard.checked()
	return nil
}

// fail makes err final. Where the bytes are known to be the encoder's, only other
// distributions than the encoder's can have led to an end that does not fit.
func (d *Decoder) fail(err error) error {
	var drift *DriftError
	if d.frame != nil && d.frame.intact() && !errors.Is(err, io.EOF) && !errors.As(err, &drift) {
		err = d.drift()
	}
	d.err = err
	return err
}

// drift returns the error that encoder and decoder disagree since the last check.
func (d *Decoder) drift() error {
	e := &DriftError{To: d.steps}
	if d.guard.every != 0 {
		e.From = d.steps - (d.guard.every - d.guard.left)
	}
	return e
}

// Finish reports whether the stream ends here, exactly as the encoder ended it:
// nil, ErrCorrupt (bytes are left over or were changed), io.ErrUnexpectedEOF, or
// ErrDrift from the last check of a guard. Then only Reset and Seek are of use.
func (d *Decoder) Finish() error {
	switch {
	case d.err == errFinished || d.err == io.EOF:
		return nil
	case d.err != nil:
		return d.err
	}
	end := errFinished
	if d.frame != nil {
		end = io.EOF
		if err := d.frame.ahead(d.rc.State().Offset); err != nil {
			return d.fail(err)
		}
		if d.steps != d.frame.total {
			return fmt.Errorf("%w: the stream does not end after step %d", fault.ErrCorrupt, d.steps)
		}
	}
	last := d.rc.State()
	if d.guard.every != 0 {
		if err := d.check(); err != nil {
			return err
		}
	}
	if err := d.rc.Finish(); err != nil {
		return d.fail(err)
	}
	d.err, d.last = end, last
	return nil
}

// Bits returns the bits that the encoder had spent at this place.
func (d *Decoder) Bits() float64 { return spent(d.rc.State()) }

// Position returns the place where the decoder stands, behind the last step if it has
// finished. Under a tolerance that is the beginning of the chunk of steps that it is in:
// Position.Step says which.
func (d *Decoder) Position() Position {
	if d.tolerant != nil && d.tolerant.now.open {
		return d.tolerant.now.begin
	}
	at := d.rc.State()
	if d.err == errFinished || d.err == io.EOF {
		at = d.last // the check at the end is no part of it
	}
	p := d.position(at)
	if d.tolerant != nil {
		p.tolerant, p.chunks = true, d.tolerant.now.chunks
	}
	return p
}

// Seek makes the decoder go on from p, a position of this stream, whatever it has
// met before. A stream that is read needs an io.Seeker.
func (d *Decoder) Seek(p Position) error {
	if p.tolerant != (d.lattice != nil) {
		return fmt.Errorf("%w: a position of a stream with another tolerance", fault.ErrCorrupt)
	}
	if d.in == nil {
		if err := d.rc.Seek(d.src, p.state); err != nil {
			return err
		}
		return d.resume(p)
	}
	if d.seeker == nil {
		return fmt.Errorf("%w: the reader of the stream cannot seek", fault.ErrUnsupported)
	}
	in, err := d.seekReader(p.state.Offset)
	if err == nil {
		err = d.rc.SeekReader(in, p.state)
	}
	if err != nil {
		d.err = err
		return err
	}
	return d.resume(p)
}

// seekReader returns what the range coder's bytes from an offset on come from.
func (d *Decoder) seekReader(offset int64) (io.Reader, error) {
	end, err := d.seeker.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if offset > end-d.start {
		return nil, fmt.Errorf("%w: a position after the end of the stream", fault.ErrCorrupt)
	}
	if d.frame != nil {
		return d.frame, d.frame.seek(d.seeker, d.start, offset)
	}
	_, err = d.seeker.Seek(d.start+offset, io.SeekStart)
	return d.in, err
}

func (d *Decoder) resume(p Position) error {
	d.err = nil
	d.coded.resume(p)
	if d.tolerant != nil {
		d.tolerant.enter(p.chunks)
	}
	return nil
}
