package foretell

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/foretell/foretell/internal/filename"
	"github.com/foretell/foretell/tokens"
)

// A nameSet holds the names that were used. The zero value is empty.
type nameSet map[string]struct{}

// add takes a name, once.
func (s *nameSet) add(what, name string) error {
	if _, used := (*s)[name]; used {
		return fmt.Errorf("there is a %s %q already: give each a name of its own", what, name)
	}
	if *s == nil {
		*s = nameSet{}
	}
	(*s)[name] = struct{}{}
	return nil
}

// checkFileName refuses a name under which a file could not be extracted.
func checkFileName(name string) error {
	if len(name) > tokens.MaxName || !utf8.ValidString(name) {
		return fmt.Errorf("file name %.100q: give at most %d bytes of UTF-8", name, tokens.MaxName)
	}
	if err := filename.Check(name); err != nil {
		return fmt.Errorf("file name %.100q: %w: give a relative path with slashes", name, err)
	}
	return nil
}

// errMore says that a member has more data than its shape has room for.
var errMore = errors.New("there is more data than the shape says")

// atEnd checks that r has ended.
func atEnd(r io.Reader) error {
	const tries = 100
	var b [1]byte
	for range tries {
		n, err := r.Read(b[:])
		switch {
		case n > 0:
			return errMore
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
	return io.ErrNoProgress
}
