package simd

import (
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/internal/simd/guard"
)

// TestBounds runs every kernel on slices beside which memory may not be touched.
func TestBounds(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(9, 1))
		for _, side := range guard.Sides {
			for _, per := range []int{Chunk, 2 * Chunk, 3 * Chunk, 8 * Chunk} {
				for _, chunks := range []int{1, 2, 7, 12} {
					n := per * chunks
					p := guard.Copy(t, float32s(r, n, 31, false), side)
					cum := guard.Copy(t, make([]uint64, chunks), side)
					WeighFloat32(p, 31, per, 0, cum)
					WeighFloat64(guard.Copy(t, float64s(r, p), side), 31, per, 0, cum)
					WeighFloat16(guard.Copy(t, float16s(r, n, false), side), 31, per, 0, cum)
					WeighBFloat16(guard.Copy(t, bfloat16s(p), side), 31, per, 0, cum)
					x, largest := logits(r, n)
					WeighLogits(guard.Copy(t, x, side), LogitOffset(largest), per, 0, cum)
				}
			}
			for _, n := range []int{1, 31, 32, 33, 64, 95, 127, 128, 160, 224, 511, 512, 700, 1024, 2000} {
				p := guard.Copy(t, float32s(r, n, 31, false), side)
				x, largest := logits(r, n)
				x = guard.Copy(t, x, side)
				WeightsFloat32(guard.Copy(t, make([]uint32, n), side), p, 31)
				WeightsLogits(guard.Copy(t, make([]uint32, n), side), x, LogitOffset(largest))
				MaxBits(p)
				MaxLogit(x, 0)
				SumFloat32(p)
				dst := guard.Copy(t, make([]float32, n), side)
				WidenFloat16(dst, guard.Copy(t, float16s(r, n, false), side))
				WidenBFloat16(dst, guard.Copy(t, bfloat16s(p), side))
				NarrowFloat64(dst, guard.Copy(t, float64s(r, p), side))
				s := NewMassScale(largest)
				Masses(dst, x, s)
				sums := guard.Copy(t, make([]float64, n/MassBlock), side)
				blocks := guard.Copy(t, x[:len(sums)*MassBlock], side)
				MassSums(sums, blocks, s)
				Sums(sums, blocks)
			}
		}
	})
}
