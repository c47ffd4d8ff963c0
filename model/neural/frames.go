package neural

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/net"
)

// positions bounds the segments of streams.
func (m *Model) positions() int { return max(m.net.Positions(), 1) }

// A framer is a guide that predicts a frame at a time from the frames before it. Of
// the first ones of a block it knows nothing.
type framer struct {
	c       *Codec
	symbols []uint32
	frame   int // whose logits are at hand; -1 for none
	logits  []int32
}

func (f *framer) Weights(i int) ([]uint32, error) {
	m := f.c.model
	t, place := i/m.places, i%m.places
	if t < m.context {
		return nil, nil
	}
	if t != f.frame {
		var err error
		f.frame = t
		if f.logits, err = f.c.frames.Predict(f.symbols[(t-m.context)*m.places : t*m.places]); err != nil {
			return nil, err
		}
		if err := f.c.tick(i, len(f.symbols)); err != nil {
			return nil, err
		}
	}
	v := m.Vocabulary()
	return f.c.weigher.weigh(f.logits[place*v:][:v], m, kindFrames), nil
}

// framer returns the guide of a block.
func (c *Codec) framer(b *model.Block) (g *framer, err error) {
	if c.frames == nil {
		if c.frames, err = c.model.net.NewFrames(c.config.Threads); err != nil {
			return nil, err
		}
	}
	c.begin(b, len(b.Symbols))
	return &framer{c: c, symbols: b.Symbols, frame: -1}, nil
}

// encodeFrames encodes a block that is a part of one array from the beginning of a
// frame on.
func (c *Codec) encodeFrames(dst []byte, b *model.Block) ([]byte, error) {
	if len(b.Spans) > 1 || len(b.Spans) == 1 && b.Spans[0].First%int64(c.model.places) != 0 {
		return dst, fmt.Errorf("%w: a block that is not of whole frames", fault.ErrUnsupported)
	}
	p := plan{kind: kindFrames, sum: c.model.sum, count: len(b.Symbols), streams: 1, segment: 1, window: 1}
	g, err := c.framer(b)
	if err != nil {
		return dst, err
	}
	return c.mix.EncodeFrames(p.append(dst), b, c.model.places, g)
}

// needFrames is Need for frames.
func (c *Codec) needFrames(count int, code []byte) (int64, error) {
	work, err := c.mix.Need(c.model.size, count, code)
	m := c.model
	return m.Memory() + work + framesMemory(m.net) + int64(m.size)*8, err
}

// framesMemory returns about how many bytes the working space for frames takes.
func framesMemory(n *net.Model) int64 {
	context, places := n.Frame()
	return int64(places)*int64(n.Vocabulary())*16 + int64(context)*int64(places)*(1<<12)
}

// decodeFrames reads what encodeFrames wrote.
func (c *Codec) decodeFrames(b *model.Block, code []byte) error {
	g, err := c.framer(b)
	if err != nil {
		return err
	}
	if err := c.mix.DecodeFrames(b, code, c.model.places, g); err != nil {
		return err
	}
	return model.CheckDecoded(b)
}
