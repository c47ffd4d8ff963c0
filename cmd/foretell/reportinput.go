package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/tokens"
)

// A series is parts that are read once, and how far that is.
type series interface {
	tokens.Parts
	io.Closer
	Progress() (done, total int64)
}

// A reportInput is token data that can be read as often as needed.
type reportInput struct {
	name   string
	writer foretell.WriterOptions
	source func() (series, error)

	file *foretell.Description // of a .fore file only

	closer io.Closer
}

func (in *reportInput) close() {
	if in.closer != nil {
		in.closer.Close()
	}
}

// open opens the input of a report.
func (r *reportOptions) open(name string, opts tokens.Options) (*reportInput, error) {
	in := &reportInput{name: filepath.Base(name)}
	in.writer = foretell.WriterOptions{Model: r.model, BlockTokens: int(r.block), Solid: r.sharing.solid, Apart: r.sharing.apart}
	var err error
	if r.prior, err = readPrior(r.priorFile); err != nil {
		return nil, err
	}
	in.writer.Prior, in.writer.EmbedPrior = r.prior, r.embed
	if in.writer.Model == "" {
		in.writer.Model = foretell.DefaultModel
	}
	in.source = func() (series, error) { return r.sourceFlags.open([]string{name}, opts) }
	if fi, err := os.Stat(name); err == nil && fi.IsDir() {
		return in, nil
	}
	f, err := openInput(name)
	if err != nil {
		return nil, err
	}
	in.closer = f
	if err := f.spool(); err != nil {
		return nil, err
	}
	if name == "-" {
		in.name = "standard input"
		in.source = func() (series, error) {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return nil, err
			}
			return tokens.NewSource("stdin", f.File, opts)
		}
	}
	at, err := foretell.OpenReaderAt(f, f.size, &foretell.ReaderOptions{MaxMemory: int64(r.memory), Prior: r.prior})
	if err != nil {
		if strings.HasSuffix(name, ".fore") || !errors.Is(err, foretell.ErrCorrupt) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return in, nil
	}
	return in, r.openFore(in, f, at)
}

// openFore makes the content of a .fore file an input, which falls into the same
// blocks as it did.
func (r *reportOptions) openFore(in *reportInput, f *inputFile, at *foretell.ReaderAt) (err error) {
	if len(r.members) > 0 || r.dtype != "" || r.shape != "" || r.sharing != (sharing{}) || r.block > 0 {
		return usagef("--member, --dtype, --shape, --solid, --no-solid and --block do not go with a .fore file")
	}
	if in.file, err = at.Describe(); err != nil {
		return err
	}
	in.writer.Solid, in.writer.Apart, in.writer.BlockTokens = in.file.Solid, in.file.Apart, int(in.file.BlockTokens)
	in.source = func() (series, error) {
		s := &foreSeries{size: f.size}
		s.Reader, err = foretell.NewReader(&meter{r: io.NewSectionReader(f, 0, f.size), total: &s.read},
			&foretell.ReaderOptions{MaxMemory: int64(r.memory), MaxOutput: math.MaxInt64, Prior: r.prior})
		return s, err
	}
	if r.model != "" {
		in.file = nil // another model, another file
		return nil
	}
	if in.writer.Model = in.file.Model; !slices.Contains(models(), in.writer.Model) {
		return fmt.Errorf("this program has no model called %q, which the file was written with: choose one with --model", in.file.Model)
	}
	return nil
}

// A foreSeries is the content of a .fore file.
type foreSeries struct {
	*foretell.Reader
	read atomic.Int64
	size int64
	file io.Closer // to close as well, if not nil
}

// Close ends the reading.
func (s *foreSeries) Close() error {
	err := s.Reader.Close()
	if s.file != nil {
		err = cmp.Or(err, s.file.Close())
	}
	return err
}

func (s *foreSeries) Progress() (done, total int64) { return s.read.Load(), s.size }
