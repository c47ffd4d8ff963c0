package net

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/internal/simd/fpenv"
	"github.com/foretell/foretell/internal/simd/levels"
)

// data returns a path in the folder of real data.
func data(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join(realdata.Dir(t), name)
}

// open opens a model file.
func open(t testing.TB, path string) *Model {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(f, info.Size(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// random returns n tokens.
func random(seed uint64, n, vocabulary int) []uint32 {
	r := rand.New(rand.NewPCG(seed, 0))
	tokens := make([]uint32, n)
	for i := range tokens {
		tokens[i] = uint32(r.IntN(vocabulary))
	}
	return tokens
}

// streams returns new streams.
func streams(t testing.TB, m *Model, n int, o Options) *Streams {
	t.Helper()
	s, err := m.NewStreams(n, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// feed returns the logits of all tokens of a stream.
func feed(t testing.TB, m *Model, tokens []uint32, o Options) []int32 {
	t.Helper()
	var all []int32
	err := streams(t, m, 1, o).Feed(0, tokens, func(first int, logits []int32) error {
		if first*m.Vocabulary() != len(all) {
			t.Fatalf("logits of token %d came after %d logits", first, len(all))
		}
		all = append(all, logits...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// hash returns the hash of logits.
func hash(logits []int32) string {
	h := sha256.New()
	binary.Write(h, binary.LittleEndian, logits)
	return hex.EncodeToString(h.Sum(nil))[:32]
}

// golden are the identities of models, and the hashes of their logits for random
// tokens. They are the same on every machine; docs/net.md says what they follow from.
var golden = map[string][2]string{
	"stories260K.f32.gguf":        {"185d1c0ee4a62eae9af9b173062aac33", "8f8f77f13f836da743363f418145019e"},
	"stories260K.q8_0.gguf":       {"238e44505a023a199bc83a5834c94968", "67d6f5965035fc3d4eb0b392d3cdd91b"},
	"commavq-student.safetensors": {"b717769d3c686243b74d631c188c2d44", "f62c596e14718dc685369ede37d48fbd"},
}

func TestGolden(t *testing.T) {
	for name, want := range golden {
		path := data(t, "models/"+name)
		t.Run(name, func(t *testing.T) {
			levels.Each(t, func(t *testing.T) {
				m := open(t, path)
				var logits []int32
				if context, places := m.Frame(); context > 0 {
					f, err := m.NewFrames(2)
					if err != nil {
						t.Fatal(err)
					}
					if logits, err = f.Predict(random(1, context*places, m.Vocabulary())); err != nil {
						t.Fatal(err)
					}
				} else {
					logits = feed(t, m, random(1, 150, m.Vocabulary()), Options{Window: 50})
				}
				got := [2]string{fmt.Sprintf("%x", m.Hash())[:32], hash(logits)}
				if got != want {
					t.Errorf("identity and logits have the hashes %q instead of %q", got, want)
				}
			})
		})
	}
}

// TestSameBits runs a network in every way that there is.
func TestSameBits(t *testing.T) {
	m := tiny(t, "llama", nil)
	const n, window, sinks = 90, 20, 3
	o := Options{Window: window, Sinks: sinks, Threads: 1}
	v := m.Vocabulary()
	var tokens [64][]uint32
	var want [64][]int32
	for i := range tokens {
		tokens[i] = random(uint64(i), n, v)
		want[i] = feed(t, m, tokens[i], o)
	}
	for _, threads := range []int{1, 2, 4} {
		o.Threads = threads
		for _, block := range []int{1, 7, 64, 90} {
			o.Block = block
			if got := feed(t, m, tokens[5], o); !slices.Equal(got, want[5]) {
				t.Errorf("%d threads and blocks of %d give other logits", threads, block)
			}
		}
		for _, batch := range []int{1, 7, 64} {
			o.Block = 1 + batch%3
			s := streams(t, m, batch, o)
			// One stream is given some tokens at once, and the last ends early.
			if err := s.Feed(0, tokens[0][:10], nil); err != nil {
				t.Fatal(err)
			}
			for at := range n {
				active := batch
				if at > 70 && batch > 1 {
					active--
				}
				var step []uint32
				for i := range active {
					p := at
					if i == 0 {
						p = min(at+10, n-1)
					}
					step = append(step, tokens[i][p])
				}
				if at+10 >= n {
					break
				}
				got, err := s.Step(step)
				if err != nil {
					t.Fatal(err)
				}
				for i := range active {
					p := at
					if i == 0 {
						p += 10
					}
					if !slices.Equal(got[i*v:][:v], want[i][p*v:][:v]) {
						t.Fatalf("%d threads: stream %d of %d has other logits at token %d", threads, i, batch, p)
					}
				}
			}
		}
	}
}

// TestWindow holds that what is out of sight does not matter.
func TestWindow(t *testing.T) {
	m := tiny(t, "llama", nil)
	a := random(1, 60, m.Vocabulary())
	b := slices.Clone(a)
	b[5] = (b[5] + 1) % uint32(m.Vocabulary())
	one := tinyLayers(t, "llama", nil, 1)
	o := Options{Window: 10, Sinks: 2}
	v := m.Vocabulary()
	x, y := feed(t, one, a, o), feed(t, one, b, o)
	if slices.Equal(x[14*v:15*v], y[14*v:15*v]) {
		t.Error("a token in the window does not matter")
	}
	if !slices.Equal(x[15*v:], y[15*v:]) {
		t.Error("a token before the window matters")
	}
	b = slices.Clone(a)
	b[1] = (b[1] + 1) % uint32(m.Vocabulary())
	if y := feed(t, one, b, o); slices.Equal(x[59*v:], y[59*v:]) {
		t.Error("a sink does not matter")
	}
}

// TestIdentity holds that every number of a file counts.
func TestIdentity(t *testing.T) {
	a, b := tiny(t, "qwen2", nil), tiny(t, "qwen2", nil)
	if a.Hash() != b.Hash() {
		t.Error("two copies of a model differ")
	}
	for _, name := range []string{"token_embd.weight", "output_norm.weight", "blk.1.ffn_down.weight", "blk.0.attn_k.bias"} {
		c := tiny(t, "qwen2", func(n string, x []float64) {
			if n == name {
				x[len(x)/2] *= 2
			}
		})
		if c.Hash() == a.Hash() {
			t.Errorf("a change of %s does not show", name)
		}
	}
}

// TestAllocations holds that steps allocate nothing.
func TestAllocations(t *testing.T) {
	m := tiny(t, "llama", nil)
	s := streams(t, m, 3, Options{Threads: 2})
	tokens := []uint32{1, 2, 3}
	yield := func(int, []int32) error { return nil }
	if n := testing.AllocsPerRun(20, func() {
		s.Reset()
		if _, err := s.Step(tokens); err != nil {
			t.Fatal(err)
		}
		if err := s.Feed(0, tokens, yield); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a step allocates %v times", n)
	}
}

func reader(b []byte) (*bytes.Reader, int64) { return bytes.NewReader(b), int64(len(b)) }

func TestFloat32(t *testing.T) {
	logits := []int32{0, 1, -1, 1<<24 - 1, 1 << 24, 1<<24 + 1, 1<<24 + 2, 1<<24 + 3, -1<<24 - 1, -1<<24 - 3, math.MinInt32, math.MaxInt32,
		1<<30 + 31, 1<<30 + 32, 1<<30 + 33, 1<<30 + 96, math.MaxInt32 - 63, math.MaxInt32 - 64, math.MaxInt32 - 127, math.MaxInt32 - 128}
	dst := make([]float32, len(logits))
	for _, mode := range fpenv.Modes() {
		runtime.LockOSThread()
		restore := mode.Set()
		Float32(dst, logits)
		restore()
		runtime.UnlockOSThread()
		for i, n := range logits {
			if want := float32(n) / (1 << LogitFrac); dst[i] != want {
				t.Errorf("%s: %d became %v instead of %v", mode.Name, n, dst[i], want)
			}
		}
	}
}
