package testkit

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// A format is one of the four types.
type format struct {
	name                        string
	digits                      int
	one, inf, nan, sign, lowest uint64                 // lowest: of the numbers below zero, the nearest
	of                          func(x float32) uint64 // cut off toward zero
}

var formats = []format{
	{"float32", 8, 0x3f800000, 0x7f800000, 0x7fc00000, 1 << 31, 1<<31 | 1, func(x float32) uint64 { return uint64(math.Float32bits(x)) }},
	{"float64", 16, 0x3ff << 52, 0x7ff << 52, 0x7ff8 << 48, 1 << 63, 1<<63 | (1023-149)<<52, func(x float32) uint64 { return math.Float64bits(float64(x)) }},
	{"float16", 4, 0x3c00, 0x7c00, 0x7e00, 1 << 15, 1<<15 | 1, func(x float32) uint64 {
		b := math.Float32bits(x)
		sign := uint64(b >> 16 & 0x8000)
		switch e := int(b>>23&0xff) - 112; {
		case e > 30:
			return sign | 0x7bff
		case e > 0:
			return sign | uint64(e)<<10 | uint64(b>>13&0x3ff)
		case e > -10:
			return sign | uint64(b&0x7fffff|1<<23)>>(14-e)
		default:
			return sign
		}
	}},
	{"bfloat16", 4, 0x3f80, 0x7f80, 0x7fc0, 1 << 15, 1<<15 | 1, func(x float32) uint64 { return uint64(math.Float32bits(x) >> 16) }},
}

// list writes numbers to a base, runs of one number as N*x.
func list(n []uint64, verb string) string {
	var s []string
	for i := 0; i < len(n); {
		run := 1
		for i+run < len(n) && n[i+run] == n[i] {
			run++
		}
		x := fmt.Sprintf(verb, n[i])
		if run > 2 {
			s, i = append(s, fmt.Sprintf("%d*%s", run, x)), i+run
		} else {
			s, i = append(s, x), i+1
		}
	}
	return strings.Join(s, " ")
}

// A file collects records.
type file struct {
	t *testing.T
	b strings.Builder
}

func (f *file) save(name, comment string) {
	text := "# " + comment + " README.md describes the format.\n" + f.b.String()
	if err := os.WriteFile(filepath.Join("vectors", name), []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// values writes a record for bit patterns, with what they give.
func (f *file) values(name, kind, form string, patterns string, symbols ...uint64) {
	values := kind + " " + form
	if patterns != "" {
		values += " " + patterns
	}
	fmt.Fprintf(&f.b, "\nname: %s\nvalues: %s\n", name, values)
	var c prob.Categorical
	if err := set(f.t, &c, values); err != nil {
		var d *prob.DistributionError
		if !errors.As(err, &d) {
			f.t.Fatal(err)
		}
		fmt.Fprintf(&f.b, "refused: %d\n", d.Index)
		return
	}
	fmt.Fprintf(&f.b, "weight: %d\n", c.Weight())
	shown := map[uint64]bool{}
	show := func(s uint64) {
		if iv, err := c.Interval(uint32(s)); err != nil {
			f.t.Fatal(err)
		} else if !shown[s] {
			fmt.Fprintf(&f.b, "interval: %d %d %d\n", s, iv.Low, iv.Width)
			shown[s] = true
		}
	}
	if n := uint64(c.Len()); n <= 12 {
		for s := range n {
			show(s)
		}
	} else {
		show(0)
		for _, s := range symbols {
			show(s)
		}
		show(n - 1)
	}
	if len(symbols) == 0 {
		r := rand.New(rand.NewPCG(uint64(c.Len()), c.Weight()))
		for range 12 {
			// A symbol at a random point is a likely one.
			s, _ := c.Find(r.Uint32())
			symbols = append(symbols, uint64(s))
		}
	}
	e := rangecoder.NewEncoder(nil)
	for _, s := range symbols {
		iv, err := c.Interval(uint32(s))
		if err != nil {
			f.t.Fatal(err)
		}
		e.Put(iv)
	}
	fmt.Fprintf(&f.b, "symbols: %s\ncode: %x\n", list(symbols, "%d"), e.Finish())
}

// numbers writes a record for each type, the numbers cut off to it.
func (f *file) numbers(name, form string, p []float32, symbols ...uint64) {
	for _, kind := range formats {
		bits := make([]uint64, len(p))
		for i, x := range p {
			bits[i] = kind.of(x)
		}
		f.values(name, kind.name, form, list(bits, fmt.Sprintf("%%0%dx", kind.digits)), symbols...)
	}
}

func random(n int, next func(r *rand.Rand) float64) []float32 {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	p := make([]float32, n)
	for i := range p {
		p[i] = float32(next(r))
	}
	return p
}

func repeat(x float32, n int) []float32 {
	return random(n, func(*rand.Rand) float64 { return float64(x) })
}

// write makes the files anew.
func write(t *testing.T) {
	zero := float32(math.Copysign(0, -1))
	p := &file{t: t}
	p.numbers("halves and quarters", "probabilities", []float32{0.5, 0.25, 0, 0.25})
	p.numbers("one symbol", "probabilities", []float32{0.3}, 0, 0, 0)
	p.numbers("one symbol of probability one", "probabilities", []float32{1}, 0)
	p.numbers("a fair coin, one and then 60 zeros", "probabilities", []float32{0.5, 0.5}, append([]uint64{1}, make([]uint64, 60)...)...)
	p.numbers("uniform over 1024", "probabilities", repeat(1.0/1024, 1024), 5, 0, 0, 0, 0, 0, 0)
	p.numbers("a zero at the end", "probabilities", []float32{0.015519348, 0}, 0, 0, 1, 0)
	p.numbers("one hot, first", "probabilities", []float32{1, 0, 0, 0, 0}, 0, 0, 4, 0)
	p.numbers("one hot, last", "probabilities", []float32{0, 0, 0, 0, 1}, 4, 4, 0, 4)
	p.numbers("one hot among 600", "probabilities", append(repeat(0, 599), 1), 599, 599, 0, 598, 599)
	p.numbers("two ones", "probabilities", []float32{1, 0.5, 1}, 0, 1, 2)
	p.numbers("ones throughout", "probabilities", repeat(1, 100), 0, 99, 50)
	p.numbers("sums to two", "probabilities", []float32{0.5, 0.75, 0.75}, 0, 1, 2, 2)
	p.numbers("above one", "probabilities", []float32{3, 1, 0.5, 10000}, 0, 1, 2, 3)
	p.numbers("weight of exactly 2^30", "probabilities", []float32{0.25, 0.25}, 0, 1, 0)
	p.numbers("weight just below 2^30", "probabilities", []float32{0.25, 0.2499}, 0, 1, 0)
	p.numbers("a tiny sum", "probabilities", []float32{1e-7, 3e-7, 2e-6}, 0, 1, 2)
	p.numbers("minus zeros", "probabilities", []float32{zero, 0.5, zero, 0.5, zero}, 0, 1, 2, 3, 4)
	p.numbers("peaked", "probabilities", random(1000, func(r *rand.Rand) float64 { return math.Ldexp(1, -int(20*r.Float64())) }))
	p.numbers("131,105 symbols", "probabilities", append(repeat(1.0/131072, 131104), 0.0009765625), 0, 131104, 65536, 131103, 70000)
	p.values("all denormals to 200", "float32", "probabilities", "1..c8", 0, 199, 100)
	p.values("the smallest number", "float32", "probabilities", "0 1 0", 1, 1, 0, 2)
	p.values("denormals and a normal", "float32", "probabilities", "7fffff 800000 1", 0, 1, 2)
	p.values("the largest number", "float32", "probabilities", "7f7fffff 1 3f800000 7f000000", 0, 1, 2, 3)
	p.values("just above one", "float32", "probabilities", "3f800001 3f800000 3f7fffff", 0, 1, 2)
	p.values("just below one", "float32", "probabilities", "3f7fffff 3f7fffff 33ffffff 307fffff 2fffffff", 0, 1, 2, 3, 4)
	p.values("weight just below 2^30, in float32", "float32", "probabilities", "3effffff 0 2f7fffff", 0, 1, 2)
	p.values("half way between two, to even", "float64", "probabilities", "3fe0000010000000 3fe0000030000000 3fe0000010000001 3fe000000fffffff", 0, 1, 2, 3)
	p.values("rounding up to one", "float64", "probabilities", "3feffffff0000000 3fefffffefffffff 3fefffffffffffff", 0, 1, 2)
	p.values("denormal as float32", "float64", "probabilities", "36a0000000000000 3690000000000000 3690000000000001 380fffffffffffff", 0, 1, 2, 3)
	p.values("the largest that rounds to a number", "float64", "probabilities", "47efffffefffffff 47e0000000000000", 0, 1)
	p.values("rounding to zero", "float64", "probabilities", "3fe0000000000000 1", 0)
	p.values("a negative that rounds to minus zero", "float64", "probabilities", "3fe0000000000000 8000000000000001 b690000000000000", 0, 1, 2)
	p.values("all denormals", "float16", "probabilities", "1..3ff", 0, 1022, 512)
	p.values("all finite numbers", "float16", "probabilities", "0..7bff", 31743, 30000, 15360)
	p.values("all finite numbers", "bfloat16", "probabilities", "0..7f7f", 32639, 32512, 16256)
	p.values("all up to one", "bfloat16", "probabilities", "0..3f80", 16256, 16000, 0)
	p.save("probabilities.txt", "Distributions given as probabilities.")

	l := &file{t: t}
	l.numbers("equal", "logits", repeat(0, 7))
	l.numbers("one symbol", "logits", []float32{-3.5}, 0, 0)
	l.numbers("small steps", "logits", []float32{0, 1, 2, 3, -1, -2, 0.5, 0.125})
	l.numbers("log-probabilities", "logits", []float32{-0.105360515, -2.3025851, -25, -100})
	l.numbers("like a language model's", "logits", random(3000, func(r *rand.Rand) float64 { return 4*r.NormFloat64() - 1 }))
	l.numbers("a large common term", "logits", []float32{1000, 1001, 999.5, 980, 975}, 0, 1, 2, 3, 4)
	l.numbers("a large negative common term", "logits", []float32{-5000, -5001, -4999.5, -5020}, 0, 1, 2, 3)
	l.numbers("near the end of weights", "logits", []float32{0, -20, -20.5, -21, -21.5, -22, -23}, 0, 1, 2, 3, 4, 5, 6)
	l.numbers("zeros of either sign", "logits", []float32{0, zero, 0, -1}, 0, 1, 2, 3)
	l.numbers("far below", "logits", []float32{1, 0, -60000, -65504, 2}, 0, 1, 2, 3, 4)
	for _, kind := range formats {
		l.values("masked by minus infinity", kind.name, "logits", fmt.Sprintf("%x %x %x %x", kind.one, kind.sign|kind.inf, kind.one, kind.sign|kind.inf), 0, 1, 2, 3)
	}
	l.numbers("131,105 symbols", "logits", append(repeat(0, 131104), 12), 0, 131104, 65536, 131103)
	l.values("at the limit of the offset", "float32", "logits", "497fffff 497ffffe 497fffff 497ffff0", 0, 1, 2, 3)
	l.values("above the limit of the offset", "float32", "logits", "49800000 49800001 497ffff8", 0, 1, 2)
	l.values("below the limit of the offset", "float32", "logits", "c9800000 c9800001 c9800008", 0, 1, 2)
	l.values("huge", "float32", "logits", "7f7fffff 7f7ffffe 0 ff7fffff", 0, 1, 2, 3)
	l.values("hugely negative", "float32", "logits", "ff7fffff ff7ffffe", 0, 1)
	l.values("denormals", "float32", "logits", "1 80000001 7fffff 0 80000000", 0, 1, 2, 3, 4)
	l.values("rounded to float32", "float64", "logits", "3ff0000010000000 3ff0000030000000 3ff0000000000001", 0, 1, 2)
	l.values("rounding to minus infinity", "float64", "logits", "3ff0000000000000 c7efffffffffffff ffefffffffffffff", 0, 1, 2)
	l.save("logits.txt", "Distributions given as logits.")

	x := &file{t: t}
	for _, kind := range formats {
		for _, form := range []string{"probabilities", "logits"} {
			bad := func(name string, b uint64) {
				x.values(name+", in the middle", kind.name, form, fmt.Sprintf("%x %x %x", kind.one, b, kind.one))
				x.values(name+", first", kind.name, form, fmt.Sprintf("%x 40*%x", b, kind.one))
				x.values(name+", in a later block", kind.name, form, fmt.Sprintf("1300*%x %x 5*%x %x", kind.one, b, kind.one, kind.nan))
			}
			bad("NaN", kind.nan)
			bad("negative NaN", kind.sign|kind.nan)
			bad("infinity", kind.inf)
			nothing := uint64(0)
			if form == "logits" {
				nothing = kind.sign | kind.inf
			} else {
				bad("negative", kind.sign|kind.one)
				bad("smallest negative", kind.lowest)
				bad("minus infinity", kind.sign|kind.inf)
				x.values("nothing, minus zeros", kind.name, form, fmt.Sprintf("%x 40*0", kind.sign))
			}
			x.values("nothing", kind.name, form, fmt.Sprintf("700*%x", nothing))
			x.values("no symbols", kind.name, form, "")
		}
	}
	x.values("infinity, by rounding", "float64", "probabilities", "3fe0000000000000 47effffff0000000")
	x.values("infinity, by rounding", "float64", "logits", "3fe0000000000000 47effffff0000000")
	x.values("nothing, by rounding", "float64", "probabilities", "1 3690000000000000")
	x.values("nothing, by rounding", "float64", "logits", "ffefffffffffffff")
	x.save("refusals.txt", "Distributions that are refused.")

	writeCoder(t)
}

// writeCoder makes the file of the range coder.
func writeCoder(t *testing.T) {
	f := &file{t: t}
	points := func(list []prob.Interval) string {
		var s []string
		for _, iv := range list {
			s = append(s, fmt.Sprintf("%d+%d", iv.Low, iv.Width))
		}
		return strings.Join(s, " ")
	}
	encode := func(list []prob.Interval) []byte {
		e := rangecoder.NewEncoder(nil)
		for _, iv := range list {
			e.Put(iv)
		}
		return e.Finish()
	}
	good := func(name string, list ...prob.Interval) {
		fmt.Fprintf(&f.b, "\nname: %s\npoints: %s\ncode: %x\n", name, points(list), encode(list))
	}
	bad := func(name, outcome string, code []byte, list ...prob.Interval) {
		fmt.Fprintf(&f.b, "\nname: %s\npoints: %s\nbytes: %x\ndecoded: %s\n", name, points(list), code, outcome)
	}
	many := func(n int, iv prob.Interval) []prob.Interval {
		list := make([]prob.Interval, n)
		for i := range list {
			list[i] = iv
		}
		return list
	}
	last := prob.Interval{Low: prob.Total - 1, Width: 1}
	good("nothing")
	good("certainties", many(3, prob.Interval{Low: 0, Width: prob.Total})...)
	good("one point", prob.Interval{Low: 0x12345678, Width: 1})
	good("the first point, many times", many(9, prob.Interval{Low: 0, Width: 1})...)
	good("the last point, many times", many(9, last)...)
	good("a carry through many bytes", append([]prob.Interval{{Low: 1<<31 - 1, Width: 1}}, many(12, last)...)...)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		list := make([]prob.Interval, 1+r.IntN(20))
		for j := range list {
			width := 1 + r.Uint64N(1<<r.IntN(33))
			list[j] = prob.Interval{Low: r.Uint64N(prob.Total - width + 1), Width: width}
		}
		good(fmt.Sprintf("random %d", i), list...)
	}
	list := many(5, prob.Interval{Low: 1000000007, Width: 12345})
	code := encode(list)
	zeros := many(9, prob.Interval{Low: 0, Width: 1})
	bad("the last byte is missing", "truncated", make([]byte, len(encode(zeros))-1), zeros...)
	bad("all bytes are missing", "truncated", nil, zeros...)
	bad("a byte too many", "corrupt", append(code[:len(code):len(code)], 0), list...)
	bad("eight bytes too many", "corrupt", append(code[:len(code):len(code)], "trailing"...), list...)
	code[len(code)-1]++
	bad("another last byte", "corrupt", code, list...)
	bad("a code outside the range", "corrupt", []byte{255, 255, 255, 255, 255, 255, 255, 255}, prob.Interval{Low: 0, Width: prob.Total})
	f.save("coder.txt", "Streams of the range coder.")
}
