package gather

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/tokens"
)

// A Input is token data that can be read as often as needed.
type Input struct {
	name   string
	writer foretell.WriterOptions
	source func() (inputs.Series, error)

	file    *foretell.Description // of a .fore file only
	network *foretell.Network     // that the file was written under, nil if none

	closer io.Closer
}

func (in *Input) Close() {
	if in.closer != nil {
		in.closer.Close()
	}
}

// Open opens the input of a report.
func (r *Gathering) Open(name string, opts tokens.Options) (*Input, error) {
	in := &Input{name: filepath.Base(name)}
	in.writer = foretell.WriterOptions{Model: r.Model, BlockTokens: int(r.Block), Solid: r.Sharing.Solid, Apart: r.Sharing.Apart}
	var err error
	if r.prior, err = models.ReadPrior(r.PriorFile); err != nil {
		return nil, err
	}
	in.writer.Prior, in.writer.EmbedPrior = r.prior, r.Embed
	switch {
	case models.IsNetwork(r.Model):
		in.writer.Model = ""
		if in.writer.Network, err = models.Open(r.Model); err != nil {
			return nil, err
		}
	case r.Model == "":
		in.writer.Model = foretell.DefaultModel
	}
	in.source = func() (inputs.Series, error) { return r.Flags.Open([]string{name}, opts) }
	if fi, err := os.Stat(name); err == nil && fi.IsDir() {
		return in, nil
	}
	f, err := inputs.OpenFore(name)
	if err != nil {
		return nil, err
	}
	in.closer = f
	if err := f.Spool(); err != nil {
		return nil, err
	}
	if name == "-" {
		in.name = "standard input"
		in.source = func() (inputs.Series, error) {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return nil, err
			}
			return tokens.NewSource("stdin", f.File, opts)
		}
	}
	at, err := foretell.OpenReaderAt(f, f.Size, &foretell.ReaderOptions{MaxMemory: int64(r.Memory), Prior: r.prior})
	if err != nil {
		if strings.HasSuffix(name, ".fore") || !errors.Is(err, foretell.ErrCorrupt) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return in, nil
	}
	return in, r.openFore(in, name, f, at)
}

// openFore makes the content of a .fore file an input, which falls into the same
// blocks as it did.
func (r *Gathering) openFore(in *Input, name string, f *inputs.File, at *foretell.ReaderAt) (err error) {
	if len(r.Members) > 0 || r.Dtype != "" || r.Shape != "" || r.Sharing != (inputs.Sharing{}) || r.Block > 0 {
		return failure.Usagef("--member, --dtype, --shape, --solid, --no-solid and --block do not go with a .fore file")
	}
	if in.file, err = at.Describe(); err != nil {
		return err
	}
	if in.network, err = models.OpenNeeded(at.Needs(), in.writer.Network, name); err != nil {
		return err
	}
	in.writer.Solid, in.writer.Apart, in.writer.BlockTokens = in.file.Solid, in.file.Apart, int(in.file.BlockTokens)
	in.source = func() (inputs.Series, error) {
		return inputs.NewForeSeries(io.NewSectionReader(f, 0, f.Size), nil, &foretell.ReaderOptions{MaxMemory: int64(r.Memory), MaxOutput: math.MaxInt64, Prior: r.prior, Network: in.network})
	}
	if r.Model != "" {
		in.file = nil // another model, another file
		return nil
	}
	if in.network != nil {
		in.writer.Model, in.writer.Network = "", in.network
		return nil
	}
	if in.writer.Model = in.file.Model; !slices.Contains(models.Names(), in.writer.Model) {
		return fmt.Errorf("this program has no model called %q, which the file was written with: choose one with --model", in.file.Model)
	}
	return nil
}
