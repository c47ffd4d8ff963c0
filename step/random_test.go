package step

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/prob"
)

const largestRandom = 300000

// A pool holds numbers of one kind in every type, for random distributions to
// be cut out of. The numbers of different types are not equal.
type pool struct {
	name  string
	form  Form
	f32   []float32
	f64   []float64
	f16   []prob.Float16
	bf16  []prob.BFloat16
	touch bool // put one number above zero into each distribution
}

// newPool fills a pool from a generator of float32 bits.
func newPool(name string, form Form, touch bool, next func() float32) *pool {
	const n = largestRandom * 5 / 4
	p := &pool{name, form, make([]float32, n), make([]float64, n), make([]prob.Float16, n), make([]prob.BFloat16, n), touch}
	for i := range n {
		x := next()
		b := math.Float32bits(x)
		p.f32[i] = x
		p.f64[i] = float64(x) * (1 + float64(i&7)*0x1p-40)
		if math.IsInf(p.f64[i], 0) != math.IsInf(float64(x), 0) || math.Abs(p.f64[i]) > math.MaxFloat32 {
			p.f64[i] = float64(x)
		}
		p.bf16[i] = prob.BFloat16(b >> 16)
		half := prob.Float16(b >> 16 & 0x8000) // zero, or minus infinity
		switch e := int(b>>23&0xff) - 112; {
		case b&0x7fffffff == 0x7f800000:
			half |= 0x7c00
		case e > 30:
			half |= 0x7bff
		case e > 0:
			half |= prob.Float16(e<<10 | int(b>>13&0x3ff))
		case e > -10:
			half |= prob.Float16((b&0x7fffff | 0x800000) >> (14 - e))
		}
		p.f16[i] = half
	}
	return p
}

func randomPools(r *rand.Rand) []*pool {
	inf := float32(math.Inf(-1))
	return []*pool{
		newPool("uniform", Probabilities, false, func() float32 { return 0.001 }),
		newPool("random", Probabilities, true, func() float32 { return r.Float32() }),
		newPool("peaked", Probabilities, true, func() float32 { return float32(math.Exp(-20 * r.Float64())) }),
		newPool("sparse", Probabilities, true, func() float32 { return r.Float32() * float32(r.IntN(50)/49) }),
		newPool("denormal", Probabilities, true, func() float32 { return math.Float32frombits(r.Uint32() >> 9) }),
		newPool("one-hot", Probabilities, true, func() float32 { return 0 }),
		newPool("huge", Probabilities, true, func() float32 { return r.Float32() * math.MaxFloat32 }),
		newPool("tiny sums", Probabilities, true, func() float32 { return r.Float32() * 1e-25 }),
		newPool("all magnitudes", Probabilities, true, func() float32 { return math.Float32frombits(r.Uint32N(0x7f800000)) }),
		newPool("logits", Logits, false, func() float32 { return float32(r.NormFloat64() * 8) }),
		newPool("flat logits", Logits, false, func() float32 { return 3 }),
		newPool("wild logits", Logits, true, func() float32 {
			if r.IntN(3) == 0 {
				return inf
			}
			return float32(r.NormFloat64() * math.Pow(10, float64(r.IntN(30))))
		}),
	}
}

// A randomStep is one distribution of a pool and a symbol.
type randomStep struct {
	pool     *pool
	kind     int
	from, to int
	symbol   uint32
	at       int // where a number above zero is put, -1 if none is
}

// with calls do with the distribution in place.
func cut[T prob.Float](s randomStep, of []T, one T, do func([]T) error) error {
	row := of[s.from:s.to]
	if s.at >= 0 {
		old := row[s.at]
		row[s.at] = one
		defer func() { row[s.at] = old }()
	}
	return do(row)
}

func (s randomStep) encode(e *Encoder) error {
	symbol := []uint32{s.symbol}
	switch s.kind {
	case 0:
		return cut(s, s.pool.f32, 1e-3, func(row []float32) error { return second(EncodeSteps(e, s.pool.form, row, symbol)) })
	case 1:
		return cut(s, s.pool.f64, 1e-3, func(row []float64) error { return second(EncodeSteps(e, s.pool.form, row, symbol)) })
	case 2:
		return cut(s, s.pool.f16, 0x1000, func(row []prob.Float16) error { return second(EncodeSteps(e, s.pool.form, row, symbol)) })
	}
	return cut(s, s.pool.bf16, 0x3a83, func(row []prob.BFloat16) error { return second(EncodeSteps(e, s.pool.form, row, symbol)) })
}

func (s randomStep) decode(d *Decoder) error {
	got := []uint32{0}
	var err error
	switch s.kind {
	case 0:
		err = cut(s, s.pool.f32, 1e-3, func(row []float32) error { return second(DecodeSteps(d, s.pool.form, row, got)) })
	case 1:
		err = cut(s, s.pool.f64, 1e-3, func(row []float64) error { return second(DecodeSteps(d, s.pool.form, row, got)) })
	case 2:
		err = cut(s, s.pool.f16, 0x1000, func(row []prob.Float16) error { return second(DecodeSteps(d, s.pool.form, row, got)) })
	default:
		err = cut(s, s.pool.bf16, 0x3a83, func(row []prob.BFloat16) error { return second(DecodeSteps(d, s.pool.form, row, got)) })
	}
	return wrongUnless(got[0], err, s.symbol)
}

// TestRandomDistributions codes under distributions of every kind and type, over
// 1 to 300,000 symbols, and checks that the sizes are right.
//
// FORETELL_TRIALS=1000000 go test -run TestRandomDistributions -timeout 2h .
func TestRandomDistributions(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	pools := randomPools(r)
	e, d := NewEncoder(nil), NewDecoder(nil)
	counts := make(map[string]int)
	var steps []randomStep
	for left := trials(t, 10000); left > 0; left -= len(steps) {
		steps = steps[:0]
		for range min(left, 100) {
			p := pools[r.IntN(len(pools))]
			v := int(math.Exp(r.Float64() * math.Log(largestRandom)))
			s := randomStep{pool: p, kind: r.IntN(4), from: r.IntN(len(p.f32) - v + 1), at: -1}
			s.to = s.from + v
			s.symbol = uint32(r.IntN(v))
			if p.touch {
				s.at = r.IntN(v)
				if r.IntN(2) == 0 {
					s.symbol = uint32(s.at)
				}
			}
			steps = append(steps, s)
			counts[p.name]++
		}
		e.Reset(nil)
		if err := e.SetGuard(64); err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if err := s.encode(e); err != nil {
				t.Fatalf("%s, type %d, %d symbols: %v", s.pool.name, s.kind, s.to-s.from, err)
			}
		}
		bits := e.Bits()
		code, err := e.Finish()
		if err != nil {
			t.Fatal(err)
		}
		if most := bits/8 + 4 + 8; float64(len(code)) > most {
			t.Fatalf("%d bytes, not %v", len(code), most)
		}
		d.Reset(slices.Clip(code))
		if err := d.SetGuard(64); err != nil {
			t.Fatal(err)
		}
		for i, s := range steps {
			if err := s.decode(d); err != nil {
				t.Fatalf("step %d: %s, type %d, %d symbols: %v", i, s.pool.name, s.kind, s.to-s.from, err)
			}
		}
		if err := d.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	t.Log(counts)
}
