package main

// #include "ft.h"
import "C"

import (
	"slices"
	"sync"
	"unsafe"

	"github.com/foretell/foretell/step"
)

// A batch is what a call for several streams works with.
type batch struct {
	encoders []*step.Encoder
	decoders []*step.Decoder
	symbols  []uint32
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// put lets another call use b, which keeps no stream alive.
func (b *batch) put() {
	clear(b.encoders)
	clear(b.decoders)
	b.encoders, b.decoders, b.symbols = b.encoders[:0], b.decoders[:0], b.symbols[:0]
	batches.Put(b)
}

// ft_encode_batch codes a symbol in each of n encoders, under a row of v numbers
// each.
//
//export ft_encode_batch
func ft_encode_batch(hs *C.uint32_t, form, kind C.int32_t, p unsafe.Pointer, v C.int64_t, symbols *C.uint32_t, n C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	b := batches.Get().(*batch)
	defer b.put()
	made := encoders.all()
	b.encoders = slices.Grow(b.encoders, int(n))[:n]
	for i, h := range slice[uint32](unsafe.Pointer(hs), n) {
		b.encoders[i] = made.at(h).Encoder
	}
	streams := b.encoders
	f, all := step.Form(form), slice[uint32](unsafe.Pointer(symbols), n)
	return fail(e, floats(kind).encodeBatch(streams, f, p, n*v, all))
}

// ft_decode_batch is the inverse of ft_encode_batch.
//
//export ft_decode_batch
func ft_decode_batch(hs *C.uint32_t, form, kind C.int32_t, p unsafe.Pointer, v C.int64_t, symbols *C.int64_t, n C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	b := batches.Get().(*batch)
	defer b.put()
	made := decoders.all()
	b.decoders = slices.Grow(b.decoders, int(n))[:n]
	for i, h := range slice[uint32](unsafe.Pointer(hs), n) {
		b.decoders[i] = made.at(h).Decoder
	}
	b.symbols = slices.Grow(b.symbols, int(n))[:n]
	streams, all := b.decoders, b.symbols
	f := step.Form(form)
	err := floats(kind).decodeBatch(streams, f, p, n*v, all)
	to := slice[int64](unsafe.Pointer(symbols), n)
	for i, s := range all {
		to[i] = int64(s)
	}
	return fail(e, err)
}
