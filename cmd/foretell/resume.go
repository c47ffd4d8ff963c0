package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/internal/outputs"
)

// kept is the partial file of the run, which a signal leaves; nil if there is none.
var kept atomic.Pointer[outputs.Partial]

// tellKept says, when a run is ended, how to go on.
func tellKept() {
	if p := kept.Load(); p != nil {
		fmt.Fprintf(os.Stderr, "foretell: %s keeps what is done: the same command with --resume goes on\n", p.Name())
	}
}

// resume lets a run go on where an earlier one has ended, and keeps what it writes to
// sink for a later one. It returns nil if that is not wanted: networks are slow, so
// under them it always is.
func (c *compressOptions) resume(f *outputs.File, out string, o *foretell.WriterOptions, sink *tallyWriter) (*outputs.Partial, error) {
	if !f.Staged || !c.goOn && o.Network == nil {
		return nil, nil
	}
	p, before, err := outputs.OpenPartial(out, c.goOn)
	if err != nil {
		return nil, err
	}
	kept.Store(p)
	o.Resume, sink.w = before, io.MultiWriter(sink.w, p)
	return p, nil
}

// forget ends the partial file of an output that is complete, if there is one.
func forget(p *outputs.Partial) error {
	if p == nil {
		return nil
	}
	kept.Store(nil)
	return p.Remove()
}
