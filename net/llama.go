package net

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/internal/layer"
)

// maxCount bounds the number of layers that a model file may ask for.
const maxCount = 1 << 20

// llama reads a network of Llama's architecture (Touvron et al. 2023) from a GGUF
// file: RMSNorm, rotary positions, grouped heads and a feed-forward network gated by
// SiLU. In such files the rows of queries and keys lie so that neighbours are turned
// together.
func llama(l *loader) *decoder { return gated(l, "llama", false) }

// gated reads a network as llama does. Its numbers have the prefix arch, and pairs
// that are turned lie half a head apart if halves is set. Biases and norms of queries
// and keys are there if the file has them.
func gated(l *loader, arch string, halves bool) *decoder {
	d := &decoder{
		width:   l.integer(arch+".embedding_length", layer.MaxWidth),
		hidden:  l.integer(arch+".feed_forward_length", layer.MaxWidth),
		heads:   l.integer(arch+".attention.head_count", layer.MaxWidth),
		context: l.integer(arch+".context_length", 1<<24),
		curve:   layer.SiLU,
	}
	count := l.integer(arch+".block_count", maxCount)
	d.kvHeads = l.integerOr(arch+".attention.head_count_kv", d.heads, layer.MaxWidth)
	if l.err != nil {
		return nil
	}
	d.dim = l.integerOr(arch+".attention.key_length", d.width/d.heads, layer.MaxHead)
	values := l.integerOr(arch+".attention.value_length", d.dim, layer.MaxHead)
	turned := l.integerOr(arch+".rope.dimension_count", d.dim, layer.MaxHead)
	if experts, ok := l.Number(arch + ".expert_count"); ok && experts != 0 {
		l.fail(fmt.Errorf("%w: a network of experts", fault.ErrUnsupported))
	}
	if l.err == nil && (d.heads%d.kvHeads != 0 || values != d.dim || turned > d.dim || d.heads*d.dim > layer.MaxWidth) {
		l.fail(fmt.Errorf("%w: %d heads of %d and %d numbers, %d of them turned, over %d of keys",
			fault.ErrUnsupported, d.heads, d.dim, values, turned, d.kvHeads))
	}
	d.rope = rotation(l, arch, turned, halves)
	eps := l.real(arch + ".attention.layer_norm_rms_epsilon")

	norm := func(name string, n int) *layer.Norm {
		return l.norm(name, l.vector(name, n), nil, eps, false)
	}
	linear := func(name string, out, in int) *layer.Linear {
		return l.linear(name+".weight", out, in, l.optional(name+".bias", out))
	}
	for i := 0; i < count && l.err == nil; i++ {
		name := fmt.Sprintf("blk.%d.", i)
		b := block{
			attention: norm(name+"attn_norm.weight", d.width),
			q:         linear(name+"attn_q", d.heads*d.dim, d.width),
			k:         linear(name+"attn_k", d.kvHeads*d.dim, d.width),
			v:         linear(name+"attn_v", d.kvHeads*d.dim, d.width),
			o:         linear(name+"attn_output", d.width, d.heads*d.dim),
			forward:   norm(name+"ffn_norm.weight", d.width),
			gate:      linear(name+"ffn_gate", d.hidden, d.width),
			up:        linear(name+"ffn_up", d.hidden, d.width),
			down:      linear(name+"ffn_down", d.width, d.hidden),
		}
		if l.has(name + "attn_q_norm.weight") {
			b.qNorm = norm(name+"attn_q_norm.weight", d.dim)
			b.kNorm = norm(name+"attn_k_norm.weight", d.dim)
		}
		d.blocks = append(d.blocks, b)
	}
	d.norm = norm("output_norm.weight", d.width)
	l.vocabulary(d, "token_embd.weight", "output.weight")
	return d
}

// rotation reads how positions turn queries and keys.
func rotation(l *loader, arch string, dims int, halves bool) *layer.Rope {
	if l.err != nil {
		return nil
	}
	base := l.realOr(arch+".rope.freq_base", 10000)
	var factors []float64
	switch kind, _ := l.Text(arch + ".rope.scaling.type"); kind {
	case "", "none":
	case "linear":
		factor := l.realOr(arch+".rope.scaling.factor", 1)
		for range dims / 2 {
			factors = append(factors, factor)
		}
	default:
		l.fail(fmt.Errorf("%w: positions scaled by %q", fault.ErrUnsupported, kind))
	}
	if f := l.optional("rope_freqs.weight", dims/2); f != nil {
		if factors != nil {
			l.fail(fmt.Errorf("%w: positions scaled in two ways", fault.ErrUnsupported))
		}
		factors = f
	}
	if l.err != nil {
		return nil
	}
	rope, err := layer.NewRope(dims, base, factors, halves)
	if err != nil {
		l.fail(err)
	}
	return rope
}
