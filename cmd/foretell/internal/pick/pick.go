// Package pick says which members of a file, and which rows of them, are wanted.
package pick

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/tokens"
)

// A Selection says which members, and which rows of them, are wanted.
type Selection struct {
	Members tokens.Patterns // none takes all
	Exclude tokens.Patterns // none leaves out none
	Rows    Slice
}

// Any reports whether less than everything is wanted.
func (s *Selection) Any() bool { return len(s.Members) > 0 || len(s.Exclude) > 0 || s.Rows.given }

// Check refuses patterns that cannot match.
func (s *Selection) Check() error {
	if err := s.Members.Check(); err != nil {
		return failure.Usagef("--member: %w", err)
	}
	if err := s.Exclude.Check(); err != nil {
		return failure.Usagef("--exclude: %w", err)
	}
	return nil
}

// Takes reports whether a member of that name is wanted.
func (s *Selection) Takes(name string) bool {
	return s.Members.Match(name) && (len(s.Exclude) == 0 || !s.Exclude.Match(name))
}

// Rows returns the length of the first axis, 1 if there are no axes, -1 if it
// is unknown.
func Rows(info *tokens.Info) int {
	if len(info.Shape) == 0 {
		return 1
	}
	return info.Shape[0]
}

// CopyRows copies rows from..to-1 of an array that r reads in storage order. to
// is -1 for all to the end of an array whose length is unknown.
func CopyRows(w io.Writer, r io.Reader, info *tokens.Info, from, to int) error {
	if info.Len() == 0 {
		return nil // however many rows or columns hold nothing
	}
	row := int64(info.Type.Size())
	if !info.Fortran && len(info.Shape) > 0 {
		for _, n := range info.Shape[1:] {
			row *= int64(n)
		}
	}
	if info.Open() && to < 0 {
		if _, err := io.CopyN(io.Discard, r, int64(from)*row); err != nil && err != io.EOF {
			return err
		}
		_, err := io.Copy(w, r)
		return err
	}
	// In Fortran order each column holds one element of each row.
	columns := int64(1)
	if info.Fortran && len(info.Shape) > 0 {
		for _, n := range info.Shape[1:] {
			columns *= int64(n)
		}
	}
	for range columns {
		before, inside, after := int64(from)*row, int64(to-from)*row, int64(Rows(info)-to)*row
		if _, err := io.CopyN(io.Discard, r, before); err != nil && !(err == io.EOF && info.Open()) {
			return err
		}
		if _, err := io.CopyN(w, r, inside); err != nil && !(err == io.EOF && info.Open()) {
			return err
		}
		if info.Open() {
			break
		}
		if _, err := io.CopyN(io.Discard, r, after); err != nil {
			return err
		}
	}
	return nil
}

// rawEndings are those of files that hold elements and nothing else.
var rawEndings = []string{".u8", ".u16", ".u32", ".u64", ".i8", ".i16", ".i32", ".i64", ".bin", ".dat", ".raw"}

// IsNPY reports whether a member that is picked comes out as an npy file: as the
// output's name says, or else if it was one or a raw file would not tell what it is.
func IsNPY(info *tokens.Info, out string) bool {
	ext := func(name, want string) bool { return strings.EqualFold(filepath.Ext(name), want) }
	if info.Form == tokens.Raw && info.Type == tokens.Uint8 && ext(info.Name, ".npy") {
		return false // it was no array in spite of its name, and is whole as it is
	}
	if ext(out, ".npy") {
		return true
	}
	if slices.Contains(rawEndings, strings.ToLower(filepath.Ext(out))) {
		return false
	}
	return info.Form == tokens.NPY || info.Form == tokens.Named || len(info.Shape) != 1 || info.BigEndian || info.Type == tokens.Bool
}
