package gemm

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// product is the definition of Mul, in integers of any size.
func product(a, w []int16, mantissa int32, shift uint8) int32 {
	y := new(big.Int)
	for k, v := range w {
		y.Add(y, big.NewInt(int64(v)*int64(a[k])))
	}
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

// check multiplies a random matrix and holds each result against the definition,
// and what lies beside the results against what was there.
func check(t *testing.T, r *rand.Rand, rows, cols, n, kind int) {
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
	aStride, outStride := m.Stride()+r.IntN(3), rows+r.IntN(3)
	a := numbers(r, n*aStride, MaxActivation, min(kind, 2))
	shift := make([]uint8, n)
	for i := range shift {
		shift[i] = uint8(r.IntN(MaxShift + 1))
	}
	r0 := r.IntN(rows)
	r1 := r0 + 1 + r.IntN(rows-r0)
	if kind&1 == 0 {
		r0, r1 = 0, rows
	}
	out := make([]int32, n*outStride)
	const untouched = 123456789
	for i := range out {
		out[i] = untouched
	}
	m.Mul(out, outStride, a, aStride, n, shift, r0, r1)
	for i, got := range out {
		tok, row := i/outStride, i%outStride
		want := int32(untouched)
		if row >= r0 && row < r1 {
			want = product(a[tok*aStride:][:cols], w[row], mantissa[row], shift[tok])
		}
		if got != want {
			t.Fatalf("%d x %d, %d tokens, kind %d: token %d row %d shift %d: %d, want %d",
				rows, cols, n, kind, tok, row, shift[tok], got, want)
		}
	}
	back := make([]int16, cols)
	for i := range w {
		if got := m.Row(i, back); got != mantissa[i] || !slices.Equal(back, w[i]) {
			t.Fatalf("row %d reads back wrong", i)
		}
	}
}

func TestMul(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, cols := range []int{1, 2, 3, 7, 16, 31, 255, 256, 257, 576, 1025} {
		for kind := range 4 {
			for _, n := range []int{1, 2, 3, 5, 13} {
				check(t, r, 1+r.IntN(70), cols, n, kind)
			}
		}
	}
	for kind := range 4 {
		check(t, r, 33, MaxCols, 2, kind)
	}
}
