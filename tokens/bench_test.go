package tokens

import (
	"archive/tar"
	"archive/zip"
	"bytes"
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
