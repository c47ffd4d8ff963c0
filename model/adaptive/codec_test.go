package adaptive

import (
	"errors"
	"testing"

	"github.com/foretell/foretell/internal/codectest"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
)

var codec = codectest.Codec{New: func() (model.Codec, error) { return New(), nil }}

func TestCodec(t *testing.T)      { codec.Test(t) }
func TestGolden(t *testing.T)     { codec.Golden(t, "adaptive") }
func FuzzCodec(f *testing.F)      { codec.Fuzz(f) }
func FuzzRoundTrip(f *testing.F)  { codec.FuzzRoundTrip(f) }
func BenchmarkCodec(b *testing.B) { codectest.Benchmark(b, codec) }

func TestSpans(t *testing.T) {
	c := New()
	for _, spans := range [][]model.Span{{{Count: 1}}, {{Count: 3}}, {{Count: -1}, {Count: 3}}, {{Count: 2, First: -1}}} {
		b := &model.Block{Size: 3, Symbols: []uint32{1, 2}, Spans: spans}
		if _, err := c.Encode(nil, b); err == nil {
			t.Errorf("%+v is encoded", spans)
		}
		if err := c.Decode(b, []byte{0}); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("%+v: %v", spans, err)
		}
	}
}
