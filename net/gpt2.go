package net

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/internal/layer"
)

// gpt2GGUF reads a network of GPT-2's architecture (Radford et al. 2019) from a GGUF
// file: LayerNorm, learned positions and a feed-forward network with GELU.
func gpt2GGUF(l *loader) *decoder {
	d := &decoder{
		width:   l.integer("gpt2.embedding_length", layer.MaxWidth),
		hidden:  l.integer("gpt2.feed_forward_length", layer.MaxWidth),
		heads:   l.integer("gpt2.attention.head_count", layer.MaxWidth),
		context: l.integer("gpt2.context_length", 1<<24),
	}
	return gpt2(l, d, l.integer("gpt2.block_count", maxCount), gpt2Names{
		token: "token_embd.weight", position: "position_embd.weight", norm: "output_norm", head: "output.weight",
		block: "blk.%d.", attention: "attn_norm", qkv: "attn_qkv", o: "attn_output",
		forward: "ffn_norm", up: "ffn_up", down: "ffn_down",
		eps: l.real("gpt2.attention.layer_norm_epsilon"),
	})
}

// gpt2Safetensors reads one from a safetensors file, with the names of Hugging Face's
// implementation and the sizes of the tensors. Matrices may lie either way: with a row
// an input, as that has them, or with a row an output. Heads have 64 numbers, unless
// n_head in the metadata says otherwise.
func gpt2Safetensors(l *loader) *decoder {
	prefix := ""
	if !l.has("wte.weight") {
		prefix = "transformer."
	}
	d := &decoder{context: l.size(prefix+"wpe.weight", 0), width: l.size(prefix+"wte.weight", 1)}
	d.heads = l.integerOr("n_head", d.width/64, layer.MaxWidth)
	count := 0
	for l.has(fmt.Sprintf("%sh.%d.ln_1.weight", prefix, count)) {
		count++
	}
	up := fmt.Sprintf("%sh.0.mlp.c_fc.weight", prefix)
	inputs := l.size(fmt.Sprintf("%sh.0.attn.c_attn.weight", prefix), 0) == d.width
	if inputs {
		d.hidden = l.size(up, 1)
	} else {
		d.hidden = l.size(up, 0)
	}
	return gpt2(l, d, count, gpt2Names{
		token: prefix + "wte.weight", position: prefix + "wpe.weight", norm: prefix + "ln_f", head: "lm_head.weight",
		block: prefix + "h.%d.", attention: "ln_1", qkv: "attn.c_attn", o: "attn.c_proj",
		forward: "ln_2", up: "mlp.c_fc", down: "mlp.c_proj",
		eps: 1e-5, inputs: inputs,
	})
}

// gpt2Names are the names of tensors in a kind of file, and what else differs.
type gpt2Names struct {
	token, position, norm, head          string
	block                                string // of a layer, before the next ones
	attention, qkv, o, forward, up, down string
	eps                                  float64
	inputs                               bool // a row of a matrix is an input
}

// gpt2 reads the tensors of a network whose sizes are known.
func gpt2(l *loader, d *decoder, count int, n gpt2Names) *decoder {
	d.kvHeads = d.heads
	d.curve = layer.GELUTanh
	if l.err != nil {
		return nil
	}
	if d.width < 1 || d.width > layer.MaxWidth || d.width%d.heads != 0 || d.width/d.heads > layer.MaxHead ||
		d.hidden < 1 || d.hidden > layer.MaxWidth || d.context < 1 || count < 1 {
		l.fail(fmt.Errorf("%w: %d layers with %d heads over a width of %d, %d inside, for %d positions",
			fault.ErrUnsupported, count, d.heads, d.width, d.hidden, d.context))
		return nil
	}
	d.dim = d.width / d.heads
	norm := func(name string) *layer.Norm {
		return l.norm(name, l.vector(name+".weight", d.width), l.optional(name+".bias", d.width), n.eps, true)
	}
	// linear returns some outputs of a matrix of out outputs.
	linear := func(name string, out, in, from, count int) *layer.Linear {
		w := l.matrix(name+".weight", out, in, n.inputs)
		bias := l.optional(name+".bias", out)
		if l.err != nil {
			return nil
		}
		if bias != nil {
			bias = bias[from:][:count]
		}
		return l.product(name, part{w, from, count}, bias)
	}
	for i := 0; i < count && l.err == nil; i++ {
		name := fmt.Sprintf(n.block, i)
		d.blocks = append(d.blocks, block{
			attention: norm(name + n.attention),
			q:         linear(name+n.qkv, 3*d.width, d.width, 0, d.width),
			k:         linear(name+n.qkv, 3*d.width, d.width, d.width, d.width),
			v:         linear(name+n.qkv, 3*d.width, d.width, 2*d.width, d.width),
			o:         linear(name+n.o, d.width, d.width, 0, d.width),
			forward:   norm(name + n.forward),
			up:        linear(name+n.up, d.hidden, d.width, 0, d.hidden),
			down:      linear(name+n.down, d.width, d.hidden, 0, d.width),
		})
	}
	d.norm = norm(n.norm)
	d.positions = l.embedding(n.position, d.context, d.width)
	l.vocabulary(d, n.token, n.head)
	return d
}
