package main

// #include "ft.h"
import "C"

import (
	"unsafe"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/prob"
)

// ft_encode_batch codes a symbol in each of n encoders, under a row of v numbers
// each.
//
//export ft_encode_batch
func ft_encode_batch(hs *C.uint32_t, form, kind C.int32_t, p unsafe.Pointer, v C.int64_t, symbols *C.uint32_t, n C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	streams := make([]*foretell.Encoder, n)
	for i, h := range slice[uint32](unsafe.Pointer(hs), n) {
		streams[i] = encoders.at(h).Encoder
	}
	f, all := foretell.Form(form), slice[uint32](unsafe.Pointer(symbols), n)
	switch kind {
	case C.FT_FLOAT32:
		return fail(e, foretell.EncodeBatch(streams, f, slice[float32](p, n*v), all))
	case C.FT_FLOAT64:
		return fail(e, foretell.EncodeBatch(streams, f, slice[float64](p, n*v), all))
	case C.FT_FLOAT16:
		return fail(e, foretell.EncodeBatch(streams, f, slice[prob.Float16](p, n*v), all))
	}
	return fail(e, foretell.EncodeBatch(streams, f, slice[prob.BFloat16](p, n*v), all))
}

// ft_decode_batch is the inverse of ft_encode_batch.
//
//export ft_decode_batch
func ft_decode_batch(hs *C.uint32_t, form, kind C.int32_t, p unsafe.Pointer, v C.int64_t, symbols *C.int64_t, n C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	streams := make([]*foretell.Decoder, n)
	for i, h := range slice[uint32](unsafe.Pointer(hs), n) {
		streams[i] = decoders.at(h).Decoder
	}
	f, all := foretell.Form(form), make([]uint32, n)
	var err error
	switch kind {
	case C.FT_FLOAT32:
		err = foretell.DecodeBatch(streams, f, slice[float32](p, n*v), all)
	case C.FT_FLOAT64:
		err = foretell.DecodeBatch(streams, f, slice[float64](p, n*v), all)
	case C.FT_FLOAT16:
		err = foretell.DecodeBatch(streams, f, slice[prob.Float16](p, n*v), all)
	default:
		err = foretell.DecodeBatch(streams, f, slice[prob.BFloat16](p, n*v), all)
	}
	to := slice[int64](unsafe.Pointer(symbols), n)
	for i, s := range all {
		to[i] = int64(s)
	}
	return fail(e, err)
}
