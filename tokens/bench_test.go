package tokens

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkSource reads 64 MB of uint16 in each kind of file from memory, in
// pieces of 128 KB.
func BenchmarkSource(b *testing.B) {
	npy, err := AppendNPYHeader(nil, Info{Type: Uint16, Shape: []int{32 << 20}})
	if err != nil {
		b.Fatal(err)
	}
	head := len(npy)
	npy = append(npy, make([]byte, 64<<20)...)
	r := rand.New(rand.NewPCG(1, 2))
	for i := head; i < len(npy); i++ {
		npy[i] = byte(r.Uint32N(16)) // a little to inflate
	}
	file := filepath.Join(b.TempDir(), "a.npy")
	if err := os.WriteFile(file, npy, 0o666); err != nil {
		b.Fatal(err)
	}
	plain := tarOf(b, tar.FormatPAX, named{"a.npy", npy})
	open := func(name string, data []byte) func() (*Source, error) {
		return func() (*Source, error) { return NewSource(name, bytes.NewReader(data), Options{}) }
	}
	for _, test := range []struct {
		name string
		open func() (*Source, error)
	}{
		{"file", func() (*Source, error) { return Open([]string{file}, Options{}) }},
		{"npy", open("a.npy", npy)},
		{"pipe", func() (*Source, error) {
			return NewSource("a.u16", io.MultiReader(bytes.NewReader(npy[head:])), Options{})
		}},
		{"npz", open("a.npz", zipOf(b, zip.Store, named{"a.npy", npy}))},
		{"npz-deflated", open("a.npz", zipOf(b, zip.Deflate, named{"a.npy", npy}))},
		{"tar", open("a.tar", plain)},
		{"tar.gz", open("a.tar.gz", compressed(b, plain))},
	} {
		b.Run(test.name, func(b *testing.B) {
			buf := make([]byte, 128<<10)
			b.SetBytes(64 << 20)
			for b.Loop() {
				s, err := test.open()
				if err != nil {
					b.Fatal(err)
				}
				var n int64
				for {
					p, err := s.Next()
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					if p.Kind != Member {
						continue
					}
					for {
						k, err := p.Data.Read(buf)
						n += int64(k)
						if err == io.EOF {
							break
						}
						if err != nil {
							b.Fatal(err)
						}
					}
				}
				s.Close()
				if n != 64<<20 {
					b.Fatal(n)
				}
			}
		})
	}
}

// BenchmarkValueMap maps blocks of 65,536 elements; MB/s are of raw bytes.
func BenchmarkValueMap(b *testing.B) {
	const n = 1 << 16
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]int64, n)
	type block struct {
		name string
		t    Type
		be   bool
		m    *ValueMap
	}
	planes := &ValueMap{kind: PlanesMap, size: 256}
	var blocks []block
	for _, t := range []Type{Uint8, Int16, Uint16, Uint32, Int64} {
		blocks = append(blocks, block{t.String(), t, false, nil})
	}
	blocks = append(blocks, block{"uint16-big-endian", Uint16, true, nil},
		block{"int64-dictionary", Int64, false, nil}, block{"int64-planes", Int64, false, planes})
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
			if m, err = Fit(raw, k.t, k.be); err != nil {
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
