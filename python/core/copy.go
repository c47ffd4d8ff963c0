package main

// #include "ft.h"
import "C"

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"unsafe"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/step"
)

// A saved coder is what a copy of it is made of. Written is what an encoder of a framed
// stream has written, Data a decoder's stream; Frame and Guard are its arguments.
type saved struct {
	Framed         bool
	State, Written []byte
	Data, At       []byte
	Frame          step.Frame
	Guard          int
}

// failed returns the error of a decoder that has failed, which leaves no place to go on
// from.
func (c *decoder) failed() error {
	if _, err := c.Point(); err == nil {
		return nil
	}
	return c.Finish() // nil where the stream has ended as it should
}

// ft_coder_save gives what ft_coder_load makes a copy of a coder of.
//
//export ft_coder_save
func ft_coder_save(kind C.int32_t, h C.uint32_t, length *C.int64_t, e *C.ft_error) (blob C.uint32_t) {
	defer rescue(e)
	var s saved
	var err error
	if kind == C.FT_ENCODER {
		c := encoders.at(uint32(h))
		s.State, err = c.AppendState(nil)
		if c.framed != nil {
			s.Framed, s.Written = true, c.framed.Bytes()
		}
	} else {
		c := decoders.at(uint32(h))
		if c.tolerant {
			err = fmt.Errorf("%w: a copy of a decoder under a tolerance", foretell.ErrUnsupported)
		} else if err = c.failed(); err == nil {
			s.Framed, s.Data, s.Frame, s.Guard = c.framed, c.data, c.frame, c.guard
			s.At, err = c.Position().MarshalBinary()
		}
	}
	var out bytes.Buffer
	if err == nil {
		err = gob.NewEncoder(&out).Encode(&s)
	}
	if fail(e, err) != 0 {
		return 0
	}
	return give(out.Bytes(), length)
}

// ft_coder_load makes a coder of what ft_coder_save gave.
//
//export ft_coder_load
func ft_coder_load(kind C.int32_t, p unsafe.Pointer, n C.int64_t, e *C.ft_error) (h C.uint32_t) {
	defer rescue(e)
	var s saved
	if err := gob.NewDecoder(bytes.NewReader(slice[byte](p, n))).Decode(&s); err != nil {
		fail(e, fmt.Errorf("%w: no copy of a coder: %v", foretell.ErrCorrupt, err))
		return 0
	}
	if kind == C.FT_ENCODER {
		c := new(encoder)
		var err error
		if s.Framed {
			c.framed = bytes.NewBuffer(s.Written)
			c.Encoder, err = step.LoadEncoder(s.State, c.framed)
		} else {
			c.Encoder, err = step.LoadEncoder(s.State, nil)
		}
		if fail(e, err) != 0 {
			return 0
		}
		return C.uint32_t(encoders.add(c))
	}
	c, err := newDecoder(s.Data, s.Framed, s.Frame, s.Guard)
	var at step.Position
	if err == nil {
		err = at.UnmarshalBinary(s.At)
	}
	if err == nil {
		err = c.Seek(at)
	}
	if fail(e, err) != 0 {
		return 0
	}
	return C.uint32_t(decoders.add(c))
}
