// Package each runs a verb on several files, each on its own, as gzip, xz and zstd do.
package each

import (
	"errors"
	"os"

	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/spf13/cobra"
)

// Args returns what a verb is to read: its arguments, or standard input if there are
// none and it is a pipe or a file. what says what to name otherwise.
func Args(args []string, what string) ([]string, error) {
	for _, name := range args {
		if name == "" {
			return nil, failure.Usagef("the name of a file is empty")
		}
	}
	if len(args) > 0 {
		return args, nil
	}
	if Piped(os.Stdin) {
		return []string{"-"}, nil
	}
	return nil, failure.Usagef("%s, or - for standard input", what)
}

// Piped reports whether a standard file leads to a pipe, a socket or a file, and not
// to a terminal or to nothing.
func Piped(f *os.File) bool {
	fi, err := f.Stat()
	return err == nil && (fi.Mode().IsRegular() || fi.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0)
}

// Run calls f for each of the tasks. With several of them, one that fails is told and
// leaves nothing behind, and the next is run; the error is failure.ErrTold then.
func Run[T any](verb *cobra.Command, tasks []T, f func(T) error) error {
	if len(tasks) == 1 {
		return f(tasks[0])
	}
	failed := false
	for _, task := range tasks {
		if err := f(task); err != nil {
			staged.Abandon()
			if !errors.Is(err, failure.ErrTold) {
				failure.Tell(verb, err)
			}
			failed = true
		}
	}
	if failed {
		return failure.ErrTold
	}
	return nil
}
