package testkit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
	"github.com/foretell/foretell/step"
)

// distribution returns the distribution that a vector without values names, and its
// total weight, 0 where it has none to show.
func distribution(t *testing.T, v vector) prob.Distribution {
	t.Helper()
	var d prob.Distribution
	var err error
	switch {
	case v["counts"] != nil:
		d, err = prob.NewCounts(numbers(t, strings.Fields(v.one("counts")), 10))
	case v["uniform"] != nil:
		d, err = prob.NewUniform(int(numbers(t, strings.Fields(v.one("uniform")), 10)[0]))
	case v["bernoulli"] != nil:
		b := new(prob.Bernoulli)
		err = b.Set(math.Float64frombits(numbers(t, strings.Fields(v.one("bernoulli")), 16)[0]))
		d = b
	default:
		n := numbers(t, strings.Fields(v.one("adaptive")), 10)
		d, err = prob.NewAdaptive(int(n[0]), uint32(n[1]), n[2])
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// checkDistribution runs a vector of a distribution that is not made from an array of
// values. Adaptive counts learn each symbol after its interval.
func checkDistribution(t *testing.T, v vector) {
	d := distribution(t, v)
	for _, line := range v["interval"] {
		n := numbers(t, strings.Fields(line), 10)
		want := prob.Interval{Low: n[1], Width: n[2]}
		if iv, err := d.Interval(uint32(n[0])); err != nil || iv != want {
			t.Fatalf("symbol %d: %v, %v, want %v", n[0], iv, err, want)
		}
		for _, point := range []uint64{n[1], n[1] + n[2] - 1} {
			if symbol, iv := d.Find(uint32(point)); uint64(symbol) != n[0] || iv != want {
				t.Fatalf("point %d: symbol %d, %v, want %d, %v", point, symbol, iv, n[0], want)
			}
		}
		if a, ok := d.(*prob.Adaptive); ok {
			a.Update(uint32(n[0]))
		}
	}
}

// bitsOf reads decisions, zero/bit each.
func bitsOf(t *testing.T, v vector) (zeros []uint64, bits []int) {
	t.Helper()
	for _, f := range strings.Fields(v.one("bits")) {
		zero, bit, _ := strings.Cut(f, "/")
		zeros = append(zeros, numbers(t, []string{zero}, 10)[0])
		bits = append(bits, int(numbers(t, []string{bit}, 10)[0]))
	}
	return zeros, bits
}

// checkBits runs a vector of binary decisions.
func checkBits(t *testing.T, v vector) {
	zeros, bits := bitsOf(t, v)
	code := unhex(t, v.one("code"))
	e, d := rangecoder.NewEncoder(nil), rangecoder.NewDecoder(code)
	for i, zero := range zeros {
		e.PutBit(bits[i], zero)
		if got := d.Bit(zero); got != bits[i] {
			t.Fatalf("decision %d is %d, want %d", i, got, bits[i])
		}
	}
	if err := d.Finish(); err != nil {
		t.Fatal(err)
	}
	if got := e.Finish(); !bytes.Equal(got, code) {
		t.Fatalf("code %x, want %x", got, code)
	}
}

// rowsOf returns the float32 rows of a vector of steps.
func rowsOf(t *testing.T, v vector) (rows [][]float32) {
	t.Helper()
	for _, line := range v["row"] {
		var row []float32
		for _, b := range numbers(t, strings.Fields(line), 16) {
			row = append(row, math.Float32frombits(uint32(b)))
		}
		rows = append(rows, row)
	}
	return rows
}

// stepsOf encodes the steps of a vector, step i under row i modulo their number, and
// returns the positions before each step and at the end.
func stepsOf(t *testing.T, v vector) (code []byte, positions []step.Position) {
	t.Helper()
	e := step.NewEncoder(nil)
	if err := e.SetGuard(int(numbers(t, []string{v.one("guard")}, 10)[0])); err != nil {
		t.Fatal(err)
	}
	rows := rowsOf(t, v)
	for i, s := range numbers(t, strings.Fields(v.one("symbols")), 10) {
		positions = append(positions, e.Position())
		if err := e.EncodeStep(rows[i%len(rows)], uint32(s)); err != nil {
			t.Fatal(err)
		}
	}
	positions = append(positions, e.Position())
	code, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return code, positions
}

// checkSteps runs a vector of a bare stream under a guard, and of its positions.
func checkSteps(t *testing.T, v vector) {
	code, positions := stepsOf(t, v)
	if got := hex.EncodeToString(code); got != v.one("code") {
		t.Fatalf("code %s, want %s", got, v.one("code"))
	}
	rows, symbols := rowsOf(t, v), numbers(t, strings.Fields(v.one("symbols")), 10)
	for _, line := range v["position"] {
		at, want, _ := strings.Cut(line, " ")
		k, err := strconv.Atoi(at)
		if err != nil {
			t.Fatal(err)
		}
		got, err := positions[k].MarshalBinary()
		if err != nil || hex.EncodeToString(got) != want {
			t.Fatalf("position %d: %x, %v, want %s", k, got, err, want)
		}
		d := step.NewDecoder(code)
		guard := numbers(t, []string{v.one("guard")}, 10)[0]
		if err := errors.Join(d.SetGuard(int(guard)), d.Seek(positions[k])); err != nil {
			t.Fatal(err)
		}
		for i := k; i < len(symbols); i++ {
			s, err := d.DecodeStep(rows[i%len(rows)])
			if err != nil || uint64(s) != symbols[i] {
				t.Fatalf("step %d from position %d: %d, %v", i, k, s, err)
			}
		}
		if err := d.Finish(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkStack runs a vector of the stack: what was pushed, low+width or a byte, comes off.
func checkStack(t *testing.T, v vector) {
	stored := unhex(t, v.one("stack"))
	s, err := ans.LoadStack(stored)
	if v["refused"] != nil {
		if !errors.Is(err, fault.ErrCorrupt) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("got %v, want a refusal", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	p := s.Position()
	if got := fmt.Sprint(p.Words, " ", p.State); got != v.one("position") {
		t.Fatalf("position %s, want %s", got, v.one("position"))
	}
	made := new(ans.Stack)
	pushed := strings.Fields(v.one("pushed"))
	for _, f := range pushed {
		push(t, made, f)
	}
	if got := made.Append(nil); !bytes.Equal(got, stored) {
		t.Fatalf("stack %x, want %x", got, stored)
	}
	for i := len(pushed) - 1; i >= 0; i-- {
		low, width, ok := strings.Cut(pushed[i], "+")
		if !ok {
			b := make([]byte, 1)
			if err := s.PopBytes(b); err != nil || hex.EncodeToString(b) != pushed[i] {
				t.Fatalf("popped %x, %v, want %s", b, err, pushed[i])
			}
			continue
		}
		iv := prob.Interval{Low: numbers(t, []string{low}, 10)[0], Width: numbers(t, []string{width}, 10)[0]}
		if point := uint64(s.Point()); iv.Width < prob.Total && point-iv.Low >= iv.Width {
			t.Fatalf("point %d for %s", point, pushed[i])
		}
		if err := s.Pop(iv); err != nil {
			t.Fatal(err)
		}
	}
	if !s.Empty() {
		t.Fatal("the stack is not empty at last")
	}
}

func push(t *testing.T, s *ans.Stack, f string) {
	low, width, ok := strings.Cut(f, "+")
	if !ok {
		s.PushBytes(unhex(t, f))
		return
	}
	s.Push(prob.Interval{Low: numbers(t, []string{low}, 10)[0], Width: numbers(t, []string{width}, 10)[0]})
}

// writeCoding writes the vectors of distributions, decisions, steps and the stack.
func writeCoding(t *testing.T) {
	f := &file{t: t}
	add := func(name, key, value string, symbols ...uint32) {
		fmt.Fprintf(&f.b, "\nname: %s\n%s: %s\n", name, key, value)
		d := distribution(t, vector{key: {value}})
		for _, s := range symbols {
			iv, err := d.Interval(s)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&f.b, "interval: %d %d %d\n", s, iv.Low, iv.Width)
			if a, ok := d.(*prob.Adaptive); ok {
				a.Update(s)
			}
		}
	}
	add("counts", "counts", "1 2 3", 0, 1, 2)
	add("counts with zeros", "counts", "0 5 0 0 7 0", 0, 1, 2, 3, 4, 5)
	add("one count", "counts", "9", 0)
	add("counts of 62 bits", "counts", "4611686018427387903 1 4611686018427387903", 0, 1, 2)
	add("many counts", "counts", "1000*1 1 1000*3", 0, 1, 999, 1000, 1001, 2000)
	for _, n := range []string{"1", "2", "3", "1000", "16777216"} {
		last := uint32(numbers(t, []string{n}, 10)[0] - 1)
		add("uniform over "+n, "uniform", n, 0, last/2, last)
	}
	for _, p := range []float64{0, 1, 0.5, 0.1, 1e-12, 5e-324, 1 - 1e-16, 1 / 3.} {
		add(fmt.Sprint("one with probability ", p), "bernoulli", fmt.Sprintf("%016x", math.Float64bits(p)), 0, 1)
	}
	add("adaptive counts", "adaptive", "3 1 1000", 0, 0, 1, 2, 0, 0)
	add("adaptive counts that are halved", "adaptive", "4 3 16", 0, 1, 1, 1, 3, 3, 0, 2, 1, 1, 1, 1, 1)
	add("adaptive counts of one symbol", "adaptive", "1 5 100", 0, 0, 0)
	w := walk(9)
	for _, size := range []int{2, 300, 1000} {
		var list []uint32
		for range 60 {
			list = append(list, uint32(min(w.below(size), w.below(size))))
		}
		add(fmt.Sprintf("adaptive counts of %d symbols", size), "adaptive", fmt.Sprintf("%d 32 %d", size, 2*size+400), list...)
	}
	for _, n := range []int{1, 9, 60} {
		var s []string
		e := rangecoder.NewEncoder(nil)
		for range n {
			zero, bit := uint64(1+w.below(1<<(1+w.below(31)))), w.below(2)
			e.PutBit(bit, zero)
			s = append(s, fmt.Sprintf("%d/%d", zero, bit))
		}
		fmt.Fprintf(&f.b, "\nname: %d decisions\nbits: %s\ncode: %x\n", n, strings.Join(s, " "), e.Finish())
	}
	f.save("distributions.txt", "Distributions without rows of values, and decisions.")

	f = &file{t: t}
	for _, guard := range []int{0, 1, 4, 1000} {
		for _, n := range []int{0, 4, 21} {
			fmt.Fprintf(&f.b, "\nname: guard %d, %d steps\nguard: %d\n", guard, n, guard)
			v := vector{"guard": {strconv.Itoa(guard)}}
			for k := range 3 {
				var row []string
				for range 2 + 3*k {
					row = append(row, fmt.Sprintf("%08x", math.Float32bits(float32(w.below(1000))/1000)))
				}
				v["row"] = append(v["row"], strings.Join(row, " "))
				fmt.Fprintf(&f.b, "row: %s\n", strings.Join(row, " "))
			}
			var symbols []string
			for i := range n {
				symbols = append(symbols, strconv.Itoa(w.below(2+3*(i%3))))
			}
			v["symbols"] = []string{strings.Join(symbols, " ")}
			code, positions := stepsOf(t, v)
			fmt.Fprintf(&f.b, "symbols: %s\ncode: %x\n", v.one("symbols"), code)
			for k := 0; k <= n; k += 5 {
				b, err := positions[k].MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&f.b, "position: %d %x\n", k, b)
			}
		}
	}
	f.save("steps.txt", "Bare streams under a guard, and positions in them.")

	f = &file{t: t}
	stack := func(name string, pushed ...string) {
		s := new(ans.Stack)
		for _, x := range pushed {
			push(t, s, x)
		}
		p := s.Position()
		fmt.Fprintf(&f.b, "\nname: %s\npushed: %s\nstack: %x\nposition: %d %d\n", name, strings.Join(pushed, " "), s.Append(nil), p.Words, p.State)
	}
	stack("nothing")
	stack("certainties", "0+4294967296", "0+4294967296")
	stack("a half", "0+2147483648")
	stack("the other half", "2147483648+2147483648")
	stack("one point", "305419896+1")
	stack("bytes", "00", "ff", "41", "42")
	for k := range 6 {
		var pushed []string
		for range 3 + 8*k {
			width := 1 + w.wide(1<<w.below(32))
			pushed = append(pushed, fmt.Sprintf("%d+%d", w.wide(1<<32-width), width))
			if w.below(4) == 0 {
				pushed = append(pushed, fmt.Sprintf("%02x", w.below(256)))
			}
		}
		stack(fmt.Sprint("any ", k), pushed...)
	}
	for _, c := range [][2]string{{"a zero at the end", "01020304050600"}, {"too few bytes", "010203040506"}, {"an empty one", "00000000000001"}, {"a zero at the end of many", "0102030405060708090a00"}} {
		fmt.Fprintf(&f.b, "\nname: %s\nstack: %s\nrefused: corrupt\n", c[0], c[1])
	}
	f.save("stack.txt", "The stack.")
}
