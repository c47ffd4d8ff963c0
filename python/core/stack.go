package main

// #include "ft.h"
import "C"

import (
	"unsafe"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/prob"
)

// A stack is a Stack with what its steps need.
type stack struct {
	*ans.Stack
	tools
	intervals []prob.Interval
}

// step pushes symbol, or pops one if it is below zero.
func (s *stack) step(d prob.Distribution, symbol int64) (uint32, error) {
	if symbol < 0 {
		return s.pop(d)
	}
	iv, err := d.Interval(uint32(symbol))
	if err == nil {
		s.Push(iv)
	}
	return uint32(symbol), err
}

func (s *stack) pop(d prob.Distribution) (uint32, error) {
	symbol, iv := d.Find(s.Point())
	return symbol, s.Pop(iv)
}

//export ft_stack_new
func ft_stack_new(data unsafe.Pointer, length C.int64_t, e *C.ft_error) (h C.uint32_t) {
	defer rescue(e)
	s, err := ans.LoadStack(slice[byte](data, length))
	if fail(e, err) != 0 {
		return 0
	}
	return C.uint32_t(stacks.add(&stack{Stack: s}))
}

// ft_stack_step pushes *symbol, or pops one into it if it is below zero.
//
//export ft_stack_step
func ft_stack_step(h C.uint32_t, form, kind C.int32_t, p unsafe.Pointer, v C.int64_t, symbol *C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	s := stacks.at(uint32(h))
	if err := floats(kind).set(&s.row, form, p, v); err != nil {
		return fail(e, err)
	}
	got, err := s.step(&s.row, int64(*symbol))
	*symbol = C.int64_t(got)
	return fail(e, err)
}

// ft_stack_bytes pushes the n bytes at p, or pops as many to there.
//
//export ft_stack_bytes
func ft_stack_bytes(h C.uint32_t, pop C.int32_t, p unsafe.Pointer, n C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	s, b := stacks.at(uint32(h)), slice[byte](p, n)
	if pop == 0 {
		s.PushBytes(b)
		return C.FT_OK
	}
	was := s.Position()
	err := s.PopBytes(b)
	if err != nil {
		s.goBack(was)
	}
	return fail(e, err)
}

// goBack undoes pops.
func (s *stack) goBack(p ans.Position) {
	if err := s.Seek(p); err != nil {
		panic(err)
	}
}

//export ft_stack_length
func ft_stack_length(h C.uint32_t) C.int64_t { return C.int64_t(stacks.at(uint32(h)).Len()) }

//export ft_stack_dump
func ft_stack_dump(h C.uint32_t, length *C.int64_t, e *C.ft_error) (blob C.uint32_t) {
	defer rescue(e)
	return give(stacks.at(uint32(h)).Append(nil), length)
}

// ft_values codes values, each under its own density, or with a decoder or below
// zero bits of a stack gives them back: kind is FT_ENCODER, FT_DECODER, FT_STACK to
// push, in reverse, or -FT_STACK to pop. It returns how many; a stack that meets an
// error is left as it was. The caller hears signals now and then.
//
//export ft_values
func ft_values(c *C.ft_caller, kind C.int32_t, h C.uint32_t, f *C.ft_family, values *C.int64_t, e *C.ft_error) (done C.int64_t) {
	defer rescue(e)
	all := slice[int64](unsafe.Pointer(values), f.count)
	d := newDensities(f)
	d.caller = c
	switch kind {
	case C.FT_ENCODER:
		c := encoders.at(uint32(h))
		for i, x := range all {
			err := d.set(&c.tools, i)
			if err == nil {
				err = c.EncodeValue(&c.parametric, x)
			}
			if failRow(e, i, err) {
				return C.int64_t(i)
			}
		}
	case C.FT_DECODER:
		c := decoders.at(uint32(h))
		for i := range all {
			err := d.set(&c.tools, i)
			if err == nil {
				all[i], err = c.DecodeValue(&c.parametric)
			}
			if failRow(e, i, err) {
				return C.int64_t(i)
			}
		}
	default:
		s := stacks.at(uint32(h))
		was := s.Position()
		at, err := s.values(&d, all, kind > 0)
		if failRow(e, at, err) {
			s.goBack(was)
			return 0
		}
	}
	return f.count
}

// values pushes values, the last one first, or pops them, the first one first. It
// returns the place of an error.
func (s *stack) values(d *densities, all []int64, push bool) (at int, err error) {
	for i := range all {
		if push {
			i = len(all) - 1 - i
		}
		if err := d.set(&s.tools, i); err != nil {
			return i, err
		}
		if !push {
			all[i], err = s.parametric.ReadValue(s.pop)
		} else if s.intervals, err = s.parametric.AppendIntervals(s.intervals[:0], all[i]); err == nil {
			for k := len(s.intervals) - 1; k >= 0; k-- {
				s.Push(s.intervals[k])
			}
		}
		if err != nil {
			return i, err
		}
	}
	return 0, nil
}

// densities are what the values of a call are coded under.
type densities struct {
	over                   prob.Range
	families               []int32
	means, scales, weights []float64
	caller                 *C.ft_caller
}

// heard is how many values are coded before signals are heard.
const heard = 1 << 13

func newDensities(f *C.ft_family) densities {
	parts := C.int64_t(f.parts)
	n := f.count * parts
	return densities{
		over:     prob.Range{Lo: int64(f.lo), Hi: int64(f.hi), Escape: f.escape != 0},
		families: slice[int32](unsafe.Pointer(f.families), parts),
		means:    slice[float64](unsafe.Pointer(f.means), n),
		scales:   slice[float64](unsafe.Pointer(f.scales), n),
		weights:  slice[float64](unsafe.Pointer(f.weights), n),
	}
}

// set makes t's Parametric the density of value i.
func (d *densities) set(t *tools, i int) error {
	if i%heard == heard-1 && C.ft_poll(d.caller, 0, -1) != 0 {
		return errCaller
	}
	t.components = t.components[:0]
	for k, family := range d.families {
		j := i*len(d.families) + k
		t.components = append(t.components, prob.Component{
			Family: prob.Family(family), Mean: d.means[j], Scale: d.scales[j], Weight: d.weights[j],
		})
	}
	return t.parametric.Set(d.over, t.components...)
}
