package codectest

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/model"
)

// Fuzz decodes whatever comes with the codec: nothing but an error of the right
// kind or symbols of the alphabet may come of it.
func (c Codec) Fuzz(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, size := range []int{1, 2, 300, 70000} {
		if c.Refuses > 0 && size > c.Refuses {
			continue
		}
		codec := c.make(f)
		var base []byte
		for range 2 {
			b := &model.Block{Size: size, Symbols: Random(r, size, 100), Spans: []model.Span{{Count: 100, Shape: []int{10, 10}}}}
			body, _ := encode(f, codec, b, base)
			f.Add(uint32(size), uint16(100), uint8(10), b.Params, base, body)
			base = b.Params
		}
	}
	codec := c.make(f)
	f.Fuzz(func(t *testing.T, size uint32, count uint16, row uint8, params, base, body []byte) {
		n := int(count % 4096)
		checkDecode(t, codec, &model.Block{
			Size:    1 + int(size%(1<<17)),
			Symbols: make([]uint32, n),
			Spans:   []model.Span{{Count: n / 2, Shape: []int{-1, int(row), 2}, First: 7}, {Count: n - n/2, Shape: []int{n}}},
			Params:  params,
			Base:    base,
		}, body)
	})
}

// FuzzRoundTrip encodes whatever symbols come, planned by what comes as a base.
func (c Codec) FuzzRoundTrip(f *testing.F) {
	f.Add(uint32(300), uint8(3), []byte("abracadabra"), []byte{3, 3})
	f.Add(uint32(5), uint8(4), []byte{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 4, 4}, []byte(nil))
	f.Add(uint32(70000), uint8(1), []byte("to be or not to be, that is"), []byte(nil))
	f.Fuzz(func(t *testing.T, size uint32, row uint8, data, base []byte) {
		b := &model.Block{Size: 1 + int(size%(1<<17)), Symbols: make([]uint32, len(data))}
		if c.Refuses > 0 {
			b.Size = min(b.Size, c.Refuses)
		}
		for i, x := range data {
			b.Symbols[i] = uint32(int(x) * 257 % b.Size)
		}
		b.Spans = []model.Span{{Count: len(data), Shape: []int{-1, int(row)}}}
		if len(base) == 0 {
			base = nil
		}
		body, _ := encode(t, c.make(t), b, base)
		got := Empty(b)
		if err := c.make(t).Decode(got, body); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Symbols, b.Symbols) {
			t.Fatal("wrong symbols")
		}
	})
}
