package step

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/iotest"

	"github.com/foretell/foretell/prob"
)

// trials returns how often a random test runs: n times, or as often as
// FORETELL_TRIALS says.
func trials(t *testing.T, n int) int {
	s := os.Getenv("FORETELL_TRIALS")
	if s == "" {
		return n
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A stepCase is one step of a test stream, of any kind.
type stepCase struct {
	encode func(*Encoder) error
	decode func(*Decoder) error
}

var errWrong = errors.New("a wrong symbol")

// wrongUnless returns errWrong unless the symbol is the one wanted.
func wrongUnless[T comparable](got T, err error, want T) error {
	if err == nil && got != want {
		return errWrong
	}
	return err
}

// randomRow returns n random probabilities.
func randomRow(r *rand.Rand, n int) []float32 {
	p := make([]float32, n)
	for i := range p {
		p[i] = float32(math.Pow(r.Float64(), 4))
	}
	p[r.IntN(n)] += 0.1
	return p
}

// draw returns a symbol with nearly the probability that p gives it.
func draw(r *rand.Rand, p []float32) uint32 {
	sum := 0.0
	for _, x := range p {
		sum += float64(x)
	}
	at := r.Float64() * sum
	for i, x := range p {
		if at -= float64(x); at < 0 {
			return uint32(i)
		}
	}
	return uint32(len(p) - 1)
}

// randomSteps returns n steps of all kinds.
func randomSteps(r *rand.Rand, n int) []stepCase {
	steps := make([]stepCase, n)
	for i := range steps {
		v := 1 + r.IntN(300)
		row := randomRow(r, v)
		symbol := draw(r, row)
		s := &steps[i]
		switch r.IntN(8) {
		case 0, 1:
			s.encode = func(e *Encoder) error { return e.EncodeStep(row, symbol) }
			s.decode = func(d *Decoder) error { got, err := d.DecodeStep(row); return wrongUnless(got, err, symbol) }
		case 2:
			for j := range row {
				row[j] = row[j]*40 - 20
			}
			s.encode = func(e *Encoder) error { return e.EncodeLogits(row, symbol) }
			s.decode = func(d *Decoder) error { got, err := d.DecodeLogits(row); return wrongUnless(got, err, symbol) }
		case 3:
			k := r.IntN(v + 1)
			ids := make([]uint32, k)
			for j, id := range r.Perm(v)[:k] {
				ids[j] = uint32(id)
			}
			s.encode = func(e *Encoder) error { return e.EncodeSparse(v, ids, row[:k], 0.5, symbol) }
			s.decode = func(d *Decoder) error {
				got, err := d.DecodeSparse(v, ids, row[:k], 0.5)
				return wrongUnless(got, err, symbol)
			}
			if k == v {
				s.encode = func(e *Encoder) error { return e.EncodeSparse(v, nil, nil, prob.Rest, symbol) }
				s.decode = func(d *Decoder) error {
					got, err := d.DecodeSparse(v, nil, nil, prob.Rest)
					return wrongUnless(got, err, symbol)
				}
			}
		case 4:
			for j := range row {
				row[j] = -row[j] * 30
			}
			s.encode = func(e *Encoder) error { return e.EncodeSparseLog(v+1, []uint32{uint32(v)}, row[:1], 0.5, symbol) }
			s.decode = func(d *Decoder) error {
				got, err := d.DecodeSparseLog(v+1, []uint32{uint32(v)}, row[:1], 0.5)
				return wrongUnless(got, err, symbol)
			}
		case 5:
			var p prob.Parametric
			if err := p.Set(prob.Range{Lo: -100, Hi: 100, Escape: true}, prob.Gaussian(r.NormFloat64()*20, 10)); err != nil {
				panic(err)
			}
			value := int64(r.NormFloat64() * 100)
			if r.IntN(10) == 0 {
				value = int64(r.Uint64())
			}
			s.encode = func(e *Encoder) error { return e.EncodeValue(&p, value) }
			s.decode = func(d *Decoder) error { got, err := d.DecodeValue(&p); return wrongUnless(got, err, value) }
		case 6:
			wide := make([]float64, v)
			for j := range wide {
				wide[j] = float64(row[j])
			}
			s.encode = func(e *Encoder) error {
				_, err := EncodeSteps(e, Probabilities, wide, []uint32{symbol})
				return err
			}
			s.decode = func(d *Decoder) error {
				var got [1]uint32
				_, err := DecodeSteps(d, Probabilities, wide, got[:])
				return wrongUnless(got[0], err, symbol)
			}
		case 7:
			u, err := prob.NewUniform(v)
			if err != nil {
				panic(err)
			}
			s.encode = func(e *Encoder) error { return e.Encode(u, symbol) }
			s.decode = func(d *Decoder) error { got, err := d.Decode(u); return wrongUnless(got, err, symbol) }
		}
	}
	return steps
}

func encodeAll(t testing.TB, e *Encoder, steps []stepCase) []byte {
	t.Helper()
	for _, s := range steps {
		if err := s.encode(e); err != nil {
			t.Fatal(err)
		}
	}
	code, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// decodeAll decodes the steps and the end of a stream.
func decodeAll(d *Decoder, steps []stepCase) error {
	for _, s := range steps {
		if err := s.decode(d); err != nil {
			return err
		}
	}
	return d.Finish()
}

// TestStepRoundTrip codes steps of all kinds through memory and through readers
// and writers, which must give the same bytes.
func TestStepRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	e, d := NewEncoder(nil), NewDecoder(nil)
	for range 100 {
		steps := randomSteps(r, r.IntN(200))
		for _, guard := range []int{0, 1, 7, 1000} {
			e.Reset([]byte("caller's"))
			if err := e.SetGuard(guard); err != nil {
				t.Fatal(err)
			}
			code := encodeAll(t, e, steps)[len("caller's"):]
			if e.Steps() != int64(len(steps)) {
				t.Fatalf("%d steps", e.Steps())
			}
			checks := 0
			if guard > 0 {
				checks = len(steps)/guard + 1
			}
			if most := e.Information() + 32*float64(checks) + 64; float64(len(code)*8) > most {
				t.Fatalf("%d bytes for %v bits", len(code), most)
			}

			var out bytes.Buffer
			w := NewStreamEncoder(&out)
			if err := w.SetGuard(guard); err != nil {
				t.Fatal(err)
			}
			if rest := encodeAll(t, w, steps); rest != nil || !bytes.Equal(out.Bytes(), code) {
				t.Fatal("a writer gets other bytes")
			}

			d.Reset(code)
			s := NewStreamDecoder(iotest.OneByteReader(&out))
			for _, d := range []*Decoder{d, s} {
				if err := d.SetGuard(guard); err != nil {
					t.Fatal(err)
				}
				if err := decodeAll(d, steps); err != nil {
					t.Fatal(err)
				}
				if err := d.Finish(); err != nil {
					t.Fatal("twice:", err)
				}
				if d.Information() != e.Information() {
					t.Fatal("the sides count information differently")
				}
				if _, err := d.DecodeStep([]float32{1}); err == nil {
					t.Fatal("a step after the end")
				}
			}
			d.Reset(append(code, 0))
			if err := d.SetGuard(guard); err != nil {
				t.Fatal(err)
			}
			if err := decodeAll(d, steps); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("a trailing byte: %v", err)
			}
		}
	}
}

// TestBits compares what the encoder says it spent with what it wrote.
func TestBits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	steps := randomSteps(r, 3000)
	e := NewEncoder(nil)
	if e.Bits() != 0 || e.Information() != 0 {
		t.Errorf("%v bits before the first step", e.Bits())
	}
	for _, s := range steps {
		if err := s.encode(e); err != nil {
			t.Fatal(err)
		}
		// Rounding a tiny interval to the coder's range may gain or lose a little.
		if diff := e.Bits() - e.Information(); math.Abs(diff) > 1+1e-4*e.Information() {
			t.Fatalf("%v bits for %v", e.Bits(), e.Information())
		}
	}
	bits := e.Bits()
	code, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if over := float64(8*len(code)) - bits; over < -1 || over > 9 {
		t.Errorf("%d bytes for %v bits", len(code), bits)
	}
	d := NewDecoder(code)
	for _, s := range steps {
		if err := s.decode(d); err != nil {
			t.Fatal(err)
		}
	}
	if d.Bits() != bits {
		t.Errorf("the decoder counts %v bits, the encoder %v", d.Bits(), bits)
	}
}

// TestStepNoAllocation holds one step of each kind to no allocation.
func TestStepNoAllocation(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	row := randomRow(r, 5000)
	half := make([]prob.BFloat16, len(row))
	ids := []uint32{5, 3, 4000}
	var p prob.Parametric
	if err := p.Set(prob.Range{Lo: -9, Hi: 9, Escape: true}, prob.Laplace(0, 3)); err != nil {
		t.Fatal(err)
	}
	for i, x := range row {
		half[i] = prob.BFloat16(math.Float32bits(x) >> 16)
	}
	symbols := []uint32{77}
	e := NewEncoder(make([]byte, 0, 1<<16))
	if err := e.SetGuard(1); err != nil {
		t.Fatal(err)
	}
	steps := map[string]func() error{
		"float32":  func() error { return e.EncodeStep(row, 7) },
		"logits":   func() error { return e.EncodeLogits(row, 7) },
		"sparse":   func() error { return e.EncodeSparse(5000, ids, row[:3], prob.Rest, 7) },
		"bfloat16": func() error { return second(EncodeSteps(e, Probabilities, half, symbols)) },
		"value":    func() error { return e.EncodeValue(&p, 1000) },
	}
	for name, step := range steps {
		if n := testing.AllocsPerRun(100, func() {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("encoding %s: %v allocations", name, n)
		}
	}
	e.Reset(nil)
	if err := e.SetGuard(1); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		for _, name := range []string{"float32", "logits", "sparse", "bfloat16", "value"} {
			if err := steps[name](); err != nil {
				t.Fatal(err)
			}
		}
	}
	code, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder(code)
	if err := d.SetGuard(1); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		for name, err := range [...]error{
			second(d.DecodeStep(row)), second(d.DecodeLogits(row)), second(d.DecodeSparse(5000, ids, row[:3], prob.Rest)),
			second(DecodeSteps(d, Probabilities, half, symbols)), second(d.DecodeValue(&p)),
		} {
			if err != nil {
				t.Fatal(name, err)
			}
		}
	}); n != 0 {
		t.Errorf("decoding: %v allocations", n)
	}
}
