package testkit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/step"
	"github.com/foretell/foretell/testkit/evil"
	"github.com/foretell/foretell/tokens"
	"github.com/zeebo/xxh3"
)

// A fileVector is a .fore file or a framed stream of steps with what comes of reading
// it, as README.md describes them.
type fileVector struct {
	name   string
	header [][2]string
	data   []byte
}

func (v *fileVector) get(key string) string {
	for _, kv := range v.header {
		if kv[0] == key {
			return kv[1]
		}
	}
	return ""
}

func (v *fileVector) text() []byte {
	var b bytes.Buffer
	for _, kv := range v.header {
		fmt.Fprintf(&b, "%s: %s\n", kv[0], kv[1])
	}
	b.WriteByte('\n')
	return append(b.Bytes(), v.data...)
}

// values is an array that every codec predicts a part of, by a generator that
// nothing changes.
func values() []uint16 {
	x := make([]uint16, 60*8)
	state := uint64(7)
	for i := range x {
		state = state*6364136223846793005 + 1442695040888963407
		if x[i] = uint16(state >> 40 % 90); i >= 8 && state>>60 > 4 {
			x[i] = x[i-8]
		}
	}
	return x
}

// made returns a .fore file of values.
func made(t *testing.T, o *foretell.WriterOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := foretell.NewWriter(&b, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := foretell.WriteArray(w, "a", []int{60, 8}, values()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// likely returns the probabilities of the steps of a vector: symbol i of n has i+1
// parts, and the first off more.
func likely(n int, off float32) []float32 {
	p := make([]float32, n)
	for i := range p {
		p[i] = float32(i + 1)
	}
	p[0] += off
	return p
}

// framed returns a stream of the symbols.
func framed(t *testing.T, f step.Frame, symbols []uint32, off float32) []byte {
	t.Helper()
	var b bytes.Buffer
	e, err := step.NewFramedEncoder(&b, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if err := e.EncodeStep(likely(f.Vocabulary, off), s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Finish(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// makeFileVectors returns all vectors.
func makeFileVectors(t *testing.T) (all []*fileVector) {
	fore := func(name, expect string, data []byte, more ...[2]string) {
		all = append(all, &fileVector{name, append([][2]string{{"kind", "fore"}, {"expect", expect}}, more...), data})
	}
	success := func(name string, data []byte, o *foretell.ReaderOptions, more ...[2]string) {
		sum, size, err := contentSum(data, o)
		if err != nil {
			t.Fatal(err)
		}
		more = append(more, [2]string{"content", sum}, [2]string{"size", strconv.FormatInt(size, 10)})
		fore(name, "success", data, more...)
	}
	for _, m := range foretell.Models() {
		success(m, made(t, &foretell.WriterOptions{Model: m, BlockTokens: 200}), &foretell.ReaderOptions{})
	}
	mixFiles(t, func(name string, data []byte, o *foretell.ReaderOptions) { success(name, data, o) })
	ownFiles(t, success, fore)
	success("packed", evil.Packed(func(frame []byte) []byte { return frame }), &foretell.ReaderOptions{})
	for _, c := range evil.Cases() {
		fore("evil-"+c.Name, outcome(failure(c.Data)), c.Data)
	}
	whole := made(t, &foretell.WriterOptions{Model: "static", BlockTokens: 200})
	d := describe(t, whole)
	flip := func(at int64) []byte {
		b := bytes.Clone(whole)
		b[at] ^= 0x10
		return b
	}
	fore("flipped-magic", "corrupt", flip(3))
	fore("flipped-header", "corrupt", flip(14))
	fore("flipped-layout", "corrupt", flip(d.Header+d.Embedded+20))
	fore("flipped-block-header", "corrupt", flip(d.Blocks[1].Offset+14))
	fore("flipped-code", "corrupt", flip(d.Blocks[1].Offset+d.Blocks[1].Size-3))
	fore("flipped-index", "corrupt", flip(d.Size-d.Trailer-3))
	fore("flipped-trailer", "corrupt", flip(d.Size-d.Trailer+2))
	fore("trailing-byte", "corrupt", append(bytes.Clone(whole), 0))
	first, second := d.Blocks[0], d.Blocks[1]
	swapped := append(bytes.Clone(whole[:first.Offset]), whole[second.Offset:second.Offset+second.Size]...)
	swapped = append(swapped, whole[first.Offset:first.Offset+first.Size]...)
	fore("swapped-blocks", "corrupt", append(swapped, whole[second.Offset+second.Size:]...))
	for name, n := range map[string]int64{"cut-magic": 5, "cut-header": 12, "cut-block": second.Offset + 30, "cut-between": second.Offset, "cut-trailer": d.Size - 1} {
		fore(name, "truncated", whole[:n])
	}
	fore("little-memory", "limit", whole, [2]string{"max-memory", "1000"})
	fore("little-output", "limit", whole, [2]string{"max-output", "100"})
	prior, err := foretell.Train(source(t), &foretell.TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	fore("prior-missing", "model", made(t, &foretell.WriterOptions{Model: "mix", Prior: prior}))
	later := bytes.Clone(whole)
	later[8] = 1
	fore("later-version", "unsupported", later)

	symbols := []uint32{4, 4, 3, 0, 2, 4, 1, 3, 4, 4, 2, 3, 3, 4, 0, 1}
	f := step.Frame{Vocabulary: 5, Model: []byte("kit"), Guard: 4, Chunk: 16}
	steps := func(name, expect string, data []byte, model string, more ...[2]string) {
		h := append([][2]string{{"kind", "steps"}, {"expect", expect}, {"vocabulary", "5"}, {"model", hex.EncodeToString([]byte(model))}}, more...)
		all = append(all, &fileVector{"steps-" + name, h, data})
	}
	good := framed(t, f, symbols, 0)
	steps("success", "success", good, "kit", [2]string{"symbols", strings.Trim(fmt.Sprint(symbols), "[]")})
	steps("empty", "success", framed(t, f, nil, 0), "kit", [2]string{"symbols", ""})
	steps("drift", "drift", framed(t, f, symbols, 0.001), "kit")
	steps("model", "model", good, "other")
	bad := bytes.Clone(good)
	bad[len(bad)/2] ^= 1
	steps("corrupt", "corrupt", bad, "kit")
	steps("truncated", "truncated", good[:len(good)-6], "kit")
	return all
}

func source(t *testing.T) *tokens.Source {
	raw := make([]byte, 0, 960)
	for _, x := range values() {
		raw = append(raw, byte(x), byte(x>>8))
	}
	src, err := tokens.NewSource("a.u16", bytes.NewReader(raw), tokens.Options{Shape: []int{60, 8}})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func describe(t *testing.T, file []byte) *foretell.Description {
	r, err := foretell.OpenReaderAt(bytes.NewReader(file), int64(len(file)), nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := r.Describe()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// contentSum returns the 128-bit xxh3 of a file's content, and its size.
func contentSum(file []byte, o *foretell.ReaderOptions) (string, int64, error) {
	r, err := foretell.NewReader(bytes.NewReader(file), o)
	if err != nil {
		return "", 0, err
	}
	defer r.Close()
	var h xxh3.Hasher
	size := int64(0)
	for {
		p, err := r.Next()
		if err == io.EOF {
			sum := h.Sum128().Bytes()
			return hex.EncodeToString(sum[:]), size, nil
		}
		if err != nil {
			return "", 0, err
		}
		h.Write(p.Bytes)
		size += int64(len(p.Bytes))
		if p.Kind == tokens.Member {
			n, err := io.Copy(&h, p.Data)
			if err != nil {
				return "", 0, err
			}
			size += n
		}
	}
}

// failure returns what reading a file ends with.
func failure(file []byte) error {
	_, _, err := contentSum(file, &foretell.ReaderOptions{})
	return err
}

// outcome names an error.
func outcome(err error) string {
	for _, k := range []struct {
		err  error
		name string
	}{
		{foretell.ErrDrift, "drift"}, {foretell.ErrCorrupt, "corrupt"}, {io.ErrUnexpectedEOF, "truncated"},
		{foretell.ErrLimit, "limit"}, {foretell.ErrModel, "model"}, {foretell.ErrUnsupported, "unsupported"},
	} {
		if errors.Is(err, k.err) {
			return k.name
		}
	}
	if err == nil {
		return "success"
	}
	return err.Error()
}

func (v *fileVector) run() (result string, err error) {
	if v.get("kind") == "fore" {
		number := func(key string) int64 {
			n, _ := strconv.ParseInt(v.get(key), 10, 64)
			return n
		}
		o := &foretell.ReaderOptions{MaxMemory: number("max-memory"), MaxOutput: number("max-output")}
		if n := number("own"); n > 0 {
			o.External = cycleOf(int(n), cycleOften, false)
		}
		sum, size, err := contentSum(v.data, o)
		if err == nil && size != number("size") {
			return "", fmt.Errorf("%d bytes of content", size)
		}
		return sum, err
	}
	n, err := strconv.Atoi(v.get("vocabulary"))
	if err != nil {
		return "", err
	}
	model, err := hex.DecodeString(v.get("model"))
	if err != nil {
		return "", err
	}
	d, err := step.NewFramedDecoder(bytes.NewReader(v.data), step.Frame{Vocabulary: n, Model: model})
	if err != nil {
		return "", err
	}
	var symbols []string
	for {
		more, err := d.More()
		if err != nil || !more {
			return strings.Join(symbols, " "), err
		}
		s, err := d.DecodeStep(likely(n, 0))
		if err != nil {
			return "", err
		}
		symbols = append(symbols, fmt.Sprint(s))
	}
}

// TestFileVectors reads each vector and wants the outcome that it states.
func TestFileVectors(t *testing.T) {
	const folder = "files"
	if *update {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		for _, v := range makeFileVectors(t) {
			if err := os.WriteFile(filepath.Join(folder, v.name), v.text(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(names) < 30 {
		t.Fatalf("%d vectors, %v", len(names), err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		head, data, ok := bytes.Cut(b, []byte("\n\n"))
		v := &fileVector{name: filepath.Base(name), data: data}
		for line := range strings.Lines(string(head)) {
			key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			v.header = append(v.header, [2]string{strings.TrimSuffix(key, ":"), value})
		}
		result, err := v.run()
		if got := outcome(err); !ok || got != v.get("expect") {
			t.Errorf("%s: %s (%v), expected %s", v.name, got, err, v.get("expect"))
		} else if err == nil && result != v.get("content")+v.get("symbols") {
			t.Errorf("%s: %s", v.name, result)
		}
	}
}
