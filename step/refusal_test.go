package step

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/foretell/foretell/prob"
)

// TestStepRefusals checks that a refused step leaves both sides as they were.
func TestStepRefusals(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	good := []float32{0.25, 0.5, 0.25}
	e := NewEncoder(nil)
	var frames bytes.Buffer
	framed, err := NewFramedEncoder(&frames, Frame{Vocabulary: 3})
	if err != nil {
		t.Fatal(err)
	}
	var p prob.Parametric
	if err := p.Set(prob.Range{Lo: 0, Hi: 2}, prob.Gaussian(1, 1)); err != nil {
		t.Fatal(err)
	}
	bad := []struct {
		name  string
		index int // -2: the symbol is at fault
		run   func(e *Encoder) error
	}{
		{"NaN", 1, func(e *Encoder) error { return e.EncodeStep([]float32{0, nan, 1}, 0) }},
		{"negative", 2, func(e *Encoder) error { return e.EncodeStep([]float32{0, 1, -1}, 0) }},
		{"infinite", 0, func(e *Encoder) error { return e.EncodeStep([]float32{inf, 1, 1}, 0) }},
		{"zero", -1, func(e *Encoder) error { return e.EncodeStep([]float32{0, 0, 0}, 0) }},
		{"symbol", -2, func(e *Encoder) error { return e.EncodeStep(good, 3) }},
		{"logit NaN", 0, func(e *Encoder) error { return e.EncodeLogits([]float32{nan, 1, 1}, 0) }},
		{"logit infinite", 2, func(e *Encoder) error { return e.EncodeLogits([]float32{1, 1, inf}, 0) }},
		{"logits", -1, func(e *Encoder) error { return e.EncodeLogits([]float32{-inf, -inf, -inf}, 0) }},
		{"logit symbol", -2, func(e *Encoder) error { return e.EncodeLogits(good, math.MaxUint32) }},
		{"sparse", 1, func(e *Encoder) error { return e.EncodeSparse(3, []uint32{1, 1}, good[:2], prob.Rest, 0) }},
		{"sparse symbol", -2, func(e *Encoder) error { return e.EncodeSparse(3, []uint32{1}, good[:1], prob.Rest, 3) }},
		{"sparse log", 0, func(e *Encoder) error { return e.EncodeSparseLog(3, []uint32{3}, good[:1], prob.Rest, 0) }},
		{"value", -2, func(e *Encoder) error { return e.EncodeValue(&p, 3) }},
		{"rows", -1, func(e *Encoder) error { _, err := EncodeSteps(e, Probabilities, good, []uint32{0, 0}); return err }},
		{"row", 1, func(e *Encoder) error {
			_, err := EncodeSteps(e, Logits, []float64{0, math.NaN(), 0}, []uint32{0})
			return err
		}},
		{"overflow", 1, func(e *Encoder) error {
			_, err := EncodeSteps(e, Probabilities, []float64{0, 1e300, 0}, []uint32{0})
			return err
		}},
		{"distribution", -2, func(e *Encoder) error { return e.Encode(&p, 3) }},
		{"off the line", -1, func(e *Encoder) error { return e.Encode(liar{3, prob.Interval{Low: 1, Width: prob.Total}}, 0) }},
		{"empty interval", -1, func(e *Encoder) error { return e.Encode(liar{3, prob.Interval{Low: 1}}, 0) }},
		{"none", -1, func(e *Encoder) error { return e.EncodeStep(nil, 0) }},
		{"unset", -1, func(e *Encoder) error { return e.EncodeValue(new(prob.Parametric), 0) }},
	}
	for i, b := range bad {
		for _, e := range []*Encoder{e, framed} {
			if err := e.EncodeStep(good, uint32(i%3)); err != nil {
				t.Fatal(err)
			}
			place, bits, information := e.Position(), e.Bits(), e.Information()
			err := b.run(e)
			var d *prob.DistributionError
			switch {
			case b.index == -2:
				if !errors.Is(err, ErrSymbol) {
					t.Errorf("%s: %v", b.name, err)
				}
			case !errors.As(err, &d) || d.Index != b.index:
				t.Errorf("%s: %v", b.name, err)
			}
			if e.Position() != place || e.Bits() != bits || e.Information() != information {
				t.Errorf("%s: the encoder has changed", b.name)
			}
		}
	}
	if err := framed.EncodeStep([]float32{1, 1}, 0); !errors.Is(err, ErrDistribution) {
		t.Errorf("two symbols under a vocabulary of three: %v", err)
	}
	code, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := framed.Finish(); err != nil {
		t.Fatal(err)
	}
	df, err := NewFramedDecoder(&frames, Frame{Vocabulary: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*Decoder{NewDecoder(code), df} {
		for i := range bad {
			place := d.Position()
			for name, err := range map[string]error{
				"NaN":     second(d.DecodeStep([]float32{0, nan, 1})),
				"logit":   second(d.DecodeLogits([]float32{0, nan, 1})),
				"none":    second(d.DecodeStep(nil)),
				"sparse":  second(d.DecodeSparse(3, []uint32{9}, good[:1], prob.Rest)),
				"log":     second(d.DecodeSparseLog(3, []uint32{9}, good[:1], prob.Rest)),
				"elsehow": second(d.Decode(liar{3, prob.Interval{Low: 0, Width: 0}})),
			} {
				if !errors.Is(err, ErrDistribution) || d.Position() != place {
					t.Fatalf("%s: %v", name, err)
				}
			}
			if s, err := d.DecodeStep(good); err != nil || s != uint32(i%3) {
				t.Fatalf("symbol %d, want %d (%v)", s, i%3, err)
			}
		}
		if err := d.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.SetGuard(1); err == nil {
		t.Error("a guard set after the first step")
	}
}

func second[T any](_ T, err error) error { return err }

// A liar is a distribution that is none.
type liar struct {
	n  int
	iv prob.Interval
}

func (l liar) Len() int                                      { return l.n }
func (l liar) Interval(uint32) (prob.Interval, error)        { return l.iv, nil }
func (l liar) Find(uint32) (symbol uint32, iv prob.Interval) { return 0, l.iv }

// TestWriterFails reports what the writer fails with, and goes on failing.
func TestWriterFails(t *testing.T) {
	e := NewStreamEncoder(failing{})
	var err error
	for i := 0; err == nil && i < 1<<20; i++ {
		err = e.Encode(mustUniform(t, 1<<24), 0x123456)
	}
	if err != io.ErrClosedPipe {
		t.Fatal(err)
	}
	if _, err := e.Finish(); err != io.ErrClosedPipe {
		t.Fatal(err)
	}
	if _, err := NewFramedEncoder(failing{}, Frame{}); err != io.ErrClosedPipe {
		t.Fatal(err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func mustUniform(t testing.TB, n int) *prob.Uniform {
	t.Helper()
	u, err := prob.NewUniform(n)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
