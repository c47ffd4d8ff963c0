// Foretell makes arrays of tokens small by predicting them: .npy, .npz, raw and
// tar files become .fore files and come back byte for byte.
//
// Run "foretell help" for how to use it, or "foretell demo" to see it at work.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/partial"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	staged.RemoveOnSignal(partial.Tell)
	os.Exit(run(os.Args[1:]))
}

// run executes a command line and returns its exit code.
func run(args []string) int {
	a := new(app)
	root := newRoot(a)
	root.SetArgs(args)
	defer staged.Discard()
	cmd, err := root.ExecuteC()
	if err == nil {
		return 0
	}
	keep := ""
	if !a.running {
		keep = "\n\t" // of suggestions
	}
	fmt.Fprintf(os.Stderr, "foretell: %s\n", show.Harmless(explain(cmd, err), keep))
	var usage *failure.UsageError
	// What fails before a verb runs is the parsing of its command line.
	if errors.As(err, &usage) || !a.running {
		fmt.Fprintf(os.Stderr, "Try '%s --help'.\n", cmd.CommandPath())
		return exitUsage
	}
	return exitFailed
}

// explain words the error of a verb, and says what can be done.
func explain(verb *cobra.Command, err error) string {
	text := failure.Worded(err)
	if errors.Is(err, foretell.ErrLimit) && verb.Flags().Lookup("max-memory") != nil {
		text += " (--max-memory sets the limit of memory"
		if verb.Flags().Lookup("max-output") != nil {
			text += ", --max-output that of content"
		}
		text += ")"
	}
	return text
}
