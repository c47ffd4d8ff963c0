package net

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/foretell/foretell/net/internal/fixture"
	"github.com/foretell/foretell/net/tensor"
)

// Sizes of tiny networks.
const (
	tinyWidth, tinyHidden, tinyHeads, tinyKV, tinyDim = 48, 100, 4, 2, 12
	tinyContext, tinyVocabulary                       = 128, 70
)

// tensors are the arrays of a tiny network.
type tensors []fixture.Tensor

// add adds a random array. Gains are around one.
func (a *tensors) add(r *rand.Rand, name string, shape ...int) {
	n := 1
	for _, s := range shape {
		n *= s
	}
	x := make([]float64, n)
	deviation := 1.5 / math.Sqrt(float64(shape[len(shape)-1]))
	if len(shape) == 1 {
		deviation = 0.2
	}
	for i := range x {
		x[i] = r.NormFloat64() * deviation
		if len(shape) == 1 && strings.HasSuffix(name, ".weight") {
			x[i]++
		}
		x[i] = float64(float32(x[i]))
	}
	*a = append(*a, fixture.Tensor{Name: name, Shape: shape, Type: tensor.F32, Values: x})
}

// tinyFile returns the parts of a GGUF file of a tiny random network.
func tinyFile(arch string, layers int) (pairs []fixture.Pair, all tensors) {
	r := rand.New(rand.NewPCG(9, uint64(len(arch))))
	dim := tinyDim
	if arch == "qwen3" {
		dim = 16 // not the width over the heads
	}
	q, kv := tinyHeads*dim, tinyKV*dim
	pair := func(key string, value any) { pairs = append(pairs, fixture.Pair{Key: arch + "." + key, Value: value}) }
	pairs = append(pairs, fixture.Pair{Key: "general.architecture", Value: arch})
	pair("embedding_length", uint32(tinyWidth))
	pair("feed_forward_length", uint32(tinyHidden))
	pair("attention.head_count", uint32(tinyHeads))
	pair("context_length", uint32(tinyContext))
	pair("block_count", uint32(layers))
	both := func(name string, shape ...int) {
		all.add(r, name+".weight", shape...)
		all.add(r, name+".bias", shape[0])
	}
	all.add(r, "token_embd.weight", tinyVocabulary, tinyWidth)
	if arch == "gpt2" {
		pair("attention.layer_norm_epsilon", float32(1e-5))
		all.add(r, "position_embd.weight", tinyContext, tinyWidth)
		both("output_norm", tinyWidth)
	} else {
		pair("attention.head_count_kv", uint32(tinyKV))
		pair("attention.layer_norm_rms_epsilon", float32(1e-6))
		pair("attention.key_length", uint32(dim))
		pair("attention.value_length", uint32(dim))
		pair("rope.freq_base", float32(5000))
		all.add(r, "output_norm.weight", tinyWidth)
		if arch != "qwen2" {
			all.add(r, "output.weight", tinyVocabulary, tinyWidth)
		}
	}
	for i := range layers {
		b := fmt.Sprintf("blk.%d.", i)
		if arch == "gpt2" {
			both(b+"attn_norm", tinyWidth)
			both(b+"attn_qkv", 3*tinyWidth, tinyWidth)
			both(b+"attn_output", tinyWidth, tinyWidth)
			both(b+"ffn_norm", tinyWidth)
			both(b+"ffn_up", tinyHidden, tinyWidth)
			both(b+"ffn_down", tinyWidth, tinyHidden)
			continue
		}
		all.add(r, b+"attn_norm.weight", tinyWidth)
		all.add(r, b+"ffn_norm.weight", tinyWidth)
		for _, p := range []struct {
			name string
			rows int
		}{{"q", q}, {"k", kv}, {"v", kv}} {
			all.add(r, b+"attn_"+p.name+".weight", p.rows, tinyWidth)
			if arch == "qwen2" {
				all.add(r, b+"attn_"+p.name+".bias", p.rows)
			}
		}
		if arch == "qwen3" {
			all.add(r, b+"attn_q_norm.weight", dim)
			all.add(r, b+"attn_k_norm.weight", dim)
		}
		all.add(r, b+"attn_output.weight", tinyWidth, q)
		all.add(r, b+"ffn_gate.weight", tinyHidden, tinyWidth)
		all.add(r, b+"ffn_up.weight", tinyHidden, tinyWidth)
		all.add(r, b+"ffn_down.weight", tinyWidth, tinyHidden)
	}
	return pairs, all
}

// tinyLayers opens a tiny random network, after change has had each array.
func tinyLayers(t testing.TB, arch string, change func(name string, x []float64), layers int) *Model {
	t.Helper()
	pairs, all := tinyFile(arch, layers)
	for _, a := range all {
		if change != nil {
			change(a.Name, a.Values)
		}
	}
	src, size := reader(fixture.GGUF(pairs, all))
	m, err := Open(src, size, 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func tiny(t testing.TB, arch string, change func(name string, x []float64)) *Model {
	t.Helper()
	return tinyLayers(t, arch, change, 2)
}

// TestArchitectures compares tiny networks with floats.
func TestArchitectures(t *testing.T) {
	for _, arch := range []string{"llama", "qwen2", "qwen3", "gpt2"} {
		t.Run(arch, func(t *testing.T) {
			pairs, all := tinyFile(arch, 2)
			r := newReference(files{pairs: pairs, tensors: all})
			r.sinks, r.window = 4, 30
			compare(t, tiny(t, arch, nil), r)
		})
	}
}

// TestGPT2Safetensors reads a network both ways round, and compares it with what a
// GGUF file of it gives.
func TestGPT2Safetensors(t *testing.T) {
	_, all := tinyFile("gpt2", 2)
	want := feed(t, tiny(t, "gpt2", nil), random(3, 40, tinyVocabulary), Options{})
	names := strings.NewReplacer("token_embd", "wte", "position_embd", "wpe", "output_norm", "ln_f", "blk.", "h.",
		"attn_norm", "ln_1", "attn_qkv", "attn.c_attn", "attn_output", "attn.c_proj", "ffn_norm", "ln_2",
		"ffn_up", "mlp.c_fc", "ffn_down", "mlp.c_proj")
	for _, prefix := range []string{"", "transformer."} {
		for _, inputs := range []bool{false, true} {
			var out tensors
			for _, a := range all {
				a.Name = prefix + names.Replace(a.Name)
				if inputs && strings.Contains(a.Name, ".c_") && len(a.Shape) == 2 {
					rows, cols := a.Shape[0], a.Shape[1]
					turned := make([]float64, len(a.Values))
					for i, v := range a.Values {
						turned[i%cols*rows+i/cols] = v
					}
					a.Shape, a.Values = []int{cols, rows}, turned
				}
				out = append(out, a)
			}
			src, size := reader(fixture.Safetensors(map[string]string{"n_head": fmt.Sprint(tinyHeads)}, out))
			m, err := Open(src, size, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := feed(t, m, random(3, 40, tinyVocabulary), Options{}); hash(got) != hash(want) {
				t.Errorf("prefix %q, inputs %v: other logits than from GGUF", prefix, inputs)
			}
		}
	}
}

// compare fails unless the logits of a model are near those of a reference, with its
// window and sinks.
func compare(t *testing.T, m *Model, r *reference) {
	t.Helper()
	tokens := random(2, 100, m.Vocabulary())
	got := feed(t, m, tokens, Options{Window: r.window, Sinks: r.sinks})
	v := m.Vocabulary()
	var worst, square, deviation float64
	for p, want := range r.logits(tokens) {
		for i, w := range want {
			d := float64(got[p*v+i])/(1<<LogitFrac) - w
			worst, square, deviation = max(worst, math.Abs(d)), square+w*w, deviation+d*d
		}
	}
	if ratio := math.Sqrt(deviation / square); !(ratio < 0.02) {
		t.Errorf("logits are off by %.4f of their size, at most %.4f", ratio, worst)
	}
}

// TestRanges compares networks whose residuals, weights or gains are very large or
// very small with floats.
func TestRanges(t *testing.T) {
	for _, c := range []struct {
		name  string // of the arrays that are multiplied
		power int
	}{
		{"token_embd.weight", 30}, {"token_embd.weight", 14}, {"token_embd.weight", -6},
		{"attn_v.weight", 20}, {"attn_v.weight", -20}, {"ffn_up.weight", 25}, {"ffn_down.weight", -30},
		{"_norm.weight", 1}, {"_norm.weight", -4}, {"attn_q.weight", -8}, {"attn_k.weight", 1},
	} {
		pairs, all := tinyFile("llama", 2)
		for _, a := range all {
			for i := range a.Values {
				if strings.HasSuffix(a.Name, c.name) {
					a.Values[i] = math.Ldexp(a.Values[i], c.power)
				}
			}
		}
		t.Run(fmt.Sprintf("%s times 2^%d", c.name, c.power), func(t *testing.T) {
			r := newReference(files{pairs: pairs, tensors: all})
			r.sinks, r.window = 4, 30
			src, size := reader(fixture.GGUF(pairs, all))
			m, err := Open(src, size, 0)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, m, r)
		})
	}
}
