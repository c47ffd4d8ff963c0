package net

import (
	"math"
	"runtime"
	"sync"
)

// A reference is a decoder in float64, written apart from the one it checks and over
// the same real weights.
type reference struct {
	embedding, positions matrix
	layers               []referenceLayer
	norm                 referenceNorm
	head                 matrix

	heads, kvHeads, dim int
	rope                func(pair, position int) float64 // the angle; nil for none
	halves              bool
	ropeDims            int
	activation          func(x float64) float64
	sinks, window       int
}

type referenceLayer struct {
	attention, forward referenceNorm
	q, k, v, o         affine
	qNorm, kNorm       *referenceNorm
	gate               *affine
	up, down           affine
}

// A matrix is rows of weights.
type matrix [][]float64

// An affine is a matrix and a bias, which may be nil.
type affine struct {
	w    matrix
	bias []float64
}

type referenceNorm struct {
	gain, bias []float64
	eps        float64
	centred    bool
}

func (n referenceNorm) apply(x []float64) []float64 {
	mean, square := 0.0, 0.0
	if n.centred {
		for _, v := range x {
			mean += v
		}
		mean /= float64(len(x))
	}
	for _, v := range x {
		square += (v - mean) * (v - mean)
	}
	scale := 1 / math.Sqrt(square/float64(len(x))+n.eps)
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = (v - mean) * scale * n.gain[i]
		if n.bias != nil {
			y[i] += n.bias[i]
		}
	}
	return y
}

// apply multiplies vectors, on all processors.
func (a affine) apply(x [][]float64) [][]float64 {
	y := make([][]float64, len(x))
	for t := range y {
		y[t] = make([]float64, len(a.w))
	}
	var wait sync.WaitGroup
	parts := runtime.GOMAXPROCS(0)
	for part := range parts {
		wait.Go(func() {
			from, to := share(len(a.w), 1, part, parts)
			for r := from; r < to; r++ {
				row := a.w[r]
				t := 0
				for ; t+4 <= len(x); t += 4 {
					x0, x1, x2, x3 := x[t][:len(row)], x[t+1][:len(row)], x[t+2][:len(row)], x[t+3][:len(row)]
					var s0, s1, s2, s3 float64
					for k, w := range row {
						s0 += w * x0[k]
						s1 += w * x1[k]
						s2 += w * x2[k]
						s3 += w * x3[k]
					}
					y[t][r], y[t+1][r], y[t+2][r], y[t+3][r] = s0, s1, s2, s3
				}
				for ; t < len(x); t++ {
					s := 0.0
					for k, w := range row {
						s += w * x[t][k]
					}
					y[t][r] = s
				}
				if a.bias != nil {
					for t := range y {
						y[t][r] += a.bias[r]
					}
				}
			}
		})
	}
	wait.Wait()
	return y
}

// logits returns the logits after each token of a stream.
func (r *reference) logits(tokens []uint32) [][]float64 {
	return affine{w: r.head}.apply(r.hidden(tokens))
}

// hidden returns what the logits are made of.
func (r *reference) hidden(tokens []uint32) [][]float64 {
	x := make([][]float64, len(tokens))
	for t, token := range tokens {
		x[t] = append([]float64(nil), r.embedding[token]...)
		if r.positions != nil {
			addTo(x[t], r.positions[t])
		}
	}
	for _, l := range r.layers {
		h := each(x, l.attention.apply)
		q, k, v := l.q.apply(h), l.k.apply(h), l.v.apply(h)
		for t := range x {
			r.turn(q[t], l.qNorm, t)
			r.turn(k[t], l.kNorm, t)
		}
		for t, y := range l.o.apply(r.attend(q, k, v)) {
			addTo(x[t], y)
		}
		h = each(x, l.forward.apply)
		up := l.up.apply(h)
		if l.gate != nil {
			for t, g := range l.gate.apply(h) {
				for i := range g {
					up[t][i] *= r.activation(g[i])
				}
			}
		} else {
			for t := range up {
				for i, u := range up[t] {
					up[t][i] = r.activation(u)
				}
			}
		}
		for t, y := range l.down.apply(up) {
			addTo(x[t], y)
		}
	}
	return each(x, r.norm.apply)
}

// turn normalises and rotates the heads of a query or key.
func (r *reference) turn(x []float64, n *referenceNorm, position int) {
	for from := 0; from < len(x); from += r.dim {
		h := x[from:][:r.dim]
		if n != nil {
			copy(h, n.apply(h))
		}
		if r.rope == nil {
			continue
		}
		for i := range r.ropeDims / 2 {
			a, b := 2*i, 2*i+1
			if r.halves {
				a, b = i, i+r.ropeDims/2
			}
			s, c := math.Sincos(r.rope(i, position))
			h[a], h[b] = h[a]*c-h[b]*s, h[a]*s+h[b]*c
		}
	}
}

// attend returns the weighted values of all heads.
func (r *reference) attend(q, k, v [][]float64) [][]float64 {
	out := make([][]float64, len(q))
	var wait sync.WaitGroup
	parts := runtime.GOMAXPROCS(0)
	for part := range parts {
		wait.Go(func() {
			for t := part; t < len(q); t += parts {
				out[t] = make([]float64, r.heads*r.dim)
				for h := range r.heads {
					at := h / (r.heads / r.kvHeads) * r.dim
					var shares []float64
					var seen []int
					top := math.Inf(-1)
					for j := 0; j <= t; j++ {
						if j >= r.sinks && j <= t-r.window {
							continue
						}
						s := 0.0
						for d, a := range q[t][h*r.dim:][:r.dim] {
							s += a * k[j][at+d]
						}
						s /= math.Sqrt(float64(r.dim))
						shares, seen, top = append(shares, s), append(seen, j), max(top, s)
					}
					total := 0.0
					for i, s := range shares {
						shares[i] = math.Exp(s - top)
						total += shares[i]
					}
					to := out[t][h*r.dim:][:r.dim]
					for i, j := range seen {
						for d := range to {
							to[d] += shares[i] / total * v[j][at+d]
						}
					}
				}
			}
		})
	}
	wait.Wait()
	return out
}

func each(x [][]float64, f func([]float64) []float64) [][]float64 {
	y := make([][]float64, len(x))
	for t := range x {
		y[t] = f(x[t])
	}
	return y
}

func addTo(x, y []float64) {
	for i, v := range y {
		x[i] += v
	}
}

// codeBits returns the ideal code length of tokens, of which each comes after one of
// stream.
func (r *reference) codeBits(stream, tokens []uint32) (sum float64) {
	x := r.hidden(stream)
	for from := 0; from < len(x); from += 64 {
		for i, logits := range (affine{w: r.head}).apply(x[from:min(from+64, len(x))]) {
			sum += codeBits(logits, tokens[from+i])
		}
	}
	return sum
}
