package step

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/simd"
	"github.com/foretell/foretell/internal/simd/fpenv"
	"github.com/foretell/foretell/prob"
)

// realisticRow returns n logits as a model gives them, the same on every machine.
func realisticRow(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.IntN(1<<16)-1<<15)*0x1p-13 - float32(r.IntN(1<<16))*0x1p-14
	}
	x[r.IntN(n)] += float32(r.IntN(8))
	return x
}

// TestTolerantGolden holds encoders to the bytes that they gave before, and decodes
// them under numbers that differ by the bound and with another exponential function.
func TestTolerantGolden(t *testing.T) {
	for _, mode := range fpenv.Modes() {
		for _, tolerance := range []float64{1e-5, 1e-4, 1e-3, 1e-2} {
			t.Run(fmt.Sprintf("%s/%g", mode.Name, tolerance), func(t *testing.T) { testTolerantGolden(t, mode, tolerance) })
		}
	}
}

func testTolerantGolden(t *testing.T, mode fpenv.Mode, tolerance float64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer mode.Set()()
	r := rand.New(rand.NewPCG(185, 1))
	var rows, moved [][]float32
	var symbols []uint32
	for i := range 300 {
		n := 1 + r.IntN(40)
		if i%10 == 0 {
			n = 1 + r.IntN(3000)
		}
		row, other := realisticRow(r, n), make([]float32, n)
		for j, x := range row {
			other[j] = x + float32(1-2*(j>>(i%8)&1))*float32(tolerance)*0.99
		}
		best := 0
		for j, x := range row {
			if x > row[best] {
				best = j
			}
		}
		if i%3 == 0 {
			best = r.IntN(n)
		}
		rows, moved, symbols = append(rows, row), append(moved, other), append(symbols, uint32(best))
	}
	var out bytes.Buffer
	frame := Frame{Tolerance: tolerance, Guard: 32, Chunk: 64, Model: []byte("tolerant")}
	e, err := NewFramedEncoder(&out, frame)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if err := e.EncodeLogits(row, symbols[i]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Finish(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", fmt.Sprintf("tolerant-%g.hex", tolerance))
	if *update {
		if err := os.WriteFile(file, []byte(hexLines(out.Bytes())), 0o644); err != nil {
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
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("other bytes than before:\n%s", hexLines(out.Bytes()))
	}
	for name, under := range map[string][][]float32{"equal": rows, "moved": moved} {
		for _, other := range []bool{false, true} {
			d, err := NewFramedDecoder(bytes.NewReader(want), Frame{Model: []byte("tolerant")})
			if err != nil {
				t.Fatal(err)
			}
			if other {
				d.tolerant.masses.sums, d.tolerant.masses.each = otherSums, otherEach
			}
			for i, row := range under {
				got, err := d.DecodeLogits(row)
				if err != nil || got != symbols[i] {
					t.Fatalf("%s, step %d: %d, not %d: %v", name, i, got, symbols[i], err)
				}
			}
			if more, err := d.More(); more || err != nil {
				t.Fatal(more, err)
			}
		}
	}
}

// otherEach is simd.Masses by another exponential function, in another unit, and
// otherSums adds them up in another order.
func otherEach(dst, x []float32, _ simd.MassScale) {
	for i, v := range x {
		dst[i] = float32(math.Exp(float64(v)-1.5) * 1024)
	}
}

func otherSums(sums []float64, x []float32, _ simd.MassScale) {
	for i := range sums {
		sums[i] = 0
		for j := simd.MassBlock - 1; j >= 0; j-- {
			sums[i] += math.Exp(float64(x[i*simd.MassBlock+j])-1.5) * 1024
		}
	}
}

// TestTolerantTypes encodes under each type what is decoded under another.
func TestTolerantTypes(t *testing.T) {
	r := rand.New(rand.NewPCG(186, 1))
	const n, steps = 700, 50
	e := newTolerantEncoder(t, 1e-2, 10)
	var rows [][]prob.BFloat16
	var symbols []uint32
	for range steps {
		row, wide := make([]prob.BFloat16, n), make([]float64, n)
		for i, x := range realisticRow(r, n) {
			row[i] = prob.BFloat16(math.Float32bits(x) >> 16)
			wide[i] = float64(math.Float32frombits(uint32(row[i]) << 16))
		}
		symbol := []uint32{uint32(r.IntN(n))}
		if _, err := EncodeSteps(e, Logits, wide, symbol); err != nil {
			t.Fatal(err)
		}
		rows, symbols = append(rows, row), append(symbols, symbol[0])
	}
	code, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	d := newTolerantDecoder(t, code, 1e-2, 10)
	for i, row := range rows {
		var got [1]uint32
		if _, err := DecodeSteps(d, Logits, row, got[:]); err != nil || got[0] != symbols[i] {
			t.Fatal(i, got, err)
		}
	}
	if err := d.Finish(); err != nil {
		t.Fatal(err)
	}
	minus := float32(math.Copysign(0, -1))
	e = newTolerantEncoder(t, 1e-4, 0)
	tiny := []float32{1e-42, minus, 3e-42, 0, 2e-42}
	if err := errors.Join(e.EncodeStep(tiny, 2), e.EncodeStep(tiny, 1)); err != nil {
		t.Fatal(err)
	}
	code, err = e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	d = newTolerantDecoder(t, code, 1e-4, 0)
	scaled := []float32{0.1, 0, 0.3, minus, 0.2}
	a, err1 := d.DecodeStep(scaled)
	b, err2 := d.DecodeStep(scaled)
	if err := errors.Join(err1, err2, d.Finish()); err != nil || a != 2 || b != 1 {
		t.Fatal(a, b, err)
	}
}
