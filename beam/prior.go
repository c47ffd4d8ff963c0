package foretellbeam

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/foretell/foretell"
	"github.com/foretell/foretell/tokens"
	"github.com/zeebo/xxh3"
)

func init() {
	beam.RegisterType(reflect.TypeFor[sampleFn]())
	beam.RegisterDoFn(&trainFn{})
	beam.RegisterDoFn(&readFn{})
}

// TrainOptions says how a prior is trained. The zero value is good.
type TrainOptions struct {
	Model    string // "mix", the default, or "best"
	MaxBytes int    // of the prior; 0 is foretell's default

	// Shards is how many shards the sample is taken from, evenly; 0 is 32.
	Shards int

	// Tokens is how many tokens the prior is trained on at most; 0 is 2^22.
	Tokens int64

	// Dtype and Shape are those of CompressOptions.
	Dtype string
	Shape []int
}

// TrainPrior trains a prior on a sample of the Shards of a PCollection and returns
// it as a PCollection of one []byte. Which shards are in the sample depends on
// their names alone, so the same shards give the same prior; those that cannot be
// read are left out.
//
// If file is not "", the prior is written there, unless there is one already:
// then that one is returned and nothing is trained, so that a run that was ended
// goes on under the prior that it began with.
func TrainPrior(s beam.Scope, shards beam.PCollection, file string, opts TrainOptions) beam.PCollection {
	s = s.Scope("foretell.TrainPrior")
	if opts.Shards <= 0 {
		opts.Shards = 32
	}
	if opts.Tokens <= 0 {
		opts.Tokens = 1 << 22
	}
	chosen := beam.Combine(s, &sampleFn{Count: opts.Shards}, shards)
	return beam.ParDo(s, &trainFn{Options: opts, File: file}, chosen)
}

// ReadPrior returns the prior in a file as a PCollection of one []byte.
func ReadPrior(s beam.Scope, file string) beam.PCollection {
	s = s.Scope("foretell.ReadPrior")
	return beam.ParDo(s, &readFn{File: file}, beam.Impulse(s))
}

type readFn struct{ File string }

func (fn *readFn) ProcessElement(ctx context.Context, _ []byte, emit func([]byte)) error {
	prior, err := readAll(ctx, fn.File)
	if err == nil {
		err = checkPrior(prior)
	}
	if err != nil {
		return fmt.Errorf("prior %s: %w", fn.File, err)
	}
	emit(prior)
	return nil
}

func readAll(ctx context.Context, name string) ([]byte, error) {
	f, done, err := open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer done()
	return io.ReadAll(f)
}

// checkPrior returns an error for bytes that are no prior.
func checkPrior(prior []byte) error {
	w, err := foretell.NewWriter(io.Discard, &foretell.WriterOptions{Prior: prior, Workers: 1})
	if err != nil {
		return err
	}
	return w.Close()
}

// A sample is the shards of least rank, in its order.
type sample struct{ Shards []Shard }

// sampleFn chooses a sample. A shard's rank is a hash of its name.
type sampleFn struct{ Count int }

func (fn *sampleFn) CreateAccumulator() sample { return sample{} }

func (fn *sampleFn) AddInput(a sample, s Shard) sample {
	return fn.MergeAccumulators(a, sample{[]Shard{s}})
}

func (fn *sampleFn) MergeAccumulators(a, b sample) sample {
	all := slices.Concat(a.Shards, b.Shards)
	slices.SortFunc(all, func(a, b Shard) int {
		return cmp.Or(cmp.Compare(xxh3.HashString(a.Name), xxh3.HashString(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return sample{all[:min(len(all), fn.Count)]}
}

type trainFn struct {
	Options TrainOptions
	File    string
}

func (fn *trainFn) ProcessElement(ctx context.Context, chosen sample, emit func([]byte)) error {
	if fn.File != "" {
		if prior, err := readAll(ctx, fn.File); err == nil {
			if err := checkPrior(prior); err != nil {
				return fmt.Errorf("prior %s: %w", fn.File, err)
			}
			emit(prior)
			return nil
		}
	}
	prior, err := fn.train(ctx, chosen.Shards)
	if err != nil {
		return fmt.Errorf("training a prior: %w", err)
	}
	if fn.File != "" {
		out, err := create(ctx, dir(fn.File), "", fn.File)
		if err != nil {
			return err
		}
		if _, err := out.Write(prior); err != nil {
			out.abort(ctx)
			return err
		}
		if err := out.commit(ctx); err != nil {
			return err
		}
	}
	emit(prior)
	return nil
}

// train trains a prior on the beginnings of shards.
func (fn *trainFn) train(ctx context.Context, shards []Shard) ([]byte, error) {
	folder, err := os.MkdirTemp("", "foretell-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	e := excerpts{folder: folder, options: &fn.Options}
	left := fn.Options.Tokens
	for i, s := range shards {
		// What is wrong with a shard, compressing it will tell.
		if n, err := e.shard(ctx, s, left/int64(len(shards)-i)); err == nil {
			left -= n
		}
	}
	if len(e.files) == 0 {
		return nil, errors.New("no shard of the sample has tokens")
	}
	src, err := tokens.Open(e.files, tokens.Options{})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return foretell.Train(src, &foretell.TrainOptions{Model: fn.Options.Model, MaxBytes: fn.Options.MaxBytes})
}

// excerpts writes the beginnings of arrays to npy files.
type excerpts struct {
	folder  string
	options *TrainOptions
	files   []string
}

// shard writes at most limit tokens of a shard and returns how many.
func (e *excerpts) shard(ctx context.Context, s Shard, limit int64) (int64, error) {
	f, done, err := open(ctx, s.Path)
	if err != nil {
		return 0, err
	}
	defer done()
	opts := CompressOptions{Dtype: e.options.Dtype, Shape: e.options.Shape, Strict: true}
	src, err := opts.source(s, f, nil)
	if err != nil {
		return 0, err
	}
	defer src.Close()
	left := limit
	for left > 0 {
		p, err := src.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return limit - left, err
		}
		if p.Kind != tokens.Member {
			continue
		}
		n, err := e.member(p, left)
		if err != nil {
			return limit - left, err
		}
		left -= n
	}
	return limit - left, nil
}

// member writes the first rows of a member, at most limit tokens.
func (e *excerpts) member(p tokens.Part, limit int64) (int64, error) {
	info := p.Info
	total := info.Len()
	if total <= 0 {
		return 0, nil
	}
	if len(info.Shape) > 0 {
		axis := 0 // the slowest
		if info.Fortran {
			axis = len(info.Shape) - 1
		}
		row := total / int64(info.Shape[axis])
		info.Shape = slices.Clone(info.Shape)
		info.Shape[axis] = int(min(int64(info.Shape[axis]), limit/row))
	}
	n := info.Len()
	if n == 0 || n > limit {
		return 0, nil
	}
	header, err := tokens.AppendNPYHeader(nil, info)
	if err != nil {
		return 0, err
	}
	name := filepath.Join(e.folder, strconv.Itoa(len(e.files))+".npy")
	f, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	_, err = f.Write(header)
	if err == nil {
		_, err = io.CopyN(f, p.Data, n*int64(info.Type.Size()))
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		// A truncated file must not be learnt from.
		return 0, errors.Join(err, os.Remove(name))
	}
	e.files = append(e.files, name)
	return n, nil
}
