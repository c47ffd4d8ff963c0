package model

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/fault"
)

func TestNames(t *testing.T) {
	for id := Stored; id <= External; id++ {
		if got, err := ParseID(id.String()); err != nil || got != id {
			t.Errorf("%v is parsed as %v, %v", id, got, err)
		}
	}
	if _, err := ParseID("nothing"); err == nil {
		t.Error("a codec is called nothing")
	}
	if got := ID(200).String(); got != "codec 200" {
		t.Error(got)
	}
	if _, err := New(200, Config{}); !errors.Is(err, fault.ErrUnsupported) {
		t.Error(err)
	}
	if _, err := New(External, Config{}); !errors.Is(err, fault.ErrModel) {
		t.Error(err)
	}
	wrong := errors.New("no predictor today")
	if _, err := New(External, Config{Predictor: func() (Predictor, error) { return nil, wrong }}); !errors.Is(err, wrong) {
		t.Error(err)
	}
	for _, level := range []int{-1, 4} {
		if _, err := New(Zstd, Config{Level: level}); err == nil {
			t.Errorf("zstd has a level %d", level)
		}
	}
}

// TestFallback holds Encode to its word where nothing can be gained.
func TestFallback(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	b := &Block{Size: 1 << 10, Symbols: make([]uint32, 3000)}
	for i := range b.Symbols {
		b.Symbols[i] = uint32(r.IntN(b.Size))
	}
	for id, want := range map[ID]ID{Stored: Stored, Zstd: Stored, Adaptive: Stored, External: Stored, Static: Static, StaticRANS: StaticRANS} {
		used, body, _ := encode(t, id, newCodec(t, id), b, nil)
		if n := len(body) + len(b.Params); used != want || n > 3000*10/8+12 {
			t.Errorf("%v: %d bytes by %v", id, n, used)
		}
	}
	b = &Block{Size: 1<<16 + 1, Symbols: []uint32{1 << 16, 2, 3}}
	for _, id := range []ID{StaticRANS, StaticTANS} {
		if used, _, _ := encode(t, id, newCodec(t, id), b, nil); used != Static {
			t.Errorf("a large alphabet goes by %v", used)
		}
		if err := newCodec(t, id).DecodeBlock(b, []byte{1, 2, 3}); !errors.Is(err, fault.ErrCorrupt) {
			t.Error(err)
		}
	}
}

func TestMix(t *testing.T) {
	for _, c := range []struct {
		size int
		want ID
	}{{200, Mix}, {1 << 21, Adaptive}} {
		b := golden(c.size, 100, 16, 1)
		used, body, _ := encode(t, Mix, newCodec(t, Mix), b, nil)
		got := empty(b)
		err := newCodec(t, used).DecodeBlock(got, body)
		if used != c.want || err != nil || !slices.Equal(got.Symbols, b.Symbols) {
			t.Errorf("an alphabet of %d by %v: %v", c.size, used, err)
		}
	}
}

// TestMemory holds what codecs keep against what Memory says.
func TestMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, c := range []struct{ size, count int }{{2, 1000}, {1 << 16, 1 << 17}, {1 << 20, 1000}} {
		b := &Block{Size: c.size, Symbols: random(r, c.size, c.count)}
		for i := range b.Symbols {
			b.Symbols[i] = uint32(min(r.IntN(c.size), r.IntN(c.size)))
		}
		for _, id := range allIDs {
			if id == External {
				continue // what the predictor takes is the caller's
			}
			before := heap()
			codec := newCodec(t, id)
			used, body, _ := encode(t, id, codec, b, nil)
			if used == id {
				if err := codec.DecodeBlock(b, body); err != nil {
					t.Fatal(err)
				}
			}
			kept := heap() - before - int64(cap(body))
			if limit := Memory(id, Config{}, c.size, c.count); kept > limit {
				t.Errorf("%v keeps %d bytes for %d of %d symbols, not %d", id, kept, c.count, c.size, limit)
			}
			runtime.KeepAlive(codec)
		}
	}
	for id := Stored; id <= External; id++ {
		small, large := Memory(id, Config{}, 100, 1000), Memory(id, Config{}, MaxSize, 1<<26)
		if small < 0 || small > large || large > 2<<30 {
			t.Errorf("%v takes %d to %d bytes", id, small, large)
		}
	}
}
