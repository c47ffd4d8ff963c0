package own

import (
	"errors"
	"testing"

	"github.com/foretell/foretell/internal/codectest"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/mix"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/step"
)

var mixed = codectest.Codec{New: func() (model.Codec, error) {
	p, err := newCounter()
	return NewMixed(p), err
}, Foreign: true, Slack: 48, Excess: 0.01, Refuses: mix.MaxSize, Allocs: 12000} // of learning a tree

func TestMixed(t *testing.T)          { mixed.Test(t) }
func TestMixedGolden(t *testing.T)    { mixed.Golden(t, "own-mix") }
func FuzzMixed(f *testing.F)          { mixed.Fuzz(f) }
func FuzzMixedRoundTrip(f *testing.F) { mixed.FuzzRoundTrip(f) }

// TestMixedGains holds mixing to what it is for: a predictor that knows one thing and
// contexts that learn another do better together than either alone.
func TestMixedGains(t *testing.T) {
	// The counter knows what comes at each place modulo 3, but not that whole
	// phrases come again.
	const n = 6000
	b := &model.Block{Size: 200, Symbols: make([]uint32, n), Spans: []model.Span{{Count: n, Shape: []int{n}}}}
	state := uint32(1)
	for i := range b.Symbols {
		state = state*1664525 + 1013904223
		b.Symbols[i] = uint32(i%3)*60 + state>>27
		if i >= 300 && i/100%3 == 0 {
			b.Symbols[i] = b.Symbols[i-300]
		}
	}
	size := func(c model.Codec) int {
		body, err := c.Encode(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		return len(body)
	}
	own, err := codec.New()
	if err != nil {
		t.Fatal(err)
	}
	p, err := newCounter()
	if err != nil {
		t.Fatal(err)
	}
	both, alone, without := size(NewMixed(p)), size(own), size(mix.New(mix.Config{}))
	if both*100 > 90*alone || both > without {
		t.Errorf("%d bytes, %d of the predictor alone and %d of mix alone", both, alone, without)
	}
}

// TestMixedAllocates makes sure that no token does.
func TestMixedAllocates(t *testing.T) {
	allocs := func(n int) float64 {
		b := &model.Block{Size: 50, Symbols: make([]uint32, n), Spans: []model.Span{{Count: n, Shape: []int{n}}}}
		codec, err := mixed.New()
		if err != nil {
			t.Fatal(err)
		}
		body, err := codec.Encode(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		got := codectest.Empty(b)
		return testing.AllocsPerRun(3, func() {
			if err := codec.Decode(got, body); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, more := allocs(1000), allocs(1500); more > few+10 {
		t.Errorf("%v allocations for 1000 tokens, %v for 1500", few, more)
	}
}

// TestMixedDrift holds blocks in several shapes to telling drift from damage.
func TestMixedDrift(t *testing.T) {
	const n = 600
	b := &model.Block{Size: 4, Symbols: make([]uint32, n)}
	for i := range b.Symbols {
		b.Symbols[i] = uint32(i*i) % 4
	}
	for _, span := range []model.Span{{Shape: []int{n}}, {Shape: []int{-1, 3, 4}, First: 24}, {Shape: []int{-1, 7}, First: 3}} {
		span.Count = n
		b.Spans = []model.Span{span}
		made := func(at int) *Mixed { return NewMixed(&drifting{at: at}) }
		body, err := made(-1).Encode(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		if err := made(-1).Decode(codectest.Empty(b), body); err != nil {
			t.Error(err)
		}
		// What is off by a little moves no decision. Other counts do.
		var drift *step.DriftError
		if err := NewMixed(&counter{}).Decode(codectest.Empty(b), body); !errors.As(err, &drift) || drift.To != n {
			t.Errorf("another predictor: %v", err)
		}
		for i := range body {
			body[i] ^= 4
			err := made(-1).Decode(codectest.Empty(b), body)
			if i < sumSize || i >= mixedHead {
				if !errors.Is(err, fault.ErrCorrupt) {
					t.Fatalf("damage at byte %d: %v", i, err)
				}
			} else if err == nil {
				t.Fatalf("damage at byte %d goes unseen", i)
			}
			body[i] ^= 4
		}
	}
	if err := NewMixed(&faulty{len: 4}).Decode(codectest.Empty(b), make([]byte, 20)); err == nil {
		t.Error("a predictor of too few symbols")
	}
	if _, err := NewMixed(&faulty{len: 3, iv: prob.Interval{Width: 1}}).Encode(nil, b); !errors.Is(err, fault.ErrDistribution) {
		t.Errorf("a predictor of too few symbols: %v", err)
	}
}
