package tokens

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
)

// note tells of what is not read as what it begins as, and what is done with it. Its
// error ends the walk.
func (s *Source) note(why error, done string) error {
	why = classified(why)
	if s.opts.Strict {
		return why
	}
	if s.opts.Note != nil {
		s.opts.Note(fmt.Errorf("%s: %w: %s", s.input, why, done))
	}
	return nil
}

// keepable reports whether an error is about the data rather than of its reader.
func keepable(err error) bool {
	return errors.Is(err, fault.ErrUnsupported) || errors.Is(err, fault.ErrCorrupt) ||
		errors.Is(err, fault.ErrLimit) || errors.Is(err, errCut)
}

// errCut says that an array's own header or data is not all there.
var errCut = fmt.Errorf("it is cut off: %w", io.ErrUnexpectedEOF)

// keep hands out as bytes what cannot be read as an array: head, which has been
// read of it, and the rest.
func (s *Source) keep(it item, head []byte, r *bufio.Reader, why error) error {
	if err := s.note(it.about(why), "kept as bytes"); err != nil {
		return err
	}
	rest, buffer := io.Reader(r), int64(readAhead)
	if it.size >= 0 {
		rest, buffer = io.LimitReader(r, it.size-int64(len(head))), min(it.size, readAhead)
	}
	if it.renamed {
		label, err := s.label(it.file)
		if err != nil {
			return err
		}
		it.label = label
	}
	b := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(head), rest), int(buffer))
	return s.raw(Info{Name: it.label, Type: Uint8}, b, it.size)
}

// stored hands out the next size bytes of r as those that an archive stores for a
// file that they are not.
func (s *Source) stored(name string, r *bufio.Reader, size int64, why error) error {
	label, err := s.label(name)
	switch {
	case err != nil:
		return err
	case !s.matches(label):
		return discard(r, size)
	case s.filtered():
		return inMember(label, why)
	}
	if err := s.note(inMember(label, why), "its bytes are kept as the archive stores them"); err != nil {
		return err
	}
	return inMember(label, s.raw(Info{Name: label, Type: Uint8, Form: Stored}, r, size))
}
