package main

// #include "ft.h"
import "C"

import (
	"slices"
	"unsafe"

	"github.com/foretell/foretell/step"
)

// ft_encode_weighed codes a symbol in each of n encoders, under the total weight, the
// weight before the symbol and its own, of v symbols.
//
//export ft_encode_weighed
func ft_encode_weighed(hs *C.uint32_t, v C.int64_t, weights *C.int64_t, symbols *C.uint32_t, n C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	b := batches.Get().(*batch)
	defer b.put()
	made := encoders.all()
	b.encoders = slices.Grow(b.encoders, int(n))[:n]
	rows := make([]step.Weighed, n)
	all := slice[int64](unsafe.Pointer(weights), 3*n)
	for i, h := range slice[uint32](unsafe.Pointer(hs), n) {
		b.encoders[i] = made.at(h).Encoder
		w := all[3*i:]
		rows[i] = step.Weighed{Symbols: int(v), Total: uint64(w[0]), Before: uint64(w[1]), Weight: uint64(w[2])}
	}
	return fail(e, step.EncodeWeighedBatch(b.encoders, rows, slice[uint32](unsafe.Pointer(symbols), n)))
}

// ft_points puts where each of n decoders stands on the line to points.
//
//export ft_points
func ft_points(hs *C.uint32_t, points *C.int64_t, n C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	made := decoders.all()
	to := slice[int64](unsafe.Pointer(points), n)
	for i, h := range slice[uint32](unsafe.Pointer(hs), n) {
		point, err := made.at(h).Point()
		if failRow(e, i, err) {
			return e.code
		}
		to[i] = int64(point)
	}
	return C.FT_OK
}

// ft_decode_weighed is the inverse of ft_encode_weighed, given the total weight, the
// first of three candidates and the weights before each and after them.
//
//export ft_decode_weighed
func ft_decode_weighed(hs *C.uint32_t, v C.int64_t, candidates *C.int64_t, symbols *C.int64_t, n C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	b := batches.Get().(*batch)
	defer b.put()
	made := decoders.all()
	b.decoders = slices.Grow(b.decoders, int(n))[:n]
	b.symbols = slices.Grow(b.symbols, int(n))[:n]
	rows := make([]step.Candidates, n)
	all := slice[int64](unsafe.Pointer(candidates), 6*n)
	for i, h := range slice[uint32](unsafe.Pointer(hs), n) {
		b.decoders[i] = made.at(h).Decoder
		c := all[6*i:]
		rows[i] = step.Candidates{Symbols: int(v), Total: uint64(c[0]), First: uint32(min(uint64(c[1]), 1<<32-1))}
		for k := range rows[i].Before {
			rows[i].Before[k] = uint64(c[2+k])
		}
	}
	err := step.DecodeWeighedBatch(b.decoders, rows, b.symbols)
	to := slice[int64](unsafe.Pointer(symbols), n)
	for i, s := range b.symbols {
		to[i] = int64(s)
	}
	return fail(e, err)
}
