package main

import (
	"io"
	"os"
	"path/filepath"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/extract"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/cmd/foretell/internal/partial"
	"github.com/foretell/foretell/internal/outputs"
)

// resolve returns how what a file needs is found. If that is a network, decoding takes
// long: what is done is kept for another run to go on with.
func (d *decompressOptions) resolve(name string, to *extract.Target) func(foretell.Need) (io.ReaderAt, int64, error) {
	find := models.Resolve(d.network, name)
	return func(n foretell.Need) (io.ReaderAt, int64, error) {
		src, size, err := find(n)
		if err != nil || n.Kind != foretell.NeedWeights {
			return src, size, err
		}
		if _, err = d.keep(to); err != nil {
			if c, ok := src.(io.Closer); ok {
				c.Close()
			}
			return nil, 0, err
		}
		return src, size, nil
	}
}

// keep has what is written kept beside the output, where that is a place for it, and
// returns what an earlier run has left there, nil if that is not wanted.
func (d *decompressOptions) keep(to *extract.Target) (io.ReaderAt, error) {
	out := to.Path
	if to.Root != nil {
		var err error
		if out, err = filepath.Abs(d.dir); err != nil {
			return nil, err
		}
	}
	_, open := outputs.Descriptor(out)
	info, err := os.Stat(out)
	if to.Stdout || open || err == nil && !info.Mode().IsRegular() && !info.IsDir() || d.pick.Any() || d.keepGoing || d.kept != nil {
		return nil, nil
	}
	p, before, err := partial.Open(out, d.goOn)
	if err != nil {
		return nil, err
	}
	d.kept, to.Keep = p, p
	return before, nil
}
