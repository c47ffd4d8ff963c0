// Package mix is the codec that learns while it codes. A token is a path of yes/no
// decisions down a code tree; for each, counters of many contexts, matches and small
// nets say how likely a 1 is, and a mixer that has learned whom to trust joins what they
// say (M. Mahoney, Adaptive weighing of context models for lossless data compression,
// 2005), all in integers. [Codec] codes blocks of arrays, alone or from a [Prior]; with
// a [Guide], a model from outside is one more opinion. docs/mix.md explains the parts
// and specifies the bytes.
package mix

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/internal/uvarint"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/mix/internal/vocabulary"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// MaxSize is the largest number of symbols that the model takes.
const MaxSize = 1 << 20

// A Level says how much work the model does.
type Level uint8

const (
	Fast Level = iota // fast enough for daily use
	Best              // all that helps
	levelCount
)

// Config says how blocks are coded.
type Config struct {
	Level Level  // of encoding; a prior has its own
	Prior *Prior // the state that every block starts from, or nil

	// MaxMemory bounds the memory that an instance takes, in bytes; 0 means
	// no bound.
	MaxMemory int64
}

// A Codec encodes and decodes blocks. It serves one goroutine at a time.
type Codec struct {
	model.Unplanned
	config Config
	engine *engine
	costs  []float32 // of the setup that is being tried
	key    engineKey

	pass, of int // which setup the next runner tries, of how many
}

// New returns a codec.
func New(c Config) *Codec {
	prepare()
	return &Codec{config: c}
}

// A setup is what a block's body says of the model, before the code itself.
type setup struct {
	level      Level
	geometry   uint8
	transposed bool
	rows, cols int
	learned    uint8 // which tree
	delimiter  int   // of lines, in streams
}

const (
	formPlain = 0 // symbols of equal probability
	formMixed = 1
	formParts = 2 // blocks in the block
)

// Encode appends the body of a block to dst.
func (c *Codec) Encode(dst []byte, b *model.Block) ([]byte, error) {
	if err := checkBlock(b); err != nil {
		return dst, err
	}
	for _, x := range b.Symbols {
		if x >= uint32(b.Size) {
			return dst, &prob.SymbolError{Symbol: x, Len: b.Size}
		}
	}
	out, err := c.encodeBlock(b)
	return append(dst, out...), err
}

// encodeWhole returns the body of a block in one part.
func (c *Codec) encodeWhole(b *model.Block) ([]byte, error) {
	best := encodePlain(nil, b)
	if b.Costs != nil {
		var sum surprisal.Sum
		sum.Add(plainInterval(0, b.Size).Width)
		for i := range b.Costs {
			b.Costs[i] = float32(sum.Bits())
		}
		c.costs = slices.Grow(c.costs[:0], len(b.Symbols))[:len(b.Symbols)]
	}
	if len(b.Symbols) > fewTokens && b.Size > 1 {
		setups, err := c.choose(b)
		if err != nil {
			return nil, err
		}
		for i, s := range setups {
			c.pass, c.of = i, len(setups)
			out, err := c.encodeMixed(nil, b, s)
			if err != nil {
				return nil, err
			}
			if len(out) < len(best) {
				best = out
				copy(b.Costs, c.costs)
			}
		}
	}
	return best, nil
}

// choose returns the setups to try.
func (c *Codec) choose(b *model.Block) ([]setup, error) {
	p := c.config.Prior
	if p == nil {
		return choose(b, c.config.Level), nil
	}
	s := p.setup
	s.learned = treePrior
	err := p.check(b)
	if err == nil && !s.fits(b) {
		err = fmt.Errorf("%w: the prior is of arrays whose axes are known", fault.ErrModel)
	}
	return []setup{s}, err
}

// checkPrior reports whether a block that was encoded with a prior can be decoded
// with the one that is there.
func (c *Codec) checkPrior(b *model.Block, s setup) error {
	p := c.config.Prior
	if p == nil {
		return fmt.Errorf("%w: the block needs a prior", fault.ErrModel)
	}
	s.learned = p.setup.learned
	if s != p.setup {
		return fmt.Errorf("%w: the block needs another prior", fault.ErrModel)
	}
	return p.check(b)
}

// fewTokens are too few to learn from.
const fewTokens = 8

func checkBlock(b *model.Block) error {
	if b.Size < 1 || b.Size > MaxSize {
		return fmt.Errorf("%w: the mix model takes 1 to %d symbols, not %d", fault.ErrUnsupported, MaxSize, b.Size)
	}
	total := 0
	for _, s := range b.Spans {
		if s.Count < 0 || s.First < 0 || s.Count > len(b.Symbols)-total {
			return fmt.Errorf("%w: spans do not fit the block", fault.ErrCorrupt)
		}
		total += s.Count
	}
	if total != len(b.Symbols) {
		return fmt.Errorf("%w: spans do not fit the block", fault.ErrCorrupt)
	}
	return nil
}

func plainInterval(symbol uint32, size int) prob.Interval {
	lo := uint64(symbol) << 32 / uint64(size)
	hi := (uint64(symbol) + 1) << 32 / uint64(size)
	return prob.Interval{Low: lo, Width: hi - lo}
}

func encodePlain(dst []byte, b *model.Block) []byte {
	enc := rangecoder.NewEncoder(append(dst, formPlain))
	if b.Size > 1 {
		for _, s := range b.Symbols {
			enc.Put(plainInterval(s, b.Size))
		}
	}
	return enc.Finish()
}

func decodePlain(b *model.Block, src []byte) error {
	dec := rangecoder.NewDecoder(src)
	for i := range b.Symbols {
		b.Symbols[i] = 0
		if b.Size == 1 {
			continue
		}
		p, err := dec.Point()
		if err != nil {
			return err
		}
		s := uint32(uint64(p) * uint64(b.Size) >> 32)
		iv := plainInterval(s, b.Size)
		if uint64(p) >= iv.Low+iv.Width {
			s++
			iv = plainInterval(s, b.Size)
		}
		b.Symbols[i] = s
		dec.Take(iv)
	}
	return dec.Finish()
}

func (c *Codec) encodeMixed(dst []byte, b *model.Block, s setup) ([]byte, error) {
	var l learned
	if s.learned == treePrior {
		l.forest = c.config.Prior.trees.forest
	} else {
		var err error
		if l, s, err = learnTrees(b, s); err != nil {
			return dst, err
		}
	}
	enc := rangecoder.NewEncoder(s.append(append(dst, formMixed)))
	l.put(enc)
	r, err := c.runner(b, s, l.forest)
	if err != nil {
		return dst, err
	}
	if b.Costs != nil {
		r.costs = c.costs
	}
	if err := r.encode(enc); err != nil {
		return dst, err
	}
	return enc.Finish(), nil
}

// Decode fills b.Symbols from a body.
func (c *Codec) Decode(b *model.Block, src []byte) error {
	if err := checkBlock(b); err != nil {
		return err
	}
	if len(src) == 0 {
		return io.ErrUnexpectedEOF
	}
	if src[0] == formParts {
		return c.decodeParts(b, src[1:])
	}
	return c.decodeWhole(b, src)
}

// decodeWhole is the reverse of encodeWhole.
func (c *Codec) decodeWhole(b *model.Block, src []byte) error {
	if src[0] == formPlain {
		return decodePlain(b, src[1:])
	}
	if src[0] != formMixed {
		return fmt.Errorf("%w: unknown form of block", fault.ErrCorrupt)
	}
	s, src, err := parseSetup(src[1:])
	if err != nil {
		return err
	}
	if geometries[s.geometry].guided {
		return fmt.Errorf("%w: the block needs the model that guided it", fault.ErrModel)
	}
	dec := rangecoder.NewDecoder(src)
	forest := []*tree(nil)
	if s.learned == treePrior {
		if err := c.checkPrior(b, s); err != nil {
			return err
		}
		forest = c.config.Prior.trees.forest
	} else if forest, err = readTree(dec, b.Size, s); err != nil {
		return err
	}
	r, err := c.runner(b, s, forest)
	if err != nil {
		return err
	}
	if err := r.decode(dec); err != nil {
		return err
	}
	return dec.Finish()
}

func (s setup) append(dst []byte) []byte {
	dst = append(dst, byte(s.level), s.geometry, s.learned)
	flags := byte(0)
	if s.transposed {
		flags = 1
	}
	dst = append(dst, flags)
	dst = binary.AppendUvarint(dst, uint64(s.rows))
	dst = binary.AppendUvarint(dst, uint64(s.cols))
	return binary.AppendUvarint(dst, uint64(s.delimiter))
}

// maxPlaces is the most tokens that an instant may have.
const maxPlaces = 1 << 16

// product returns how many places an instant of two axes has, at most maxPlaces+1.
// It cannot overflow.
func product(a, b int) int {
	const most = maxPlaces + 1
	return int(min(int64(min(a, most))*int64(min(b, most)), most))
}

func parseSetup(src []byte) (setup, []byte, error) {
	var s setup
	if len(src) < 4 {
		return s, nil, io.ErrUnexpectedEOF
	}
	s.level, s.geometry, s.learned, s.transposed = Level(src[0]), src[1], src[2], src[3] == 1
	bad := s.level >= levelCount || s.geometry >= geometryCount || s.learned >= treeCount || src[3] > 1
	src = src[4:]
	for k, p := range []*int{&s.rows, &s.cols, &s.delimiter} {
		v, n := uvarint.Parse(src)
		if n == 0 {
			return s, nil, io.ErrUnexpectedEOF
		}
		if n < 0 || k < 2 && (v < 1 || v > maxPlaces) || v >= MaxSize {
			bad = true
			break
		}
		*p = int(v)
		src = src[n:]
	}
	// Matches and the like follow the order of storage.
	bad = bad || s.flat() && (s.rows != 1 || s.transposed || s.cols > maxRecord || s.cols != 1 && s.geometry != geometryBytes && s.geometry != geometrySpelt)
	bad = bad || s.learned == treeLetters && s.geometry != geometryProse
	bad = bad || s.geometry == geometrySpelt && (s.cols >= vocabulary.Count || s.learned != treeSpelled && s.learned != treePrior)
	bad = bad || s.learned == treeSpelled && s.geometry != geometrySpelt
	bad = bad || s.geometry == geometryText && (s.rows != 1 || !s.transposed) || s.geometry == geometryFrames && s.transposed
	places := product(s.rows, s.cols)
	bad = bad || (s.transposed || s.geometry == geometryBooks) && places > maxColumns
	if bad || places > maxPlaces {
		return s, nil, fmt.Errorf("%w: impossible parameters of the mix model", fault.ErrCorrupt)
	}
	return s, src, nil
}
