package main

// #include "ft.h"
import "C"

import (
	"sync/atomic"
	"unsafe"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/prob"
)

// external returns the caller's own model, which a task asks; nil for none.
func external(x *C.ft_external, t *task) *foretell.External {
	if x.model == nil {
		return nil
	}
	own := &foretell.External{Size: int(x.size), Mix: x.mix != 0}
	for i, b := range x.id {
		own.ID[i] = byte(b)
	}
	object, logits, made := x.model, x.logits != 0, new(atomic.Int64)
	own.New = func() (model.Predictor, error) {
		return &predictor{task: t, model: object, logits: logits, which: made.Add(1), row: make([]float32, own.Size)}, nil
	}
	return own
}

// A predictor is the caller's own model over one block after another.
type predictor struct {
	task   *task
	model  unsafe.Pointer // Python's
	logits bool
	which  int64
	last   int64 // the symbol that came last, -1 for none
	row    []float32
	dist   prob.Categorical
}

func (p *predictor) Reset([]model.Span, int) error {
	p.last = -1
	return nil
}

func (p *predictor) Predict() (prob.Distribution, error) {
	err := p.task.ask(func(c *C.ft_caller) bool {
		return C.ft_predict(c, p.model, C.int64_t(p.which), C.int64_t(p.last), (*C.float)(&p.row[0]), C.int64_t(len(p.row))) == 0
	})
	switch {
	case err != nil:
		return nil, err
	case p.logits:
		return &p.dist, prob.SetLogits(&p.dist, p.row)
	}
	return &p.dist, prob.Set(&p.dist, p.row)
}

func (p *predictor) Update(symbol uint32) error {
	p.last = int64(symbol)
	return nil
}
