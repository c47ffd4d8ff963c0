package main

import (
	"strconv"
	"strings"

	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

// sourceFlags says how inputs are read, for verbs that take any.
type sourceFlags struct {
	dtype   string
	shape   string
	members []string
}

func (s *sourceFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.dtype, "dtype", "", "element `TYPE` of raw inputs: bool, int8 to int64 or uint8 to uint64, little-endian")
	f.StringVar(&s.shape, "shape", "", "shape `A,B,...` of raw inputs; the first may be -1, as long as the data")
	f.StringArrayVar(&s.members, "member", nil, "take only members whose name, or what follows a slash in it, matches `PATTERN`, such as 'fine_*' or '*/fine_*'; may be repeated")
	cmd.RegisterFlagCompletionFunc("dtype", cobra.FixedCompletions(
		[]cobra.Completion{"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}, cobra.ShellCompDirectiveNoFileComp))
}

// options returns what the flags ask for.
func (s *sourceFlags) options() (opts tokens.Options, err error) {
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
