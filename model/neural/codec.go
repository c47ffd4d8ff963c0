package neural

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/mix"
	"github.com/foretell/foretell/net"
)

// Config says how blocks are coded. It does not change their bytes.
type Config struct {
	// Threads is how many goroutines share the work of the network; 0 stands for
	// GOMAXPROCS.
	Threads int
}

// A Codec codes blocks under a model. A block over 256 symbols is text, if the model
// has a tokenizer, and its symbols are bytes; the symbols of others are tokens.
type Codec struct {
	model.Unplanned
	model   *Model
	config  Config
	mix     *mix.Codec
	streams *net.Streams
	key     streamsKey
	frames  *net.Frames
	weigher weigher
	input   []uint32
	tokens  []uint32
	scale   [2]int // symbols of the block at hand, and its tokens
	worked  func(done int) error
}

type streamsKey struct {
	n int
	net.Options
}

// encodeBlock is how many tokens of a stream are predicted together in encoding.
const encodeBlock = 128

// New returns a codec.
func New(m *Model, c Config) *Codec {
	return &Codec{model: m, config: c, mix: mix.New(mix.Config{})}
}

// open returns streams, those of the last block if they will do.
func (c *Codec) open(n int, o net.Options) (*net.Streams, error) {
	if key := (streamsKey{n, o}); c.streams == nil || c.key != key {
		c.streams = nil // its memory is for the new ones
		s, err := c.model.net.NewStreams(n, o)
		if err != nil {
			return nil, err
		}
		c.streams, c.key = s, key
	}
	c.streams.Reset()
	return c.streams, nil
}

// begin says how many tokens the symbols of a block are.
func (c *Codec) begin(b *model.Block, tokens int) {
	c.scale, c.worked = [2]int{len(b.Symbols), tokens}, b.Worked
}

// tick reports how many tokens of a block have been coded, as symbols, and asks
// whether to go on.
func (c *Codec) tick(done, all int) error {
	return c.worked(int(int64(done) * int64(c.scale[0]) / int64(max(all, 1))))
}

// kind returns what the symbols of a block are.
func (c *Codec) kind(size int) (uint8, error) {
	switch {
	case c.model.text != nil && size == byteCount:
		return kindText, nil
	case size == c.model.Vocabulary() && c.model.places > 0:
		return kindFrames, nil
	case size == c.model.Vocabulary():
		return kindTokens, nil
	}
	return 0, fmt.Errorf("%w: an alphabet of %d symbols under a network of %d", fault.ErrUnsupported, size, c.model.Vocabulary())
}

// Encode appends the body of a block.
func (c *Codec) Encode(dst []byte, b *model.Block) ([]byte, error) {
	if err := model.CheckEncode(b); err != nil {
		return dst, err
	}
	kind, err := c.kind(b.Size)
	if err != nil {
		return dst, err
	}
	if kind == kindFrames {
		return c.encodeFrames(dst, b)
	}
	symbols := b.Symbols
	if kind == kindText {
		if symbols, err = c.cut(b.Symbols); err != nil {
			return dst, err
		}
	}
	p := newPlan(kind, len(symbols), c.model.net.Positions())
	p.sum = c.model.sum
	c.begin(b, len(symbols))
	f, err := c.predict(&p, symbols)
	if err != nil {
		return dst, err
	}
	inner := &model.Block{Size: c.model.size, Symbols: symbols}
	if b.Costs != nil {
		inner.Costs = make([]float32, len(symbols))
	}
	out, err := c.mix.EncodeGuided(p.append(dst), inner, p.streams, c.model.words, f)
	if err != nil {
		return dst, err
	}
	if b.Costs != nil {
		c.spread(b.Costs, symbols, inner.Costs, kind)
	}
	return out, nil
}

// spread gives the symbols of a block the costs of its tokens.
func (c *Codec) spread(costs []float32, symbols []uint32, of []float32, kind uint8) {
	if kind == kindTokens {
		copy(costs, of)
		return
	}
	for i, s := range symbols {
		n := len(c.model.text.Bytes(s))
		for k := range costs[:n] {
			costs[k] = of[i] / float32(n)
		}
		costs = costs[n:]
	}
}

// Need returns how many bytes decoding takes, with the model.
func (c *Codec) Need(size, count int, src []byte) (int64, error) {
	p, code, err := parsePlan(src, count, c.model.positions())
	if err != nil {
		return 0, err
	}
	if p.kind == kindFrames {
		return c.needFrames(count, code)
	}
	streams, err := c.model.net.StreamsMemory(p.streams, p.options(c.config.Threads, 1))
	if err != nil {
		return 0, err
	}
	work, err := c.mix.Need(c.model.size, p.count, code)
	return c.model.Memory() + streams + work + 4*int64(p.count) + 8*int64(c.model.size), err
}

// Decode reads what Encode wrote.
func (c *Codec) Decode(b *model.Block, src []byte) error {
	if err := model.CheckSize(b); err != nil {
		return err
	}
	p, code, err := parsePlan(src, len(b.Symbols), c.model.positions())
	if err != nil {
		return err
	}
	if kind, err := c.kind(b.Size); err != nil || kind != p.kind {
		return errPlan
	}
	if p.sum != c.model.sum {
		return fmt.Errorf("%w: the block was written under a network of other numbers, or by another version of its arithmetic", fault.ErrModel)
	}
	if p.kind == kindFrames {
		return c.decodeFrames(b, code)
	}
	symbols := b.Symbols
	if p.kind == kindText {
		if cap(c.tokens) < p.count {
			c.tokens = make([]uint32, p.count)
		}
		symbols = c.tokens[:p.count]
	}
	s, err := c.open(p.streams, p.options(c.config.Threads, 1))
	if err != nil {
		return err
	}
	c.begin(b, p.count)
	g := &follower{c: c, plan: &p, streams: s, symbols: symbols, step: -1}
	inner := &model.Block{Size: c.model.size, Symbols: symbols}
	if err := c.mix.DecodeGuided(inner, code, p.streams, c.model.words, g); err != nil {
		return err
	}
	if p.kind == kindText {
		return c.join(b.Symbols, symbols)
	}
	return model.CheckDecoded(b)
}
