package model

import (
	"math/rand/v2"
	"testing"
)

// fuzzDecode decodes whatever comes with the codec: nothing but an error of the
// right kind or symbols of the alphabet may come of it.
func fuzzDecode(f *testing.F, id ID) {
	r := rand.New(rand.NewPCG(uint64(id), 1))
	for _, size := range []int{1, 2, 300, 70000} {
		c := newCodec(f, id)
		var base []byte
		for range 2 {
			b := &Block{Size: size, Symbols: random(r, size, 100), Spans: []Span{{Count: 100, Shape: []int{10, 10}}}}
			if p, ok := c.(Planner); ok {
				var err error
				if b.Params, _, err = p.Plan(b, base); err != nil {
					f.Fatal(err)
				}
				b.Base = base
			}
			body, err := c.EncodeBlock(nil, b)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint32(size), uint16(100), uint8(10), b.Params, base, body)
			base = b.Params
		}
	}
	c := newCodec(f, id)
	f.Fuzz(func(t *testing.T, size uint32, count uint16, row uint8, params, base, body []byte) {
		n := int(count % 4096)
		b := &Block{
			Size:    1 + int(size%(1<<17)),
			Symbols: make([]uint32, n),
			Spans:   []Span{{Count: n / 2, Shape: []int{-1, int(row), 2}, First: 7}, {Count: n - n/2, Shape: []int{n}}},
			Params:  params,
			Base:    base,
		}
		checkDecode(t, c, b, body)
	})
}

func FuzzStored(f *testing.F)     { fuzzDecode(f, Stored) }
func FuzzZstd(f *testing.F)       { fuzzDecode(f, Zstd) }
func FuzzStatic(f *testing.F)     { fuzzDecode(f, Static) }
func FuzzAdaptive(f *testing.F)   { fuzzDecode(f, Adaptive) }
func FuzzStaticRANS(f *testing.F) { fuzzDecode(f, StaticRANS) }
func FuzzStaticTANS(f *testing.F) { fuzzDecode(f, StaticTANS) }
func FuzzExternal(f *testing.F)   { fuzzDecode(f, External) }

// FuzzRoundTrip encodes whatever symbols come, planned by what comes as a base.
func FuzzRoundTrip(f *testing.F) {
	f.Add(uint8(Static), uint32(300), uint8(3), []byte("abracadabra"), []byte{kindWhole, 3})
	f.Add(uint8(StaticRANS), uint32(256), uint8(0), []byte("abracadabra"), []byte{0x10, 1})
	f.Add(uint8(Adaptive), uint32(5), uint8(4), []byte{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 4, 4}, []byte(nil))
	f.Add(uint8(Zstd), uint32(70000), uint8(1), []byte("to be or not to be, that is"), []byte(nil))
	f.Fuzz(func(t *testing.T, which uint8, size uint32, row uint8, data, base []byte) {
		id := allIDs[int(which)%len(allIDs)]
		b := &Block{Size: 1 + int(size%(1<<17)), Symbols: make([]uint32, len(data))}
		for i, x := range data {
			b.Symbols[i] = uint32(int(x) * 257 % b.Size)
		}
		b.Spans = []Span{{Count: len(data), Shape: []int{-1, int(row)}}}
		if len(base) == 0 {
			base = nil
		}
		used, body, _ := encode(t, id, newCodec(t, id), b, base)
		got := empty(b)
		if err := newCodec(t, used).DecodeBlock(got, body); err != nil {
			t.Fatal(err)
		}
		for i, s := range b.Symbols {
			if got.Symbols[i] != s {
				t.Fatalf("%v: symbol %d is %d, not %d", id, i, got.Symbols[i], s)
			}
		}
	})
}
