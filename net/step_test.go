package net

import (
	"testing"

	"github.com/foretell/foretell/step"
)

// TestStepCoder codes tokens under a network that sees all of them at once, and
// decodes them under one that is given them one by one.
func TestStepCoder(t *testing.T) {
	m := tiny(t, "llama", nil)
	v := m.Vocabulary()
	tokens := random(1, tinyContext, v)
	row := make([]float32, v)
	enc := step.NewEncoder(nil)
	logits := feed(t, m, tokens, Options{})
	for i, token := range tokens[1:] {
		Float32(row, logits[i*v:][:v])
		if err := enc.EncodeLogits(row, token); err != nil {
			t.Fatal(err)
		}
	}
	data, err := enc.Finish()
	if err != nil {
		t.Fatal(err)
	}
	s := streams(t, m, 1, Options{})
	dec := step.NewDecoder(data)
	for i, token := range tokens[:len(tokens)-1] {
		logits, err := s.Step([]uint32{token})
		if err != nil {
			t.Fatal(err)
		}
		Float32(row, logits)
		got, err := dec.DecodeLogits(row)
		if err != nil || got != tokens[i+1] {
			t.Fatalf("token %d is %d instead of %d: %v", i+1, got, tokens[i+1], err)
		}
	}
	if err := dec.Finish(); err != nil {
		t.Error(err)
	}
}
