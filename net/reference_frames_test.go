package net

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/foretell/foretell/net/safetensors"
)

// video returns a minute of video as tokens.
func video(t *testing.T) []uint32 {
	b, err := os.ReadFile(data(t, "commavq/taco-bell.npy"))
	if err != nil {
		t.Fatal(err)
	}
	b = b[len(b)-1200*128*8:]
	tokens := make([]uint32, len(b)/8)
	for i := range tokens {
		tokens[i] = uint32(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return tokens
}

// A frameReference is the frame predictor for commaVQ in float64.
type frameReference struct {
	embedding, places, ages matrix
	temporal, spatial       []encoderReference
	norm                    referenceNorm
	head, down, up          affine
	bias                    matrix
	temperatures            []float64
}

type encoderReference struct {
	q, k, v, o, up, down affine
	first, second        referenceNorm
}

func newFrameReference(f *safetensors.File) *frameReference {
	array := func(name string) matrix { return read(f.Tensor(name)) }
	linear := func(name string) affine { return affine{array(name + ".weight"), array(name + ".bias")[0]} }
	norm := func(name string) referenceNorm {
		return referenceNorm{array(name + ".weight")[0], array(name + ".bias")[0], 1e-5, true}
	}
	layers := func(name string) (all []encoderReference) {
		for i := 0; ; i++ {
			b := fmt.Sprintf("%s_encoder.layers.%d.", name, i)
			if f.Tensor(b+"norm1.weight") == nil {
				return all
			}
			w, bias := array(b+"self_attn.in_proj_weight"), array(b + "self_attn.in_proj_bias")[0]
			n := len(w) / 3
			all = append(all, encoderReference{
				affine{w[:n], bias[:n]}, affine{w[n : 2*n], bias[n : 2*n]}, affine{w[2*n:], bias[2*n:]},
				linear(b + "self_attn.out_proj"), linear(b + "linear1"), linear(b + "linear2"),
				norm(b + "norm1"), norm(b + "norm2"),
			})
		}
	}
	r := &frameReference{
		embedding: array("tok_embed.weight"), places: array("pos_embed.weight"), ages: array("frame_embed.weight"),
		temporal: layers("temporal"), spatial: layers("spatial"), norm: norm("final_norm"),
		head: linear("out_proj"), down: linear("adapter_down"), up: linear("adapter_up"),
		bias: array("position_logit_bias"), temperatures: array("position_temperatures")[0],
	}
	text, _ := f.Metadata("recommended_temperature")
	all, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(err)
	}
	for i := range r.temperatures {
		r.temperatures[i] *= all
	}
	return r
}

func gelu(x float64) float64 { return x / 2 * math.Erfc(-x/math.Sqrt2) }

// apply runs a layer over rows that all see each other.
func (e encoderReference) apply(x [][]float64) [][]float64 {
	const heads = 4
	q, k, v := e.q.apply(x), e.k.apply(x), e.v.apply(x)
	dim := len(x[0]) / heads
	mixed := make([][]float64, len(x))
	for t := range x {
		mixed[t] = make([]float64, len(x[0]))
		for from := 0; from < len(x[0]); from += dim {
			shares, total := make([]float64, len(x)), 0.0
			for j := range x {
				s := 0.0
				for d := from; d < from+dim; d++ {
					s += q[t][d] * k[j][d]
				}
				shares[j] = math.Exp(s / math.Sqrt(float64(dim)))
				total += shares[j]
			}
			for j, s := range shares {
				for d := from; d < from+dim; d++ {
					mixed[t][d] += s / total * v[j][d]
				}
			}
		}
	}
	out := e.o.apply(mixed)
	for t := range x {
		addTo(out[t], x[t])
	}
	x = each(out, e.first.apply)
	inner := e.up.apply(x)
	for _, row := range inner {
		for i, u := range row {
			row[i] = gelu(u)
		}
	}
	out = e.down.apply(inner)
	for t := range x {
		addTo(out[t], x[t])
	}
	return each(out, e.second.apply)
}

// logits returns the logits of each place of the frame after those of context.
func (r *frameReference) logits(context []uint32) [][]float64 {
	places := len(r.places)
	var x [][]float64
	for p := range places {
		var rows [][]float64
		for age := range len(r.ages) {
			row := append([]float64(nil), r.embedding[context[age*places+p]]...)
			addTo(row, r.places[p])
			addTo(row, r.ages[age])
			rows = append(rows, row)
		}
		for _, e := range r.temporal {
			rows = e.apply(rows)
		}
		x = append(x, rows[len(rows)-1])
	}
	for _, e := range r.spatial {
		x = e.apply(x)
	}
	x = each(x, r.norm.apply)
	out, low := r.head.apply(x), r.down.apply(x)
	for _, row := range low {
		for i, u := range row {
			row[i] = gelu(u)
		}
	}
	for p, up := range r.up.apply(low) {
		addTo(out[p], up)
		addTo(out[p], r.bias[p])
		for i := range out[p] {
			out[p][i] /= r.temperatures[p]
		}
	}
	return out
}
