package foretell

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
// are, then call Finish, without which a truncated or altered stream can pass for
// a whole one. A framed stream ends with io.EOF.
//
// An error about a distribution changes nothing. Any other is final: ErrCorrupt,
// io.ErrUnexpectedEOF, ErrDrift where a guard found that the distributions or the
// stream are not the encoder's. A Decoder is not for several goroutines at once.
type Decoder struct {
	coded
	rc     rangecoder.Decoder
	src    []byte    // the stream, if it is in memory
	in     io.Reader // otherwise where it comes from
	start  int64     // offset of the stream in a seekable in
	frame  *frameReader
	err    error // sticky
	sparse prob.Sparse
	value  valueSource
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
	if s, ok := r.(io.Seeker); ok {
		d.start, _ = s.Seek(0, io.SeekCurrent)
	}
	d.rc.ResetReader(r)
	return d
}

// Reset makes the decoder begin another bare stream in memory. The interval of
// the guard stays as it was set.
func (d *Decoder) Reset(src []byte) {
	d.begin()
	d.src, d.in, d.frame, d.err = src, nil, nil, nil
	d.vocabulary = 0
	d.rc.Reset(src)
}

// SetGuard tells the decoder the setting that the encoder of a bare stream had.
func (d *Decoder) SetGuard(every int) error { return d.setGuard(every) }

// Decode returns the next symbol, which was coded under d's equal. If a check
// fails after this step the error is a *DriftError; up to as many symbols as lie
// between two checks may have been handed out wrong by then.
func (d *Decoder) Decode(dist prob.Distribution) (uint32, error) {
	if err := d.ready(dist.Len()); err != nil {
		return 0, err
	}
	symbol, err := d.take(dist)
	if err != nil {
		return 0, err
	}
	return symbol, d.next()
}

// DecodeValue returns the next integer, coded by EncodeValue.
func (d *Decoder) DecodeValue(dist *prob.Parametric) (int64, error) {
	if err := d.ready(dist.Len()); err != nil {
		return 0, err
	}
	value, err := dist.ReadValue(d)
	if err != nil {
		return 0, err
	}
	return value, d.next()
}

// DecodeSparse returns the next symbol, coded by EncodeSparse.
func (d *Decoder) DecodeSparse(n int, ids []uint32, probs []float32, tail float32) (uint32, error) {
	if err := d.ready(n); err != nil {
		return 0, err
	}
	if err := d.sparse.SetProbs(n, ids, probs, tail); err != nil {
		return 0, err
	}
	return d.Decode(&d.sparse)
}

// DecodeSparseLog returns the next symbol, coded by EncodeSparseLog.
func (d *Decoder) DecodeSparseLog(n int, ids []uint32, logs []float32, tail float32) (uint32, error) {
	if err := d.ready(n); err != nil {
		return 0, err
	}
	if err := d.sparse.SetLogProbs(n, ids, logs, tail); err != nil {
		return 0, err
	}
	return d.Decode(&d.sparse)
}
