package mix

import (
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// Limits of guided blocks.
const (
	MaxStreams = maxColumns // streams of a block
	MaxPlaces  = maxPlaces  // tokens of a frame
)

// A Vocabulary says which symbols are alike, so that the decisions that a token is
// coded as are easy to predict. It serves any number of codecs.
type Vocabulary struct {
	tree *tree
	text func(symbol uint32) string
}

// A Forecast turns the weights of symbols into what they say of one of them. It
// serves one goroutine at a time.
type Forecast struct{ opinion opinion }

// NewForecast returns a forecast over the symbols of v.
func (v *Vocabulary) NewForecast() *Forecast {
	f := new(Forecast)
	f.opinion.plant(v.tree)
	return f
}

// AppendPath appends what weights, one for each symbol at least, say of the decisions
// that lead to symbol: what a [Foreteller] keeps of them.
func (f *Forecast) AppendPath(dst []int16, weights []uint32, symbol uint32) []int16 {
	o := &f.opinion
	o.sum(weights[:len(o.order)])
	code, node := o.tree.code[symbol], int32(0)
	for range o.tree.depth[symbol] {
		dst = append(dst, int16(o.share(node)))
		bit := uint32(code >> 63)
		o.descend(node, bit)
		node, code = o.tree.child[2*node+int32(bit)], code<<1
	}
	return dst
}

// NewVocabulary returns the vocabulary of symbols in an order in which those that
// are alike stand near each other. rank says how common a symbol is: 0 for the most
// common one. Both are of all symbols from 0 on, order a permutation of them. text
// returns the bytes that a symbol stands for; it is nil if symbols stand for none.
func NewVocabulary(order, rank []uint32, text func(symbol uint32) string) (*Vocabulary, error) {
	size := len(order)
	if size < 1 || size > MaxSize || len(rank) != size {
		return nil, fmt.Errorf("%w: a vocabulary of %d symbols in an order of %d", fault.ErrUnsupported, len(rank), size)
	}
	seen := make([]bool, size)
	for i, s := range order {
		if int64(s) >= int64(size) || seen[s] {
			return nil, fmt.Errorf("%w: the order of a vocabulary has no symbol of its own at %d", fault.ErrModel, i)
		}
		seen[s] = true
	}
	return &Vocabulary{weighed(order, rank), text}, nil
}

// EncodeGuided appends the body of a block that a guide predicts to dst. The
// block's symbols are a number of streams, one after another, all of the same
// length but the last ones, which may be shorter or empty. Spans are not looked at.
// The vocabulary is of b.Size symbols, or nil if nothing is known.
func (c *Codec) EncodeGuided(dst []byte, b *model.Block, streams int, v *Vocabulary, g Guide) ([]byte, error) {
	for _, x := range b.Symbols {
		if int64(x) >= int64(b.Size) {
			return dst, &prob.SymbolError{Symbol: x, Len: b.Size}
		}
	}
	s, b, err := c.guided(b, streams)
	if err != nil {
		return dst, err
	}
	enc := rangecoder.NewEncoder(s.append(append(dst, formMixed)))
	r, err := c.guidedRunner(b, s, v, g)
	if err != nil {
		return dst, err
	}
	r.costs, r.opinion.decodes = b.Costs, false
	if err := r.encode(enc); err != nil {
		return dst, err
	}
	return enc.Finish(), nil
}

// DecodeGuided fills b.Symbols from a body that EncodeGuided made with the same
// number of streams, vocabulary and guide.
func (c *Codec) DecodeGuided(b *model.Block, src []byte, streams int, v *Vocabulary, g Guide) error {
	want, b, err := c.guided(b, streams)
	if err != nil {
		return err
	}
	if len(src) == 0 {
		return io.ErrUnexpectedEOF
	}
	s, body, err := parseSetup(src[1:])
	if err != nil {
		return err
	}
	want.level = s.level
	if src[0] != formMixed || s != want {
		return fmt.Errorf("%w: not a block of %d guided streams", fault.ErrCorrupt, streams)
	}
	dec := rangecoder.NewDecoder(body)
	r, err := c.guidedRunner(b, s, v, g)
	if err != nil {
		return err
	}
	r.opinion.decodes = true
	if err := r.decode(dec); err != nil {
		return err
	}
	return dec.Finish()
}

// guided returns the setup of a guided block, and the block as an array of streams.
func (c *Codec) guided(b *model.Block, streams int) (setup, *model.Block, error) {
	s := setup{level: c.config.Level, geometry: geometryText, transposed: true, rows: 1, cols: streams}
	if streams < 1 || streams > MaxStreams {
		return s, nil, fmt.Errorf("%w: 1 to %d streams can be guided, not %d", fault.ErrUnsupported, MaxStreams, streams)
	}
	n := len(b.Symbols)
	shape := []int{streams, max(1, (n+streams-1)/streams)}
	streamed := &model.Block{Spans: []model.Span{{Count: n, Shape: shape}}, Size: b.Size, Symbols: b.Symbols, Costs: b.Costs, Work: toStop(b)}
	return s, streamed, checkBlock(streamed)
}

// guidedRunner prepares a run through a guided block.
func (c *Codec) guidedRunner(b *model.Block, s setup, v *Vocabulary, g Guide) (*runner, error) {
	var t *tree
	switch {
	case v == nil:
		t = natural(b.Size)
	case v.tree.size == b.Size:
		t = v.tree
	default:
		return nil, fmt.Errorf("%w: a vocabulary of %d symbols for an alphabet of %d", fault.ErrModel, v.tree.size, b.Size)
	}
	r, err := c.runner(b, s, []*tree{t})
	if err != nil {
		return nil, err
	}
	r.opinion.guide, r.opinion.path = g, nil
	r.spell.bytes, r.spell.text = v == nil && b.Size <= 256, nil
	if v != nil {
		r.spell.text = v.text
	}
	r.spell.reset(s.cols)
	return r, nil
}

// EncodeFrames appends the body of a block that a guide predicts frame by frame: b is a
// span of an array, from the beginning of a frame of a number of places on. The guide
// is asked in the order of storage.
func (c *Codec) EncodeFrames(dst []byte, b *model.Block, places int, g Guide) ([]byte, error) {
	if err := model.CheckEncode(b); err != nil {
		return dst, err
	}
	b, err := framed(b, places)
	if err != nil {
		return dst, err
	}
	s := setup{level: c.config.Level, geometry: geometryFrames, rows: 1, cols: lineWidth(b, places)}
	s.rows = places / s.cols
	if b.Size >= 4 && b.Size <= maxHalves && len(b.Symbols) >= max(leastTokens, b.Size/4) {
		s.learned = treeHalves
	}
	l, s, err := learnTrees(b, s)
	if err != nil {
		return dst, err
	}
	enc := rangecoder.NewEncoder(s.append(append(dst, formMixed)))
	l.put(enc)
	r, err := c.runner(b, s, l.forest)
	if err != nil {
		return dst, err
	}
	r.costs, r.opinion.guide, r.opinion.path, r.opinion.decodes = b.Costs, g, nil, false
	if err := r.encode(enc); err != nil {
		return dst, err
	}
	return enc.Finish(), nil
}

// DecodeFrames fills b.Symbols from a body that EncodeFrames made for so many places
// under the same guide.
func (c *Codec) DecodeFrames(b *model.Block, src []byte, places int, g Guide) error {
	b, err := framed(b, places)
	if err != nil {
		return err
	}
	if len(src) == 0 {
		return io.ErrUnexpectedEOF
	}
	s, body, err := parseSetup(src[1:])
	if err != nil {
		return err
	}
	if src[0] != formMixed || s.geometry != geometryFrames || s.rows*s.cols != places || s.learned > treeHalves {
		return fmt.Errorf("%w: not a block of frames of %d", fault.ErrCorrupt, places)
	}
	dec := rangecoder.NewDecoder(body)
	forest, err := readTree(dec, b.Size, s)
	if err != nil {
		return err
	}
	r, err := c.runner(b, s, forest)
	if err != nil {
		return err
	}
	r.opinion.guide, r.opinion.path, r.opinion.decodes = g, nil, true
	if err := r.decode(dec); err != nil {
		return err
	}
	return dec.Finish()
}

// framed returns a block as frames of a number of places.
func framed(b *model.Block, places int) (*model.Block, error) {
	if places < 1 || places > maxPlaces {
		return nil, fmt.Errorf("%w: frames of %d places can be guided, not of %d", fault.ErrUnsupported, maxPlaces, places)
	}
	n := len(b.Symbols)
	inFrames := &model.Block{Spans: []model.Span{{Count: n, Shape: []int{(n + places - 1) / places, places}}}, Size: b.Size, Symbols: b.Symbols, Costs: b.Costs, Work: toStop(b)}
	return inFrames, checkBlock(inFrames)
}

// toStop returns what asks whether a guided block is to go on. The guide says how far
// it is.
func toStop(b *model.Block) func(int) error {
	return func(int) error { return b.Worked(0) }
}
