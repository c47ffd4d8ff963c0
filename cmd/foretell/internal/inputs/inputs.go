// Package inputs opens what verbs read: files, folders and archives of arrays, and .fore
// files, from a path or from standard input.
package inputs

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/flags"
	"github.com/foretell/foretell/cmd/foretell/internal/pick"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/internal/outputs"
	"github.com/foretell/foretell/internal/packed"
	"github.com/foretell/foretell/internal/parquet"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

// Flags says how inputs are read, for verbs that take any.
type Flags struct {
	Dtype   string
	Shape   string
	Members []string
	exclude []string
	skip    flags.Size
	strict  bool
	Notes   Notes
}

// Add adds the flags.
func (s *Flags) Add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.Dtype, "dtype", "", "element `TYPE` of raw inputs: bool, int8 to int64 or uint8 to uint64, or as NumPy writes it, such as u2, <u2 or >i4")
	f.Var(&s.skip, "skip", "bytes before the elements of raw inputs, such as 1K: a header of their own")
	f.StringVar(&s.Shape, "shape", "", "shape `A,B,...` of raw inputs; the first may be -1, as long as the data")
	f.StringArrayVar(&s.Members, "member", nil, "take only members whose name, or what follows a slash in it, matches `PATTERN`, such as 'fine_*' or '*/fine_*'; may be repeated")
	f.StringArrayVar(&s.exclude, "exclude", nil, "leave out files in folders whose name, or what follows a slash in it, matches `PATTERN`, such as '*.log'; may be repeated")
	f.BoolVar(&s.strict, "strict", false, "fail at what cannot be read as what it begins as, instead of keeping it as bytes with a note")
	cmd.RegisterFlagCompletionFunc("dtype", cobra.FixedCompletions(
		[]cobra.Completion{"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}, cobra.ShellCompDirectiveNoFileComp))
}

// Sharing says which members share blocks.
type Sharing struct {
	Solid, Apart bool
}

// Add adds the flags.
func (s *Sharing) Add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&s.Solid, "solid", false, fmt.Sprintf("let any block hold several members, instead of only ones of at most %d tokens", foretell.SharedTokens))
	f.BoolVar(&s.Apart, "no-solid", false, "give each member blocks of its own: larger, and quickest to reach one of many")
	cmd.MarkFlagsMutuallyExclusive("solid", "no-solid")
}

// Options returns what the flags ask for.
func (s *Flags) Options() (opts tokens.Options, err error) {
	opts.Strict, opts.Note = s.strict, s.Notes.Add
	opts.Decompressors, opts.Formats = packed.All(), []tokens.Format{parquet.Format()}
	if len(s.Members) > 0 {
		opts.Match = s.Members
		pick := pick.Selection{Members: s.Members}
		if err := pick.Check(); err != nil {
			return opts, err
		}
	}
	opts.Exclude, opts.Skip = s.exclude, int64(s.skip)
	if err := opts.Exclude.Check(); err != nil {
		return opts, failure.Usagef("--exclude: %w", err)
	}
	if s.Dtype != "" {
		if opts.Dtype, opts.BigEndian, err = tokens.ParseDtype(s.Dtype); err != nil {
			return opts, failure.Usagef("--dtype: %w", err)
		}
	}
	if s.Shape != "" {
		opts.Shape, err = ParseShape(s.Shape)
	}
	return opts, err
}

// Open opens inputs, which no output may replace.
func (s *Flags) Open(inputs []string, opts tokens.Options) (*tokens.Source, error) {
	if slices.Contains(inputs, "-") {
		if err := staged.Input(); err != nil {
			return nil, err
		}
	}
	src, err := tokens.Open(inputs, opts)
	if err != nil {
		return nil, err
	}
	for _, name := range src.Paths() {
		fi, err := os.Stat(name)
		if err != nil {
			src.Close()
			return nil, err
		}
		staged.Read(fi)
		if slices.Contains(inputs, name) && s.Dtype == "" && fi.Mode().IsRegular() && isForeFile(name) {
			src.Close()
			return nil, fmt.Errorf("%s: %w", name, tokens.ErrFore)
		}
	}
	return src, nil
}

// Earlier returns the paths of an output that an earlier run has left, and of temporary
// files beside it, by which folders among the inputs are read without them. Another file
// in the place of the output is an input like all others. is is asked about its first
// most bytes.
func Earlier(out string, most int64, is func(begin []byte) bool) []string {
	begun := outputs.Begun(out)
	f, err := os.Open(out)
	if err != nil {
		return append(begun, out)
	}
	defer f.Close()
	if b, err := io.ReadAll(io.LimitReader(f, most)); err == nil && !is(b) {
		return begun
	}
	return append(begun, out)
}

// By how many bytes a file is known to be what an earlier run has left.
const (
	FewBytes  = 64       // a page or a .fore file
	AllOfThem = 64 << 20 // a prior, which is smaller
)

// isForeFile reports whether a regular file is a .fore file.
func isForeFile(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	fore, _ := beginsFore(f)
	return fore
}

// beginsFore reports whether a file that is open goes on as a .fore file, and returns
// what to read it by from there on.
func beginsFore(f *os.File) (bool, io.Reader) {
	if fi, err := f.Stat(); err == nil && fi.Mode().IsRegular() {
		var head [8]byte
		at, _ := f.Seek(0, io.SeekCurrent)
		n, _ := f.ReadAt(head[:], at)
		return tokens.IsFore(head[:n]), f
	}
	r := bufio.NewReader(f)
	head, _ := r.Peek(8)
	return tokens.IsFore(head), r
}

func IsPage(b []byte) bool { return bytes.HasPrefix(b, []byte("<!doctype html>")) }

// TimeOf returns when a file was modified last, zero if it is no regular file.
func TimeOf(name string) time.Time {
	if fi, err := os.Stat(name); err == nil && fi.Mode().IsRegular() {
		return fi.ModTime()
	}
	return time.Time{}
}

// Notes are what is said of inputs that are not read as what they begin as.
type Notes struct {
	List []string
	more int
}

// maxNotes bounds them: a folder may hold thousands of arrays of floats.
const maxNotes = 10

// Add takes what is said of one.
func (n *Notes) Add(note error) {
	text := failure.Worded(note)
	switch {
	case slices.Contains(n.List, text): // an input that is read again
	case len(n.List) < maxNotes:
		n.List = append(n.List, text)
	default:
		n.more++
	}
}

// Print prints them.
func (n *Notes) Print(quiet bool) {
	if quiet {
		return
	}
	for _, text := range n.List {
		fmt.Fprintf(os.Stderr, "foretell: note: %s\n", show.Harmless(text, ""))
	}
	if n.more > 0 {
		fmt.Fprintf(os.Stderr, "foretell: note: and %s more (--strict stops at the first)\n", show.Count(int64(n.more)))
	}
}

func ParseShape(text string) ([]int, error) {
	var shape []int
	for _, field := range strings.Split(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 0 && !(n == -1 && len(shape) == 0) {
			return nil, failure.Usagef("--shape %s: give lengths with commas between them, such as 1200,8,16; the first may be -1", text)
		}
		shape = append(shape, n)
	}
	return shape, nil
}
