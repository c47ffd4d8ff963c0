package static

import (
	"testing"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/internal/codectest"
	"github.com/foretell/foretell/model"
)

// The table coders allocate a few times a block; tANS may take a little more than
// the content of its intervals.
var (
	rans = codectest.Codec{New: func() (model.Codec, error) { return NewRANS(), nil }, Allocs: 4, Refuses: ans.MaxSize}
	tans = codectest.Codec{New: func() (model.Codec, error) { return NewTANS(), nil }, Allocs: 4, Refuses: ans.MaxSize, Excess: 0.02}
)

func TestRANS(t *testing.T)       { rans.Test(t) }
func TestTANS(t *testing.T)       { tans.Test(t) }
func TestGoldenRANS(t *testing.T) { rans.Golden(t, "static") }
func TestGoldenTANS(t *testing.T) { tans.Golden(t, "static-tans") }

func FuzzRANS(f *testing.F)          { rans.Fuzz(f) }
func FuzzTANS(f *testing.F)          { tans.Fuzz(f) }
func FuzzRANSRoundTrip(f *testing.F) { rans.FuzzRoundTrip(f) }
func FuzzTANSRoundTrip(f *testing.F) { tans.FuzzRoundTrip(f) }

func BenchmarkRANS(b *testing.B) { codectest.Benchmark(b, rans) }
func BenchmarkTANS(b *testing.B) { codectest.Benchmark(b, tans) }
