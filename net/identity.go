package net

import (
	"crypto/sha256"

	"github.com/foretell/foretell/net/internal/layer"
)

// arithmetic is the version of docs/net.md. Another one is another identity.
const arithmetic = 1

// A vocabulary is what the tokens of a model stand for, as its file says: the kind of
// tokenizer, each token and its type. It is part of the identity of the model.
type vocabulary struct {
	kind   string
	tokens []string
	types  []int64
}

// identity returns the SHA-256 of the integers of the network and its vocabulary, in
// the order of docs/net.md.
func (m *Model) identity() (sum [32]byte) {
	h := sha256.New()
	d := layer.NewDigest(h)
	d.Text("foretell net")
	d.Ints(arithmetic)
	if m.decoder != nil {
		m.decoder.digest(d)
	} else {
		m.frames.digest(d)
	}
	d.Text(m.vocabulary.kind)
	d.Ints(len(m.vocabulary.tokens))
	for _, t := range m.vocabulary.tokens {
		d.Text(t)
	}
	d.Ints(len(m.vocabulary.types))
	for _, t := range m.vocabulary.types {
		d.Ints(int(t))
	}
	h.Sum(sum[:0])
	return sum
}

func (d *decoder) digest(to *layer.Digest) {
	to.Text("decoder")
	to.Ints(d.width, d.hidden, d.heads, d.kvHeads, d.dim, d.context)
	to.Text(d.curve.String())
	d.rope.Digest(to)
	d.head.Digest(to)
	d.embedding.Digest(to)
	d.positions.Digest(to)
	to.Ints(len(d.blocks))
	for _, b := range d.blocks {
		for _, n := range []*layer.Norm{b.attention, b.qNorm, b.kNorm, b.forward} {
			n.Digest(to)
		}
		for _, l := range []*layer.Linear{b.q, b.k, b.v, b.o, b.gate, b.up, b.down} {
			l.Digest(to)
		}
	}
	d.norm.Digest(to)
}

func (f *frames) digest(to *layer.Digest) {
	c := f.shape
	to.Text("frames")
	to.Ints(c.Vocabulary, c.Places, c.ContextFrames, c.Width, c.Width*c.Expansion, c.TemporalHeads, c.SpatialHeads)
	f.embedding.Digest(to)
	f.places.Digest(to)
	f.ages.Digest(to)
	for _, encoders := range [][]encoder{f.temporal, f.spatial} {
		to.Ints(len(encoders))
		for _, e := range encoders {
			for _, l := range []*layer.Linear{e.q, e.k, e.v, e.o, e.up, e.down} {
				l.Digest(to)
			}
			e.attention.Digest(to)
			e.forward.Digest(to)
		}
	}
	f.norm.Digest(to)
	f.head.Digest(to)
	f.down.Digest(to)
	f.up.Digest(to)
	f.scale.Digest(to)
}
