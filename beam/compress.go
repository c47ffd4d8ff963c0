package foretellbeam

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"path"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/foretell/foretell"
	"github.com/foretell/foretell/internal/packed"
	"github.com/foretell/foretell/internal/parquet"
	"github.com/foretell/foretell/tokens"
	"github.com/zeebo/xxh3"
)

func init() {
	beam.RegisterDoFn(&compressFn{})
	beam.RegisterDoFn(&primedCompressFn{})
}

// CompressOptions says how shards are compressed. The zero value is good.
type CompressOptions struct {
	// Model, BlockTokens and Solid are those of foretell.WriterOptions. Network is
	// used in the place of Model.
	Model       string
	Network     Network
	BlockTokens int
	Solid       bool

	// Threads is how many blocks of a shard are encoded at a time; 0 is one.
	// The bytes do not depend on it.
	Threads int

	// Dtype and Shape say what raw files hold, as in tokens.Options; Dtype is
	// the type's name, such as "uint16".
	Dtype string
	Shape []int

	// Strict fails a shard that cannot be read as what it begins as, or holds such
	// an array, instead of keeping that as bytes with a note in its Record.
	Strict bool

	// EmbedPrior has every output carry the prior that it is written with.
	EmbedPrior bool

	// Recheck says when an output that is there already is kept.
	Recheck Recheck

	// Reserved names files beside the outputs, such as the manifest and the
	// prior: no output is given the name of one.
	Reserved []string

	Limit Limit
}

// A Recheck says how much of an output of an earlier run is read before it is
// kept. In any case it must have been written with the same options and prior,
// and its recorded hash must be that of the shard as it is now.
type Recheck string

// How outputs are rechecked.
const (
	RecheckFull  Recheck = ""      // decode all of it
	RecheckQuick Recheck = "quick" // read its header, index and trailer
)

// writer returns the options of foretell.
func (o *CompressOptions) writer(prior []byte, network *foretell.Network) *foretell.WriterOptions {
	return &foretell.WriterOptions{
		Model: o.Model, Network: network, BlockTokens: o.BlockTokens, Solid: o.Solid, Workers: max(o.Threads, 1),
		Prior: prior, EmbedPrior: o.EmbedPrior && len(prior) > 0,
	}
}

// source opens a shard's content. rec, if not nil, is told what is kept as bytes.
func (o *CompressOptions) source(s Shard, f *os.File, rec *Record) (*tokens.Source, error) {
	opts := tokens.Options{
		Shape: o.Shape, Strict: o.Strict,
		Decompressors: packed.All(), Formats: []tokens.Format{parquet.Format()},
	}
	if rec != nil {
		rec.Note = ""
		opts.Note = rec.note
	}
	if o.Dtype != "" {
		var err error
		if opts.Dtype, err = tokens.ParseType(o.Dtype); err != nil {
			return nil, err
		}
	}
	// A shard is one of many that a pattern finds, as in a folder.
	var head [8]byte
	if f != nil && opts.Dtype == 0 && !o.Strict {
		if n, _ := f.ReadAt(head[:], 0); tokens.IsFore(head[:n]) {
			opts.Dtype = tokens.Uint8
			if rec != nil {
				rec.note(tokens.ErrFore)
			}
		}
	}
	return tokens.NewSource(path.Base(s.Name), f, opts)
}

// Check returns what is wrong with the options, nil if nothing is.
func (o *CompressOptions) Check() error {
	if o.Network.Path != "" && o.Model != "" {
		return fmt.Errorf("the network %s and the model %s exclude each other", o.Network.Path, o.Model)
	}
	w, err := foretell.NewWriter(io.Discard, o.writer(nil, nil))
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	src, err := o.source(Shard{Name: "check"}, nil, nil)
	if err == nil {
		src.Close()
	}
	return err
}

// Compress writes each Shard of a PCollection to a .fore file and returns a
// PCollection of Record, one for each shard. A shard's output is named after it
// with .fore added; one whose output would replace an input, a reserved file or
// another output fails. prior is a PCollection of one []byte, as TrainPrior returns
// it; the zero PCollection is no prior.
//
// A pipeline must be the only one that writes to a target at a time.
func Compress(s beam.Scope, shards, prior beam.PCollection, to Target, opts CompressOptions) beam.PCollection {
	s = s.Scope("foretell.Compress")
	fn := compressFn{Options: opts, To: to, Run: rand.Text()}
	tasks := plan(s, shards, planFn{To: to, Suffix: ".fore", Reserved: opts.Reserved})
	return onShards(s, &fn, &primedCompressFn{fn}, tasks, prior)
}

// onShards applies fn to shards, or if there is a prior, primed to shards and the
// prior. One function that always took a prior would not do: a core is lost to
// Prism while a stage with a side input works, as it looks again and again whether
// more is to be done.
func onShards(s beam.Scope, fn, primed any, shards, prior beam.PCollection) beam.PCollection {
	if !prior.IsValid() {
		return beam.ParDo(s, fn, shards)
	}
	return beam.ParDo(s, primed, shards, beam.SideInput{Input: prior})
}

type compressFn struct {
	bundle
	Options CompressOptions
	To      Target
	Run     string
}

func (fn *compressFn) ProcessElement(ctx context.Context, t task, _ func(Record)) error {
	return fn.begin(ctx, t, nil)
}

type primedCompressFn struct{ compressFn }

func (fn *primedCompressFn) StartBundle(_ context.Context, _ []byte, _ func(Record)) { fn.start() }

func (fn *primedCompressFn) ProcessElement(ctx context.Context, t task, prior []byte, _ func(Record)) error {
	return fn.begin(ctx, t, prior)
}

func (fn *primedCompressFn) FinishBundle(ctx context.Context, _ []byte, emit func(Record)) error {
	return fn.finish(ctx, emit)
}

func (fn *compressFn) begin(ctx context.Context, t task, prior []byte) error {
	c := fn.Options.Limit.crew(fn.Run)
	if err := c.clean(ctx, fn.To.Root(), fn.Run); err != nil {
		return err
	}
	return fn.add(ctx, c, t.Shard, func(rec *Record) error { return fn.compress(ctx, t, prior, rec) })
}

func (fn *compressFn) compress(ctx context.Context, t task, prior []byte, rec *Record) error {
	if err := t.err(); err != nil {
		return err
	}
	f, done, err := open(ctx, t.Shard.Path)
	if err != nil {
		return err
	}
	defer done()
	rec.Output = t.Output
	network, err := fn.Options.Network.load(ctx)
	if err != nil {
		return err
	}
	if len(prior) > 0 {
		sum := sha256.Sum256(prior)
		rec.Prior = hex.EncodeToString(sum[:])
	}
	with := fn.Options.writer(prior, network)
	if fn.finished(ctx, t.Shard, f, with, rec) {
		rec.Status = Kept
		return nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	out, err := create(ctx, fn.To.Root(), fn.Run, rec.Output)
	if err != nil {
		return err
	}
	if err := fn.write(out, t.Shard, f, with, rec); err != nil {
		out.abort(ctx)
		return err
	}
	rec.Status, rec.Bytes = Written, out.size
	return out.commit(ctx)
}

// write writes the .fore file.
func (fn *compressFn) write(out io.Writer, shard Shard, f *os.File, with *foretell.WriterOptions, rec *Record) error {
	src, err := fn.Options.source(shard, f, rec)
	if err != nil {
		return err
	}
	defer src.Close()
	w, err := foretell.NewWriter(out, with)
	if err != nil {
		return err
	}
	err = tally(src, rec, w.WritePart)
	if closed := w.Close(); err == nil {
		err = closed
	}
	return err
}

// finished reports whether an output of an earlier run is what writing it again
// would give.
func (fn *compressFn) finished(ctx context.Context, shard Shard, f *os.File, with *foretell.WriterOptions, rec *Record) bool {
	old, done, err := open(ctx, rec.Output)
	if err != nil {
		return false
	}
	defer done()
	fi, err := old.Stat()
	if err != nil {
		return false
	}
	opts := &foretell.ReaderOptions{Workers: 1, Prior: with.Prior, Network: with.Network, MaxMemory: recheckMemory, MaxOutput: math.MaxInt64}
	at, err := foretell.OpenReaderAt(old, fi.Size(), opts)
	if err != nil {
		return false
	}
	d, err := at.Describe()
	if err != nil || !d.WrittenWith(with) {
		return false
	}
	now := *rec
	src, err := fn.Options.source(shard, f, &now)
	if err != nil {
		return false
	}
	defer src.Close()
	if err := tally(src, &now, skip); err != nil || now.Hash != d.Hash || now.Content != d.Content {
		return false
	}
	if fn.Options.Recheck == RecheckFull {
		if _, err := foretell.Verify(old, opts); err != nil {
			return false
		}
	}
	*rec, rec.Bytes = now, fi.Size()
	return true
}

// recheckMemory bounds what reading a file takes that is to be what the options
// write: more than any of foretell's models needs.
const recheckMemory = 1 << 35

// skip reads a part and does nothing with it.
func skip(p tokens.Part) error {
	if p.Kind != tokens.Member {
		return nil
	}
	_, err := io.Copy(io.Discard, p.Data)
	return err
}

// tally hands the parts of a source to fn and records what they hold.
func tally(src *tokens.Source, rec *Record, fn func(tokens.Part) error) error {
	content := &meter{}
	rec.Tokens = 0
	for {
		p, err := src.Next()
		if err == io.EOF {
			sum := content.hash.Sum128().Bytes()
			rec.Content, rec.Hash = content.n, hex.EncodeToString(sum[:])
			return nil
		}
		if err != nil {
			return err
		}
		before := content.n
		switch p.Kind {
		case tokens.Framing:
			content.Write(p.Bytes)
		case tokens.Member:
			p.Data = io.TeeReader(p.Data, content)
		}
		if err := fn(p); err != nil {
			return err
		}
		if p.Kind == tokens.Member {
			rec.Tokens += (content.n - before) / int64(p.Info.Type.Size())
		}
	}
}

// A meter counts and hashes what is written to it.
type meter struct {
	hash xxh3.Hasher
	n    int64
}

func (m *meter) Write(p []byte) (int, error) {
	m.n += int64(len(p))
	return m.hash.Write(p)
}
