// Package partial keeps what a long run has written for another run to go on with.
package partial

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/internal/outputs"
)

// kept is the partial file of the run, which a signal leaves; nil if there is none.
var kept atomic.Pointer[outputs.Partial]

// Tell says, when a run is ended, how to go on.
func Tell() {
	if p := kept.Load(); p != nil {
		fmt.Fprintf(os.Stderr, "foretell: %s keeps what is done: the same command with --resume goes on\n", p.Name())
	}
}

// Open opens the partial file of an output, with what an earlier run has left if that
// is wanted.
func Open(out string, wanted bool) (*outputs.Partial, *io.SectionReader, error) {
	p, before, err := staged.Partial(out, wanted)
	if err == nil {
		kept.Store(p)
	}
	return p, before, err
}

// Resume lets a run go on where an earlier one has ended, and keeps what it writes to
// sink for a later one. It returns nil if that is not wanted: networks are slow, so
// under them it always is.
func Resume(f *outputs.File, out string, wanted bool, o *foretell.WriterOptions, sink *progress.Tally) (*outputs.Partial, error) {
	if !f.Staged || !wanted && o.Network == nil {
		return nil, nil
	}
	p, before, err := Open(out, wanted)
	if err != nil {
		return nil, err
	}
	o.Resume, sink.W = before, io.MultiWriter(sink.W, p)
	return p, nil
}

// Forget ends the partial file of an output that is complete, if there is one.
func Forget(p *outputs.Partial) error {
	if p == nil {
		return nil
	}
	kept.Store(nil)
	return p.Remove()
}
