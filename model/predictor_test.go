package model

import (
	"errors"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
)

// counter is a simple Predictor: it counts what came, in the place modulo 3.
type counter struct {
	counts [3]*prob.Adaptive
	n      int
}

func newCounter() (Predictor, error) { return new(counter), nil }

func (c *counter) Reset(spans []Span, size int) (err error) {
	c.n = 0
	for i := range c.counts {
		if c.counts[i] == nil || c.counts[i].Len() != size {
			c.counts[i], err = prob.NewAdaptive(size, 32, 1<<28)
		} else {
			c.counts[i].Reset()
		}
	}
	return err
}

func (c *counter) Predict() (prob.Distribution, error) { return c.counts[c.n%3], nil }

func (c *counter) Update(symbol uint32) error {
	c.counts[c.n%3].Update(symbol)
	c.n++
	return nil
}

// faulty is a Predictor whose distribution breaks its contract.
type faulty struct {
	counter
	len int
	iv  prob.Interval
}

func (f *faulty) Predict() (prob.Distribution, error)          { return f, nil }
func (f *faulty) Len() int                                     { return f.len }
func (f *faulty) Interval(uint32) (prob.Interval, error)       { return f.iv, nil }
func (f *faulty) Find(uint32) (symbol uint32, p prob.Interval) { return 7, f.iv }

func TestFaultyPredictor(t *testing.T) {
	for _, c := range []struct {
		len      int
		iv       prob.Interval
		enc, dec error
	}{
		{4, prob.Interval{Width: 1}, fault.ErrDistribution, fault.ErrDistribution},
		{5, prob.Interval{}, fault.ErrDistribution, fault.ErrDistribution},
		{5, prob.Interval{Low: 1, Width: prob.Total}, fault.ErrDistribution, fault.ErrDistribution},
		{5, prob.Interval{Low: 1 << 63, Width: 1<<63 + 1}, fault.ErrDistribution, fault.ErrDistribution},
		{5, prob.Interval{Low: prob.Total - 1, Width: 1}, nil, fault.ErrDistribution},
		{5, prob.Interval{Width: prob.Total}, nil, fault.ErrCorrupt},
	} {
		codec, err := New(External, Config{Predictor: func() (Predictor, error) { return &faulty{len: c.len, iv: c.iv}, nil }})
		if err != nil {
			t.Fatal(err)
		}
		b := &Block{Size: 5, Symbols: []uint32{1}}
		if _, err := codec.EncodeBlock(nil, b); !errors.Is(err, c.enc) {
			t.Errorf("%+v: %v", c, err)
		}
		if err := codec.DecodeBlock(b, nil); !errors.Is(err, c.dec) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
