package tokens

import (
	"bufio"
	"io"
)

// A Format reads one kind of files that a Source does not know by itself, such as
// tables, as files of arrays.
type Format struct {
	Magic string // how its files begin

	// Walk hands out what a file becomes: Framing, and Members whose names are
	// their own, without the file's. The Data of a Member is read to its end before
	// emit returns. read is told of bytes of the file that are done with. Errors that
	// wrap foretell.ErrUnsupported, foretell.ErrCorrupt or foretell.ErrLimit and come
	// before all parts let the file be kept as bytes.
	Walk func(r io.ReaderAt, size int64, read func(n int64), emit func(Part) error) error
}

// formatted reads a file of another format, or its bytes if that cannot be. r is at its
// start; ra reads all of it, or is nil if that is a pipe, which is then spooled.
func (s *Source) formatted(f Format, name, prefix string, r *bufio.Reader, ra io.ReaderAt, size int64) error {
	if ra == nil {
		f, n, done, err := spool(r)
		if err != nil {
			return err
		}
		defer done()
		r, ra, size = bufio.NewReaderSize(f, readAhead), f, n
	}
	if at, ok := ra.(counterAt); ok {
		ra = at.r
	}
	if !s.given {
		if err := f.Walk(ra, size, func(int64) {}, drain); err != nil {
			return s.keepFormatted(name, r, size, err)
		}
	}
	begun := false
	err := f.Walk(ra, size, func(n int64) { s.done.Add(n) }, func(p Part) error {
		if !begun && !s.filtered() {
			if err := s.file(name, true); err != nil {
				return err
			}
		}
		begun = true
		if p.Kind == Framing {
			return s.envelope(p.Bytes)
		}
		return s.column(prefix, p)
	})
	if err != nil && !begun {
		return s.keepFormatted(name, r, size, err)
	}
	return err
}

// keepFormatted keeps as bytes a file that cannot be read as what it begins as.
func (s *Source) keepFormatted(name string, r *bufio.Reader, size int64, why error) error {
	if !keepable(why) {
		return why
	}
	return s.keepFile(name, r, size, why)
}

// drain reads what a member has.
func drain(p Part) error {
	if p.Kind != Member {
		return nil
	}
	_, err := io.Copy(io.Discard, p.Data)
	return err
}

// column hands out a member of a file of another format.
func (s *Source) column(prefix string, p Part) error {
	name := prefix + p.Info.Name
	label, ok, err := s.choose(name, name+".npy")
	if err != nil {
		return err
	}
	if !ok {
		return drain(p)
	}
	p.Info.Name, p.Info.Form = label, Named
	if s.filtered() {
		header, err := AppendNPYHeader(nil, p.Info)
		if err != nil {
			return err
		}
		if err := s.framing(header); err != nil {
			return err
		}
	}
	return s.member(p.Info, p.Data)
}
