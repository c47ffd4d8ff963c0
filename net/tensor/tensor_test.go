package tensor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/big"
	"os"
	"testing"

	"github.com/foretell/foretell/internal/fault"
)

// read returns a row of a tensor that is all of data.
func read(t *testing.T, typ Type, cols int, data []byte) []float64 {
	t.Helper()
	x, err := New(bytes.NewReader(data), int64(len(data)), "x", []int{cols}, typ, 0)
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]float64, cols)
	if err := x.ReadRow(dst, 0); err != nil {
		t.Fatal(err)
	}
	return dst
}

// TestQuantised compares with what the PyPI package gguf reads: testdata/make.py.
func TestQuantised(t *testing.T) {
	golden, err := os.ReadFile("testdata/ggml.f32")
	if err != nil {
		t.Fatal(err)
	}
	scales := []struct {
		Type
		at []int
	}{
		{Q4_0, []int{0}}, {Q4_1, []int{0, 2}}, {Q5_0, []int{0}}, {Q5_1, []int{0, 2}}, {Q8_0, []int{0}},
		{Q4_K, []int{0, 2}}, {Q5_K, []int{0, 2}}, {Q6_K, []int{208}},
	}
	state := uint32(1)
	for _, typ := range scales {
		elements, size := typ.Block()
		for range 256/elements + 1 {
			block := make([]byte, size)
			for i := range block {
				state = state*1103515245 + 12345
				block[i] = byte(state >> 16)
			}
			for _, i := range typ.at {
				block[i] &= 0xC0
				block[i+1] = block[i+1]&0x83 | 0x28
			}
			for i, got := range read(t, typ.Type, elements, block) {
				want := math.Float32frombits(binary.LittleEndian.Uint32(golden))
				golden = golden[4:]
				if got != float64(want) {
					t.Fatalf("%v: number %d of a block is %v, want %v", typ.Type, i, got, want)
				}
			}
		}
	}
	if len(golden) > 0 {
		t.Errorf("%d bytes of the golden file are left", len(golden))
	}
}

// TestSumsAreExact takes the largest scale with the smallest minimum, where sums of
// products have the most bits, in each type that adds.
func TestSumsAreExact(t *testing.T) {
	const largest, smallest = 0x7bff, 0x0001
	d, m := big.NewRat(65504, 1), big.NewRat(1, 1<<24)
	for _, c := range []struct {
		typ       Type
		scale, q  int64 // the largest that the type has
		minimum   int64
		add       bool
		ones, end int // bytes from one to the other are set to 0xff
	}{
		{Q4_1, 1, 15, 1, true, 4, 20},
		{Q5_1, 1, 31, 1, true, 4, 24},
		{Q4_K, 63, 15, 63, false, 4, 144},
		{Q5_K, 63, 31, 63, false, 4, 176},
	} {
		elements, size := c.typ.Block()
		block := make([]byte, size)
		binary.LittleEndian.PutUint16(block, largest)
		binary.LittleEndian.PutUint16(block[2:], smallest)
		for i := c.ones; i < c.end; i++ {
			block[i] = 0xff
		}
		want := new(big.Rat).Mul(d, big.NewRat(c.scale*c.q, 1))
		part := new(big.Rat).Mul(m, big.NewRat(c.minimum, 1))
		if c.add {
			want.Add(want, part)
		} else {
			want.Sub(want, part)
		}
		for i, got := range read(t, c.typ, elements, block) {
			if new(big.Rat).SetFloat64(got).Cmp(want) != 0 {
				t.Fatalf("%v: number %d is %v, want %v", c.typ, i, got, want.FloatString(30))
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		typ  Type
		data string
		want []float64
	}{
		{F64, "\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\xf0\xff", []float64{1, -inf}},
		{F32, "\x00\x00\x80\x3f\x01\x00\x00\x80\x00\x00\x80\x7f", []float64{1, -math.Ldexp(1, -149), inf}},
		{F16, "\x00\x3c\x01\x00\xff\x7b\x00\xfc\xff\x83", []float64{1, math.Ldexp(1, -24), 65504, -inf, -math.Ldexp(1023, -24)}},
		{BF16, "\x80\x3f\xc0\xc0\x01\x00", []float64{1, -6, math.Ldexp(1, -133)}},
		{Bool, "\x00\x01\x07", []float64{0, 1, 1}},
		{Int8, "\x80\x7f", []float64{-128, 127}},
		{Uint8, "\x80\x7f", []float64{128, 127}},
		{Int16, "\x00\x80\x01\x00", []float64{-32768, 1}},
		{Uint16, "\x00\x80\x01\x00", []float64{32768, 1}},
		{Int32, "\x00\x00\x00\x80", []float64{math.MinInt32}},
		{Uint32, "\x00\x00\x00\x80", []float64{1 << 31}},
		{Int64, "\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x20\x00", []float64{-1, 1 << 53}},
		{Uint64, "\x00\x00\x00\x00\x00\x00\x20\x00", []float64{1 << 53}},
	} {
		got := read(t, c.typ, len(c.want), []byte(c.data))
		for i := range got {
			if got[i] != c.want[i] || math.Signbit(got[i]) != math.Signbit(c.want[i]) {
				t.Errorf("%v: number %d is %v, want %v", c.typ, i, got[i], c.want[i])
			}
		}
	}
	if v := read(t, F16, 1, []byte("\x01\x7e"))[0]; !math.IsNaN(v) {
		t.Errorf("F16: NaN reads as %v", v)
	}
}

// TestHalves compares all finite binary16 values with their definition.
func TestHalves(t *testing.T) {
	var data []byte
	for b := range 1 << 16 {
		data = binary.LittleEndian.AppendUint16(data, uint16(b))
	}
	for b, got := range read(t, F16, 1<<16, data) {
		exp, frac := b>>10&31, float64(b&1023)
		want := math.Ldexp(1024+frac, exp-25)
		switch exp {
		case 0:
			want = math.Ldexp(frac, -24)
		case 31:
			continue
		}
		if b>>15 > 0 {
			want = -want
		}
		if math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%#04x is %v, want %v", b, got, want)
		}
	}
}

func TestRows(t *testing.T) {
	data := make([]byte, 8+4*6*5000)
	for i := range 6 * 5000 {
		binary.LittleEndian.PutUint32(data[8+4*i:], uint32(i))
	}
	x, err := New(bytes.NewReader(data), int64(len(data)), "x", []int{2, 3, 5000}, Uint32, 8)
	if err != nil {
		t.Fatal(err)
	}
	if x.Rows() != 6 || x.Cols() != 5000 || x.Bytes() != 120000 || x.Offset() != 8 {
		t.Errorf("%d rows of %d, %d bytes at %d", x.Rows(), x.Cols(), x.Bytes(), x.Offset())
	}
	dst := make([]float64, 5000)
	for row := range 6 {
		if err := x.ReadRow(dst, row); err != nil {
			t.Fatal(err)
		}
		for i, v := range dst {
			if v != float64(row*5000+i) {
				t.Fatalf("row %d, number %d is %v", row, i, v)
			}
		}
	}
	for _, row := range []int{-1, 6} {
		if x.ReadRow(dst, row) == nil {
			t.Errorf("row %d was read", row)
		}
	}
	if x.ReadRow(dst[1:], 0) == nil {
		t.Error("a row was read into a slice that is too short")
	}
	scalar, err := New(bytes.NewReader(data), int64(len(data)), "x", nil, Uint32, 12)
	if err != nil {
		t.Fatal(err)
	}
	if err := scalar.ReadRow(dst[:1], 0); err != nil || dst[0] != 1 {
		t.Errorf("a tensor without axes: %v, %v", dst[0], err)
	}
}

func TestRefusals(t *testing.T) {
	data := make([]byte, 100)
	for _, c := range []struct {
		why    string
		shape  []int
		typ    Type
		offset int64
	}{
		{"too long", []int{26}, F32, 0},
		{"begins too late", []int{1}, F32, 97},
		{"begins after the end", []int{0}, F32, 101},
		{"begins before the file", []int{1}, F32, -1},
		{"half a block", []int{16}, Q8_0, 0},
		{"negative", []int{-1, 4}, F32, 0},
		{"negative, last", []int{4, -1}, F32, 0},
		{"product overflows", []int{math.MaxInt, 2, 1}, F32, 0},
		{"bytes overflow", []int{math.MaxInt}, F64, 0},
		{"rows and bytes overflow", []int{math.MaxInt / 2, math.MaxInt}, F64, 0},
		{"axes", make([]int, MaxAxes+1), F32, 0},
	} {
		if _, err := New(bytes.NewReader(data), 100, "x", c.shape, c.typ, c.offset); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("%s: %v", c.why, err)
		}
	}
	for _, typ := range []Type{-1, 0, Q6_K + 1} {
		if _, err := New(bytes.NewReader(data), 100, "x", []int{1}, typ, 0); err == nil {
			t.Errorf("type %d was taken", int(typ))
		}
	}
	short, err := New(bytes.NewReader(data[:10]), 100, "x", []int{25}, F32, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := short.ReadRow(make([]float64, 25), 0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file shorter than said: %v", err)
	}
	big := bytes.Repeat([]byte{0x7f}, 8)
	for _, typ := range []Type{Int64, Uint64} {
		x, err := New(bytes.NewReader(big), 8, "x", []int{1}, typ, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.ReadRow(make([]float64, 1), 0); !errors.Is(err, fault.ErrUnsupported) {
			t.Errorf("%v beyond 2^53: %v", typ, err)
		}
	}
}
