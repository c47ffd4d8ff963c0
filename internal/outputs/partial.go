package outputs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// A Partial is the file beside an output that keeps what has been written of it, for
// another run to go on with.
type Partial struct {
	file     *os.File
	at, kept int64 // what has been written, and what an earlier run has left
}

// PartialName returns the name of the partial file of an output.
func PartialName(out string) string { return out + ".partial" }

// Partial opens the partial file of an output. What is there, an earlier run has left: it
// is returned if resume says so, else deleted. What is read, and what is no regular file,
// is left alone: a link could lead anywhere.
func (s *Stage) Partial(out string, resume bool) (*Partial, *io.SectionReader, error) {
	name := PartialName(out)
	old, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		old, err = nil, nil
	case err != nil:
	case !old.Mode().IsRegular():
		err = fmt.Errorf("%s, which would keep what is done, is no regular file", name)
	default:
		if err = s.unread(old, name); err == nil && !resume {
			old, err = nil, os.Remove(name)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	flags := os.O_RDWR
	if old == nil {
		flags |= os.O_CREATE | os.O_EXCL
	}
	f, err := os.OpenFile(name, flags, 0o666)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && old != nil && !os.SameFile(old, info) {
		err = fmt.Errorf("%s has become another file", name)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return &Partial{file: f, kept: info.Size()}, io.NewSectionReader(f, 0, info.Size()), nil
}

// Name returns the path of the partial file.
func (p *Partial) Name() string { return p.file.Name() }

// Write leaves what is there already as it is, and ends the file where it differs.
func (p *Partial) Write(b []byte) (int, error) {
	whole := len(b)
	if n := int(min(int64(len(b)), p.kept-p.at)); n > 0 {
		old := make([]byte, n)
		if _, err := p.file.ReadAt(old, p.at); err == nil && bytes.Equal(old, b[:n]) {
			p.at += int64(n)
			b = b[n:]
		} else if err := p.file.Truncate(p.at); err != nil {
			return 0, err
		} else {
			p.kept = p.at
		}
	}
	n, err := p.file.WriteAt(b, p.at)
	p.at += int64(n)
	return whole - len(b) + n, err
}

// Close ends a run that has not come to its end: the file stays.
func (p *Partial) Close() error { return p.file.Close() }

// Remove ends a run whose output is complete.
func (p *Partial) Remove() error { return errors.Join(p.file.Close(), os.Remove(p.file.Name())) }
