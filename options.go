package foretell

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/lz"
)

// WriterOptions says how a file is written. The zero value is good.
type WriterOptions struct {
	// Model is one of Models; "" is DefaultModel.
	Model string

	// Level is for the model fast: 1, the fastest, to 9, the smallest. 0 is 5.
	Level int

	// BlockTokens is the most tokens in a block, the unit of random access,
	// of parallel work and of damage. 0 is the model's default.
	BlockTokens int

	// Apart gives each member blocks of its own. Without it, and without Solid,
	// members share a block of at most SharedTokens tokens.
	Apart bool

	// Solid lets all blocks hold tokens of several members, which makes files of
	// many small members smaller.
	Solid bool

	// Workers is how many blocks are encoded at a time; 0 is one for each
	// CPU. The bytes do not depend on it.
	Workers int

	// Prior is what Train made of sample data: the state that the models mix
	// and best start each block from. The file records its SHA-256, and with
	// EmbedPrior carries it; else whoever reads the file has to bring it.
	Prior      []byte
	EmbedPrior bool

	// External is the caller's own model, in the place of Model.
	External *External

	// Network predicts, in the place of Model: text, if it has a tokenizer, in
	// arrays of bytes, and its own tokens in others. The file names it as what is
	// needed to read it. Blocks that the model mix makes smaller are coded by that.
	// Its work is done by Workers goroutines, a block at a time.
	Network *Network

	// Resume, if not nil, is what an earlier run has written of the file before it
	// ended: its first bytes, however many. Blocks that it has are not encoded
	// again, if they are of the same elements; the file comes out as without it.
	// Their code is taken as it is: where bytes may have been lost since, as after a
	// loss of power, [Verify] says whether it is whole. Options that mean something
	// else are an error.
	Resume io.Reader

	// Progress, if not nil, is told again and again how many bytes of content
	// have been encoded, those within blocks under way included. Several
	// goroutines may call it at once.
	Progress func(encoded int64)

	// Context ends the writing when it is done, within the blocks under way; nil
	// is context.Background. The Writer returns its error then, and what was
	// written is no whole file. A Read or Write of the caller's that blocks is
	// not interrupted.
	Context context.Context
}

// An External is a model of the caller's that a file is written under. The file
// records its ID and is decoded under the same model only.
type External struct {
	// ID tells models apart: the SHA-256 of what defines the model.
	ID [32]byte

	// Size is the model's vocabulary: tokens are 0..Size-1, and others are
	// an error. At most 2^24.
	Size int

	// New makes a predictor. Each goroutine that codes blocks makes one when it
	// first needs it and keeps it.
	New func() (model.Predictor, error)

	// Mix has files written under the predictor's opinions mixed with those of the
	// model mix, which learns from matches and contexts as it goes: smaller, the more
	// so the less the predictor learns by itself, and slower by about as much as mix
	// takes. Blocks that mix alone makes smaller are coded by that. Readers need not
	// say so.
	Mix bool
}

// SharedTokens is how many tokens members of a block have that share it by
// default, which is what reading one of them decodes at most.
const SharedTokens = 1 << 17

// MaxBlockTokens is the largest WriterOptions.BlockTokens.
const MaxBlockTokens = container.MaxTokens

func (o *WriterOptions) resolve() (WriterOptions, preset, error) {
	var opts WriterOptions
	if o != nil {
		opts = *o
	}
	switch {
	case opts.External == nil && opts.Network == nil && opts.Model == "":
		opts.Model = DefaultModel
	case opts.External != nil && opts.Model != "":
		return opts, preset{}, fmt.Errorf("the model %q and an own one exclude each other", opts.Model)
	case opts.Network != nil && (opts.External != nil || opts.Model != ""):
		return opts, preset{}, errors.New("a network and another model exclude each other")
	}
	p := preset{name: ownModel, codec: codecOwn}
	if opts.External != nil && opts.External.Mix {
		p.codec = codecOwnMix
	}
	var err error
	if opts.Network != nil {
		p = preset{name: netModel, codec: codecNet}
	} else if opts.External == nil {
		if p, err = presetOf(opts.Model); err != nil {
			return opts, p, err
		}
	}
	switch {
	case opts.Level == 0:
	case p.codec != codecLZ:
		return opts, p, fmt.Errorf("a level is for the model fast, not %q", opts.Model)
	case opts.Level < lz.MinLevel || opts.Level > lz.MaxLevel:
		return opts, p, fmt.Errorf("level %d: give %d to %d", opts.Level, lz.MinLevel, lz.MaxLevel)
	default:
		p.level = opts.Level
	}
	if opts.Solid && opts.Apart {
		return opts, p, errors.New("solid blocks and members apart exclude each other")
	}
	if opts.BlockTokens == 0 {
		opts.BlockTokens = defaultBlock
		if opts.Network != nil {
			opts.BlockTokens = netBlock
		}
	}
	if opts.BlockTokens < 1 || opts.BlockTokens > MaxBlockTokens {
		return opts, p, fmt.Errorf("blocks of %d tokens: use 1 to %d", opts.BlockTokens, MaxBlockTokens)
	}
	if x := opts.External; x != nil && (x.Size < 1 || x.Size > model.MaxSize) {
		return opts, p, fmt.Errorf("a model of %d symbols: use 1 to %d", x.Size, model.MaxSize)
	}
	if len(opts.Prior) > 0 && p.codec != codecMix {
		return opts, p, fmt.Errorf("a prior is for the models mix and best, not %q", opts.Model)
	}
	opts.Workers = workers(opts.Workers)
	opts.Context = cmp.Or(opts.Context, context.Background())
	return opts, p, nil
}

// ReaderOptions says how a file is read. The zero value is good.
type ReaderOptions struct {
	// Workers is how many blocks are decoded at a time; 0 is one for each CPU.
	Workers int

	// MaxMemory bounds the bytes that reading takes at a time; 0 is 1 GiB. A
	// file that needs more is an error that wraps ErrLimit. It counts all
	// blocks under way from before their code is read until their tokens are
	// handed out: their code and parameters, what decoding them takes, their
	// tokens, and buffers kept for reuse. Each call to a ReaderAt counts for
	// itself, with the array that it returns and the block that it leaves for
	// the next call. Bounded by as much again, each for itself, are a prior;
	// the list of a file's members and blocks; and the bytes outside of arrays
	// that a file has in one piece. Memory that the garbage collector has yet
	// to find free comes on top: debug.SetMemoryLimit bounds that.
	MaxMemory int64

	// MaxOutput bounds the bytes of content that are handed out; 0 is 64 GiB.
	// A file that has more is an error that wraps ErrLimit.
	MaxOutput int64

	// Prior is the prior that the file was written with, if it was and does
	// not carry it.
	Prior []byte

	// Resolve, if not nil, is asked for what a file needs and neither carries
	// nor gets from Prior or External. It returns the need's content and its
	// length; what comes is checked against the need's hash. An error that
	// wraps ErrModel says that it has none. What is an io.Closer is closed after use.
	Resolve func(Need) (io.ReaderAt, int64, error)

	// External is the model that the file was written under, if it was.
	External *External

	// Network is the network that the file was written under, if it was. Without
	// it, or with another one, Resolve is asked for the file of its weights.
	Network *Network

	// KeepGoing, if not nil, is called with each damage that is found; then
	// reading goes on with what is whole, and tokens that are lost are zero.
	KeepGoing func(error)

	// Progress, if not nil, is told again and again how many bytes of content
	// have been decoded, those within blocks under way included. Several goroutines may
	// call it at once.
	Progress func(decoded int64)

	// Resume, if not nil, has what an earlier run has handed out of the content before
	// it ended: the bytes of all parts one after another, however many. Blocks whose
	// elements it has, by their hash, are not decoded again; all is handed out as
	// without it. Only a Reader takes it, and it must be safe for concurrent use.
	Resume io.ReaderAt

	// Context ends the reading when it is done, within the blocks under way; nil
	// is context.Background. Its error is returned then, with KeepGoing too. A
	// Read or Write of the caller's that blocks is not interrupted.
	Context context.Context
}

const (
	defaultMaxMemory = 1 << 30
	defaultMaxOutput = 1 << 36
)

func (o *ReaderOptions) resolve() ReaderOptions {
	var opts ReaderOptions
	if o != nil {
		opts = *o
	}
	opts.Workers = workers(opts.Workers)
	opts.Context = cmp.Or(opts.Context, context.Background())
	if opts.MaxMemory <= 0 {
		opts.MaxMemory = defaultMaxMemory
	}
	if opts.MaxOutput <= 0 {
		opts.MaxOutput = defaultMaxOutput
	}
	return opts
}

func workers(n int) int {
	if n <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return n
}
