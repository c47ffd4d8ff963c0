package main

// #include "ft.h"
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"unsafe"

	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/step"
)

// An encoder is an Encoder with what it writes to.
type encoder struct {
	*step.Encoder
	framed   *bytes.Buffer // nil if the stream is bare
	tolerant bool
	tools
}

// A decoder is a Decoder of bytes in memory, and what it was made of.
type decoder struct {
	*step.Decoder
	tolerant bool
	data     []byte
	framed   bool
	frame    step.Frame
	guard    int
	tools
}

// tools are what steps other than the plainest need.
type tools struct {
	one        [1]uint32
	row        prob.Categorical // that serves several steps
	sparse     prob.Sparse
	parametric prob.Parametric
	components []prob.Component
}

// check refuses arguments of a stream that would have no effect.
func check(framed C.int32_t, vocabulary, size, guard C.int64_t) error {
	switch {
	case framed == 0 && (vocabulary != 0 || size != 0):
		return errors.New("a vocabulary or a model of a bare stream: only framed streams name them, with framed=True")
	case guard < -1:
		return fmt.Errorf("a guard after every %d steps: give a number above zero, 0 for none or None for the default", guard)
	}
	return nil
}

func frame(vocabulary C.int64_t, model unsafe.Pointer, size, guard C.int64_t, tolerance C.double) step.Frame {
	f := step.Frame{Vocabulary: int(vocabulary), Model: bytes.Clone(slice[byte](model, size)), Guard: int(guard), Tolerance: float64(tolerance)}
	if guard == 0 {
		f.Guard = step.NoGuard
	} else if guard < 0 {
		f.Guard = 0
	}
	return f
}

// A guard of -1 is the default: none for a bare stream.
//
//export ft_encoder_new
func ft_encoder_new(framed C.int32_t, vocabulary C.int64_t, model unsafe.Pointer, size, guard C.int64_t, tolerance C.double, e *C.ft_error) (h C.uint32_t) {
	defer rescue(e)
	if fail(e, check(framed, vocabulary, size, guard)) != 0 {
		return 0
	}
	c := &encoder{tolerant: tolerance != 0}
	if framed == 0 {
		c.Encoder = step.NewEncoder(nil)
		if fail(e, errors.Join(c.SetGuard(int(max(guard, 0))), c.SetTolerance(float64(tolerance)))) != 0 {
			return 0
		}
		return C.uint32_t(encoders.add(c))
	}
	c.framed = new(bytes.Buffer)
	enc, err := step.NewFramedEncoder(c.framed, frame(vocabulary, model, size, guard, tolerance))
	if fail(e, err) != 0 {
		return 0
	}
	c.Encoder = enc
	return C.uint32_t(encoders.add(c))
}

//export ft_decoder_new
func ft_decoder_new(data unsafe.Pointer, length C.int64_t, framed C.int32_t, vocabulary C.int64_t, model unsafe.Pointer, size, guard C.int64_t, tolerance C.double, e *C.ft_error) (h C.uint32_t) {
	defer rescue(e)
	if fail(e, check(framed, vocabulary, size, guard)) != 0 {
		return 0
	}
	f := frame(vocabulary, model, size, guard, tolerance)
	c, err := newDecoder(bytes.Clone(slice[byte](data, length)), framed != 0, f, int(max(guard, 0)))
	if fail(e, err) != 0 {
		return 0
	}
	return C.uint32_t(decoders.add(c))
}

// newDecoder returns a decoder of a stream: of a framed one under a frame, or of a bare
// one with a guard and the frame's tolerance.
func newDecoder(src []byte, framed bool, f step.Frame, guard int) (*decoder, error) {
	c := &decoder{data: src, framed: framed, frame: f, guard: guard, tolerant: f.Tolerance != 0}
	if !framed {
		if step.IsFramed(src) {
			return nil, errors.New("this is a framed stream: decode it with framed=True")
		}
		c.Decoder = step.NewDecoder(src)
		return c, errors.Join(c.SetGuard(guard), c.SetTolerance(f.Tolerance))
	}
	f.Tolerance = 0
	var err error
	if c.Decoder, err = step.NewFramedDecoder(bytes.NewReader(src), f); err == nil {
		c.tolerant = c.Decoder.Tolerance() != 0
	}
	return c, err
}

//export ft_encode
func ft_encode(h C.uint32_t, form, kind C.int32_t, p unsafe.Pointer, v C.int64_t, symbol C.uint32_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	c := encoders.at(uint32(h))
	var err error
	switch {
	case kind != C.FT_FLOAT32:
		c.one[0] = uint32(symbol)
		err = floats(kind).encodeSteps(c.Encoder, step.Form(form), p, v, c.one[:])
	case form == C.FT_LOGITS:
		err = c.EncodeLogits(slice[float32](p, v), uint32(symbol))
	default:
		err = c.EncodeStep(slice[float32](p, v), uint32(symbol))
	}
	if err == nil {
		return C.FT_OK
	}
	code = fail(e, err)
	e.row = -1
	return code
}

// ft_decode returns the symbol, or -1 after an error.
//
//export ft_decode
func ft_decode(h C.uint32_t, form, kind C.int32_t, p unsafe.Pointer, v C.int64_t, e *C.ft_error) (symbol C.int64_t) {
	defer rescue(e)
	symbol = -1
	c := decoders.at(uint32(h))
	var err error
	switch {
	case kind != C.FT_FLOAT32:
		err = floats(kind).decodeSteps(c.Decoder, step.Form(form), p, v, c.one[:])
	case form == C.FT_LOGITS:
		c.one[0], err = c.DecodeLogits(slice[float32](p, v))
	default:
		c.one[0], err = c.DecodeStep(slice[float32](p, v))
	}
	if err == nil {
		return C.int64_t(c.one[0])
	}
	fail(e, err)
	e.row = -1
	return -1
}

// ft_encode_rows codes symbols, each under its row of v numbers; stride is the
// distance of rows in bytes, 0 if all symbols are under the same row. It returns
// how many were coded.
//
//export ft_encode_rows
func ft_encode_rows(h C.uint32_t, form, kind C.int32_t, p unsafe.Pointer, v, stride C.int64_t, symbols *C.uint32_t, n C.int64_t, e *C.ft_error) (done C.int64_t) {
	defer rescue(e)
	c := encoders.at(uint32(h))
	all := slice[uint32](unsafe.Pointer(symbols), n)
	exact := stride == 0 && !c.tolerant // one distribution serves all
	if exact && n > 0 {
		if failRow(e, 0, floats(kind).set(&c.row, form, p, v)) {
			return 0
		}
	}
	for i := range all {
		var err error
		if exact {
			err = c.Encode(&c.row, all[i])
		} else {
			err = floats(kind).encodeSteps(c.Encoder, step.Form(form), unsafe.Add(p, i*int(stride)), v, all[i:i+1])
		}
		if failRow(e, i, err) {
			return done
		}
		done++
	}
	return done
}

// ft_decode_rows is the inverse of ft_encode_rows.
//
//export ft_decode_rows
func ft_decode_rows(h C.uint32_t, form, kind C.int32_t, p unsafe.Pointer, v, stride C.int64_t, symbols *C.int64_t, n C.int64_t, e *C.ft_error) (done C.int64_t) {
	defer rescue(e)
	c := decoders.at(uint32(h))
	all := slice[int64](unsafe.Pointer(symbols), n)
	exact := stride == 0 && !c.tolerant // one distribution serves all
	if exact && n > 0 {
		if failRow(e, 0, floats(kind).set(&c.row, form, p, v)) {
			return 0
		}
	}
	for i := range all {
		var err error
		if exact {
			c.one[0], err = c.Decode(&c.row)
		} else {
			err = floats(kind).decodeSteps(c.Decoder, step.Form(form), unsafe.Add(p, i*int(stride)), v, c.one[:])
		}
		if failRow(e, i, err) {
			return done
		}
		all[i] = int64(c.one[0])
		done++
	}
	return done
}

// failRow is fail for row i. It reports whether there is an error.
func failRow(e *C.ft_error, i int, err error) bool {
	if fail(e, err) == C.FT_OK {
		return false
	}
	e.row = C.int64_t(i)
	return true
}

// ft_sparse is a step under k probabilities, or their logarithms, and a tail. It
// returns the symbol, or -1 after an error.
//
//export ft_sparse
func ft_sparse(kind C.int32_t, h C.uint32_t, logs, dtype C.int32_t, n C.int64_t, ids *C.uint32_t, p unsafe.Pointer, k C.int64_t, tail C.double, symbol C.int64_t, e *C.ft_error) (got C.int64_t) {
	defer rescue(e)
	got = -1
	var t *tools
	switch kind {
	case C.FT_ENCODER:
		t = &encoders.at(uint32(h)).tools
	case C.FT_DECODER:
		t = &decoders.at(uint32(h)).tools
	default:
		t = &stacks.at(uint32(h)).tools
	}
	all := slice[uint32](unsafe.Pointer(ids), k)
	if fail(e, floats(dtype).setSparse(&t.sparse, logs, n, all, p, k, tail)) != 0 {
		return -1
	}
	s := uint32(symbol)
	var err error
	switch kind {
	case C.FT_ENCODER:
		err = encoders.at(uint32(h)).Encode(&t.sparse, s)
	case C.FT_DECODER:
		s, err = decoders.at(uint32(h)).Decode(&t.sparse)
	default:
		s, err = stacks.at(uint32(h)).step(&t.sparse, int64(symbol))
	}
	if fail(e, err) != 0 {
		return -1
	}
	return C.int64_t(s)
}

// ft_finish ends a stream. An encoder gives its bytes.
//
//export ft_finish
func ft_finish(kind C.int32_t, h C.uint32_t, length *C.int64_t, e *C.ft_error) (blob C.uint32_t) {
	defer rescue(e)
	if kind == C.FT_DECODER {
		fail(e, decoders.at(uint32(h)).Finish())
		return 0
	}
	c := encoders.at(uint32(h))
	code, err := c.Finish()
	if fail(e, err) != 0 {
		return 0
	}
	if c.framed != nil {
		code = c.framed.Bytes()
	}
	return give(code, length)
}

//export ft_stats
func ft_stats(kind C.int32_t, h C.uint32_t, steps *C.int64_t, bits, information, drift *C.double, e *C.ft_error) C.int32_t {
	defer rescue(e)
	var c interface {
		Steps() int64
		Bits() float64
		Information() float64
	}
	if kind == C.FT_ENCODER {
		c = encoders.at(uint32(h)).Encoder
	} else {
		d := decoders.at(uint32(h)).Decoder
		c, *drift = d, C.double(d.Drift())
	}
	*steps, *bits, *information = C.int64_t(c.Steps()), C.double(c.Bits()), C.double(c.Information())
	return C.FT_OK
}
