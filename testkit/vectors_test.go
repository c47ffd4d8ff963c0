// Package testkit runs the conformance vectors in vectors/; README.md describes
// them.
package testkit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/simd"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

var update = flag.Bool("update", false, "write the vectors anew")

// A vector is a record of a file.
type vector map[string][]string

func read(t *testing.T, path string) []vector {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	v := vector{}
	for _, line := range append(strings.Split(string(text), "\n"), "") {
		switch key, value, ok := strings.Cut(line, ": "); {
		case strings.HasPrefix(line, "#"):
		case line == "":
			if len(v) > 0 {
				all = append(all, v)
			}
			v = vector{}
		case ok:
			v[key] = append(v[key], value)
		case strings.HasSuffix(line, ":"):
			v[line[:len(line)-1]] = append(v[line[:len(line)-1]], "")
		default:
			t.Fatalf("%s: what is %q?", path, line)
		}
	}
	return all
}

// one returns the only value of a key, "" if there is none.
func (v vector) one(key string) string {
	if len(v[key]) == 0 {
		return ""
	}
	return v[key][0]
}

// numbers reads a list of numbers to a base, with N*x and x..y.
func numbers(t *testing.T, fields []string, base int) []uint64 {
	t.Helper()
	parse := func(s string, base int) uint64 {
		n, err := strconv.ParseUint(s, base, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var list []uint64
	for _, f := range fields {
		times := uint64(1)
		if n, rest, ok := strings.Cut(f, "*"); ok {
			times, f = parse(n, 10), rest
		}
		from, to, ok := strings.Cut(f, "..")
		if !ok {
			to = from
		}
		for range times {
			for x := parse(from, base); x <= parse(to, base); x++ {
				list = append(list, x)
			}
		}
	}
	return list
}

// set makes c the distribution of a vector's values.
func set(t *testing.T, c *prob.Categorical, values string) error {
	t.Helper()
	f := strings.Fields(values)
	bits := numbers(t, f[2:], 16)
	logits := f[1] == "logits"
	switch f[0] {
	case "float32":
		return setAs(c, logits, bits, func(b uint64) float32 { return math.Float32frombits(uint32(b)) })
	case "float64":
		return setAs(c, logits, bits, math.Float64frombits)
	case "float16":
		return setAs(c, logits, bits, func(b uint64) prob.Float16 { return prob.Float16(b) })
	case "bfloat16":
		return setAs(c, logits, bits, func(b uint64) prob.BFloat16 { return prob.BFloat16(b) })
	}
	t.Fatalf("no type %q", f[0])
	return nil
}

func setAs[T prob.Float](c *prob.Categorical, logits bool, bits []uint64, of func(uint64) T) error {
	p := make([]T, len(bits))
	for i, b := range bits {
		p[i] = of(b)
	}
	if logits {
		return prob.SetLogits(c, p)
	}
	return prob.Set(c, p)
}

// check runs a vector of a distribution.
func check(t *testing.T, v vector) {
	var c prob.Categorical
	err := set(t, &c, v.one("values"))
	if v["refused"] != nil {
		var d *prob.DistributionError
		if !errors.As(err, &d) || strconv.Itoa(d.Index) != v.one("refused") {
			t.Fatalf("got %v, want a refusal at index %s", err, v.one("refused"))
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if w := strconv.FormatUint(c.Weight(), 10); w != v.one("weight") {
		t.Fatalf("weight %s, want %s", w, v.one("weight"))
	}
	for _, line := range v["interval"] {
		n := numbers(t, strings.Fields(line), 10)
		want := prob.Interval{Low: n[1], Width: n[2]}
		if iv, err := c.Interval(uint32(n[0])); err != nil || iv != want {
			t.Fatalf("symbol %d: %v, %v, want %v", n[0], iv, err, want)
		}
		for _, point := range []uint64{n[1], n[1] + n[2] - 1, n[1] + n[2]/2} {
			if symbol, iv := c.Find(uint32(point)); uint64(symbol) != n[0] || iv != want {
				t.Fatalf("point %d: symbol %d, %v, want %d, %v", point, symbol, iv, n[0], want)
			}
		}
	}
	code, err := hex.DecodeString(v.one("code"))
	if err != nil {
		t.Fatal(err)
	}
	symbols := numbers(t, strings.Fields(v.one("symbols")), 10)
	e, d := rangecoder.NewEncoder(nil), rangecoder.NewDecoder(code)
	for i, s := range symbols {
		iv, err := c.Interval(uint32(s))
		if err != nil {
			t.Fatal(err)
		}
		e.Put(iv)
		point, err := d.Point()
		if err != nil {
			t.Fatal(err)
		}
		got, iv := c.Find(point)
		if uint64(got) != s {
			t.Fatalf("symbol %d of the code is %d, want %d", i, got, s)
		}
		d.Take(iv)
	}
	if err := d.Finish(); err != nil {
		t.Fatal(err)
	}
	if got := e.Finish(); !bytes.Equal(got, code) {
		t.Fatalf("code %x, want %x", got, code)
	}
}

func intervals(t *testing.T, v vector) []prob.Interval {
	var list []prob.Interval
	for _, f := range strings.Fields(v.one("points")) {
		low, width, _ := strings.Cut(f, "+")
		list = append(list, prob.Interval{Low: numbers(t, []string{low}, 10)[0], Width: numbers(t, []string{width}, 10)[0]})
	}
	return list
}

// decode decodes intervals from code, by the points that lie in them.
func decode(code []byte, list []prob.Interval) error {
	d := rangecoder.NewDecoder(code)
	for _, iv := range list {
		point, err := d.Point()
		if err != nil {
			return err
		}
		if uint64(point)-iv.Low >= iv.Width {
			return fault.ErrCorrupt
		}
		d.Take(iv)
	}
	return d.Finish()
}

// checkCoder runs a vector of the range coder.
func checkCoder(t *testing.T, v vector) {
	list := intervals(t, v)
	code, err := hex.DecodeString(v.one("code") + v.one("bytes"))
	if err != nil {
		t.Fatal(err)
	}
	err = decode(code, list)
	switch v.one("decoded") {
	case "truncated":
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("got %v, want a truncated stream", err)
		}
		return
	case "corrupt":
		if !errors.Is(err, fault.ErrCorrupt) {
			t.Fatalf("got %v, want a corrupt stream", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	e := rangecoder.NewEncoder(nil)
	for _, iv := range list {
		e.Put(iv)
	}
	if got := e.Finish(); !bytes.Equal(got, code) {
		t.Fatalf("code %x, want %x", got, code)
	}
}

func TestVectors(t *testing.T) {
	if *update {
		write(t)
		writeBlocks(t)
		writeMaps(t)
		writeCoding(t)
	}
	files, err := filepath.Glob("vectors/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors", err)
	}
	for _, level := range simd.Levels() {
		restore, err := simd.Use(level)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, v := range read(t, file) {
				t.Run(fmt.Sprintf("%s/%s/%s", level, filepath.Base(file), v.one("name")), func(t *testing.T) {
					switch {
					case v["values"] != nil:
						check(t, v)
					case v["points"] != nil:
						checkCoder(t, v)
					case v["codec"] != nil:
						checkCodec(t, v)
					case v["map"] != nil:
						checkMap(t, v)
					case v["bits"] != nil:
						checkBits(t, v)
					case v["guard"] != nil:
						checkSteps(t, v)
					case v["stack"] != nil:
						checkStack(t, v)
					default:
						checkDistribution(t, v)
					}
				})
			}
		}
		restore()
	}
}

// TestCoverage demands that there are vectors for every type and form, with
// intervals and with each refusal that the type can have.
func TestCoverage(t *testing.T) {
	seen := map[string]int{}
	for _, file := range []string{"probabilities", "logits", "refusals"} {
		for _, v := range read(t, filepath.Join("vectors", file+".txt")) {
			f := strings.Fields(v.one("values"))
			seen[f[0]+" "+f[1]+" "+map[bool]string{true: "refused", false: "coded"}[v["refused"] != nil]]++
			if v["refused"] != nil {
				seen[f[0]+" "+f[1]+" "+strings.SplitN(v.one("name"), ",", 2)[0]]++
			}
		}
	}
	for _, kind := range []string{"float32", "float64", "float16", "bfloat16"} {
		for _, form := range []string{"probabilities", "logits"} {
			want := []string{"coded", "refused", "NaN", "negative NaN", "infinity", "nothing", "no symbols"}
			if form == "probabilities" {
				want = append(want, "negative", "smallest negative", "minus infinity")
			}
			for _, w := range want {
				if seen[kind+" "+form+" "+w] == 0 {
					t.Errorf("no vector for %s %s: %s", kind, form, w)
				}
			}
		}
	}
}
