// Package partial keeps what a long run has written for another run to go on with.
package partial

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
)

// A Partial is the file beside an output that keeps what has been written of it, for
// another run to go on with.
type Partial struct {
	*os.File
	at, kept int64 // what has been written, and what an earlier run has left
}

// partialName returns the name of the partial file of an output.
func partialName(out string) string { return out + ".partial" }

// kept is the partial file of the run, which a signal leaves; nil if there is none.
var kept atomic.Pointer[Partial]

// openPartial opens the partial file of an output and returns it with what is there.
func openPartial(out string) (*Partial, io.Reader, error) {
	f, err := os.OpenFile(partialName(out), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", f.Name())
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	p := &Partial{File: f, kept: info.Size()}
	kept.Store(p)
	return p, io.NewSectionReader(f, 0, info.Size()), nil
}

// Write leaves what is there already as it is, and ends the file where it differs.
func (p *Partial) Write(b []byte) (int, error) {
	whole := len(b)
	if n := int(min(int64(len(b)), p.kept-p.at)); n > 0 {
		old := make([]byte, n)
		if _, err := p.ReadAt(old, p.at); err == nil && bytes.Equal(old, b[:n]) {
			p.at += int64(n)
			b = b[n:]
		} else if err := p.Truncate(p.at); err != nil {
			return 0, err
		} else {
			p.kept = p.at
		}
	}
	n, err := p.WriteAt(b, p.at)
	p.at += int64(n)
	return whole - len(b) + n, err
}

// Remove ends the partial file of an output that is complete.
func (p *Partial) Remove() error {
	kept.Store(nil)
	return errors.Join(p.Close(), os.Remove(p.Name()))
}

// Tell says, when a run is ended, how to go on.
func Tell() {
	if p := kept.Load(); p != nil {
		fmt.Fprintf(os.Stderr, "foretell: %s keeps what is done: the same command with --resume goes on\n", p.Name())
	}
}

// Resume lets a run go on where an earlier one has ended, and keeps what it writes to
// sink for a later one. It returns nil if that is not wanted: networks are slow, so
// under them it always is.
func Resume(out string, wanted bool, o *foretell.WriterOptions, sink *progress.Tally) (*Partial, error) {
	if out == "-" || !wanted && o.Network == nil {
		return nil, nil
	}
	if !wanted {
		if err := os.Remove(partialName(out)); err != nil && !os.IsNotExist(err) {
			return nil, err
		}
	}
	p, before, err := openPartial(out)
	if err != nil {
		return nil, err
	}
	o.Resume, sink.W = before, io.MultiWriter(sink.W, p)
	return p, nil
}
