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
		if got, want := Dot(a, b), dot(a, b); got != want {
			t.Fatalf("%s: dot %d, want %d", level, got, want)
		}
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
			{"train", func(a, b []int32) { Train(a, b, e, limit) }, func(a, b []int32) { train(a, b, e, limit) }},
			{"add", Add, add},
			{"step", func(a, b []int32) { Step(a, b, e, limit) }, func(a, b []int32) { step(a, b, e, limit) }},
			{"back", func(a, b []int32) { Back(a, b, e) }, func(a, b []int32) { back(a, b, e) }},
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
	})
}

// TestPrefetch takes hashes that lead anywhere, and none.
func TestPrefetch(t *testing.T) {
	lines := make([][16]uint32, 8)
	for shift := range uint(33) {
		Prefetch(lines, []uint32{0, 1, math.MaxUint32, 1 << 31}, shift)
	}
	Prefetch(lines, nil, 29)
	Prefetch[[16]uint32](nil, []uint32{1}, 29)
	if !slices.Equal(lines, make([][16]uint32, 8)) {
		t.Error("the table has changed")
	}
}
