package net

import (
	"github.com/foretell/foretell/net/internal/layer"
)

// An encoder is one layer of a transformer in which every position sees all others:
// attention and a feed-forward network, each added to what it was given and then
// normalised (Vaswani et al. 2017).
type encoder struct {
	q, k, v, o         *layer.Linear
	up, down           *layer.Linear
	attention, forward *layer.Norm
	heads, dim         int
}

// encoder reads a layer as PyTorch's TransformerEncoderLayer names its tensors.
func (l *loader) encoder(name string, width, hidden, heads int) encoder {
	norm := func(n string) *layer.Norm {
		return l.norm(name+n, l.vector(name+n+".weight", width), l.vector(name+n+".bias", width), torchEps, true)
	}
	linear := func(n string, out, in int) *layer.Linear {
		return l.linear(name+n+".weight", out, in, l.vector(name+n+".bias", out))
	}
	e := encoder{heads: heads, dim: width / heads}
	in := name + "self_attn.in_proj_weight"
	w, bias := l.matrix(in, 3*width, width, false), l.vector(name+"self_attn.in_proj_bias", 3*width)
	for i, p := range []**layer.Linear{&e.q, &e.k, &e.v} {
		if l.err == nil {
			*p = l.product(in, part{w, i * width, width}, bias[i*width:][:width])
		}
	}
	e.o = linear("self_attn.out_proj", width, width)
	e.attention = norm("norm1")
	e.up = linear("linear1", hidden, width)
	e.down = linear("linear2", width, hidden)
	e.forward = norm("norm2")
	return e
}

// torchEps is the epsilon of PyTorch's LayerNorm.
const torchEps = 1e-5

// An encoding is the working space of one goroutine to run encoders over some rows.
type encoding struct {
	width      int
	in, inner  *layer.Activations
	q, k, v, o *layer.Products
	up         *layer.Products
	attention  *layer.Attention
	wide       []int64 // of one row: the feed-forward network, or what attention gives
	head       []int64
	weights    []int16
}

// newEncoding returns working space for n rows and attention to up to seen.
func newEncoding(n, width, hidden, dim, seen int) *encoding {
	return &encoding{
		width: width,
		in:    layer.NewActivations(n, width), inner: layer.NewActivations(n, hidden),
		q: layer.NewProducts(n, width), k: layer.NewProducts(n, width), v: layer.NewProducts(n, width),
		o: layer.NewProducts(n, width), up: layer.NewProducts(n, hidden),
		attention: layer.NewAttention(dim, seen),
		wide:      make([]int64, max(width, hidden)), head: make([]int64, dim), weights: make([]int16, width),
	}
}

// A place is where the keys and values of a row are stored and looked for.
type place struct {
	cache    *layer.Cache
	position int
}

// put stores the keys and values of the rows of x.
func (w *encoding) put(e *encoder, x []int64, places []place) {
	n := len(places)
	for i := range n {
		w.in.Set(i, x[i*w.width:][:w.width], layer.ResidualFrac)
		e.k.Plan(w.k, w.in, i)
		e.v.Plan(w.v, w.in, i)
	}
	e.k.Apply(w.k, w.in, n, 0, w.width)
	e.v.Apply(w.v, w.in, n, 0, w.width)
	for i, p := range places {
		k, kFrac := w.k.Row(i)
		v, vFrac := w.v.Row(i)
		for h := range e.heads {
			p.cache.PutKey(h, p.position, widen(w.head, k[h*e.dim:]), kFrac)
			p.cache.PutValue(h, p.position, v[h*e.dim:][:e.dim], vFrac)
		}
	}
}

// widen copies len(dst) numbers.
func widen(dst []int64, x []int32) []int64 {
	for i := range dst {
		dst[i] = int64(x[i])
	}
	return dst
}

// see runs the layer over the rows of x, once all keys and values that they look at
// are stored. The positions of places are the last that are seen.
func (w *encoding) see(e *encoder, x []int64, places []place) {
	n := len(places)
	for i := range n {
		w.in.Set(i, x[i*w.width:][:w.width], layer.ResidualFrac)
		e.q.Plan(w.q, w.in, i)
	}
	e.q.Apply(w.q, w.in, n, 0, w.width)
	for i, p := range places {
		q, frac := w.q.Row(i)
		for h := range e.heads {
			w.attention.SetQuery(widen(w.head, q[h*e.dim:]), frac)
			w.attention.Attend(w.wide[h*e.dim:][:e.dim], p.cache, h, p.position)
		}
		w.in.Set(i, w.wide[:w.width], layer.ResidualFrac)
		e.o.Plan(w.o, w.in, i)
	}
	e.o.Apply(w.o, w.in, n, 0, w.width)
	for i := range n {
		w.settle(e.attention, x[i*w.width:][:w.width], i)
		w.in.Set(i, x[i*w.width:][:w.width], layer.ResidualFrac)
		e.up.Plan(w.up, w.in, i)
	}
	hidden := e.up.Rows()
	e.up.Apply(w.up, w.in, n, 0, hidden)
	for i := range n {
		up, frac := w.up.Row(i)
		layer.GELU.Apply(w.wide[:hidden], up, frac)
		w.inner.Set(i, w.wide[:hidden], frac)
		e.down.Plan(w.o, w.inner, i)
	}
	e.down.Apply(w.o, w.inner, n, 0, w.width)
	for i := range n {
		w.settle(e.forward, x[i*w.width:][:w.width], i)
	}
}

// settle adds w.o to a residual and normalises it.
func (w *encoding) settle(n *layer.Norm, x []int64, row int) {
	y, frac := w.o.Row(row)
	layer.Add(x, y, frac)
	n.Apply(x, x)
	layer.Residual(x)
}
