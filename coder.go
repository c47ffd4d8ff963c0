package foretell

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/symbols"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/plain"
	"github.com/zeebo/xxh3"
)

// A codedBlock is a block after encoding.
type codedBlock struct {
	codec        model.ID
	shares       bool // the parameters need those of the last block that stands alone
	params, body []byte
	hash         uint64
	costs        []float32
}

// A blockCoder encodes and decodes blocks. It serves one goroutine at a time.
type blockCoder struct {
	id      model.ID
	config  codecConfig
	codecs  map[model.ID]model.Codec // made so far
	symbols []uint32
	largest int   // alphabet of blocks to decode
	keep    int64 // bytes that may be kept from one decoded block to the next
	fitter  symbols.Fitter
	fixed   *symbols.ValueMap // that blocks must have, nil if none
	prior   *prior            // nil if none
	fitted  model.Codec       // the codec of blocks that the prior fits
	stop    func() error      // asked whether to go on
	tally   *tally
	size    int   // bytes of the block at hand
	told    int64 // of them, that tally knows of
}

// newBlockCoders returns coders for each worker, which share nothing that changes.
// The codec id must be one that can be made.
func newBlockCoders(stop func() error, count *tally, workers int, id model.ID, config codecConfig, own *External, start *prior) (chan *blockCoder, error) {
	var fixed *symbols.ValueMap
	if own != nil {
		var err error
		if fixed, err = identity(own.Size); err != nil {
			return nil, err
		}
	}
	coders := make(chan *blockCoder, workers)
	for i := range workers {
		c := &blockCoder{id: id, config: config, codecs: map[model.ID]model.Codec{}, largest: symbols.MaxSymbols, fixed: fixed, prior: start, stop: stop, tally: count}
		if own != nil {
			// A predictor may be a large thing: one lives as long as its worker.
			c.config.predictor = kept(own.New)
		}
		if i == 0 {
			if _, err := c.codec(id); err != nil {
				return nil, err
			}
		}
		if id == codecNet {
			c.id = codecMix // for blocks that are not the network's
		}
		coders <- c
	}
	return coders, nil
}

// kept returns f as a function that calls it until it succeeds and then gives what came
// of that: what fails, perhaps for a while, is tried again. It is safe for concurrent use.
func kept[T any](f func() (T, error)) func() (T, error) {
	var mu sync.Mutex
	var value T
	done := false
	return func() (T, error) {
		mu.Lock()
		defer mu.Unlock()
		if done {
			return value, nil
		}
		v, err := f()
		if err == nil {
			value, done = v, true
		}
		return v, err
	}
}

func (c *blockCoder) codec(id model.ID) (model.Codec, error) {
	if codec := c.codecs[id]; codec != nil {
		return codec, nil
	}
	row, err := codecOf(id)
	if err != nil {
		return nil, err
	}
	codec, err := row.make(&c.config)
	if err == nil {
		c.codecs[id] = codec
	}
	return codec, err
}

// fit returns the codec of blocks that the prior fits.
func (c *blockCoder) fit() (model.Codec, error) {
	if c.fitted != nil {
		return c.fitted, nil
	}
	row, err := codecOf(codecMix)
	if err != nil {
		return nil, err
	}
	config := c.config
	config.prior = c.prior.mix
	c.fitted, err = row.make(&config)
	return c.fitted, err
}

// refused reports whether a codec leaves a block to another.
func refused(err error) bool {
	return errors.Is(err, fault.ErrUnsupported) || errors.Is(err, fault.ErrLimit)
}

// encode encodes a block, its body into the buffer dst. turn is its turn at
// planning.
func (c *blockCoder) encode(dst []byte, b *rawBlock, turn *planned) (out codedBlock, err error) {
	defer turn.skip()
	if err := c.stop(); err != nil {
		return out, err
	}
	out.hash = xxh3.Hash(b.raw)
	c.begin(b)
	defer func() { c.finish(err) }()
	if c.config.network != nil {
		if fits, err := c.encodeWithNetwork(dst, b, &out); err != nil {
			return out, err
		} else if fits {
			turn.begin()
			turn.end(out.params, true)
			return out, nil
		}
	}
	if c.prior != nil {
		if fits, err := c.encodeWithPrior(dst, b, &out); err != nil {
			return out, err
		} else if fits {
			turn.begin()
			turn.end(out.params, true)
			return out, nil
		}
	}
	m, block, err := c.symbolise(b)
	if err != nil {
		return out, err
	}
	if b.costs {
		block.Costs = make([]float32, len(block.Symbols))
	}
	out.codec = c.id
	codec, err := c.plan(block, m, turn, &out)
	if err != nil {
		return out, err
	}
	if err := c.body(codec, dst, block, &out); err != nil {
		return out, err
	}
	if out.codec == codecOwnMix {
		if err := c.alone(dst, block, &out); err != nil {
			return out, err
		}
	}
	if block.Costs != nil {
		out.costs = tokenCosts(block.Costs, b, m)
	}
	return out, nil
}

// plan settles the parameters of a block and returns the codec that it is for.
func (c *blockCoder) plan(block *model.Block, m *symbols.ValueMap, turn *planned, out *codedBlock) (model.Codec, error) {
	base := turn.begin()
	valueMap := m.AppendTo(nil)
	var baseMap, baseParams []byte
	if base != nil {
		var err error
		if baseMap, baseParams, err = splitParams(base); err != nil {
			return nil, err
		}
		if slices.Equal(valueMap, baseMap) && len(valueMap) > 8 {
			valueMap, out.shares = nil, true
		}
	}
	codec, err := c.codec(out.codec)
	if err != nil {
		return nil, err
	}
	params, shares, err := codec.Plan(block, baseParams)
	if refused(err) {
		if codec, err = c.instead(out); err != nil {
			return nil, err
		}
		params, shares, err = codec.Plan(block, baseParams)
	}
	if err != nil {
		return nil, err
	}
	block.Params = params
	if shares {
		block.Base, out.shares = baseParams, true
	}
	out.params = joinParams(valueMap, params)
	turn.end(out.params, !out.shares)
	return codec, nil
}

// instead moves on to the codec that is asked where the block's has refused.
func (c *blockCoder) instead(out *codedBlock) (model.Codec, error) {
	row, err := codecOf(out.codec)
	if err != nil {
		return nil, err
	}
	out.codec = row.instead
	return c.codec(row.instead)
}

// body encodes a planned block. Where that takes no fewer bytes than the symbols
// themselves they are stored, but for blocks that have parameters, which later ones
// may share.
func (c *blockCoder) body(codec model.Codec, dst []byte, block *model.Block, out *codedBlock) (err error) {
	start := len(dst)
	out.body, err = codec.Encode(dst, block)
	if refused(err) {
		if codec, err = c.instead(out); err != nil {
			return err
		}
		out.body, err = codec.Encode(dst, block)
	}
	if err != nil || len(block.Params) > 0 || block.Base != nil {
		return err
	}
	if int64(len(out.body)-start) <= plain.StoredLen(block.Size, len(block.Symbols)) {
		return nil
	}
	out.codec = codecStored
	if codec, err = c.codec(codecStored); err == nil {
		out.body, err = codec.Encode(out.body[:start], block)
	}
	return err
}

// alone has a block coded by mix without the caller's own model if that makes it
// smaller.
func (c *blockCoder) alone(dst []byte, block *model.Block, out *codedBlock) error {
	codec, err := c.codec(codecMix)
	if err != nil {
		return err
	}
	other := *block
	if block.Costs != nil {
		other.Costs = make([]float32, len(block.Costs))
	}
	body, err := codec.Encode(nil, &other)
	if refused(err) {
		return nil
	}
	if err == nil && len(body) < len(out.body)-len(dst) {
		out.codec, out.body = codecMix, append(out.body[:len(dst)], body...)
		copy(block.Costs, other.Costs)
	}
	return err
}

// tokenCosts adds up the costs of the planes of each token. A span's planes
// follow one another.
func tokenCosts(costs []float32, b *rawBlock, m *symbols.ValueMap) []float32 {
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

// inside turns an end of code within a block, whose bytes are all there, into the
// damage that it is.
func inside(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the code of the block is damaged", fault.ErrCorrupt)
	}
	return err
}

// need returns how many bytes decoding a block takes, without those of the
// record.
func (c *blockCoder) need(h *container.Block, b *rawBlock, data *container.BlockData) (int64, error) {
	m, _, _, err := parseParams(data, c.largest)
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
	work, err := codec.Need(m.Size(), int(count), data.Body)
	if err != nil {
		return 0, inside(err)
	}
	if m.Kind() == symbols.DictionaryMap {
		work += dictionaryEntry * int64(m.Size())
	}
	return b.memory() + 4*count + work, nil
}

// decoder returns the codec that decodes blocks of the given one.
func (c *blockCoder) decoder(id model.ID) (model.Codec, error) {
	if c.prior != nil && id == codecMix {
		return c.fit()
	}
	return c.codec(id)
}

// release drops buffers that are larger than may be kept, after the decoding of a
// block that took need bytes.
func (c *blockCoder) release(need int64) {
	if need > c.keep {
		c.symbols, c.fitted = nil, nil
		clear(c.codecs)
	}
}

// decode fills b.raw from a block's payload and checks it against the hash.
func (c *blockCoder) decode(h *container.Block, b *rawBlock, data *container.BlockData) (err error) {
	c.begin(b)
	defer func() { c.finish(err) }()
	m, own, base, err := parseParams(data, c.largest)
	if err != nil {
		return err
	}
	codec, err := c.decoder(model.ID(h.Codec))
	if err != nil {
		return err
	}
	if row, err := codecOf(model.ID(h.Codec)); err == nil && !row.tables && len(own) > 0 {
		return fmt.Errorf("%w: parameters of the codec %s, which has none", fault.ErrCorrupt, row.name)
	}
	block := c.newBlock(b, m)
	block.Params, block.Base = own, base
	if err := c.stop(); err != nil {
		return err
	}
	if err := codec.Decode(block, data.Body); err != nil {
		return inside(err)
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
