package foretellbeam

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/foretell/foretell"
	"github.com/foretell/foretell/tokens"
)

func init() {
	beam.RegisterDoFn(&decompressFn{})
	beam.RegisterDoFn(&primedDecompressFn{})
	beam.RegisterDoFn(&verifyFn{})
	beam.RegisterDoFn(&primedVerifyFn{})
}

// ReadOptions says how .fore files are read. The zero value is good.
type ReadOptions struct {
	// Threads is how many blocks of a shard are decoded at a time; 0 is one.
	Threads int

	// MaxMemory and MaxOutput are those of foretell.ReaderOptions, for each
	// shard.
	MaxMemory, MaxOutput int64

	// Network is where the network that shards were written under may be.
	Network string

	// Reserved is that of CompressOptions.
	Reserved []string

	Limit Limit
}

func (o *ReadOptions) reader(prior []byte, network *foretell.Network) *foretell.ReaderOptions {
	return &foretell.ReaderOptions{
		Network: network,
		Workers: max(o.Threads, 1), MaxMemory: o.MaxMemory, MaxOutput: o.MaxOutput, Prior: prior,
	}
}

// describe opens a .fore file, records what it says of itself, and returns how it is
// read.
func (o *ReadOptions) describe(ctx context.Context, f *os.File, prior []byte, rec *Record) (*foretell.ReaderAt, *foretell.ReaderOptions, error) {
	fi, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	at, err := foretell.OpenReaderAt(f, fi.Size(), o.reader(prior, nil))
	if err != nil {
		return nil, nil, err
	}
	d, err := at.Describe()
	if err != nil {
		return nil, nil, err
	}
	rec.Content, rec.Bytes, rec.Hash = d.Content, d.Size, d.Hash
	for _, n := range d.Needs {
		if n.Kind == foretell.NeedPrior.String() {
			rec.Prior = n.Sum
		}
	}
	for _, m := range d.Members {
		rec.Tokens += m.Tokens
	}
	network, err := needed(ctx, at.Needs(), o.Network)
	return at, o.reader(prior, network), err
}

// Decompress writes what is in each Shard of a PCollection, which are .fore
// files, and returns a PCollection of Record. A shard's output is named after it
// without .fore; if it holds several files, that is a folder of them. A shard that
// is not called so fails, and one whose output would replace an input, a reserved
// file or another output, or be a folder that others are in. prior is as for
// Compress.
func Decompress(s beam.Scope, shards, prior beam.PCollection, to Target, opts ReadOptions) beam.PCollection {
	s = s.Scope("foretell.Decompress")
	fn := decompressFn{Options: opts, To: to, Run: rand.Text()}
	tasks := plan(s, shards, planFn{To: to, Cut: ".fore", Reserved: opts.Reserved})
	return onShards(s, &fn, &primedDecompressFn{fn}, tasks, prior)
}

type decompressFn struct {
	bundle
	Options ReadOptions
	To      Target
	Run     string
}

func (fn *decompressFn) ProcessElement(ctx context.Context, t task, _ func(Record)) error {
	return fn.begin(ctx, t, nil)
}

type primedDecompressFn struct{ decompressFn }

func (fn *primedDecompressFn) StartBundle(_ context.Context, _ []byte, _ func(Record)) { fn.start() }

func (fn *primedDecompressFn) ProcessElement(ctx context.Context, t task, prior []byte, _ func(Record)) error {
	return fn.begin(ctx, t, prior)
}

func (fn *primedDecompressFn) FinishBundle(ctx context.Context, _ []byte, emit func(Record)) error {
	return fn.finish(ctx, emit)
}

func (fn *decompressFn) begin(ctx context.Context, t task, prior []byte) error {
	c := fn.Options.Limit.crew(fn.Run)
	if err := c.clean(ctx, fn.To.Root(), fn.Run); err != nil {
		return err
	}
	return fn.add(ctx, c, t.Shard, func(rec *Record) error { return fn.decompress(ctx, t, prior, rec) })
}

func (fn *decompressFn) decompress(ctx context.Context, t task, prior []byte, rec *Record) error {
	if err := t.err(); err != nil {
		return err
	}
	f, done, err := open(ctx, t.Shard.Path)
	if err != nil {
		return err
	}
	defer done()
	at, how, err := fn.Options.describe(ctx, f, prior, rec)
	if err != nil {
		return err
	}
	rec.Output = t.Output
	outputs, err := outputs(t.Output, at.Files())
	if err != nil {
		return err
	}
	if fn.finished(ctx, outputs, rec) {
		rec.Status = Kept
		return nil
	}
	out, err := newStage(ctx, fn.To.Root(), fn.Run)
	if err != nil {
		return err
	}
	files := &fileWriter{ctx: ctx, stage: out, outputs: outputs}
	if err = files.copy(f, how); err != nil {
		out.abort(ctx)
		return err
	}
	rec.Status = Written
	return out.commit(ctx)
}

// outputs returns where the files of a shard go, in order.
func outputs(output string, files []foretell.File) (names []string, err error) {
	if len(files) == 1 {
		return []string{output}, nil
	}
	seen, folders := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		name := path.Clean(file.Name)
		addFolders(folders, name)
		if !filepath.IsLocal(filepath.FromSlash(name)) || name == "." || seen[name] {
			return nil, fmt.Errorf("%w: a file is called %q", foretell.ErrCorrupt, file.Name)
		}
		seen[name] = true
		names = append(names, join(output, name))
	}
	for name := range seen {
		if folders[name] {
			return nil, fmt.Errorf("%w: %q is a file and a folder of others", foretell.ErrCorrupt, name)
		}
	}
	return names, nil
}

// finished reports whether the outputs are there already: one after another they
// have the content's hash.
func (fn *decompressFn) finished(ctx context.Context, outputs []string, rec *Record) bool {
	content := &meter{}
	for _, name := range outputs {
		f, done, err := open(ctx, name)
		if err != nil {
			return false
		}
		_, err = io.Copy(content, f)
		done()
		if err != nil {
			return false
		}
	}
	sum := content.hash.Sum128().Bytes()
	return content.n == rec.Content && hex.EncodeToString(sum[:]) == rec.Hash
}

// A fileWriter writes the files of a shard, none of which gets its name before
// all of the shard has been decoded and checked.
type fileWriter struct {
	ctx     context.Context
	stage   *stage
	outputs []string // of the files that are yet to begin
	begun   bool     // a file has
}

func (w *fileWriter) copy(f *os.File, opts *foretell.ReaderOptions) error {
	r, err := foretell.NewReader(f, opts)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		p, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = w.part(p)
		}
		if err != nil {
			return err
		}
	}
}

func (w *fileWriter) part(p tokens.Part) error {
	if p.Kind == tokens.File {
		if len(w.outputs) == 0 {
			return fmt.Errorf("%w: more files than the index lists", foretell.ErrCorrupt)
		}
		name := w.outputs[0]
		w.outputs, w.begun = w.outputs[1:], true
		return w.stage.next(w.ctx, name)
	}
	if !w.begun {
		return fmt.Errorf("%w: content before the first file", foretell.ErrCorrupt)
	}
	if p.Kind == tokens.Framing {
		_, err := w.stage.Write(p.Bytes)
		return err
	}
	_, err := io.Copy(w.stage, p.Data)
	return err
}

// Verify decodes each Shard of a PCollection, which are .fore files, checks every
// hash in it and returns a PCollection of Record. prior is as for Compress.
func Verify(s beam.Scope, shards, prior beam.PCollection, opts ReadOptions) beam.PCollection {
	s = s.Scope("foretell.Verify")
	fn := verifyFn{Options: opts, Run: rand.Text()}
	return onShards(s, &fn, &primedVerifyFn{fn}, shards, prior)
}

type verifyFn struct {
	bundle
	Options ReadOptions
	Run     string
}

func (fn *verifyFn) ProcessElement(ctx context.Context, shard Shard, _ func(Record)) error {
	return fn.begin(ctx, shard, nil)
}

type primedVerifyFn struct{ verifyFn }

func (fn *primedVerifyFn) StartBundle(_ context.Context, _ []byte, _ func(Record)) { fn.start() }

func (fn *primedVerifyFn) ProcessElement(ctx context.Context, shard Shard, prior []byte, _ func(Record)) error {
	return fn.begin(ctx, shard, prior)
}

func (fn *primedVerifyFn) FinishBundle(ctx context.Context, _ []byte, emit func(Record)) error {
	return fn.finish(ctx, emit)
}

func (fn *verifyFn) begin(ctx context.Context, shard Shard, prior []byte) error {
	c := fn.Options.Limit.crew(fn.Run)
	return fn.add(ctx, c, shard, func(rec *Record) error { return fn.verify(ctx, shard, prior, rec) })
}

func (fn *verifyFn) verify(ctx context.Context, shard Shard, prior []byte, rec *Record) error {
	f, done, err := open(ctx, shard.Path)
	if err != nil {
		return err
	}
	defer done()
	_, how, err := fn.Options.describe(ctx, f, prior, rec)
	if err != nil {
		return err
	}
	_, err = foretell.Verify(f, how)
	rec.Status = Whole
	return err
}
