package step

import (
	"bytes"
	"encoding/hex"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/simd/fpenv"
	"github.com/foretell/foretell/prob"
)

var update = flag.Bool("update", false, "write the golden files and the dump in docs/stream.md anew")

// goldenFloats returns n float32 numbers, made of random bits so that they are
// the same on every machine: 2^-24 to 1.
func goldenFloats(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = math.Float32frombits(uint32(127-1-r.IntN(24))<<23 | r.Uint32()>>9)
	}
	return x
}

func goldenLogits(r *rand.Rand, n int) []float32 {
	x := goldenFloats(r, n)
	for i := range x {
		x[i] = math.Float32frombits(math.Float32bits(x[i]) + 5<<23 ^ r.Uint32()<<31)
	}
	return x
}

// goldens code the same steps into every stream that they are given.
var goldens = map[string]func(r *rand.Rand, code func(stepCase)){
	"float32": func(r *rand.Rand, code func(stepCase)) {
		for range 60 {
			n := 1 + r.IntN(2000)
			code(goldenRow(Probabilities, goldenFloats(r, n), r.IntN(n)))
		}
	},
	"float64": func(r *rand.Rand, code func(stepCase)) {
		for range 60 {
			row := make([]float64, 1+r.IntN(2000))
			for i := range row {
				row[i] = math.Float64frombits(uint64(1023-r.IntN(60))<<52 | r.Uint64()>>12)
			}
			code(goldenRow(Probabilities, row, r.IntN(len(row))))
		}
	},
	"float16": func(r *rand.Rand, code func(stepCase)) {
		for range 60 {
			row := make([]prob.Float16, 1+r.IntN(2000))
			for i := range row {
				row[i] = prob.Float16(r.IntN(0x3c00) + 1)
			}
			code(goldenRow(Probabilities, row, r.IntN(len(row))))
		}
	},
	"bfloat16": func(r *rand.Rand, code func(stepCase)) {
		for range 60 {
			row := make([]prob.BFloat16, 1+r.IntN(2000))
			for i := range row {
				row[i] = prob.BFloat16(0x3380 + r.IntN(0xc00))
			}
			code(goldenRow(Probabilities, row, r.IntN(len(row))))
		}
	},
	"logits": func(r *rand.Rand, code func(stepCase)) {
		for range 60 {
			n := 1 + r.IntN(2000)
			code(goldenRow(Logits, goldenLogits(r, n), r.IntN(n)))
		}
	},
	"sparse": func(r *rand.Rand, code func(stepCase)) {
		for i := range 60 {
			n := 500 + r.IntN(60000)
			k := r.IntN(100)
			p, ids := goldenFloats(r, k), make([]uint32, k)
			for j := range ids {
				ids[j] = uint32(j*n/100 + r.IntN(n/100))
			}
			tail := []float64{prob.Rest, 0.0625, 1.5}[i%3]
			symbol := uint32(r.IntN(n))
			if k > 0 && i%4 != 0 {
				symbol = ids[r.IntN(k)]
			}
			if i%2 == 0 {
				code(stepCase{
					func(e *Encoder) error { return e.EncodeSparse(n, ids, p, tail, symbol) },
					func(d *Decoder) error {
						got, err := d.DecodeSparse(n, ids, p, tail)
						return wrongUnless(got, err, symbol)
					},
				})
				continue
			}
			for j := range p {
				p[j] = -16 * p[j]
			}
			code(stepCase{
				func(e *Encoder) error { return e.EncodeSparseLog(n, ids, p, tail, symbol) },
				func(d *Decoder) error {
					got, err := d.DecodeSparseLog(n, ids, p, tail)
					return wrongUnless(got, err, symbol)
				},
			})
		}
	},
	"parametric": func(r *rand.Rand, code func(stepCase)) {
		for i := range 120 {
			var parts []prob.Component
			for range 1 + i/60*2 {
				parts = append(parts, prob.Component{
					Family: prob.Family(r.IntN(3)),
					Mean:   float64(r.IntN(1<<16)-1<<15) / 256,
					Scale:  math.Float64frombits(uint64(1023-8+r.IntN(16))<<52 | r.Uint64()>>12),
					Weight: float64(1+r.IntN(9)) / 8,
				})
			}
			p := new(prob.Parametric)
			if err := p.Set(prob.Range{Lo: -128, Hi: 127, Escape: true}, parts...); err != nil {
				panic(err)
			}
			value := int64(parts[0].Mean) + int64(r.IntN(9)-4)
			if i%16 == 0 {
				value = int64(r.Uint64()) >> r.IntN(64)
			}
			code(stepCase{
				func(e *Encoder) error { return e.EncodeValue(p, value) },
				func(d *Decoder) error { got, err := d.DecodeValue(p); return wrongUnless(got, err, value) },
			})
		}
	},
	"simple": func(r *rand.Rand, code func(stepCase)) {
		for i := range 60 {
			var d prob.Distribution
			if i%2 == 0 {
				u, err := prob.NewUniform(1 + r.IntN(prob.MaxSymbols))
				if err != nil {
					panic(err)
				}
				d = u
			} else {
				b := new(prob.Bernoulli)
				if err := b.Set(math.Float64frombits(uint64(1023-1-r.IntN(30))<<52 | r.Uint64()>>12)); err != nil {
					panic(err)
				}
				d = b
			}
			symbol := uint32(r.IntN(d.Len()))
			code(stepCase{
				func(e *Encoder) error { return e.Encode(d, symbol) },
				func(dec *Decoder) error { got, err := dec.Decode(d); return wrongUnless(got, err, symbol) },
			})
		}
	},
}

func goldenRow[T prob.Float](form Form, row []T, symbol int) stepCase {
	symbols := []uint32{uint32(symbol)}
	return stepCase{
		func(e *Encoder) error { return second(EncodeSteps(e, form, row, symbols)) },
		func(d *Decoder) error {
			var got [1]uint32
			_, err := DecodeSteps(d, form, row, got[:])
			return wrongUnless(got[0], err, symbols[0])
		},
	}
}

// TestStepGolden holds the coder to the bytes that it gave before: bare, guarded
// and framed, in each mode of floating-point arithmetic. -update writes them anew, which a change of format must allow.
func TestStepGolden(t *testing.T) {
	for name, steps := range goldens {
		t.Run(name, func(t *testing.T) {
			for _, mode := range fpenv.Modes() {
				t.Run(mode.Name, func(t *testing.T) { testGolden(t, name, mode, steps) })
			}
		})
	}
}

func testGolden(t *testing.T, name string, mode fpenv.Mode, steps func(*rand.Rand, func(stepCase))) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer mode.Set()()
	var cases []stepCase
	steps(rand.New(rand.NewPCG(51, 52)), func(s stepCase) { cases = append(cases, s) })
	guarded := NewEncoder(nil)
	if err := guarded.SetGuard(16); err != nil {
		t.Fatal(err)
	}
	frame := Frame{Guard: 16, Chunk: 128, Model: []byte(name)}
	streams := map[string][]byte{
		"bare":    encodeAll(t, NewEncoder(nil), cases),
		"guarded": encodeAll(t, guarded, cases),
		"framed":  newFramed(t, frame, cases),
	}
	for kind, code := range streams {
		file := filepath.Join("testdata", name+"-"+kind+".hex")
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(hexLines(code)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(code, want) {
			t.Errorf("%s: other bytes than before:\n%s", kind, hexLines(code))
		}
		if kind == "framed" {
			err = decodeFramed(bytes.NewReader(want), frame, cases)
		} else {
			d := NewDecoder(want)
			if kind == "guarded" {
				err = d.SetGuard(16)
			}
			if err == nil {
				err = decodeAll(d, cases)
			}
		}
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// hexLines writes b as hexadecimal digits, 32 bytes a line.
func hexLines(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		n := min(len(b), 32)
		s.WriteString(hex.EncodeToString(b[:n]) + "\n")
		b = b[n:]
	}
	return s.String()
}
