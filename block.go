package foretell

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/tokens"
	"github.com/zeebo/xxh3"
)

// A rawBlock is a block before encoding or after decoding: bytes of elements,
// span after span.
type rawBlock struct {
	spans  []model.Span
	infos  []*tokens.Info // of each span's member
	starts []int          // of each span in raw
	size   int            // bytes of all spans
	raw    []byte
	tokens int
	costs  bool // the costs of its tokens are wanted
}

// fill reads up to n bytes into the block. It returns io.EOF only if the reader
// ended before that.
func (b *rawBlock) fill(r io.Reader, n int) (int, error) {
	const step = 1 << 20
	have := len(b.raw)
	for len(b.raw)-have < n {
		at := len(b.raw)
		want := min(n-(at-have), max(step, at))
		b.raw = append(b.raw, make([]byte, want)...)
		// Not io.ReadFull: the reader's own io.ErrUnexpectedEOF is no end.
		got := 0
		for got < want {
			k, err := r.Read(b.raw[at+got:])
			got += k
			if err != nil && (err != io.EOF || got < want) {
				b.raw = b.raw[:at+got]
				return len(b.raw) - have, err
			}
		}
	}
	return n, nil
}

func (b *rawBlock) add(member int, first int64, count int, info *tokens.Info) {
	b.spans = append(b.spans, model.Span{Member: member, First: first, Count: count, Shape: info.StorageShape()})
	b.infos = append(b.infos, info)
	b.starts = append(b.starts, b.size)
	b.size += count * info.Type.Size()
	b.tokens += count
}

// memory returns how many bytes the block takes: its elements, and its spans here
// and in its header.
func (b *rawBlock) memory() int64 {
	n := int64(b.size)
	for _, s := range b.spans {
		n += spanMemory + 8*int64(len(s.Shape))
	}
	return n
}

const spanMemory = 160

// span returns the bytes of span i.
func (b *rawBlock) span(i int) []byte {
	return b.raw[b.starts[i]:][:b.spans[i].Count*b.infos[i].Type.Size()]
}

// A codedBlock is a block after encoding.
type codedBlock struct {
	codec        model.ID
	leans        bool
	params, body []byte
	hash         uint64
	costs        []float32
}

// A blockCoder encodes and decodes blocks. It serves one goroutine at a time.
type blockCoder struct {
	id      model.ID
	config  model.Config
	codecs  map[model.ID]model.Codec
	symbols []uint32
	largest int   // alphabet of blocks to decode
	keep    int64 // bytes that may be kept from one decoded block to the next
	fitter  tokens.Fitter
	fixed   *tokens.ValueMap // that blocks must have, nil if none
	prior   *prior           // nil if none
	primed  model.Codec      // made with the prior
}

func newBlockCoder(id model.ID, config model.Config) (*blockCoder, error) {
	c := &blockCoder{id: id, config: config, codecs: map[model.ID]model.Codec{}, largest: tokens.MaxSymbols}
	_, err := c.codec(id)
	return c, err
}

func (c *blockCoder) codec(id model.ID) (model.Codec, error) {
	if codec := c.codecs[id]; codec != nil {
		return codec, nil
	}
	codec, err := model.New(id, c.config)
	if err == nil {
		c.codecs[id] = codec
	}
	return codec, err
}

// planner lets the blocks of a file settle their parameters one after another.
type planner struct {
	base   []byte // parameters of the last block that stands alone
	blocks int
	last   chan struct{} // closed when all blocks queued so far are planned
}

// restart is after how many blocks one stands alone again, so that damage to one
// costs no more than that.
const restart = 64

func newPlanner() *planner {
	p := &planner{last: make(chan struct{})}
	close(p.last)
	return p
}

// queue takes the next turn. The block's goroutine calls it with how to plan.
func (p *planner) queue() (turn func(plan func(base []byte) (own []byte, leans bool, err error)) error) {
	before, after := p.last, make(chan struct{})
	p.last = after
	return func(plan func([]byte) ([]byte, bool, error)) error {
		<-before
		defer close(after)
		base := p.base
		if p.blocks%restart == 0 {
			base = nil
		}
		p.blocks++
		own, leans, err := plan(base)
		if !leans {
			p.base = own
		}
		return err
	}
}

// The parameters of a block begin with its value map, or with nothing in its
// place if it has that of the block it leans on: a length, then the map.

func joinParams(valueMap, codec []byte) []byte {
	p := binary.AppendUvarint(nil, uint64(len(valueMap)))
	p = append(p, valueMap...)
	return append(p, codec...)
}

func splitParams(p []byte) (valueMap, codec []byte, err error) {
	n, l := binary.Uvarint(p)
	if l <= 0 || n > uint64(len(p)-l) {
		return nil, nil, fmt.Errorf("%w: block parameters", fault.ErrCorrupt)
	}
	return p[l : l+int(n)], p[l+int(n):], nil
}

// encode encodes a block, its body into the buffer dst. turn is its turn at
// planning.
func (c *blockCoder) encode(dst []byte, b *rawBlock, turn func(func([]byte) ([]byte, bool, error)) error) (out codedBlock, err error) {
	if c.prior != nil {
		primed, err := c.encodePrimed(dst, b)
		if err != nil {
			turn(func([]byte) ([]byte, bool, error) { return nil, true, nil })
			return out, err
		}
		if primed != nil {
			// It stands alone, so later blocks can lean on no other.
			turn(func([]byte) ([]byte, bool, error) { return primed.params, false, nil })
			primed.hash = xxh3.Hash(b.raw)
			return *primed, nil
		}
	}
	out.hash = xxh3.Hash(b.raw)
	m, block, err := c.symbolise(b)
	if err == nil && b.costs {
		block.Costs = make([]float32, len(block.Symbols))
	}
	codec := c.codecs[c.id]
	// The turn must be taken even after an error, for the blocks behind.
	planErr := turn(func(base []byte) ([]byte, bool, error) {
		if err != nil {
			return nil, true, err
		}
		valueMap := m.AppendTo(nil)
		var baseMap, baseParams []byte
		if base != nil {
			if baseMap, baseParams, err = splitParams(base); err != nil {
				return nil, true, err
			}
			if bytes.Equal(valueMap, baseMap) && len(valueMap) > 8 {
				valueMap, out.leans = nil, true
			}
		}
		if planner, ok := codec.(model.Planner); ok {
			params, leans, err := planner.Plan(block, baseParams)
			if err != nil {
				return nil, true, err
			}
			block.Params = params
			if leans {
				block.Base, out.leans = baseParams, true
			}
		}
		out.params = joinParams(valueMap, block.Params)
		return out.params, out.leans, nil
	})
	if planErr != nil {
		return out, planErr
	}
	out.body, out.codec, err = model.Encode(c.id, codec, dst, block)
	if block.Costs != nil {
		out.costs = tokenCosts(block.Costs, b, m)
	}
	return out, err
}

// tokenCosts adds up the costs of the planes of each token. A span's planes
// follow one another.
func tokenCosts(costs []float32, b *rawBlock, m *tokens.ValueMap) []float32 {
	if len(costs) == b.tokens {
		return costs
	}
	var sums []float32
	for i, s := range b.spans {
		sum := costs[:s.Count]
		planes := m.PerElement(b.infos[i].Type)
		for p := 1; p < planes; p++ {
			for k, c := range costs[p*s.Count:][:s.Count] {
				sum[k] += c
			}
		}
		sums = append(sums, sum...)
		costs = costs[planes*s.Count:]
	}
	return sums
}

// symbolise turns the elements of a block into symbols.
func (c *blockCoder) symbolise(b *rawBlock) (*tokens.ValueMap, *model.Block, error) {
	if c.fixed != nil {
		block, err := c.apply(c.fixed, b)
		return c.fixed, block, err
	}
	c.fitter.Reset()
	for i := range b.spans {
		if err := c.fitter.Add(b.span(i), b.infos[i].Type, b.infos[i].BigEndian); err != nil {
			return nil, nil, err
		}
	}
	m := c.fitter.Fit()
	block, err := c.apply(m, b)
	return m, block, err
}

// apply turns the elements of a block into symbols by the map m.
func (c *blockCoder) apply(m *tokens.ValueMap, b *rawBlock) (*model.Block, error) {
	block := c.newBlock(b, m)
	rest := block.Symbols
	for i, s := range b.spans {
		t := b.infos[i].Type
		n := s.Count * m.PerElement(t)
		if err := m.Symbols(rest[:n], b.span(i), t, b.infos[i].BigEndian); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	return block, nil
}

// identity returns the map of tokens that are symbols: 0..size-1.
func identity(size int) (*tokens.ValueMap, error) {
	m, _, err := tokens.ParseValueMap(binary.AppendUvarint([]byte{byte(tokens.OffsetMap), 0}, uint64(size)), size)
	return m, err
}

// symbolCount returns how many symbols a block becomes.
func symbolCount(b *rawBlock, m *tokens.ValueMap) int64 {
	n := int64(0)
	for i, s := range b.spans {
		n += int64(s.Count) * int64(m.PerElement(b.infos[i].Type))
	}
	return n
}

// newBlock returns a codec's view of b, with room for its symbols. Planes are a
// plain series.
func (c *blockCoder) newBlock(b *rawBlock, m *tokens.ValueMap) *model.Block {
	n := int(symbolCount(b, m))
	if cap(c.symbols) < n {
		c.symbols = make([]uint32, n)
	}
	block := &model.Block{Spans: b.spans, Size: m.Size(), Symbols: c.symbols[:n]}
	if n != b.tokens {
		block.Spans = []model.Span{{Count: n, Shape: []int{n}}}
	}
	return block
}

// dictionaryEntry is how many bytes a symbol of a dictionary takes.
const dictionaryEntry = 8

// mapMemory returns the most bytes that the value map of a block can take.
func mapMemory(data *container.BlockData) int64 {
	most := 0
	for _, params := range [][]byte{data.Params, data.Base} {
		m, _, err := splitParams(params)
		if err == nil && len(m) > 0 && tokens.MapKind(m[0]) == tokens.DictionaryMap {
			most = max(most, len(m)) // a symbol takes a byte at least
		}
	}
	return dictionaryEntry * int64(most)
}

// need returns how many bytes decoding a block takes, without those of the
// record.
func (c *blockCoder) need(h *container.Block, b *rawBlock, data *container.BlockData) (int64, error) {
	m, _, _, err := c.params(data)
	if err != nil {
		return 0, err
	}
	count := symbolCount(b, m)
	if count > math.MaxInt32 {
		return 0, fmt.Errorf("%w: a block of %d tokens", fault.ErrLimit, b.tokens)
	}
	codec, err := c.decoder(model.ID(h.Codec))
	if err != nil {
		return 0, err
	}
	work := model.Memory(model.ID(h.Codec), c.config, m.Size(), int(count))
	if n, ok := codec.(model.Needer); ok {
		if work, err = n.Need(m.Size(), int(count), data.Body); err != nil {
			return 0, err
		}
	}
	if m.Kind() == tokens.DictionaryMap {
		work += dictionaryEntry * int64(m.Size())
	}
	return b.memory() + 4*count + work, nil
}

func (c *blockCoder) params(data *container.BlockData) (m *tokens.ValueMap, own, base []byte, err error) {
	valueMap, own, err := splitParams(data.Params)
	if err != nil {
		return m, nil, nil, err
	}
	if data.Base != nil {
		var baseMap []byte
		if baseMap, base, err = splitParams(data.Base); err != nil {
			return m, nil, nil, err
		}
		if len(valueMap) == 0 {
			valueMap = baseMap
		}
	}
	m, rest, err := tokens.ParseValueMap(valueMap, c.largest)
	if err == nil && len(rest) != 0 {
		err = fmt.Errorf("%w: value map", fault.ErrCorrupt)
	}
	return m, own, base, err
}

// decoder returns the codec that decodes blocks of the given one.
func (c *blockCoder) decoder(id model.ID) (model.Codec, error) {
	if c.primed != nil && id == model.Mix {
		return c.primed, nil
	}
	return c.codec(id)
}

// release drops buffers that are larger than may be kept, after the decoding of a
// block that took need bytes.
func (c *blockCoder) release(need int64) error {
	if need <= c.keep {
		return nil
	}
	c.symbols = nil
	clear(c.codecs)
	return c.prime(c.prior)
}

// decode fills b.raw from a block's payload and checks it against the hash.
func (c *blockCoder) decode(h *container.Block, b *rawBlock, data *container.BlockData) error {
	m, own, base, err := c.params(data)
	if err != nil {
		return err
	}
	codec, err := c.decoder(model.ID(h.Codec))
	if err != nil {
		return err
	}
	block := c.newBlock(b, m)
	block.Params, block.Base = own, base
	if err := codec.DecodeBlock(block, data.Body); err != nil {
		return err
	}
	b.raw = slices.Grow(b.raw[:0], b.size)[:b.size]
	rest := block.Symbols
	for i, s := range b.spans {
		t := b.infos[i].Type
		n := s.Count * m.PerElement(t)
		if err := m.Values(b.span(i), rest[:n], t, b.infos[i].BigEndian); err != nil {
			return err
		}
		rest = rest[n:]
	}
	if xxh3.Hash(b.raw) != h.Hash {
		return fmt.Errorf("%w: the tokens do not match their hash", fault.ErrCorrupt)
	}
	return nil
}
