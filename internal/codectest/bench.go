package codectest

import (
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/model"
)

// Benchmark codes real data and noise, one block each, and reports the bytes of
// parameters and body, bits and millions of tokens a second. MB/s are of tokens of
// 1, 2 or 3 bytes. Encoding includes planning.
func Benchmark(b *testing.B, c Codec) {
	noise := &model.Block{Size: 1 << 16, Symbols: make([]uint32, 1<<20), Spans: []model.Span{{Count: 1 << 20, Shape: []int{1 << 20}}}}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Symbols {
		noise.Symbols[i] = r.Uint32() & 0xffff
	}
	for _, k := range append(RealData(b), Real{"noise", noise}) {
		codec, block := c.make(b), *k.Block
		body, _ := encode(b, codec, &block, nil)
		report := func(b *testing.B) {
			n := float64(len(block.Symbols))
			size := float64(len(body) + len(block.Params))
			b.ReportMetric(size, "bytes")
			b.ReportMetric(8*size/n, "bits/token")
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mtokens/s")
			b.SetBytes(int64(plainLen(block.Size, 8)) * int64(len(block.Symbols)) / 8)
		}
		b.Run("encode/"+k.Name, func(b *testing.B) {
			out := body
			for b.Loop() {
				if _, _, err := codec.Plan(&block, nil); err != nil {
					b.Fatal(err)
				}
				var err error
				if out, err = codec.Encode(out[:0:0], &block); err != nil {
					b.Fatal(err)
				}
			}
			report(b)
		})
		b.Run("decode/"+k.Name, func(b *testing.B) {
			got := Empty(&block)
			for b.Loop() {
				if err := codec.Decode(got, body); err != nil {
					b.Fatal(err)
				}
			}
			report(b)
		})
	}
}
