package step

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/foretell/foretell/prob"
)

// Inputs on which other coders of distributions are known to fail, each with the
// right outcome.

func stepsRoundTrip[T prob.Float](t *testing.T, form Form, row []T, symbols []uint32) []byte {
	t.Helper()
	rows := slices.Repeat(row, len(symbols))
	e := NewEncoder(nil)
	if _, err := EncodeSteps(e, form, rows, symbols); err != nil {
		t.Fatal(err)
	}
	code, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder(code)
	got := make([]uint32, len(symbols))
	if _, err := DecodeSteps(d, form, rows, got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, symbols) {
		t.Fatalf("%v came back as %v", symbols, got)
	}
	if err := d.Finish(); err != nil {
		t.Fatal(err)
	}
	return code
}

// One decoder is off by one: its first symbol comes back as 4.
func TestRivalOffByOne(t *testing.T) {
	row := make([]float32, 1024)
	for i := range row {
		row[i] = 1. / 1024
	}
	stepsRoundTrip(t, Probabilities, row, []uint32{5, 0, 0, 0, 0, 0, 0})
}

// One divides by zero and takes the process with it.
func TestRivalFairCoin(t *testing.T) {
	symbols := make([]uint32, 61)
	symbols[0] = 1
	code := stepsRoundTrip(t, Probabilities, []float32{0.5, 0.5}, symbols)
	if len(code) > 9 {
		t.Errorf("%d bytes for 61 bits", len(code))
	}
}

// One encodes a symbol out of range as garbage.
func TestRivalSymbolOutOfRange(t *testing.T) {
	e := NewEncoder(nil)
	for _, symbol := range []uint32{3, 4, math.MaxUint32} {
		var s *prob.SymbolError
		if err := e.EncodeStep([]float32{0.2, 0.3, 0.5}, symbol); !errors.As(err, &s) || s.Symbol != symbol || s.Len != 3 {
			t.Errorf("symbol %d: %v", symbol, err)
		}
	}
}

// One accepts NaN and negative probabilities, another accepts negative ones and
// decodes them wrongly.
func TestRivalBadValues(t *testing.T) {
	for _, bad := range []float32{float32(math.NaN()), -0.25, float32(math.Inf(1)), float32(math.Inf(-1)), -1e-45} {
		var d *prob.DistributionError
		if err := NewEncoder(nil).EncodeStep([]float32{0.5, 0.5, bad}, 0); !errors.As(err, &d) || d.Index != 2 {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// One hangs on probabilities that add up to two, or on logits.
func TestRivalNotNormalised(t *testing.T) {
	stepsRoundTrip(t, Probabilities, []float32{0.5, 0.5, 0.5, 0.5}, []uint32{0, 1, 2, 3})
	stepsRoundTrip(t, Probabilities, []float32{3e38, 3e38, 1}, []uint32{0, 1, 2})
	stepsRoundTrip(t, Probabilities, []float32{1e-45, 3e-45}, []uint32{0, 1})
	stepsRoundTrip(t, Logits, []float32{-12.5, 3, 20, -400}, []uint32{0, 1, 2, 3})
	if err := NewEncoder(nil).EncodeStep([]float32{-12.5, 3, 20}, 2); !errors.Is(err, ErrDistribution) {
		t.Errorf("logits as probabilities: %v", err)
	}
}

// All decode truncated data to wrong symbols without an error. (So would a bare
// stream without a guard, if what is left is the whole stream of other symbols.)
func TestRivalTruncation(t *testing.T) {
	row := []float32{0.1, 0.2, 0.3, 0.4}
	symbols := make([]uint32, 200)
	for i := range symbols {
		symbols[i] = uint32(i*i/3) % 4
	}
	rows := slices.Repeat(row, len(symbols))
	guarded := NewEncoder(nil)
	if err := guarded.SetGuard(50); err != nil {
		t.Fatal(err)
	}
	if _, err := EncodeSteps(guarded, Probabilities, rows, symbols); err != nil {
		t.Fatal(err)
	}
	code, err := guarded.Finish()
	if err != nil {
		t.Fatal(err)
	}
	for n := range code {
		d := NewDecoder(code[:n])
		if err := d.SetGuard(50); err != nil {
			t.Fatal(err)
		}
		_, err := DecodeSteps(d, Probabilities, rows, make([]uint32, len(symbols)))
		if err == nil {
			err = d.Finish()
		}
		if !stepFault(err) {
			t.Fatalf("%d of %d bytes: %v", n, len(code), err)
		}
	}
	var out bytes.Buffer
	e, err := NewFramedEncoder(&out, Frame{Vocabulary: 4})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := EncodeSteps(e, Probabilities, rows, symbols); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Finish(); err != nil {
		t.Fatal(err)
	}
	for n := range out.Len() {
		d, err := NewFramedDecoder(bytes.NewReader(out.Bytes()[:n]), Frame{Vocabulary: 4})
		if err == nil {
			_, err = DecodeSteps(d, Probabilities, rows, make([]uint32, len(symbols)))
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d of %d bytes: %v", n, out.Len(), err)
		}
	}
}

// One panics on a table whose last probability is zero.
func TestRivalZeroAtTheEnd(t *testing.T) {
	stepsRoundTrip(t, Probabilities, []float32{0.015519348, 0}, []uint32{0, 1, 0, 0})
}

// One gives different streams for equal values of different types.
func TestRivalTypes(t *testing.T) {
	wide := []float64{0.015625, 0.75, 3, 0, 0.109375, 1 << 15}
	f32, f16, bf16 := make([]float32, len(wide)), make([]prob.Float16, len(wide)), make([]prob.BFloat16, len(wide))
	for i, x := range wide {
		f32[i] = float32(x)
		b := math.Float32bits(f32[i])
		bf16[i] = prob.BFloat16(b >> 16)
		if x != 0 {
			f16[i] = prob.Float16((b>>23-112)<<10 | b>>13&0x3ff)
		}
	}
	symbols := []uint32{5, 0, 1, 2, 3, 4, 5, 5}
	for _, form := range []Form{Probabilities, Logits} {
		want := stepsRoundTrip(t, form, wide, symbols)
		for name, got := range map[string][]byte{
			"float32":  stepsRoundTrip(t, form, f32, symbols),
			"float16":  stepsRoundTrip(t, form, f16, symbols),
			"bfloat16": stepsRoundTrip(t, form, bf16, symbols),
		} {
			if !bytes.Equal(got, want) {
				t.Errorf("form %d: %s gives % x, float64 % x", form, name, got, want)
			}
		}
	}
}

// Sixteen bits of precision have no room for such vocabularies, and lose most of
// a bit at 32,000.
func TestRivalVocabulary(t *testing.T) {
	for _, v := range []int{32000, 65537, 128256, 300000} {
		row := make([]float32, v)
		for i := range row {
			row[i] = 1e-9
		}
		row[7] = 1
		code := stepsRoundTrip(t, Probabilities, row, slices.Repeat([]uint32{7}, 100))
		// -log2 of the probability of symbol 7, 100 times.
		bits := 100 * math.Log2(1+float64(v-1)*1e-9)
		if got := float64(8 * len(code)); got > bits*1.5+100*float64(v)*0x1p-31+72 {
			t.Errorf("v %d: %v bits for %v", v, got, bits)
		}
		stepsRoundTrip(t, Probabilities, row, []uint32{0, uint32(v - 1), 7, 8})
	}
}
