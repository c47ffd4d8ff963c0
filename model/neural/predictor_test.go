package neural

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/own"
	"github.com/foretell/foretell/net"
)

// TestPredictor codes a block under a network that is shorter than the block.
func TestPredictor(t *testing.T) {
	file, err := os.Open(filepath.Join(realdata.Dir(t), "models/stories260K.q8_0.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	m, err := net.Open(file, info.Size(), 0)
	if err != nil {
		t.Fatal(err)
	}
	const count = 300
	symbols := make([]uint32, count)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range symbols {
		symbols[i] = uint32(r.IntN(m.Vocabulary()))
	}
	predictor := func() *Predictor {
		p, err := NewPredictor(m, 1, net.Options{Positions: 100, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	block := func() *model.Block {
		return &model.Block{Spans: []model.Span{{Count: count}}, Size: m.Vocabulary(), Symbols: make([]uint32, count)}
	}
	c, err := own.New(predictor())
	if err != nil {
		t.Fatal(err)
	}
	b := block()
	copy(b.Symbols, symbols)
	data, err := c.Encode(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = own.New(predictor()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time after a Reset
		b = block()
		if err := c.Decode(b, data); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(b.Symbols, symbols) {
			t.Fatal("other symbols came back")
		}
	}

	p := predictor()
	if err := p.Reset(nil, m.Vocabulary()+1); !errors.Is(err, fault.ErrUnsupported) {
		t.Errorf("more symbols than tokens: %v", err)
	}
	if err := p.Update(uint32(m.Vocabulary())); !errors.Is(err, fault.ErrSymbol) {
		t.Errorf("a symbol beyond the vocabulary: %v", err)
	}
	if _, err := NewPredictor(m, uint32(m.Vocabulary()), net.Options{}); !errors.Is(err, fault.ErrSymbol) {
		t.Errorf("a start beyond the vocabulary: %v", err)
	}
}
