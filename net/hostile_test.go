package net

import (
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/internal/fixture"
)

// refused fails unless opening a file gives one of the errors that Open names.
func refused(t *testing.T, what string, file []byte) {
	t.Helper()
	src, size := reader(file)
	_, err := Open(src, size, 1<<24)
	if err == nil {
		t.Errorf("%s: opened", what)
	} else if !known(err) {
		t.Errorf("%s: %v", what, err)
	}
}

func known(err error) bool {
	for _, e := range []error{fault.ErrCorrupt, fault.ErrUnsupported, fault.ErrLimit, io.ErrUnexpectedEOF} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// TestHostile opens files with every tensor and every number of the configuration
// missing or out of place.
func TestHostile(t *testing.T) {
	for _, arch := range []string{"llama", "qwen2", "qwen3", "gpt2"} {
		pairs, all := tinyFile(arch, 2)
		for i, a := range all {
			optional := strings.HasSuffix(a.Name, ".bias") || a.Name == "output.weight" ||
				strings.HasSuffix(a.Name, "attn_q_norm.weight")
			if !optional {
				refused(t, arch+" without "+a.Name, fixture.GGUF(pairs, slices.Delete(slices.Clone(all), i, i+1)))
			}
			for _, shape := range [][]int{{len(a.Values)}, {1, len(a.Values)}, {len(a.Values), 1}, {1, 1, len(a.Values)}} {
				if slices.Equal(shape, a.Shape) || len(shape) == 2 && a.Name == "token_embd.weight" && shape[1] == tinyWidth {
					continue
				}
				b := slices.Clone(all)
				b[i].Shape = shape
				refused(t, arch+" with another shape of "+a.Name, fixture.GGUF(pairs, b))
			}
			for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				b := slices.Clone(all)
				b[i].Values = slices.Clone(a.Values)
				b[i].Values[len(a.Values)-1] = v
				refused(t, arch+" with a bad number in "+a.Name, fixture.GGUF(pairs, b))
			}
		}
		for i, p := range pairs {
			if _, ok := p.Value.(string); ok {
				for _, v := range []string{"", "mamba", strings.Repeat("x", 1000)} {
					b := slices.Clone(pairs)
					b[i].Value = v
					refused(t, "architecture "+v, fixture.GGUF(b, all))
				}
				continue
			}
			values := []any{uint32(0), uint32(math.MaxUint32), int32(-1), "a text", float32(math.NaN()), float32(math.Inf(1)), float32(-1)}
			for _, v := range values {
				b := slices.Clone(pairs)
				b[i].Value = v
				if strings.HasSuffix(p.Key, "_epsilon") && v == uint32(0) || strings.HasSuffix(p.Key, "freq_base") && v == uint32(math.MaxUint32) {
					continue // these can be run
				}
				if v == "a text" && (strings.Contains(p.Key, "rope") || strings.Contains(p.Key, "_length") && strings.Contains(p.Key, "attention") ||
					strings.HasSuffix(p.Key, "head_count_kv")) {
					continue // counts as not given
				}
				refused(t, p.Key, fixture.GGUF(b, all))
			}
		}
	}
}

// TestHostileFrames does the same with the configuration of a frame predictor.
func TestHostileFrames(t *testing.T) {
	const config = `{"adapter_rank": 2, "context_frames": 2, "d_model": 4, "ff_mult": 2, "norm_first": false, "spatial_heads": 2,` +
		` "spatial_layers": 1, "temporal_heads": 1, "temporal_layers": 1, "tokens_per_frame": 3, "vocab_size": 5}`
	for _, c := range []struct{ from, to string }{
		{"", ""}, {config, ""}, {config, "{"}, {": 4,", ": 1e9,"}, {": 4,", ": -4,"}, {": 4,", ": 5,"}, {": 3,", ": 0,"},
		{`"d_model": 4`, `"d_model": 9223372036854775807`}, {`"ff_mult": 2`, `"ff_mult": 9223372036854775807`},
		{`"spatial_layers": 1`, `"spatial_layers": 1000000`}, {"false", "true"}, {`"spatial_heads": 2`, `"spatial_heads": 3`},
		{`"adapter_rank": 2`, `"adapter_rank": -1`}, {`"vocab_size": 5`, `"vocab_size": 99999999999`},
	} {
		text := strings.Replace(config, c.from, c.to, 1)
		refused(t, text, fixture.Safetensors(map[string]string{"architecture": frameArchitecture, "config": text}, nil))
	}
}

// TestMemory holds that a network and its streams keep to the memory that is allowed.
func TestMemory(t *testing.T) {
	pairs, all := tinyFile("llama", 2)
	src, size := reader(fixture.GGUF(pairs, all))
	m, err := Open(src, size, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(src, size, m.Memory()); err != nil {
		t.Errorf("refused with the memory that it takes: %v", err)
	}
	if _, err := Open(src, size, m.Memory()-1); !errors.Is(err, fault.ErrLimit) {
		t.Errorf("opened with less memory than it takes: %v", err)
	}
	if _, err := m.NewStreams(1<<16, Options{Memory: 1 << 20}); !errors.Is(err, fault.ErrLimit) {
		t.Errorf("65,536 streams within a mebibyte: %v", err)
	}
}

// TestRefusals gives streams what they cannot take, and checks that nothing changed.
func TestRefusals(t *testing.T) {
	m := tiny(t, "llama", nil)
	for _, o := range []Options{{Window: -1}, {Positions: -1}, {Positions: tinyContext + 1}, {Block: -1}, {Threads: -1}, {Threads: 1 << 20}} {
		if _, err := m.NewStreams(1, o); !errors.Is(err, fault.ErrLimit) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, n := range []int{-1, 0, 1<<16 + 1} {
		if _, err := m.NewStreams(n, Options{}); !errors.Is(err, fault.ErrLimit) {
			t.Errorf("%d streams: %v", n, err)
		}
	}
	if _, err := m.NewFrames(1); !errors.Is(err, fault.ErrUnsupported) {
		t.Errorf("frames of a network of streams: %v", err)
	}
	s := streams(t, m, 2, Options{Positions: 5})
	if _, err := s.Step([]uint32{1, tinyVocabulary}); !errors.Is(err, fault.ErrSymbol) {
		t.Errorf("a token beyond the vocabulary: %v", err)
	}
	if err := s.Feed(1, []uint32{1, math.MaxUint32}, nil); !errors.Is(err, fault.ErrSymbol) {
		t.Errorf("a token beyond the vocabulary: %v", err)
	}
	if _, err := s.Step(make([]uint32, 3)); !errors.Is(err, fault.ErrLimit) {
		t.Errorf("three tokens for two streams: %v", err)
	}
	if err := s.Feed(0, make([]uint32, 6), nil); !errors.Is(err, fault.ErrLimit) {
		t.Errorf("six tokens for a stream of five: %v", err)
	}
	if s.Position(0)+s.Position(1) != 0 {
		t.Error("a refusal moved a stream")
	}
}

func FuzzOpen(f *testing.F) {
	for _, arch := range []string{"llama", "qwen2", "qwen3", "gpt2"} {
		pairs, all := tinyFile(arch, 1)
		f.Add(fixture.GGUF(pairs, all))
	}
	f.Add(fixture.Safetensors(map[string]string{"architecture": frameArchitecture, "config": `{"d_model": 4}`}, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		src, size := reader(b)
		m, err := Open(src, size, 1<<22)
		if err != nil {
			if !known(err) {
				t.Fatal(err)
			}
			return
		}
		if m.Positions() == 0 {
			return
		}
		s, err := m.NewStreams(1, Options{Positions: min(8, m.Positions()), Threads: 1, Memory: 1 << 24})
		if err != nil {
			return
		}
		for token := range uint32(min(8, m.Positions())) {
			if _, err := s.Step([]uint32{token % uint32(m.Vocabulary())}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
