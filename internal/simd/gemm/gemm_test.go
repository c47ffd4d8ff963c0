package gemm

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/simd"
)

// product is the definition of Mul, scaling integers of any size.
func product(a, w []int16, mantissa int32, shift uint8) int32 {
	var sum int64
	for k, v := range w {
		sum += int64(v) * int64(a[k])
	}
	y := big.NewInt(sum)
	y.Mul(y, big.NewInt(int64(mantissa)))
	if shift > 0 {
		y.Add(y, new(big.Int).Lsh(big.NewInt(1), uint(shift-1)))
	}
	y.Rsh(y, uint(shift)) // towards minus infinity
	if y.Cmp(big.NewInt(math.MaxInt32)) > 0 {
		return math.MaxInt32
	}
	if y.Cmp(big.NewInt(math.MinInt32)) < 0 {
		return math.MinInt32
	}
	return int32(y.Int64())
}

// numbers returns n numbers up to most, of a kind: 0 random, 1 all the largest, 2
// the largest of either sign, 3 small ones.
func numbers(r *rand.Rand, n, most, kind int) []int16 {
	x := make([]int16, n)
	for i := range x {
		switch kind {
		case 0:
			x[i] = int16(r.IntN(2*most+1) - most)
		case 1:
			x[i] = int16(most)
		case 2:
			x[i] = int16(most * (1 - 2*r.IntN(2)))
		case 3:
			x[i] = int16(r.IntN(5) - 2)
		}
	}
	return x
}

// check makes a random matrix, reads it back, and multiplies parts of it at every
// level. Each result is held against the definition, and what lies beside the
// results against what was there.
func check(t *testing.T, r *rand.Rand, rows, cols, kind int, tokens []int) {
	t.Helper()
	m := New(rows, cols)
	w := make([][]int16, rows)
	mantissa := make([]int32, rows)
	for i := range w {
		w[i] = numbers(r, cols, MaxWeight, kind)
		if mantissa[i] = r.Int32N(MaxMantissa + 1); i%3 == 0 {
			mantissa[i] = MaxMantissa
		}
		m.SetRow(i, w[i], mantissa[i])
	}
	back := make([]int16, cols)
	for i := range w {
		if got := m.Row(i, back); got != mantissa[i] || !slices.Equal(back, w[i]) {
			t.Fatalf("row %d reads back wrong", i)
		}
	}
	for _, n := range tokens {
		aStride, outStride := m.Stride()+r.IntN(3), rows+r.IntN(3)
		a := numbers(r, (n-1)*aStride+m.Stride(), MaxActivation, min(kind, 2))
		for i := range n {
			if m.Stride() > cols {
				a[i*aStride+cols] = math.MinInt16
			}
		}
		shift := make([]uint8, n)
		for i := range shift {
			shift[i] = uint8(r.IntN(MaxShift + 1))
		}
		r0, r1 := 0, rows
		if r.IntN(2) == 0 {
			r0 = r.IntN(rows)
			r1 = r0 + 1 + r.IntN(rows-r0)
		}
		const untouched = 123456789
		want := slices.Repeat([]int32{untouched}, n*outStride)
		for i := range n {
			for row := r0; row < r1; row++ {
				want[i*outStride+row] = product(a[i*aStride:], w[row], mantissa[row], shift[i])
			}
		}
		for _, level := range simd.Levels() {
			restore, err := simd.Use(level)
			if err != nil {
				t.Fatal(err)
			}
			out := slices.Repeat([]int32{untouched}, n*outStride)
			m.Mul(out, outStride, a, aStride, n, shift, r0, r1)
			restore()
			for i, got := range out {
				if got != want[i] {
					t.Fatalf("%s, %d x %d, kind %d, %d tokens: token %d, row %d of %d to %d, shift %d: %d, want %d",
						level, rows, cols, kind, n, i/outStride, i%outStride, r0, r1, shift[i/outStride], got, want[i])
				}
			}
		}
	}
}

func TestMul(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	few := make([]int, 27)
	for i := range few {
		few[i] = i + 1
	}
	for kind := range 4 {
		check(t, r, 53, 35, kind, few)
		for cols := 1; cols < 20; cols++ {
			check(t, r, 1+r.IntN(70), cols, kind, []int{1 + r.IntN(20)})
		}
		for _, cols := range []int{127, 255, 256, 257, 511, 513, 576, 1025} {
			check(t, r, 1+r.IntN(70), cols, kind, []int{1, 1 + r.IntN(13)})
		}
		check(t, r, 33, MaxCols, kind, []int{2})
	}
}

// TestMulLimits has sums as large as they can be: of a chunk, of a row, and once
// scaled.
func TestMulLimits(t *testing.T) {
	for _, cols := range []int{Chunk, 2 * Chunk, MaxCols} {
		for _, sign := range []int16{-1, 1} {
			for _, shift := range []uint8{0, 1, 31, 32, MaxShift} {
				w := slices.Repeat([]int16{MaxWeight}, cols)
				a := slices.Repeat([]int16{sign * MaxActivation}, cols)
				m := New(16, cols)
				for i := range 16 {
					m.SetRow(i, w, MaxMantissa)
				}
				want := product(a, w, MaxMantissa, shift)
				for _, level := range simd.Levels() {
					restore, err := simd.Use(level)
					if err != nil {
						t.Fatal(err)
					}
					out := make([]int32, 16)
					m.Mul(out, 16, a, cols, 1, []uint8{shift}, 0, 16)
					restore()
					if !slices.Equal(out, slices.Repeat([]int32{want}, 16)) {
						t.Errorf("%s, %d columns, sign %d, shift %d: %d, want %d", level, cols, sign, shift, out, want)
					}
				}
			}
		}
	}
}

// TestPeriod holds how far sums of 32 bits go against what they may come to.
func TestPeriod(t *testing.T) {
	for _, c := range []struct{ weight, cols, want int }{
		{1, MaxCols, MaxCols / Chunk},
		{MaxWeight, 3 * Chunk, 1},
		{MaxWeight, Chunk, 1},
		{1024, 4 * Chunk, 2},
		{1025, 4 * Chunk, 1},
	} {
		m := New(1, c.cols)
		m.SetRow(0, slices.Repeat([]int16{int16(c.weight)}, c.cols), 1)
		if got := int(m.period[0]); got != c.want {
			t.Errorf("%d columns of %d: %d chunks, want %d", c.cols, c.weight, got, c.want)
		}
	}
}

func FuzzMul(f *testing.F) {
	f.Add(uint64(1), uint16(16), uint16(576), uint8(6), uint8(0))
	f.Add(uint64(2), uint16(70), uint16(1537), uint8(13), uint8(2))
	f.Add(uint64(3), uint16(1), uint16(1), uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, seed uint64, rows, cols uint16, n, kind uint8) {
		r := rand.New(rand.NewPCG(seed, 0))
		check(t, r, 1+int(rows)%80, 1+int(cols)%2000, int(kind)%4, []int{1 + int(n)%30})
	})
}

func TestEmpty(t *testing.T) {
	New(0, 5).Mul(nil, 0, nil, 6, 0, nil, 0, 0)
	out := []int32{1, 2, 3}
	New(3, 0).Mul(out, 3, nil, 0, 1, []uint8{5}, 1, 3)
	if !slices.Equal(out, []int32{1, 0, 0}) {
		t.Error(out)
	}
}
