package pick

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/tokens"
)

// A Slice is rows of an array as Python writes them: A:B or A:B:STEP, where ends may
// be left out and count from the end if negative, or one index. It is a flag.
type Slice struct {
	given    bool
	from, to *int
	step     int
	index    bool // one row, which loses its axis
}

// Set reads A:B, A:B:STEP or an index.
func (s *Slice) Set(text string) error {
	fields := strings.Split(text, ":")
	if len(fields) > 3 {
		return fmt.Errorf("give A:B or A:B:STEP, such as 100:200, -10: or ::4, or one index")
	}
	var n [3]*int
	for i, field := range fields {
		if field == "" && len(fields) > 1 {
			continue
		}
		v, err := strconv.Atoi(field)
		if err != nil {
			return fmt.Errorf("%q is no whole number", field)
		}
		n[i] = &v
	}
	set := Slice{given: true, from: n[0], to: n[1], step: 1, index: len(fields) == 1}
	if n[2] != nil {
		if set.step = *n[2]; set.step < 1 {
			return fmt.Errorf("a step of %d: rows come out in their order only, so give 1 or more", set.step)
		}
	}
	*s = set
	return nil
}

// String is empty, as the flag's default.
func (s *Slice) String() string { return "" }

// Type names the flag's argument in help.
func (s *Slice) Type() string { return "A:B[:STEP]" }

// Of returns the rows from..to-1 that the slice spans of an array, and with a step of
// how many of them the first is taken. The length of an array may be unknown, -1: to
// is -1 then if it is that.
func (s *Slice) Of(info *tokens.Info) (from, to int, err error) {
	n := Rows(info)
	if n < 0 && (s.from != nil && *s.from < 0 || s.to != nil && *s.to < 0) {
		return 0, 0, fmt.Errorf("the length of %q is not known before its end: save the .fore file first, or give a range without negative ends", info.Name)
	}
	if s.index {
		at := *s.from
		if at < 0 {
			at += n
		}
		if len(info.Shape) == 0 || n >= 0 && (at < 0 || at >= n) {
			return 0, 0, fmt.Errorf("%q has no row %d: its shape is %s", info.Name, *s.from, show.Shape(info.Shape))
		}
		return at, at + 1, nil
	}
	clamp := func(i *int, none int) int {
		switch {
		case i == nil:
			return none
		case *i < 0:
			return max(n+*i, 0)
		case n < 0:
			return *i
		}
		return min(*i, n)
	}
	from, to = clamp(s.from, 0), clamp(s.to, n)
	if to >= 0 {
		to = max(from, to)
	}
	return from, to, nil
}

// Cut returns the array that the slice makes of rows from..to-1 of another.
func (s *Slice) Cut(info tokens.Info, from, to int) tokens.Info {
	switch {
	case s.index:
		info.Shape = info.Shape[1:]
	case len(info.Shape) > 0:
		step := max(s.step, 1)
		info.Shape = append([]int{(to - from + step - 1) / step}, info.Shape[1:]...)
	case from == to:
		info.Shape = []int{0}
	}
	return info
}

// Writer returns what passes on to w, of rows from..to-1 that are written to it in
// storage order, those that the slice takes.
func (s *Slice) Writer(w io.Writer, info *tokens.Info, from, to int) io.Writer {
	if s.step <= 1 {
		return w
	}
	size := int64(info.Type.Size())
	t := &strider{w: w, row: size, run: size * int64(to-from), step: int64(s.step)}
	if !info.Fortran {
		for _, n := range info.Shape[min(1, len(info.Shape)):] {
			t.row *= int64(n)
		}
		t.run = 0 // all is one run
	}
	return t
}

// A strider passes on the first of each step rows.
type strider struct {
	w    io.Writer
	row  int64 // bytes of one
	run  int64 // bytes after which the count begins anew, 0 for never
	step int64
	at   int64
}

// Write takes whatever comes of the rows.
func (t *strider) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		number, inside := t.at/t.row, t.at%t.row
		n := min(int64(len(p)-done), t.row-inside)
		if number%t.step == 0 {
			if _, err := t.w.Write(p[done : done+int(n)]); err != nil {
				return done, err
			}
		} else if t.run == 0 {
			// All rows up to the next one that is taken.
			n = min(int64(len(p)-done), (t.step-number%t.step)*t.row-inside)
		}
		done += int(n)
		if t.at += n; t.run > 0 && t.at == t.run {
			t.at = 0
		}
	}
	return done, nil
}
