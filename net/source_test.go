package net

import (
	"fmt"
	"math"

	"github.com/foretell/foretell/net/internal/fixture"
	"github.com/foretell/foretell/net/tensor"
)

// A modelFile is where a reference gets its numbers.
type modelFile interface {
	number(key string, otherwise float64) float64
	text(key string) string
	array(name string) matrix // nil if there is none; a vector is one row
}

// opened is a file that has been opened.
type opened struct{ source }

func (o opened) number(key string, otherwise float64) float64 {
	if x, ok := o.Number(key); ok {
		return x
	}
	return otherwise
}

func (o opened) text(key string) string {
	s, _ := o.Text(key)
	return s
}

func (o opened) array(name string) matrix {
	t := o.Tensor(name)
	if t == nil {
		return nil
	}
	return read(t)
}

// read returns the rows of a tensor.
func read(t *tensor.Tensor) matrix {
	m := make(matrix, t.Rows())
	for i := range m {
		m[i] = make([]float64, t.Cols())
		if err := t.ReadRow(m[i], i); err != nil {
			panic(err)
		}
	}
	return m
}

// files are the parts of a file that is not written yet.
type files struct {
	pairs   []fixture.Pair
	tensors tensors
}

func (f files) number(key string, otherwise float64) float64 {
	for _, p := range f.pairs {
		if p.Key == key {
			switch v := p.Value.(type) {
			case uint32:
				return float64(v)
			case float32:
				return float64(v)
			}
		}
	}
	return otherwise
}

func (f files) text(key string) string {
	for _, p := range f.pairs {
		if p.Key == key {
			return p.Value.(string)
		}
	}
	return ""
}

func (f files) array(name string) matrix {
	for _, t := range f.tensors {
		if t.Name != name {
			continue
		}
		cols := t.Shape[len(t.Shape)-1]
		var m matrix
		for i := 0; i < len(t.Values); i += cols {
			m = append(m, t.Values[i:][:cols])
		}
		return m
	}
	return nil
}

// newReference returns the network in a GGUF file, in floats.
func newReference(f modelFile) *reference {
	arch := f.text("general.architecture")
	number := func(key string) int { return int(f.number(arch+"."+key, math.NaN())) }
	vector := func(name string) []float64 {
		if m := f.array(name); m != nil {
			return m[0]
		}
		return nil
	}
	gpt := arch == "gpt2"
	eps := "attention.layer_norm_rms_epsilon"
	if gpt {
		eps = "attention.layer_norm_epsilon"
	}
	norm := func(name string) referenceNorm {
		return referenceNorm{vector(name + ".weight"), vector(name + ".bias"), f.number(arch+"."+eps, math.NaN()), gpt}
	}
	linear := func(name string) affine { return affine{f.array(name + ".weight"), vector(name + ".bias")} }

	r := &reference{
		embedding: f.array("token_embd.weight"), head: f.array("output.weight"), positions: f.array("position_embd.weight"),
		heads: number("attention.head_count"), norm: norm("output_norm"), sinks: 4, window: 1024,
	}
	if r.head == nil {
		r.head = r.embedding
	}
	r.kvHeads = int(f.number(arch+".attention.head_count_kv", float64(r.heads)))
	r.dim = int(f.number(arch+".attention.key_length", float64(number("embedding_length")/r.heads)))
	r.activation = func(x float64) float64 { return x / (1 + math.Exp(-x)) }
	if gpt {
		r.activation = func(x float64) float64 {
			return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		}
	} else {
		r.ropeDims = int(f.number(arch+".rope.dimension_count", float64(r.dim)))
		base := f.number(arch+".rope.freq_base", 10000)
		r.rope = func(pair, position int) float64 {
			return float64(position) * math.Pow(base, -2*float64(pair)/float64(r.ropeDims))
		}
		r.halves = arch != "llama"
	}
	for i := range number("block_count") {
		b := fmt.Sprintf("blk.%d.", i)
		l := referenceLayer{attention: norm(b + "attn_norm"), forward: norm(b + "ffn_norm")}
		if gpt {
			all := linear(b + "attn_qkv")
			for j, to := range []*affine{&l.q, &l.k, &l.v} {
				n := len(all.w) / 3
				*to = affine{all.w[j*n:][:n], all.bias[j*n:][:n]}
			}
		} else {
			l.q, l.k, l.v = linear(b+"attn_q"), linear(b+"attn_k"), linear(b+"attn_v")
			gate := linear(b + "ffn_gate")
			l.gate = &gate
		}
		if f.array(b+"attn_q_norm.weight") != nil {
			q, k := norm(b+"attn_q_norm"), norm(b+"attn_k_norm")
			l.qNorm, l.kNorm = &q, &k
		}
		l.o, l.up, l.down = linear(b+"attn_output"), linear(b+"ffn_up"), linear(b+"ffn_down")
		r.layers = append(r.layers, l)
	}
	return r
}
