package symbols

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/tokens"
)

// BenchmarkValueMap maps blocks of 65,536 elements; MB/s are of raw bytes.
func BenchmarkValueMap(b *testing.B) {
	const n = 1 << 16
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]int64, n)
	type block struct {
		name string
		t    tokens.Type
		be   bool
		m    *ValueMap
	}
	planes := &ValueMap{kind: PlanesMap, size: 256}
	var blocks []block
	for _, t := range []tokens.Type{tokens.Uint8, tokens.Int16, tokens.Uint16, tokens.Uint32, tokens.Int64} {
		blocks = append(blocks, block{t.String(), t, false, nil})
	}
	blocks = append(blocks, block{"uint16-big-endian", tokens.Uint16, true, nil},
		block{"int64-dictionary", tokens.Int64, false, nil}, block{"int64-planes", tokens.Int64, false, planes})
	for _, k := range blocks {
		for i := range values {
			values[i] = r.Int64N(1024)
			if k.name == "int64-dictionary" {
				values[i] *= 0x123456789abcd
			}
		}
		raw := elements(k.t, k.be, values...)
		m := k.m
		if m == nil {
			var err error
			if m, err = fit(raw, k.t, k.be); err != nil {
				b.Fatal(err)
			}
		}
		symbols := make([]uint32, n*m.PerElement(k.t))
		run := func(what string, do func() error) {
			b.Run(fmt.Sprintf("%s/%s", what, k.name), func(b *testing.B) {
				b.SetBytes(int64(len(raw)))
				for b.Loop() {
					if err := do(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		if k.m == nil {
			var f Fitter
			run("Fit", func() error {
				f.Reset()
				err := f.Add(raw, k.t, k.be)
				f.Fit()
				return err
			})
		}
		run("Symbols", func() error { return m.Symbols(symbols, raw, k.t, k.be) })
		run("Values", func() error { return m.Values(raw, symbols, k.t, k.be) })
	}
}
