package step

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkTolerant compares steps under a tolerance with exact ones, in turn. x/exact
// is the ratio of the fastest rounds; search is the time that finding seeds takes.
func BenchmarkTolerant(b *testing.B) {
	for _, n := range []int{1024, 50257} {
		for _, tolerance := range []float64{1e-4, 1e-2} {
			for _, verb := range []string{"encode", "decode"} {
				b.Run(fmt.Sprintf("%s/%d/%g", verb, n, tolerance), func(b *testing.B) { benchTolerant(b, verb, n, tolerance) })
			}
		}
	}
}

func benchTolerant(b *testing.B, verb string, n int, tolerance float64) {
	const round = 128
	a := newBenchArray(n, 7)
	symbol := func(i int) uint32 { return a.symbols[i%len(a.symbols)] }
	var codes [2][]byte
	encode := func(e *Encoder) {
		for i := range round {
			if err := e.EncodeLogits(a.logits, symbol(i)); err != nil {
				b.Fatal(err)
			}
		}
	}
	encoders := [2]*Encoder{NewEncoder(nil), newTolerantEncoder(b, tolerance, 0)}
	decoders := [2]*Decoder{NewDecoder(nil), newTolerantDecoder(b, nil, tolerance, 0)}
	for k, e := range encoders {
		encode(e)
		var err error
		if codes[k], err = e.Finish(); err != nil {
			b.Fatal(err)
		}
	}
	best := [2]time.Duration{1 << 62, 1 << 62}
	search := time.Duration(1 << 62)
	for b.Loop() {
		for k := range 2 {
			start := time.Now()
			if verb == "encode" {
				encoders[k].Reset(nil)
				encode(encoders[k])
				if _, err := encoders[k].Finish(); err != nil {
					b.Fatal(err)
				}
			} else {
				decoders[k].Reset(codes[k])
				for i := range round {
					if got, err := decoders[k].DecodeLogits(a.logits); err != nil || got != symbol(i) {
						b.Fatal(got, err)
					}
				}
			}
			best[k] = min(best[k], time.Since(start))
		}
		if verb == "encode" {
			e := encoders[1]
			e.Reset(nil)
			var took time.Duration
			for i := range round {
				if err := prepareEncode(e, Logits, a.logits, symbol(i)); err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				if err := e.commit(); err != nil {
					b.Fatal(err)
				}
				took += time.Since(start)
			}
			search = min(search, took)
		}
	}
	b.ReportMetric(float64(best[1])/float64(best[0]), "x/exact")
	b.ReportMetric(float64(best[1].Microseconds())/round, "us/step")
	if verb == "encode" {
		b.ReportMetric(float64(search.Nanoseconds())/1000/round, "us/search")
	}
}
