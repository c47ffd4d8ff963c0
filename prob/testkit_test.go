package prob

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/simd/fpenv"
)

// The vectors of testkit/parametric.json and testkit/sparse.json, for other
// implementations: numbers as the hexadecimal digits of their bits, intervals as
// symbol, lower end, width.

type parametricVector struct {
	Lo, Hi     int64
	Escape     bool
	Components [][4]string // family, mean, scale, weight
	Intervals  [][3]uint64
	Values     []valueVector `json:",omitempty"`
}

type valueVector struct {
	Value     string
	Intervals [][2]uint64 // lower end, width
}

type sparseVector struct {
	Symbols   int
	Ids       []uint32
	Values    []string // float32
	Log       bool
	Tail      string // float64
	Weight    uint64
	Guard     string // W of the guard
	Intervals [][3]uint64
}

var families = []string{"gaussian", "laplace", "logistic"}

func bits64(x float64) string { return fmt.Sprintf("%016x", math.Float64bits(x)) }

func parse64(t *testing.T, s string) float64 {
	var b uint64
	if _, err := fmt.Sscanf(s, "%016x", &b); err != nil {
		t.Fatal(err)
	}
	return math.Float64frombits(b)
}

// some returns up to n symbols of d, the first and the last among them.
func some(r *rand.Rand, d Distribution, n int) (symbols []uint32) {
	seen := map[uint32]bool{}
	add := func(s uint32) {
		if !seen[s] {
			seen[s] = true
			symbols = append(symbols, s)
		}
	}
	add(0)
	add(uint32(d.Len() - 1))
	for range n {
		s, _ := d.Find(r.Uint32())
		add(s)
		add(uint32(r.IntN(d.Len())))
	}
	return symbols
}

// intervalsOf returns the intervals of symbols.
func intervalsOf(t *testing.T, d Distribution, symbols []uint32) (out [][3]uint64) {
	for _, s := range symbols {
		iv, err := d.Interval(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, [3]uint64{uint64(s), iv.Low, iv.Width})
	}
	return out
}

func symbolsOf(intervals [][3]uint64) (symbols []uint32) {
	for _, iv := range intervals {
		symbols = append(symbols, uint32(iv[0]))
	}
	return symbols
}

func (v *parametricVector) set(t *testing.T) *Parametric {
	p := new(Parametric)
	var parts []Component
	for _, c := range v.Components {
		for i, name := range families {
			if name == c[0] {
				parts = append(parts, Component{Family(i), parse64(t, c[1]), parse64(t, c[2]), parse64(t, c[3])})
			}
		}
	}
	if err := p.Set(Range{v.Lo, v.Hi, v.Escape}, parts...); err != nil {
		t.Fatal(err)
	}
	return p
}

func (v *sparseVector) set(t *testing.T) *Sparse {
	s := new(Sparse)
	values := make([]float32, len(v.Values))
	for i, x := range v.Values {
		var b uint32
		if _, err := fmt.Sscanf(x, "%08x", &b); err != nil {
			t.Fatal(err)
		}
		values[i] = math.Float32frombits(b)
	}
	set := SetSparse[float32]
	if v.Log {
		set = SetSparseLog[float32]
	}
	if err := set(s, v.Symbols, v.Ids, values, parse64(t, v.Tail)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (v *parametricVector) check(t *testing.T) {
	p := v.set(t)
	checkIntervals(t, p, v.Intervals)
	for _, x := range v.Values {
		var value int64
		if _, err := fmt.Sscan(x.Value, &value); err != nil {
			t.Fatal(err)
		}
		ivs, err := p.AppendIntervals(nil, value)
		if err != nil {
			t.Fatal(err)
		}
		var got [][2]uint64
		for _, iv := range ivs {
			got = append(got, [2]uint64{iv.Low, iv.Width})
		}
		if !reflect.DeepEqual(got, x.Intervals) {
			t.Errorf("%+v: %d is %v, want %v", *v, value, got, x.Intervals)
		}
	}
}

func checkIntervals(t *testing.T, d Distribution, want [][3]uint64) {
	t.Helper()
	if got := intervalsOf(t, d, symbolsOf(want)); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v: intervals\n%v, want\n%v", d, got, want)
	}
	for _, iv := range want {
		if s, got := d.Find(uint32(iv[1] + iv[2] - 1)); uint64(s) != iv[0] || got.Low != iv[1] {
			t.Errorf("%+v: found %d, want %d", d, s, iv[0])
		}
	}
}

func newParametricVectors(t *testing.T) (vectors []*parametricVector) {
	r := rand.New(rand.NewPCG(71, 72))
	for i := range 40 {
		n := int64(1) << r.IntN(20)
		lo := -r.Int64N(n + 1)
		v := &parametricVector{Lo: lo, Hi: lo + r.Int64N(n), Escape: i%2 == 0}
		for range 1 + max(0, r.IntN(6)-3) {
			scale := math.Float64frombits(uint64(1023-30+r.IntN(60))<<52 | r.Uint64()>>12)
			mean := math.Float64frombits(uint64(1023-4+r.IntN(20))<<52 | r.Uint64()>>12 | r.Uint64()<<63)
			weight := math.Float64frombits(uint64(1023-r.IntN(36))<<52 | r.Uint64()>>12)
			v.Components = append(v.Components, [4]string{families[r.IntN(3)], bits64(mean), bits64(scale), bits64(weight)})
		}
		p := v.set(t)
		v.Intervals = intervalsOf(t, p, some(r, p, 6))
		if v.Escape {
			for range 3 {
				value := int64(r.Uint64()) >> r.IntN(64)
				ivs, err := p.AppendIntervals(nil, value)
				if err != nil {
					t.Fatal(err)
				}
				x := valueVector{Value: fmt.Sprint(value)}
				for _, iv := range ivs {
					x.Intervals = append(x.Intervals, [2]uint64{iv.Low, iv.Width})
				}
				v.Values = append(v.Values, x)
			}
		}
		vectors = append(vectors, v)
	}
	return vectors
}

func newSparseVectors(t *testing.T) (vectors []*sparseVector) {
	r := rand.New(rand.NewPCG(73, 74))
	for i := range 40 {
		n := 1 + r.IntN(1<<r.IntN(20))
		v := &sparseVector{Symbols: n, Ids: []uint32{}, Values: []string{}, Log: i%3 == 2, Tail: bits64([]float64{Rest, 0.25, 1e-5, 1.5}[i%4])}
		for _, id := range r.Perm(min(n, 1000))[:r.IntN(min(n, 20)+1)] {
			b := uint32(127-1-r.IntN(40))<<23 | r.Uint32()>>9
			if v.Log {
				b = (127+4-uint32(r.IntN(12)))<<23 | r.Uint32()>>9 | 1<<31
			}
			v.Ids = append(v.Ids, uint32(id*(n/min(n, 1000))))
			v.Values = append(v.Values, fmt.Sprintf("%08x", b))
		}
		s := v.set(t)
		v.Weight, v.Guard = s.line.total, fmt.Sprintf("%016x", s.Weight())
		v.Intervals = intervalsOf(t, s, append(some(r, s, 6), v.Ids...))
		vectors = append(vectors, v)
	}
	return vectors
}

// vectors reads the vectors of a file, or with -update writes them.
func vectors[T any](t *testing.T, name string, create func(*testing.T) []*T) (v []*T) {
	file := filepath.Join("..", "testkit", name)
	if *update {
		var b strings.Builder
		for i, x := range create(t) {
			line, err := json.Marshal(x)
			if err != nil {
				t.Fatal(err)
			}
			b.WriteString(map[bool]string{true: "[\n", false: ",\n"}[i == 0] + string(line))
		}
		b.WriteString("\n]\n")
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if len(v) == 0 {
		t.Fatal("no vectors")
	}
	return v
}

// inModes runs do on a thread in each mode of floating-point arithmetic.
func inModes(t *testing.T, do func(t *testing.T)) {
	for _, mode := range fpenv.Modes() {
		t.Run(mode.Name, func(t *testing.T) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			defer mode.Set()()
			do(t)
		})
	}
}

func TestParametricVectors(t *testing.T) {
	all := vectors(t, "parametric.json", newParametricVectors)
	inModes(t, func(t *testing.T) {
		for _, v := range all {
			v.check(t)
		}
	})
}

func TestSparseVectors(t *testing.T) {
	all := vectors(t, "sparse.json", newSparseVectors)
	inModes(t, func(t *testing.T) {
		for _, v := range all {
			s := v.set(t)
			if guard := fmt.Sprintf("%016x", s.Weight()); s.line.total != v.Weight || guard != v.Guard {
				t.Errorf("%+v: weight %d, for the guard %s, want %d, %s", *v, s.line.total, guard, v.Weight, v.Guard)
			}
			checkIntervals(t, s, v.Intervals)
		}
	})
}

// TestParametricDenormals sets denormal weights, means and scales in each mode.
func TestParametricDenormals(t *testing.T) {
	want := map[int][]Interval{}
	inModes(t, func(t *testing.T) {
		for i, parts := range [][]Component{
			{{GaussianFamily, 0, 1, 5e-324}, {LaplaceFamily, 3, 2, 1e-310}},
			{{GaussianFamily, 0, 1, 1e-310}, {LaplaceFamily, 3, 2, 3e-308}},
			{{LogisticFamily, 1e-310, 2e-310, 1}, {LaplaceFamily, 0.5, 5e-324, 1}},
		} {
			var p Parametric
			if err := p.Set(Range{-9, 9, true}, parts...); err != nil {
				t.Fatal(err)
			}
			var got []Interval
			for s := range p.Len() {
				iv, err := p.Interval(uint32(s))
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, iv)
			}
			if want[i] == nil {
				want[i] = got
			}
			if !reflect.DeepEqual(got, want[i]) {
				t.Errorf("%v: %v, want %v", parts, got, want[i])
			}
		}
		for _, prob := range []float64{5e-324, 1e-310} {
			var b Bernoulli
			if err := b.Set(prob); err != nil {
				t.Error(err)
			}
			if err := b.Set(-prob); err == nil {
				t.Error("a negative probability")
			}
		}
	})
}
