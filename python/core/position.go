package main

// #include "ft.h"
import "C"

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/step"
)

// ft_position puts the binary form of where a coder stands to dst, which has room
// for 256 bytes, and returns its length.
//
//export ft_position
func ft_position(kind C.int32_t, h C.uint32_t, dst unsafe.Pointer, e *C.ft_error) (n C.int64_t) {
	defer rescue(e)
	var b []byte
	var err error
	switch kind {
	case C.FT_ENCODER:
		b, err = encoders.at(uint32(h)).Position().MarshalBinary()
	case C.FT_DECODER:
		b, err = decoders.at(uint32(h)).Position().MarshalBinary()
	default:
		p := stacks.at(uint32(h)).Position()
		b = binary.LittleEndian.AppendUint64(nil, uint64(p.Words))
		b = binary.LittleEndian.AppendUint64(b, p.State)
	}
	if fail(e, err) != 0 {
		return 0
	}
	return C.int64_t(copy(slice[byte](dst, 256), b))
}

//export ft_seek
func ft_seek(kind C.int32_t, h C.uint32_t, p unsafe.Pointer, n C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	b := slice[byte](p, n)
	if kind == C.FT_STACK {
		if len(b) != 16 {
			return fail(e, fmt.Errorf("%w: a position of a stack has 16 bytes", foretell.ErrCorrupt))
		}
		return fail(e, stacks.at(uint32(h)).Seek(ans.Position{
			Words: int(binary.LittleEndian.Uint64(b)),
			State: binary.LittleEndian.Uint64(b[8:]),
		}))
	}
	var to step.Position
	if err := to.UnmarshalBinary(b); err != nil {
		return fail(e, err)
	}
	return fail(e, decoders.at(uint32(h)).Seek(to))
}
