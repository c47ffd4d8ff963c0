package bench

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/lz"
)

// arrays are tokens as they are stored, and in the order that suits FieldLz best.
type arrays struct {
	name          string
	size          int
	spans         []model.Span
	tokens, other []uint16
}

// add adds an array of rows, of which columns follow one another if so it is stored.
func (a *arrays) add(rows int, tokens []uint16, columns, turn bool) {
	n := len(tokens) / rows
	shape := []int{rows, n}
	turned := tokens
	if columns {
		shape = []int{n, rows}
	}
	if turn {
		turned = make([]uint16, len(tokens))
		for i, t := range tokens {
			turned[i%shape[1]*shape[0]+i/shape[1]] = t
		}
	}
	if rows == 1 {
		shape = []int{n}
	}
	a.spans = append(a.spans, model.Span{Member: len(a.spans), Count: len(tokens), Shape: shape})
	a.tokens = append(a.tokens, tokens...)
	a.other = append(a.other, turned...)
}

// fastInputs returns what the fast levels are measured on: text, video frame by frame,
// and audio, of which the last is all arrays with rows one after another and no shape.
func fastInputs(tb testing.TB) []arrays {
	text, video := enwik(tb), tacoBell(tb)
	const places = 128 // of a frame
	all := []arrays{{name: text.name, size: text.size}, {name: video.name, size: video.size}}
	all[0].add(1, text.symbols, false, false)
	all[1].add(len(video.symbols)/places, video.symbols, false, true)
	fine, audio := arrays{name: "encodec-fine", size: 1024}, arrays{name: "encodec", size: 10000}
	rows := map[string]int{"semantic_prompt": 1, "coarse_prompt": 2, "fine_prompt": 8}
	for _, in := range npzArrays(tb) {
		kind := path.Base(in.name)
		columns := in.columns && rows[kind] > 1
		audio.add(rows[kind], in.symbols, columns, columns)
		if kind == "fine_prompt" {
			fine.add(rows[kind], in.symbols, columns, columns)
		}
	}
	one := arrays{name: "encodec-one", size: audio.size}
	one.add(1, audio.other, false, false)
	return append(all, fine, audio, one)
}

// BenchmarkFieldLz measures package lz beside OpenZL's FieldLz at level 6 (package openzl of
// PyPI) on the same tokens in memory, by turns in one run. Each takes the fastest of the
// passes of all turns, of which there are b.N. FieldLz gets 16-bit integers and lz, which
// gives blocks their width elsewhere, symbols; lz finds the order of an array by itself, and
// FieldLz gets it in the one that is better for it. MB are of 16-bit tokens.
func BenchmarkFieldLz(b *testing.B) {
	for _, in := range fastInputs(b) {
		b.Run(in.name, func(b *testing.B) { besideFieldLz(b, &in) })
	}
}

func besideFieldLz(b *testing.B, in *arrays) {
	other := startFieldLz(b, in.other)
	first, middle := newFast(b, in, lz.MinLevel), newFast(b, in, 5)
	var fast, encode, decode, otherEncode, otherDecode = math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1)
	size := 0.0
	for b.Loop() {
		fast = min(fast, first.encode(b))
		encode = min(encode, middle.encode(b))
		ns, n := other(b, "encode")
		otherEncode, size = min(otherEncode, ns), n
		decode = min(decode, middle.decode(b))
		ns, _ = other(b, "decode")
		otherDecode = min(otherDecode, ns)
	}
	speed := func(ns float64) float64 { return 2e3 * float64(len(in.tokens)) / ns }
	b.ReportMetric(speed(fast), "MB/s-encode-1")
	b.ReportMetric(speed(encode), "MB/s-encode-5")
	b.ReportMetric(speed(otherEncode), "MB/s-encode-FieldLz")
	b.ReportMetric(otherEncode/encode, "encode-ratio")
	b.ReportMetric(speed(decode), "MB/s-decode-5")
	b.ReportMetric(speed(otherDecode), "MB/s-decode-FieldLz")
	b.ReportMetric(otherDecode/decode, "decode-ratio")
	b.ReportMetric(float64(len(middle.body)), "bytes-5")
	b.ReportMetric(size, "bytes-FieldLz")
}

// A fast is package lz at a level with what it codes.
type fast struct {
	codec model.Codec
	block *model.Block
	back  *model.Block
	body  []byte
}

func newFast(b *testing.B, in *arrays, level int) *fast {
	c, err := lz.New(level)
	if err != nil {
		b.Fatal(err)
	}
	f := &fast{codec: c, block: &model.Block{Size: in.size, Spans: in.spans}}
	for _, s := range in.tokens {
		f.block.Symbols = append(f.block.Symbols, uint32(s))
	}
	back := *f.block
	back.Symbols = make([]uint32, len(f.block.Symbols))
	f.back = &back
	f.encode(b)
	f.decode(b)
	if !slices.Equal(f.back.Symbols, f.block.Symbols) {
		b.Fatal("decoded otherwise")
	}
	return f
}

func (f *fast) encode(b *testing.B) float64 {
	return fastest(func() {
		var err error
		if f.body, err = f.codec.Encode(f.body[:0], f.block); err != nil {
			b.Fatal(err)
		}
	})
}

func (f *fast) decode(b *testing.B) float64 {
	return fastest(func() {
		if err := f.codec.Decode(f.back, f.body); err != nil {
			b.Fatal(err)
		}
	})
}

// fastest runs do for a while, and returns the fewest nanoseconds that it took.
func fastest(do func()) float64 {
	const while = 50 * time.Millisecond
	least := time.Duration(math.MaxInt64)
	for end := time.Now().Add(while); time.Now().Before(end); {
		start := time.Now()
		do()
		least = min(least, time.Since(start))
	}
	return float64(least)
}

// startFieldLz starts a process that codes tokens with FieldLz, and returns how to have it
// do a step. Without the package the benchmark is skipped.
func startFieldLz(b *testing.B, tokens []uint16) func(b *testing.B, step string) (ns, bytes float64) {
	if err := exec.Command("python3", "-c", "import numpy, openzl.ext").Run(); err != nil {
		b.Skip("no package openzl for python3: ", err)
	}
	raw, err := binary.Append(nil, binary.LittleEndian, tokens)
	if err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(b.TempDir(), "tokens")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command("python3", "fieldlz.py", file)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	})
	lines := bufio.NewReader(out)
	return func(b *testing.B, step string) (ns, bytes float64) {
		if _, err := fmt.Fprintln(in, step); err != nil {
			b.Fatal(err)
		}
		if _, err := fmt.Fscan(lines, &ns, &bytes); err != nil {
			b.Fatal(err)
		}
		return ns, bytes
	}
}
