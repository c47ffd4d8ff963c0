package own

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"testing"

	"github.com/foretell/foretell/internal/codectest"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/step"
)

// counter is a simple Predictor: it counts what came, in the place modulo 3.
type counter struct {
	counts [3]*prob.Adaptive
	n      int
}

func newCounter() (model.Predictor, error) { return new(counter), nil }

func (c *counter) Reset(spans []model.Span, size int) (err error) {
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
		{5, prob.Interval{Width: prob.Total}, nil, fault.ErrDrift},
	} {
		codec, err := New(&faulty{len: c.len, iv: c.iv})
		if err != nil {
			t.Fatal(err)
		}
		b := &model.Block{Size: 5, Symbols: []uint32{1}}
		if _, err := codec.Encode(nil, b); !errors.Is(err, c.enc) {
			t.Errorf("%+v: %v", c, err)
		}
		body := []byte{0, 0, 0, 0}
		binary.LittleEndian.PutUint32(body, crc32.Checksum(nil, castagnoli))
		if err := codec.Decode(b, body); !errors.Is(err, c.dec) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

var codec = codectest.Codec{New: func() (model.Codec, error) {
	p, err := newCounter()
	if err != nil {
		return nil, err
	}
	return New(p)
}, Foreign: true, Slack: 48}

func TestCodec(t *testing.T)     { codec.Test(t) }
func TestGolden(t *testing.T)    { codec.Golden(t, "own") }
func FuzzCodec(f *testing.F)     { codec.Fuzz(f) }
func FuzzRoundTrip(f *testing.F) { codec.FuzzRoundTrip(f) }

// drifting is a counter whose prediction of one symbol is off by as little as can
// be.
type drifting struct {
	counter
	at   int
	grid prob.Categorical
}

func (d *drifting) Predict() (prob.Distribution, error) {
	p := []float32{0.25, 0.25, 0.25, 0.25}
	if d.n == d.at {
		p[0] = math.Nextafter32(p[0], 1)
	}
	return &d.grid, prob.Set(&d.grid, p)
}

// TestDrift holds the codec to telling drift from damage.
func TestDrift(t *testing.T) {
	const n = 3000
	b := &model.Block{Size: 4, Symbols: make([]uint32, n), Spans: []model.Span{{Count: n, Shape: []int{n}}}}
	for i := range b.Symbols {
		b.Symbols[i] = uint32(i*i) % 4
	}
	made := func(at int) *Codec {
		c, err := New(&drifting{at: at})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	body, err := made(-1).Encode(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 1000, 1024, 2047, 2048, n - 1} {
		var drift *step.DriftError
		err := made(at).Decode(codectest.Empty(b), body)
		if !errors.As(err, &drift) || !errors.Is(err, fault.ErrDrift) || int64(at) < drift.From || int64(at) >= drift.To {
			t.Errorf("drift at %d: %v", at, err)
		}
	}
	for i := range body {
		body[i] ^= 4
		if err := made(-1).Decode(codectest.Empty(b), body); !errors.Is(err, fault.ErrCorrupt) {
			t.Fatalf("damage at byte %d: %v", i, err)
		}
		body[i] ^= 4
	}
	if err := made(-1).Decode(codectest.Empty(b), body); err != nil {
		t.Error(err)
	}
}
