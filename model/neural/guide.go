package neural

import (
	"github.com/foretell/foretell/internal/simd"
	"github.com/foretell/foretell/net"
)

// A weigher turns the logits of a network into weights of symbols (docs/exactness.md,
// section 3).
type weigher struct {
	logits  []float32
	weights []uint32
}

// weigh returns the weights of the symbols of m; those that never come have none.
func (w *weigher) weigh(logits []int32, m *Model, kind uint8) []uint32 {
	if len(w.weights) != m.size {
		w.logits, w.weights = make([]float32, m.size), make([]uint32, m.size)
	}
	n := m.tokens(kind)
	x := w.logits[:n]
	for i, l := range logits[:n] {
		// Exact below 256; above, rounded to nearest.
		x[i] = float32(l) / (1 << net.LogitFrac)
	}
	largest, _ := simd.MaxLogit(x, x[0])
	simd.WeightsLogits(w.weights[:n], x, simd.LogitOffset(largest))
	clear(w.weights[n:])
	if kind == kindText {
		for _, s := range m.mute {
			w.weights[s] = 0
		}
	}
	return w.weights
}

// input returns the token that a network is given in the place of a symbol.
func (m *Model) input(symbol uint32, kind uint8) uint32 {
	if int(symbol) >= m.tokens(kind) {
		return m.start
	}
	return symbol
}

// tokens returns how many of the symbols are tokens.
func (m *Model) tokens(kind uint8) int {
	if kind == kindText {
		return m.text.Size()
	}
	return m.Vocabulary()
}

// A forecast is a guide that has predicted all tokens of a block that is encoded.
type forecast struct {
	silent
	paths []int16
	ends  []int32 // of the path of each token in paths
}

func (f *forecast) Path(i int) []int16 {
	from := int32(0)
	if i > 0 {
		from = f.ends[i-1]
	}
	return f.paths[from:f.ends[i]:f.ends[i]]
}

// silent is a guide that knows nothing.
type silent struct{}

func (silent) Weights(int) ([]uint32, error) { return nil, nil }

// predict runs the network over the streams of a block, one after another.
func (c *Codec) predict(p *plan, symbols []uint32) (*forecast, error) {
	f := &forecast{ends: make([]int32, 0, len(symbols))}
	s, err := c.open(1, p.options(c.config.Threads, encodeBlock))
	if err != nil {
		return nil, err
	}
	paths := c.model.words.NewForecast()
	vocabulary := c.model.net.Vocabulary()
	long := p.long()
	for from := 0; from < len(symbols); {
		to := min(from+p.segment, from-from%long+long, len(symbols))
		c.input = append(c.input[:0], c.model.start)
		for _, x := range symbols[from : to-1] {
			c.input = append(c.input, c.model.input(x, p.kind))
		}
		s.Reset()
		err := s.Feed(0, c.input, func(first int, logits []int32) error {
			for i := 0; len(logits) > 0; i, logits = i+1, logits[vocabulary:] {
				w := c.weigher.weigh(logits[:vocabulary], c.model, p.kind)
				f.paths = paths.AppendPath(f.paths, w, symbols[from+first+i])
				f.ends = append(f.ends, int32(len(f.paths)))
			}
			return c.tick(len(f.ends), len(symbols))
		})
		if err != nil {
			return nil, err
		}
		from = to
	}
	return f, nil
}

// A follower is a guide that runs the network step by step, as tokens are decoded.
type follower struct {
	c       *Codec
	plan    *plan
	streams *net.Streams
	symbols []uint32
	step    int // of the logits at hand; -1 for none
	logits  []int32
}

func (f *follower) Weights(i int) ([]uint32, error) {
	long := f.plan.long()
	if step := i % long; step != f.step {
		if err := f.run(step, long); err != nil {
			return nil, err
		}
	}
	vocabulary := f.c.model.net.Vocabulary()
	return f.c.weigher.weigh(f.logits[i/long*vocabulary:][:vocabulary], f.c.model, f.plan.kind), nil
}

// run makes the predictions of a step of all streams that have one.
func (f *follower) run(step, long int) error {
	in := f.c.input[:0]
	for at := step; at < len(f.symbols); at += long {
		if step%f.plan.segment == 0 {
			in = append(in, f.c.model.start)
		} else {
			in = append(in, f.c.model.input(f.symbols[at-1], f.plan.kind))
		}
	}
	f.c.input = in
	if step%f.plan.segment == 0 {
		f.streams.Reset()
	}
	var err error
	f.logits, err = f.streams.Step(in)
	f.step = step
	if err != nil {
		return err
	}
	return f.c.tick(min(step*f.plan.streams, len(f.symbols)), len(f.symbols))
}
