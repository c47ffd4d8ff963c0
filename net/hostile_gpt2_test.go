package net

import (
	"testing"

	"github.com/foretell/foretell/net/internal/fixture"
	"github.com/foretell/foretell/net/tensor"
)

// TestHostileGPT2 opens files of GPT-2's names whose sizes make no network.
func TestHostileGPT2(t *testing.T) {
	array := func(name string, shape ...int) fixture.Tensor {
		n := 1
		for _, s := range shape {
			n *= s
		}
		return fixture.Tensor{Name: name, Shape: shape, Type: tensor.F32, Values: make([]float64, n), Data: make([]byte, 4*n)}
	}
	heads := map[string]string{"n_head": "1"}
	for _, c := range []struct {
		name string
		all  []fixture.Tensor
	}{
		{"only tokens", []fixture.Tensor{array("wte.weight", 3, 64)}},
		{"no width", []fixture.Tensor{array("wte.weight", 3, 0), array("wpe.weight", 2, 0), array("h.0.ln_1.weight", 0),
			array("h.0.attn.c_attn.weight", 0, 0), array("h.0.mlp.c_fc.weight", 0, 4)}},
		{"no positions", []fixture.Tensor{array("wte.weight", 3, 4), array("wpe.weight", 0, 4), array("h.0.ln_1.weight", 4),
			array("h.0.attn.c_attn.weight", 4, 12), array("h.0.mlp.c_fc.weight", 4, 4)}},
		{"no layers", []fixture.Tensor{array("wte.weight", 3, 4), array("wpe.weight", 2, 4)}},
		{"one axis", []fixture.Tensor{array("wte.weight", 12), array("wpe.weight", 2, 4)}},
		{"no axis", []fixture.Tensor{array("wte.weight"), array("wpe.weight")}},
	} {
		refused(t, c.name, fixture.Safetensors(heads, c.all))
		refused(t, c.name+", heads of 64", fixture.Safetensors(nil, c.all))
	}
}
