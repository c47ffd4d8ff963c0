package main

// #include "ft.h"
import "C"

import (
	"unsafe"

	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/step"
)

// A floatType does with numbers of one type, n of them at p, what the library does
// with slices of it.
type floatType interface {
	encodeSteps(e *step.Encoder, f step.Form, p unsafe.Pointer, n C.int64_t, symbols []uint32) error
	decodeSteps(d *step.Decoder, f step.Form, p unsafe.Pointer, n C.int64_t, symbols []uint32) error
	encodeBatch(es []*step.Encoder, f step.Form, p unsafe.Pointer, n C.int64_t, symbols []uint32) error
	decodeBatch(ds []*step.Decoder, f step.Form, p unsafe.Pointer, n C.int64_t, symbols []uint32) error
	set(c *prob.Categorical, form C.int32_t, p unsafe.Pointer, n C.int64_t) error
	setSparse(s *prob.Sparse, logs C.int32_t, v C.int64_t, ids []uint32, p unsafe.Pointer, n C.int64_t, tail C.double) error
}

// floats returns the type of a kind.
func floats(kind C.int32_t) floatType {
	switch kind {
	case C.FT_FLOAT32:
		return of[float32]{}
	case C.FT_FLOAT64:
		return of[float64]{}
	case C.FT_FLOAT16:
		return of[prob.Float16]{}
	}
	return of[prob.BFloat16]{}
}

type of[T prob.Float] struct{}

func (of[T]) encodeSteps(e *step.Encoder, f step.Form, p unsafe.Pointer, n C.int64_t, symbols []uint32) error {
	_, err := step.EncodeSteps(e, f, slice[T](p, n), symbols)
	return err
}

func (of[T]) decodeSteps(d *step.Decoder, f step.Form, p unsafe.Pointer, n C.int64_t, symbols []uint32) error {
	_, err := step.DecodeSteps(d, f, slice[T](p, n), symbols)
	return err
}

func (of[T]) encodeBatch(es []*step.Encoder, f step.Form, p unsafe.Pointer, n C.int64_t, symbols []uint32) error {
	return step.EncodeBatch(es, f, slice[T](p, n), symbols)
}

func (of[T]) decodeBatch(ds []*step.Decoder, f step.Form, p unsafe.Pointer, n C.int64_t, symbols []uint32) error {
	return step.DecodeBatch(ds, f, slice[T](p, n), symbols)
}

func (of[T]) set(c *prob.Categorical, form C.int32_t, p unsafe.Pointer, n C.int64_t) error {
	if form == C.FT_LOGITS {
		return prob.SetLogits(c, slice[T](p, n))
	}
	return prob.Set(c, slice[T](p, n))
}

func (of[T]) setSparse(s *prob.Sparse, logs C.int32_t, v C.int64_t, ids []uint32, p unsafe.Pointer, n C.int64_t, tail C.double) error {
	if logs != 0 {
		return prob.SetSparseLog(s, int(v), ids, slice[T](p, n), float64(tail))
	}
	return prob.SetSparse(s, int(v), ids, slice[T](p, n), float64(tail))
}
