package zstdframe

import (
	"errors"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/foretell/foretell/internal/fault"
)

// frame returns n bytes under zstd.
func frame(t testing.TB, n int, opts ...zstd.EOption) []byte {
	t.Helper()
	enc, err := zstd.NewWriter(nil, opts...)
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, n)
	for i := range raw {
		raw[i] = byte(i * i >> 7)
	}
	return enc.EncodeAll(raw, nil)
}

func TestCheck(t *testing.T) {
	const window = 1 << 16
	plain := frame(t, 300_000, zstd.WithWindowSize(window))
	single := frame(t, 300_000, zstd.WithSingleSegment(true))
	keyed := frame(t, 1000, zstd.WithSingleSegment(true), zstd.WithEncoderDictRaw(7, []byte("a dictionary of raw bytes")))
	skip := []byte{0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9}
	for _, c := range []struct {
		name       string
		src        []byte
		window     uint64
		dictionary byte
		ok         bool
	}{
		{"a window", plain, window, 0, true},
		{"a larger window", plain, window - 1, 0, false},
		{"a single segment", single, 0, 0, true},
		{"no checksum", frame(t, 1, zstd.WithEncoderCRC(false)), window, 0, true},
		{"a dictionary", keyed, 0, 7, true},
		{"another dictionary", keyed, 0, 8, false},
		{"a dictionary too many", keyed, 0, 0, false},
		{"no dictionary", single, 0, 7, false},
		{"two frames", slices.Concat(single, single), 0, 0, false},
		{"something to skip", slices.Concat(skip, single), 0, 0, false},
		{"something to skip behind", slices.Concat(single, skip), 0, 0, false},
		{"only something to skip", skip, 0, 0, false},
		{"nothing", nil, 0, 0, false},
	} {
		if err := Check(c.src, c.window, c.dictionary); (err == nil) != c.ok || err != nil && !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for n := range plain {
		if Check(plain[:n], window, 0) == nil {
			t.Fatalf("a frame cut after %d bytes passes", n)
		}
	}
}

// FuzzCheck has whatever passes be no more than a frame to a decoder.
func FuzzCheck(f *testing.F) {
	f.Add(frame(f, 100), byte(0))
	f.Add(frame(f, 1000, zstd.WithSingleSegment(true)), byte(0))
	f.Add(frame(f, 1000, zstd.WithEncoderDictRaw(7, []byte("a dictionary of raw bytes"))), byte(7))
	f.Fuzz(func(t *testing.T, src []byte, dictionary byte) {
		err := Check(src, 1<<20, dictionary)
		if err == nil && Check(append(slices.Clip(src), 0), 1<<20, dictionary) == nil {
			t.Error("a frame that may go on")
		}
	})
}
