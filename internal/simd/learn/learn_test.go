package learn

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/simd"
)

// same holds every loop against the reference, at every level.
func same(t *testing.T, a, b []int32, e, limit int32) {
	t.Helper()
	for _, level := range simd.Levels() {
		restore, err := simd.Use(level)
		if err != nil {
			t.Fatal(err)
		}
		defer restore()
		if got, want := Product(a, b), product(a, b); got != want {
			t.Fatalf("%s: product %d, want %d", level, got, want)
		}
		if got, want := Energy(a), energy(a); got != want {
			t.Fatalf("%s: energy %d, want %d", level, got, want)
		}
		for _, f := range []struct {
			name      string
			got, want func(a, b []int32)
		}{
			{"step", func(a, b []int32) { Step(a, b, e, limit) }, func(a, b []int32) { step(a, b, e, limit) }},
			{
				"learn the vector",
				func(a, b []int32) { Learn(slices.Clone(b), a, b, e, ^e, limit) },
				func(a, b []int32) { learn(slices.Clone(b), a, b, e, ^e, limit) },
			},
			{
				"learn the gradient",
				func(a, b []int32) { Learn(a, slices.Clone(b), b, e, ^e, limit) },
				func(a, b []int32) { learn(a, slices.Clone(b), b, e, ^e, limit) },
			},
		} {
			got, want := slices.Clone(a), slices.Clone(a)
			f.got(got, b)
			f.want(want, b)
			if !slices.Equal(got, want) {
				t.Fatalf("%s: %s of %v and %v by %d up to %d is %v, want %v", level, f.name, a, b, e, limit, got, want)
			}
		}
	}
}

// sameSets holds the loops over several vectors against the reference, at every level.
func sameSets(t *testing.T, w [][]int32, x, e []int32, limit int32) {
	t.Helper()
	for _, level := range simd.Levels() {
		restore, err := simd.Use(level)
		if err != nil {
			t.Fatal(err)
		}
		defer restore()
		got, want := make([]int32, len(w)+1), make([]int32, len(w)+1)
		Dots(got, w, x)
		dots(want, w, x)
		if !slices.Equal(got, want) {
			t.Fatalf("%s: dots %d, want %d", level, got, want)
		}
		got, want = slices.Clone(x), slices.Clone(x)
		Sum(got, w)
		add(want, w)
		if !slices.Equal(got, want) {
			t.Fatalf("%s: sum %d, want %d", level, got, want)
		}
		a, b := cloneAll(w), cloneAll(w)
		Train(a, x, e, limit)
		train(b, x, e, limit)
		for k := range a {
			if !slices.Equal(a[k], b[k]) {
				t.Fatalf("%s: training of %v with %v by %d up to %d makes %v, want %v", level, w[k], x, e[k], limit, a[k], b[k])
			}
		}
		Fetch(a)
	}
}

func cloneAll(w [][]int32) [][]int32 {
	c := make([][]int32, len(w))
	for k := range w {
		c[k] = slices.Clone(w[k])
	}
	return c
}

func TestKernels(t *testing.T) {
	edges := []int32{0, 1, -1, math.MaxInt32, math.MinInt32, 1 << 24, -1 << 24, 1 << 16, 65535, -65535}
	r := rand.New(rand.NewPCG(1, 2))
	number := func() int32 {
		if r.IntN(3) == 0 {
			return edges[r.IntN(len(edges))]
		}
		return int32(r.Uint32()) >> r.IntN(32)
	}
	for range 2000 {
		a, b := make([]int32, r.IntN(70)), make([]int32, 72)
		for i := range a {
			a[i] = number()
		}
		for i := range b {
			b[i] = number()
		}
		same(t, a, b[:len(a)], number(), max(number(), 0))
		w, e := make([][]int32, r.IntN(5)), make([]int32, 5)
		for k := range w {
			w[k], e[k] = make([]int32, len(a)), number()
			for i := range w[k] {
				w[k][i] = number()
			}
		}
		sameSets(t, w, a, e, max(number(), 0))
	}
}

func FuzzKernels(f *testing.F) {
	f.Add(make([]byte, 64), int32(1), int32(8<<20))
	f.Add(slices.Repeat([]byte{0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0x80}, 24), int32(math.MinInt32), int32(1<<27))
	f.Add(slices.Repeat([]byte{1, 2, 3, 4, 5}, 31), int32(-77777), int32(0))
	f.Fuzz(func(t *testing.T, data []byte, e, limit int32) {
		n := len(data) / 8
		a, b := make([]int32, n), make([]int32, n)
		for i := range n {
			a[i] = int32(binary.LittleEndian.Uint32(data[8*i:]))
			b[i] = int32(binary.LittleEndian.Uint32(data[8*i+4:]))
		}
		same(t, a, b, e, max(limit, 0))
		sameSets(t, [][]int32{b, a, b}, a, []int32{e, limit, -e}, max(limit, 0))
	})
}

// TestFetch takes lines, and none.
func TestFetch(t *testing.T) {
	lines := make([][16]uint32, 8)
	FetchLines(lines, []uint32{0, 7, 1})
	FetchLines(lines, nil)
	FetchLines[[16]uint32](nil, []uint32{1})
	Fetch([][]int32{nil, make([]int32, 100), {}})
	Fetch(nil)
	if !slices.Equal(lines, make([][16]uint32, 8)) {
		t.Error("the table has changed")
	}
}
