package main

import (
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell/foretell/tokens"
)

// A selection says which members, and which rows of them, are wanted.
type selection struct {
	members tokens.Patterns // none takes all
	rows    slice
}

// any reports whether less than everything is wanted.
func (s *selection) any() bool { return len(s.members) > 0 || s.rows.given }

// check refuses patterns that cannot match.
func (s *selection) check() error {
	if err := s.members.Check(); err != nil {
		return usagef("--member: %w", err)
	}
	return nil
}

// takes reports whether a member of that name is wanted.
func (s *selection) takes(name string) bool { return s.members.Match(name) }

// A slice is a range of rows as Python writes it: ends may be left out, and
// count from the end if negative. It is a flag.
type slice struct {
	given    bool
	from, to *int
}

// Set reads A:B.
func (s *slice) Set(text string) error {
	a, b, ok := strings.Cut(text, ":")
	if !ok {
		return fmt.Errorf("give A:B, such as 100:200, :50 or -10: for the last ten")
	}
	end := func(text string) (*int, error) {
		if text == "" {
			return nil, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no whole number", text)
		}
		return &n, nil
	}
	var err error
	if s.from, err = end(a); err == nil {
		s.to, err = end(b)
	}
	s.given = err == nil
	return err
}

// String is empty, as the flag's default.
func (s *slice) String() string { return "" }

// Type names the flag's argument in help.
func (s *slice) Type() string { return "A:B" }

// of returns the rows that the slice takes of an array with n rows.
func (s *slice) of(n int) (from, to int) {
	clamp := func(i *int, none int) int {
		if i == nil {
			return none
		}
		if *i < 0 {
			return max(n+*i, 0)
		}
		return min(*i, n)
	}
	from, to = clamp(s.from, 0), clamp(s.to, n)
	return from, max(from, to)
}

// backwards reports whether an end counts from the end of the array.
func (s *slice) backwards() bool {
	return s.from != nil && *s.from < 0 || s.to != nil && *s.to < 0
}

// rows returns the length of the first axis, 1 if there are no axes, -1 if it
// is unknown.
func rows(info *tokens.Info) int {
	if len(info.Shape) == 0 {
		return 1
	}
	return info.Shape[0]
}

// cut returns the array that rows from..to-1 of another make.
func cut(info tokens.Info, from, to int) tokens.Info {
	if len(info.Shape) > 0 {
		info.Shape = append([]int{to - from}, info.Shape[1:]...)
	} else if from == to {
		info.Shape = []int{0}
	}
	return info
}

// copyRows copies rows from..to-1 of an array that r reads in storage order. to
// is -1 for all to the end of an array whose length is unknown.
func copyRows(w io.Writer, r io.Reader, info *tokens.Info, from, to int) error {
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
		before, inside, after := int64(from)*row, int64(to-from)*row, int64(rows(info)-to)*row
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

// isNPY reports whether a member that is picked comes out as an npy file: as the
// output's name says, or else if it was one or a raw file would not tell what it is.
func isNPY(info *tokens.Info, out string) bool {
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

// memberFile returns the path that a picked member has as a file of its own: that
// of an npy file is its own again. Where another has it already it gets a number.
func (t *target) memberFile(info *tokens.Info, npy bool) string {
	name := info.Name
	if npy && (info.Form == tokens.Named || info.Form == tokens.Raw && !strings.EqualFold(path.Ext(name), ".npy")) {
		name += ".npy"
	}
	if t.taken == nil {
		t.taken = map[string]bool{}
	}
	ext := path.Ext(name)
	for n, stem := 2, strings.TrimSuffix(name, ext); t.taken[name]; n++ {
		name = stem + "#" + strconv.Itoa(n) + ext
	}
	t.taken[name] = true
	return name
}
