package model

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkCodec codes real data and noise, one block each, and reports the bytes of
// parameters and body, bits and millions of tokens a second. MB/s are of tokens
// of 1, 2 or 3 bytes. Encoding includes planning.
func BenchmarkCodec(b *testing.B) {
	noise := &Block{Size: 1 << 16, Symbols: make([]uint32, 1<<20)}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Symbols {
		noise.Symbols[i] = r.Uint32() & 0xffff
	}
	for _, c := range append(realCases(b), realCase{"noise", noise}) {
		for _, id := range []ID{Stored, Zstd, Static, StaticRANS, StaticTANS, Adaptive} {
			codec, err := New(id, Config{})
			if err != nil {
				b.Fatal(err)
			}
			block := *c.block
			if p, ok := codec.(Planner); ok {
				if block.Params, _, err = p.Plan(&block, nil); err != nil {
					b.Fatal(err)
				}
			}
			body, err := codec.EncodeBlock(nil, &block)
			if err != nil {
				b.Fatal(err)
			}
			report := func(b *testing.B) {
				n := float64(len(block.Symbols))
				b.ReportMetric(float64(len(body)+len(block.Params)), "bytes")
				b.ReportMetric(8*float64(len(body)+len(block.Params))/n, "bits/token")
				b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mtokens/s")
			}
			b.Run(id.String()+"/encode/"+c.name, func(b *testing.B) {
				b.SetBytes(int64(len(block.Symbols) * byteWidth(block.Size)))
				out := body
				for b.Loop() {
					if p, ok := codec.(Planner); ok {
						if _, _, err := p.Plan(&block, nil); err != nil {
							b.Fatal(err)
						}
					}
					if out, err = codec.EncodeBlock(out[:0], &block); err != nil {
						b.Fatal(err)
					}
				}
				report(b)
			})
			b.Run(id.String()+"/decode/"+c.name, func(b *testing.B) {
				b.SetBytes(int64(len(block.Symbols) * byteWidth(block.Size)))
				got := block
				got.Symbols = make([]uint32, len(block.Symbols))
				for b.Loop() {
					if err := codec.DecodeBlock(&got, body); err != nil {
						b.Fatal(err)
					}
				}
				report(b)
			})
		}
	}
}
