package ans_test

import (
	"math"
	"testing"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/prob"
)

// TestBitsBack holds the example to the theory: with bits-back a byte costs
// -log2 of its probability under the mixture; choosing the likelier table costs
// -log2 of that table's posterior on top.
func TestBitsBack(t *testing.T) {
	m, err := newMixture(gettysburg)
	if err != nil {
		t.Fatal(err)
	}
	marginal, choice := 0.0, 0.0
	for _, b := range gettysburg {
		p, q := float64(m.tables[0].Slots(uint32(b))), float64(m.tables[1].Slots(uint32(b)))
		marginal -= math.Log2((p + q) / 2 / (1 << 16))
		choice -= math.Log2(max(p, q) / (p + q))
	}
	var with, without ans.Stack
	with.PushBytes(make([]byte, 64))
	before := with.Len()
	for _, b := range gettysburg {
		if err := m.encode(&with, b); err != nil {
			t.Fatal(err)
		}
		z, post := 0, m.posterior(b)
		if post[1].Width > post[0].Width {
			z = 1
		}
		iv, err := m.tables[z].Interval(uint32(b))
		if err != nil {
			t.Fatal(err)
		}
		without.Push(iv)
		without.Push(prob.Interval{Low: uint64(z) << 31, Width: 1 << 31})
	}
	got := float64(with.Len() - before)
	if math.Abs(got-marginal/8) > 4 {
		t.Errorf("with bits-back %v bytes, theory says %.1f", got, marginal/8)
	}
	saved := float64(without.Len()) - got
	if math.Abs(saved-choice/8) > 12 || saved < 100 {
		t.Errorf("bits-back saves %v bytes, theory says %.1f", saved, choice/8)
	}
	t.Logf("with %v, without %v bytes; theory: %.1f, %.1f", got, without.Len(), marginal/8, (marginal+choice)/8)
}
