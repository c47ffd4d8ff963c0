// Foretell makes arrays of tokens small by predicting them: .npy, .npz, raw and
// tar files become .fore files and come back byte for byte.
//
// Run "foretell help" for how to use it, or "foretell demo" to see it at work.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/foretell/foretell"
	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	removeOnSignal()
	os.Exit(run(os.Args[1:]))
}

// run executes a command line and returns its exit code.
func run(args []string) int {
	a := new(app)
	root := newRoot(a)
	root.SetArgs(args)
	defer staged.discard()
	cmd, err := root.ExecuteC()
	if err == nil {
		return 0
	}
	keep := ""
	if !a.running {
		keep = "\n\t" // of suggestions
	}
	fmt.Fprintf(os.Stderr, "foretell: %s\n", harmless(explain(cmd, err), keep))
	var usage *usageError
	// What fails before a verb runs is the parsing of its command line.
	if errors.As(err, &usage) || !a.running {
		fmt.Fprintf(os.Stderr, "Try '%s --help'.\n", cmd.CommandPath())
		return exitUsage
	}
	return exitFailed
}

// A usageError is a mistake in the command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// errReported is a failure whose details have been printed already.
var errReported = errors.New("damage was found")

// isDamage reports whether an error says that a file is damaged, and not that it
// could not be read to see.
func isDamage(err error) bool {
	return errors.Is(err, foretell.ErrCorrupt) || errors.Is(err, io.ErrUnexpectedEOF)
}

// worded words an error for someone who sees it on a terminal.
func worded(err error) string {
	text := err.Error()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		text = strings.ReplaceAll(text, io.ErrUnexpectedEOF.Error(), "the input ends too early")
	}
	return text
}

// explain words the error of a verb, and says what can be done.
func explain(verb *cobra.Command, err error) string {
	text := worded(err)
	if errors.Is(err, foretell.ErrLimit) && verb.Flags().Lookup("max-memory") != nil {
		text += " (--max-memory sets the limit of memory"
		if verb.Flags().Lookup("max-output") != nil {
			text += ", --max-output that of content"
		}
		text += ")"
	}
	return text
}
