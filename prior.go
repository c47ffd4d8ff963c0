package foretell

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/symbols"
	"github.com/foretell/foretell/internal/uvarint"
	"github.com/foretell/foretell/model/mix"
	"github.com/foretell/foretell/tokens"
)

// A trained prior as bytes is a value map (its size as a uvarint, then the map),
// which says what the symbols of the model mean, and a mix.Prior.
type prior struct {
	sum      [sha256.Size]byte
	mapBytes []byte
	valueMap *symbols.ValueMap
	mix      *mix.Prior
}

// parsePrior reads a prior, which may come from anyone.
func parsePrior(data []byte, maxMemory int64) (*prior, error) {
	n, l := uvarint.Parse(data)
	if l <= 0 || n > uint64(len(data)-l) {
		return nil, fmt.Errorf("%w: not a prior", fault.ErrCorrupt)
	}
	p := &prior{sum: sha256.Sum256(data), mapBytes: data[l : l+int(n)]}
	var rest []byte
	var err error
	if p.valueMap, rest, err = symbols.ParseValueMap(p.mapBytes, symbols.MaxSymbols); err != nil {
		return nil, fmt.Errorf("prior: %w", err)
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("%w: prior: value map", fault.ErrCorrupt)
	}
	if p.mix, err = mix.ParsePrior(data[l+int(n):], maxMemory); err != nil {
		return nil, fmt.Errorf("prior: %w", err)
	}
	return p, nil
}

// findPrior returns the prior that a file needs.
func findPrior(n *container.Need, o *ReaderOptions) (*prior, error) {
	data, err := o.content(n, o.Prior, o.MaxMemory)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); sum != n.Sum {
		if n.Embedded {
			return nil, fmt.Errorf("%w: the prior in the file does not match its hash", fault.ErrCorrupt)
		}
		return nil, &NeedError{Need: needOf(n), Err: fmt.Errorf("what is there has the SHA-256 %x", sum)}
	}
	p, err := parsePrior(data, o.MaxMemory)
	if errors.Is(err, io.ErrUnexpectedEOF) { // all of it is there, its hash says
		err = fmt.Errorf("%w: the prior ends too early", fault.ErrCorrupt)
	}
	return p, err
}

// TrainOptions says how Train makes a prior. The zero value is good.
type TrainOptions struct {
	// Model is ModelMix or ModelBest; "" is ModelMix. Files written with the prior are
	// coded at its level.
	Model string

	// MaxBytes bounds the size of the prior; 0 means 1 MiB. What was used
	// least is left out.
	MaxBytes int

	// Progress, if not nil, is told again and again how many bytes of the sample
	// have been learned from, after they have been read.
	Progress func(learned int64)

	// Context ends the training with its error when it is done; nil is
	// context.Background. A Read of the caller's that blocks is not interrupted.
	Context context.Context
}

// maxTrainTokens bounds the sample that a prior is trained on, and so the memory
// that takes.
const maxTrainTokens = 1 << 24

// Train makes a prior from sample data: a starting state for the model of
// WriterOptions.Prior, so that each block knows from its start what the sample
// taught. The sample should be of the same kind as the data to come: the same
// tokens, in arrays whose axes mean the same. The same sample gives the same
// bytes on every machine. Train uses at most the first 2^24 tokens.
func Train(src tokens.Parts, opts *TrainOptions) ([]byte, error) {
	var o TrainOptions
	if opts != nil {
		o = *opts
	}
	level := mix.Fast
	switch o.Model {
	case "", ModelMix:
	case ModelBest:
		level = mix.Best
	default:
		return nil, fmt.Errorf("a prior is for the models mix and best, not %q", o.Model)
	}
	if o.MaxBytes < 0 {
		return nil, fmt.Errorf("a prior of at most %d bytes: give 0 or more", o.MaxBytes)
	}
	ctx := cmp.Or(o.Context, context.Background())
	b, err := sample(ctx, src)
	if err != nil {
		return nil, err
	}
	c := &blockCoder{stop: ctx.Err, tally: newTally(o.Progress), size: b.size}
	m, block, err := c.symbolise(b)
	if err != nil {
		return nil, err
	}
	if block.Symbols == nil || len(block.Symbols) != b.tokens {
		return nil, fmt.Errorf("%w: values too spread for a prior", fault.ErrUnsupported)
	}
	if wide, err := widen(m); err != nil {
		return nil, err
	} else if wide != nil {
		block.Size, m = wide.Size(), wide
	}
	trained, err := mix.Train(mix.TrainConfig{Level: level, MaxBytes: o.MaxBytes}, block)
	if err != nil {
		return nil, err
	}
	c.finish(nil)
	data, err := trained.MarshalBinary()
	if err != nil {
		return nil, err
	}
	mapBytes := m.AppendTo(nil)
	out := binary.AppendUvarint(nil, uint64(len(mapBytes)))
	out = append(out, mapBytes...)
	return append(out, data...), nil
}

// widen returns the map of tokens that are symbols up to the next power of two,
// so that the prior has room for tokens that the sample lacks; nil if m is of
// another kind.
func widen(m *symbols.ValueMap) (*symbols.ValueMap, error) {
	size := 1
	for size < m.Size() {
		size *= 2
	}
	own, err := identity(m.Size())
	if err != nil || !bytes.Equal(own.AppendTo(nil), m.AppendTo(nil)) || size > mix.MaxSize {
		return nil, err
	}
	return identity(size)
}

// sample reads members of src into one block, as many as there is room for.
func sample(ctx context.Context, src tokens.Parts) (*rawBlock, error) {
	b := new(rawBlock)
	for member := 0; ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p, err := src.Next()
		if err == io.EOF && b.tokens > 0 {
			return b, nil
		} else if err == io.EOF {
			return nil, fmt.Errorf("there are no tokens to learn from")
		} else if err != nil {
			return nil, err
		}
		if p.Kind != tokens.Member {
			continue
		}
		info := p.Info
		size := info.Type.Size()
		n, err := b.fill(p.Data, (maxTrainTokens-b.tokens)*size)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if count := n / size; count > 0 {
			b.add(member, 0, count, &info)
		}
		member++
		if b.tokens == maxTrainTokens {
			return b, nil
		}
	}
}

// encodeWithPrior encodes a block with the prior and reports whether it fits: its
// values are among those of the sample, and its shape is of the same kind.
func (c *blockCoder) encodeWithPrior(dst []byte, b *rawBlock, out *codedBlock) (bool, error) {
	block, err := c.apply(c.prior.valueMap, b)
	if err != nil {
		return false, nil
	}
	if b.costs {
		block.Costs = make([]float32, len(block.Symbols))
	}
	codec, err := c.fit()
	if err != nil {
		return false, err
	}
	out.params, out.costs, out.codec = joinParams(c.prior.mapBytes, nil), block.Costs, codecMix
	err = c.body(codec, dst, block, out)
	return err == nil, unless(err, fault.ErrModel)
}

// unless returns err unless it is of a kind.
func unless(err, kind error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}
