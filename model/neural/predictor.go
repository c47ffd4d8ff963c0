package neural

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/net"
	"github.com/foretell/foretell/prob"
)

// A Predictor is a network that predicts one token after another, as a model for the
// step coder and for blocks. When it has seen as many tokens as it was made for, it
// begins anew.
type Predictor struct {
	streams   *net.Streams
	positions int
	last      [1]uint32 // the token that the network has yet to be given
	start     uint32
	logits    []float32
	next      prob.Categorical
	ready     bool // next predicts what comes after last
}

var _ model.Predictor = (*Predictor)(nil)

// NewPredictor returns a model of tokens that come after start, such as the token that
// the network was trained to begin with. Errors are those of net.Model.NewStreams, and
// prob.ErrSymbol for a token that the network does not have.
func NewPredictor(m *net.Model, start uint32, o net.Options) (*Predictor, error) {
	if o.Block == 0 {
		o.Block = 1
	}
	s, err := m.NewStreams(1, o)
	if err != nil {
		return nil, err
	}
	if start >= uint32(m.Vocabulary()) {
		return nil, fmt.Errorf("%w: streams that begin with token %d of a network of %d", fault.ErrSymbol, start, m.Vocabulary())
	}
	p := &Predictor{streams: s, start: start, logits: make([]float32, m.Vocabulary())}
	p.positions = s.Positions()
	p.last[0] = start
	return p, nil
}

// Reset begins a block.
func (p *Predictor) Reset(_ []model.Span, size int) error {
	if size > len(p.logits) {
		return fmt.Errorf("%w: %d symbols under a network of %d", fault.ErrUnsupported, size, len(p.logits))
	}
	p.streams.Reset()
	p.last[0], p.ready = p.start, false
	return nil
}

// Predict returns the prediction of the next token.
func (p *Predictor) Predict() (prob.Distribution, error) {
	if p.ready {
		return &p.next, nil
	}
	if p.streams.Position(0) == p.positions {
		p.streams.Reset()
		p.last[0] = p.start
	}
	logits, err := p.streams.Step(p.last[:])
	if err != nil {
		return nil, err
	}
	net.Float32(p.logits, logits)
	if err := prob.SetLogits(&p.next, p.logits); err != nil {
		return nil, err
	}
	p.ready = true
	return &p.next, nil
}

// Update tells which token came.
func (p *Predictor) Update(symbol uint32) error {
	if symbol >= uint32(len(p.logits)) {
		return fmt.Errorf("%w: token %d of a network of %d", fault.ErrSymbol, symbol, len(p.logits))
	}
	p.last[0], p.ready = symbol, false
	return nil
}
