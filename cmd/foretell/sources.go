package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/internal/packed"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

// sourceFlags says how inputs are read, for verbs that take any.
type sourceFlags struct {
	dtype   string
	shape   string
	members []string
	strict  bool
	notes   notes
}

func (s *sourceFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.dtype, "dtype", "", "element `TYPE` of raw inputs: bool, int8 to int64 or uint8 to uint64, little-endian")
	f.StringVar(&s.shape, "shape", "", "shape `A,B,...` of raw inputs; the first may be -1, as long as the data")
	f.StringArrayVar(&s.members, "member", nil, "take only members whose name, or what follows a slash in it, matches `PATTERN`, such as 'fine_*' or '*/fine_*'; may be repeated")
	f.BoolVar(&s.strict, "strict", false, "fail at what cannot be read as what it begins as, instead of keeping it as bytes with a note")
	cmd.RegisterFlagCompletionFunc("dtype", cobra.FixedCompletions(
		[]cobra.Completion{"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}, cobra.ShellCompDirectiveNoFileComp))
}

// sharing says which members share blocks.
type sharing struct {
	solid, apart bool
}

func (s *sharing) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&s.solid, "solid", false, fmt.Sprintf("let any block hold several members, instead of only ones of at most %d tokens", foretell.SharedTokens))
	f.BoolVar(&s.apart, "no-solid", false, "give each member blocks of its own: larger, and quickest to reach one of many")
	cmd.MarkFlagsMutuallyExclusive("solid", "no-solid")
}

// options returns what the flags ask for.
func (s *sourceFlags) options() (opts tokens.Options, err error) {
	opts.Strict, opts.Note = s.strict, s.notes.add
	opts.Decompressors = packed.All()
	if len(s.members) > 0 {
		opts.Match = s.members
		pick := selection{members: s.members}
		if err := pick.check(); err != nil {
			return opts, err
		}
	}
	if s.dtype != "" {
		if opts.Dtype, err = tokens.ParseType(s.dtype); err != nil {
			return opts, usagef("--dtype: %w", err)
		}
	}
	if s.shape != "" {
		opts.Shape, err = parseShape(s.shape)
	}
	return opts, err
}

// open opens inputs, which no output may replace.
func (s *sourceFlags) open(inputs []string, opts tokens.Options) (*tokens.Source, error) {
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
		if slices.Contains(inputs, name) && s.dtype == "" && isForeFile(name) {
			src.Close()
			return nil, fmt.Errorf("%s is a .fore file already ('foretell decompress' gives back what it holds; --dtype uint8 takes its bytes as they are)", name)
		}
	}
	return src, nil
}

// earlier returns the path of an output that an earlier run has left, by which
// folders among the inputs are read without it; "" if there is another file, which
// is an input like all others. is is asked about at most maxEarlier bytes of it.
func earlier(out string, is func(begin []byte) bool) string {
	f, err := os.Open(out)
	if err != nil {
		return out
	}
	defer f.Close()
	if b, err := io.ReadAll(io.LimitReader(f, maxEarlier)); err == nil && !is(b) {
		return ""
	}
	return out
}

const maxEarlier = 64 << 20 // priors are smaller

func isFore(b []byte) bool { return bytes.HasPrefix(b, []byte("\xf0FORE\r\n\x1a")) }

func isForeFile(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [8]byte
	n, _ := io.ReadFull(f, head[:])
	return isFore(head[:n])
}

func isPage(b []byte) bool { return bytes.HasPrefix(b, []byte("<!doctype html>")) }

// timeOf returns when a file was modified last, zero if it is no regular file.
func timeOf(name string) time.Time {
	if fi, err := os.Stat(name); err == nil && fi.Mode().IsRegular() {
		return fi.ModTime()
	}
	return time.Time{}
}

// notes are what is said of inputs that are not read as what they begin as.
type notes struct {
	list []string
	more int
}

// maxNotes bounds them: a folder may hold thousands of arrays of floats.
const maxNotes = 10

func (n *notes) add(note error) {
	text := worded(note)
	switch {
	case slices.Contains(n.list, text): // an input that is read again
	case len(n.list) < maxNotes:
		n.list = append(n.list, text)
	default:
		n.more++
	}
}

func (n *notes) print(quiet bool) {
	if quiet {
		return
	}
	for _, text := range n.list {
		fmt.Fprintf(os.Stderr, "foretell: note: %s\n", harmless(text, ""))
	}
	if n.more > 0 {
		fmt.Fprintf(os.Stderr, "foretell: note: and %s more (--strict stops at the first)\n", count(int64(n.more)))
	}
}

func parseShape(text string) ([]int, error) {
	var shape []int
	for _, field := range strings.Split(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 0 && !(n == -1 && len(shape) == 0) {
			return nil, usagef("--shape %s: give lengths with commas between them, such as 1200,8,16; the first may be -1", text)
		}
		shape = append(shape, n)
	}
	return shape, nil
}
