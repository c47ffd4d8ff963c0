package main

import (
	"io"
	"os"
	"path/filepath"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/extract"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/cmd/foretell/internal/partial"
	"github.com/foretell/foretell/internal/outputs"
)

// A slow is what is different about decompressing that takes long.
type slow struct {
	kept    *outputs.Partial // what is done, nil if that is not kept
	content int64            // bytes of the file's content if it is under a network, else 0
}

// resolve returns how what a file needs is found. If that is a network, what is done
// is kept for another run to go on with.
func (d *decompressOptions) resolve(in *inputs.File, name string, to *extract.Target) func(foretell.Need) (io.ReaderAt, int64, error) {
	find := models.Resolve(d.network, name)
	return func(n foretell.Need) (io.ReaderAt, int64, error) {
		if n.Kind == foretell.NeedWeights {
			d.slow.content = contentOf(in, int64(d.maxMemory))
			if _, err := d.keep(to); err != nil {
				return nil, 0, err
			}
		}
		return find(n)
	}
}

// contentOf returns how many bytes a file holds; 0 if that is not known.
func contentOf(in *inputs.File, memory int64) int64 {
	if in.Size < 0 {
		return 0
	}
	r, err := foretell.OpenReaderAt(in.File, in.Size, &foretell.ReaderOptions{MaxMemory: memory})
	if err != nil {
		return 0 // which reading will tell
	}
	d, err := r.Describe()
	if err != nil {
		return 0
	}
	return d.Content
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
	if to.Stdout || open || err == nil && !info.Mode().IsRegular() && !info.IsDir() || d.pick.Any() || d.keepGoing || d.slow.kept != nil {
		return nil, nil
	}
	p, before, err := partial.Open(out, d.goOn)
	if err != nil {
		return nil, err
	}
	d.slow.kept, to.Keep = p, p
	return before, nil
}

// done returns how far the decompressing of a file of size bytes is, of which read
// have been read: under a network, by what has been decoded.
func (s *slow) done(to *extract.Target, read, size int64) int64 {
	r := to.Reader.Load()
	if r == nil || s.content == 0 {
		return read
	}
	return int64(float64(size) * min(1, float64(r.Progress())/float64(s.content)))
}
