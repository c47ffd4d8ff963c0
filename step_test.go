package foretell

import (
	"bytes"
	"errors"
	"io"
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

// TestPosition seeks to random places of streams in memory, in readers and in
// frames.
func TestPosition(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		steps := randomSteps(r, 1+r.IntN(400))
		guard := r.IntN(3) * 10
		for _, kind := range []string{"memory", "reader", "frame"} {
			var out bytes.Buffer
			out.WriteString("before")
			var e *Encoder
			switch kind {
			case "frame":
				var err error
				if e, err = NewFramedEncoder(&out, Frame{Guard: guard, Chunk: 16 + r.IntN(100)}); err != nil {
					t.Fatal(err)
				}
			default:
				e = NewStreamEncoder(&out)
				if err := e.SetGuard(guard); err != nil {
					t.Fatal(err)
				}
			}
			places := make([]Position, 0, len(steps)+1)
			for _, s := range steps {
				places = append(places, e.Position())
				if err := s.encode(e); err != nil {
					t.Fatal(err)
				}
				if r.IntN(20) == 0 {
					if err := e.Flush(); err != nil {
						t.Fatal(err)
					}
				}
			}
			places = append(places, e.Position())
			if _, err := e.Finish(); err != nil {
				t.Fatal(err)
			}
			code := out.Bytes()[len("before"):]
			in := bytes.NewReader(out.Bytes())
			if _, err := in.Seek(int64(len("before")), io.SeekStart); err != nil {
				t.Fatal(err)
			}
			var d *Decoder
			var err error
			switch kind {
			case "memory":
				d = NewDecoder(code)
			case "reader":
				d = NewStreamDecoder(in)
			case "frame":
				if d, err = NewFramedDecoder(in, Frame{}); err != nil {
					t.Fatal(err)
				}
			}
			if kind != "frame" {
				if err := d.SetGuard(guard); err != nil {
					t.Fatal(err)
				}
			}
			for range 20 {
				i := r.IntN(len(places))
				b, err := places[i].MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				var p Position
				if err := p.UnmarshalBinary(b); err != nil || p != places[i] {
					t.Fatalf("%v came back as %v (%v)", places[i], p, err)
				}
				if err := d.Seek(p); err != nil {
					t.Fatal(kind, err)
				}
				if d.Position() != places[i] || d.Steps() != int64(i) || p.Step() != int64(i) {
					t.Fatalf("%s: at %+v, not %+v", kind, d.Position(), places[i])
				}
				if r.IntN(2) == 0 {
					end := i + r.IntN(len(steps)-i+1)
					for j, s := range steps[i:end] {
						if err := s.decode(d); err != nil {
							t.Fatal(kind, j, err)
						}
					}
					if d.Position() != places[end] {
						t.Fatalf("%s: at %+v, not %+v", kind, d.Position(), places[end])
					}
				} else if err := decodeAll(d, steps[i:]); err != nil {
					t.Fatal(kind, i, len(steps), err)
				}
			}
		}
	}
}

func TestPositionRefusals(t *testing.T) {
	e := NewEncoder(nil)
	if err := e.EncodeStep([]float32{1, 1, 1}, 1); err != nil {
		t.Fatal(err)
	}
	p := e.Position()
	b, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var q Position
	for n := range b {
		if err := q.UnmarshalBinary(b[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if err := q.UnmarshalBinary(append(b, 0)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a byte more: %v", err)
	}
	if err := q.UnmarshalBinary(append([]byte{1}, b[1:]...)); !errors.Is(err, ErrUnsupported) {
		t.Errorf("another version: %v", err)
	}
	if err := NewStreamDecoder(iotest.OneByteReader(bytes.NewReader(nil))).Seek(p); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a reader that cannot seek: %v", err)
	}
	far := p
	far.state.Offset = 1000
	if err := NewDecoder([]byte{1, 2, 3}).Seek(far); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a position after the end: %v", err)
	}
}

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
			var d *DistributionError
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
