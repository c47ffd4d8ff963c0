package step

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/foretell/foretell/internal/simd"
	"github.com/foretell/foretell/prob"
)

var benchSizes = []int{256, 1024, 32000, 50257, 128256}

// A benchArray is a distribution over v symbols as all types, with symbols drawn
// from it.
type benchArray struct {
	f32     []float32
	f64     []float64
	f16     []prob.Float16
	bf16    []prob.BFloat16
	logits  []float32
	symbols []uint32
}

func newBenchArray(v int, seed uint64) *benchArray {
	r := rand.New(rand.NewPCG(61, seed))
	a := &benchArray{make([]float32, v), make([]float64, v), make([]prob.Float16, v), make([]prob.BFloat16, v), make([]float32, v), nil}
	cum := make([]float64, v)
	sum := 0.0
	for i := range v {
		a.logits[i] = float32(r.NormFloat64() * 3)
		sum += math.Exp(float64(a.logits[i]))
		cum[i] = sum
	}
	for i, l := range a.logits {
		p := math.Exp(float64(l)) / sum
		a.f32[i], a.f64[i] = float32(p), p
		a.bf16[i] = prob.BFloat16(math.Float32bits(float32(p)) >> 16)
		a.f16[i] = half(p)
	}
	for range benchSteps {
		i, _ := slices.BinarySearch(cum, r.Float64()*sum)
		a.symbols = append(a.symbols, uint32(min(i, v-1)))
	}
	return a
}

// half returns the half-precision number next to p, 0..1, toward zero.
func half(p float64) prob.Float16 {
	b := math.Float32bits(float32(p))
	if e := b >> 23; e > 112 {
		return prob.Float16((e-112)<<10 | b>>13&0x3ff)
	}
	return prob.Float16(p * (1 << 24))
}

// encode codes symbol i%benchSteps under the array as the type named.
func (a *benchArray) encode(e *Encoder, kind string, i int) error {
	symbol := a.symbols[i%benchSteps : i%benchSteps+1]
	switch kind {
	case "float32":
		return e.EncodeStep(a.f32, symbol[0])
	case "float64":
		return second(EncodeSteps(e, Probabilities, a.f64, symbol))
	case "float16":
		return second(EncodeSteps(e, Probabilities, a.f16, symbol))
	case "bfloat16":
		return second(EncodeSteps(e, Probabilities, a.bf16, symbol))
	}
	return e.EncodeLogits(a.logits, symbol[0])
}

func (a *benchArray) decode(d *Decoder, kind string, symbol []uint32) (err error) {
	switch kind {
	case "float32":
		symbol[0], err = d.DecodeStep(a.f32)
	case "float64":
		_, err = DecodeSteps(d, Probabilities, a.f64, symbol)
	case "float16":
		_, err = DecodeSteps(d, Probabilities, a.f16, symbol)
	case "bfloat16":
		_, err = DecodeSteps(d, Probabilities, a.bf16, symbol)
	default:
		symbol[0], err = d.DecodeLogits(a.logits)
	}
	return err
}

// benchCode returns a stream of benchSteps steps under the arrays in turn.
func benchCode(b *testing.B, arrays []*benchArray, kind string) []byte {
	e := NewEncoder(nil)
	for i := range benchSteps {
		if err := arrays[i%len(arrays)].encode(e, kind, i); err != nil {
			b.Fatal(err)
		}
	}
	code, err := e.Finish()
	if err != nil {
		b.Fatal(err)
	}
	return code
}

// runSteps times encoding or decoding under an array. Between batches of steps it
// times plain sums of the float32 numbers. x/sum is the ratio of the fastest
// batches of each, which other work on the machine disturbs least.
func runSteps(b *testing.B, a *benchArray, verb, kind string) {
	code := benchCode(b, []*benchArray{a}, kind)
	e, d := NewEncoder(make([]byte, 0, 1<<12)), NewDecoder(code)
	symbol := make([]uint32, 1)
	step := func(i int) error { return a.encode(e, kind, i) }
	if verb == "decode" {
		step = func(i int) error { return a.decode(d, kind, symbol) }
	}
	bestSum, bestStep := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	var began time.Time
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if n%benchBatch == 0 {
			now := time.Now()
			b.StopTimer()
			if n > 0 {
				bestStep = min(bestStep, now.Sub(began))
			}
			start := time.Now()
			for range benchBatch {
				sink += simd.SumFloat32(a.f32)
			}
			bestSum = min(bestSum, time.Since(start))
			if n%benchSteps == 0 {
				n = 0
				d.Reset(code)
				rest, err := e.Finish()
				if err != nil {
					b.Fatal(err)
				}
				e.Reset(rest[:0])
			}
			b.StartTimer()
			began = time.Now()
		}
		if err := step(n); err != nil {
			b.Fatal(err)
		}
		n++
	}
	if bestStep < math.MaxInt64 {
		b.ReportMetric(float64(bestStep)/float64(bestSum), "x/sum")
	}
}

const (
	benchSteps = 256 // in a stream
	benchBatch = 32  // timed together
)

var sink float32

// BenchmarkStep codes single steps on hot arrays. x/sum is the time over that of
// a plain sum of as many float32 numbers in four accumulators.
func BenchmarkStep(b *testing.B) {
	b.Logf("kernels: %s", simd.Level())
	for _, verb := range []string{"encode", "decode"} {
		for _, kind := range []string{"float32", "float64", "float16", "bfloat16", "logits"} {
			for _, v := range benchSizes {
				b.Run(fmt.Sprintf("%s/%s/%d", verb, kind, v), func(b *testing.B) {
					runSteps(b, newBenchArray(v, 1), verb, kind)
				})
			}
		}
	}
}

// BenchmarkStepRotating goes through more arrays than the caches hold, with each
// type in turn for a batch, so that all meet the machine in the same state. The
// metrics are the mean times of a step in nanoseconds, and of a plain sum.
func BenchmarkStepRotating(b *testing.B) {
	b.Logf("kernels: %s", simd.Level())
	const v = 50257
	arrays := make([]*benchArray, benchSteps)
	for i := range arrays {
		arrays[i] = newBenchArray(v, uint64(i))
	}
	kinds := []string{"float32", "float64", "float16", "bfloat16", "logits"}
	for _, verb := range []string{"encode", "decode"} {
		b.Run(fmt.Sprintf("%s/%d", verb, v), func(b *testing.B) {
			elapsed := make([]time.Duration, len(kinds)+1)
			codes, symbol := make([][]byte, len(kinds)), make([]uint32, 1)
			encoders, decoders := make([]*Encoder, len(kinds)), make([]*Decoder, len(kinds))
			for i, kind := range kinds {
				codes[i] = benchCode(b, arrays, kind)
				encoders[i], decoders[i] = NewEncoder(nil), NewDecoder(nil)
			}
			n := 0
			for b.Loop() {
				first := n * benchBatch % benchSteps
				for i, kind := range kinds {
					if first == 0 {
						encoders[i].Reset(make([]byte, 0, 1<<12))
						decoders[i].Reset(codes[i])
					}
					start := time.Now()
					for k := first; k < first+benchBatch; k++ {
						var err error
						if verb == "encode" {
							err = arrays[k].encode(encoders[i], kind, k)
						} else {
							err = arrays[k].decode(decoders[i], kind, symbol)
						}
						if err != nil {
							b.Fatal(err)
						}
					}
					elapsed[i] += time.Since(start)
				}
				start := time.Now()
				for k := first; k < first+benchBatch; k++ {
					sink += simd.SumFloat32(arrays[k].f32)
				}
				elapsed[len(kinds)] += time.Since(start)
				n++
			}
			for i, kind := range append(kinds, "sum") {
				b.ReportMetric(float64(elapsed[i])/float64(n*benchBatch), "ns/"+kind)
			}
		})
	}
}

// BenchmarkStepSparse codes steps whose top k of 50,257 probabilities are given.
func BenchmarkStepSparse(b *testing.B) {
	r := rand.New(rand.NewPCG(63, 64))
	for _, k := range []int{1, 10, 50, 256} {
		ids, p := make([]uint32, k), make([]float32, k)
		for i, id := range r.Perm(50257)[:k] {
			ids[i], p[i] = uint32(id), 0.9/float32(k)
		}
		e := NewEncoder(nil)
		b.Run(fmt.Sprintf("encode/%d", k), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i&0xffff == 0 {
					e.Reset(nil)
				}
				if err := e.EncodeSparse(50257, ids, p, prob.Rest, ids[i%k]); err != nil {
					b.Fatal(err)
				}
			}
		})
		e.Reset(nil)
		for i := range 1000 {
			if err := e.EncodeSparse(50257, ids, p, prob.Rest, ids[i%k]); err != nil {
				b.Fatal(err)
			}
		}
		code, err := e.Finish()
		if err != nil {
			b.Fatal(err)
		}
		d := NewDecoder(nil)
		b.Run(fmt.Sprintf("decode/%d", k), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%1000 == 0 {
					d.Reset(code)
				}
				if _, err := d.DecodeSparse(50257, ids, p, prob.Rest); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStepGaussian codes latents, each under a mean and deviation of its own.
func BenchmarkStepGaussian(b *testing.B) {
	r := rand.New(rand.NewPCG(65, 66))
	const n = 4096
	rg := prob.Range{Lo: -128, Hi: 127, Escape: true}
	parts, values := make([]prob.Component, n), make([]int64, n)
	for i := range parts {
		parts[i] = prob.Gaussian(r.NormFloat64()*10, math.Exp(r.NormFloat64()))
		values[i] = int64(math.Round(parts[i].Mean + parts[i].Scale*r.NormFloat64()))
	}
	var p prob.Parametric
	e := NewEncoder(nil)
	encode := func(i int) {
		if err := p.Set(rg, parts[i%n]); err != nil {
			b.Fatal(err)
		}
		if err := e.EncodeValue(&p, values[i%n]); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%n == 0 {
				e.Reset(nil)
			}
			encode(i)
		}
	})
	e.Reset(nil)
	for i := range n {
		encode(i)
	}
	code, err := e.Finish()
	if err != nil {
		b.Fatal(err)
	}
	d := NewDecoder(nil)
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%n == 0 {
				d.Reset(code)
			}
			if err := p.Set(rg, parts[i%n]); err != nil {
				b.Fatal(err)
			}
			if value, err := d.DecodeValue(&p); err != nil || value != values[i%n] {
				b.Fatal(value, err)
			}
		}
	})
}

// BenchmarkStepBatch advances 64 streams by a step under a matrix.
func BenchmarkStepBatch(b *testing.B) {
	const n = 64
	for _, v := range []int{256, 50257} {
		row := newBenchArray(v, 1)
		var rows []float32
		for range n {
			rows = append(rows, row.f32...)
		}
		// Each stream has a symbol of its own, or its branches would be foreseen.
		symbols := make([]uint32, n)
		encoders := make([]*Encoder, n)
		for i := range encoders {
			symbols[i] = uint32(i)
			encoders[i] = NewEncoder(make([]byte, 0, 1<<16))
		}
		b.Run(fmt.Sprintf("encode/%d", v), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i&255 == 0 {
					for _, e := range encoders {
						e.Reset(nil)
					}
				}
				if err := EncodeBatch(encoders, Probabilities, rows, symbols); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/n, "ns/row")
		})
		codes := make([][]byte, n)
		decoders := make([]*Decoder, n)
		for i := range decoders {
			e := NewEncoder(nil)
			for range 256 {
				if err := e.EncodeStep(row.f32, symbols[i]); err != nil {
					b.Fatal(err)
				}
			}
			code, err := e.Finish()
			if err != nil {
				b.Fatal(err)
			}
			codes[i], decoders[i] = code, NewDecoder(nil)
		}
		b.Run(fmt.Sprintf("decode/%d", v), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i&255 == 0 {
					for k, d := range decoders {
						d.Reset(codes[k])
					}
				}
				if err := DecodeBatch(decoders, Probabilities, rows, symbols); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/n, "ns/row")
		})
	}
}
