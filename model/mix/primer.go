package mix

import (
	_ "embed"

	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/rangecoder"
)

// primer is a page of plain English and some source code and markup, which an engine
// reads before it codes text: so words need not be learned anew in every block. Its
// bytes are part of the format.
//
//go:embed primer.txt
var primer string

// prime trains an engine in its first state on the primer. What refers to positions is
// forgotten again.
func (e *engine) prime(s setup, size int) error {
	b := &model.Block{Size: size}
	for _, x := range []byte(primer) {
		if int(x) < size {
			b.Symbols = append(b.Symbols, uint32(x))
		}
	}
	b.Spans = []model.Span{{Count: len(b.Symbols), Shape: []int{len(b.Symbols)}}}
	r := runner{engine: e, b: b, g: e.layout.g}
	if err := r.encode(rangecoder.NewEncoder(nil)); err != nil {
		return err
	}
	e.match.reset()
	e.trail.reset(uint32(s.delimiter))
	e.words = wordbook{}
	e.windows.forget()
	return nil
}
