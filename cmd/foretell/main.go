// Foretell makes arrays of tokens small by predicting them: .npy, .npz, raw and
// tar files become .fore files and come back byte for byte.
//
// Run "foretell help" for how to use it, or "foretell demo" to see it at work.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/partial"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	if err := staged.Room(); err != nil {
		fmt.Fprintf(os.Stderr, "foretell: %v\n", err)
		os.Exit(exitFailed)
	}
	staged.RemoveOnSignal(partial.Tell)
	os.Exit(run(os.Args[1:]))
}

// run executes a command line and returns its exit code.
func run(args []string) int {
	a := new(app)
	root := newRoot(a)
	root.SetArgs(withVerb(args, verbsOf(root)))
	if len(args) > 0 && args[0] == cobra.ShellCompRequestCmd {
		plainUsage(root)
	}
	defer staged.Discard()
	cmd, err := root.ExecuteC()
	if err == nil {
		err = staged.CloseStandard()
	}
	if err == nil {
		return 0
	}
	staged.Wait(err)
	if errors.Is(err, failure.ErrTold) {
		return exitFailed
	}
	if a.running {
		failure.Tell(cmd, err)
	} else {
		// What fails before a verb runs is the parsing of its command line. It may
		// have lines of suggestions.
		fmt.Fprintf(os.Stderr, "foretell: %s\n", show.Harmless(err.Error(), "\n\t"))
	}
	var usage *failure.UsageError
	if errors.As(err, &usage) || !a.running {
		path := cmd.CommandPath()
		if cmd.Name() == "help" {
			path = cmd.Root().Name()
		}
		fmt.Fprintf(os.Stderr, "Try '%s --help'.\n", path)
		return exitUsage
	}
	return exitFailed
}

// plainUsage takes from what shells show of flags the marks of the words that help
// prints instead of their types.
func plainUsage(verb *cobra.Command) {
	verb.LocalFlags().VisitAll(func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") })
	for _, v := range verb.Commands() {
		plainUsage(v)
	}
}

// verbsOf returns all words that a command line may begin with.
func verbsOf(root *cobra.Command) []string {
	words := []string{"help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}
	for _, verb := range root.Commands() {
		words = append(append(words, verb.Name()), verb.Aliases...)
	}
	return words
}
