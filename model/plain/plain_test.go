package plain

import (
	"testing"

	"github.com/foretell/foretell/internal/codectest"
	"github.com/foretell/foretell/model"
)

var (
	stored = codectest.Codec{New: func() (model.Codec, error) { return Stored{}, nil }}

	// zstd allocates a few times a block, and its costs are those of the block
	// spread evenly.
	zstdCodec = codectest.Codec{New: func() (model.Codec, error) { return NewZstd(2) }, Allocs: 20}
)

func TestStored(t *testing.T)       { stored.Test(t) }
func TestZstd(t *testing.T)         { zstdCodec.Test(t) }
func TestGoldenStored(t *testing.T) { stored.Golden(t, "stored") }
func TestGoldenZstd(t *testing.T)   { zstdCodec.Golden(t, "zstd") }

func FuzzStored(f *testing.F)          { stored.Fuzz(f) }
func FuzzZstd(f *testing.F)            { zstdCodec.Fuzz(f) }
func FuzzStoredRoundTrip(f *testing.F) { stored.FuzzRoundTrip(f) }
func FuzzZstdRoundTrip(f *testing.F)   { zstdCodec.FuzzRoundTrip(f) }

func TestZstdLevels(t *testing.T) {
	for _, level := range []int{0, 4} {
		if _, err := NewZstd(level); err == nil {
			t.Errorf("zstd has a level %d", level)
		}
	}
}

func BenchmarkZstd(b *testing.B) { codectest.Benchmark(b, zstdCodec) }
