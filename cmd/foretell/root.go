package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/foretell/foretell/cmd/foretell/internal/bench"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/internal/simd"
	"github.com/spf13/cobra"
)

// app is what all verbs share.
type app struct {
	progress.View
	running bool // the command line is parsed and its verb has begun
}

const rootHelp = `Foretell makes arrays of tokens small: a model predicts each token, and an
exact coder spends as many bits as the token surprises the model. Files come
back byte for byte, on any machine.

It reads .npy, .npz, .tar, .tar.gz and .parquet files, raw arrays (.u8, .u16,
.u32, or any file with --dtype) and whole folders, and writes .fore files.
Arrays hold integers or bools of any type; all else in a file is kept.`

const rootExample = `  # See it at work on a sample of real tokens
  foretell demo

  # Compress, look inside, and get the file back
  foretell compress tokens.npy                 # writes tokens.npy.fore
  foretell list tokens.npy.fore
  foretell decompress tokens.npy.fore -o back.npy

  # Take out frames 100 to 199 only
  foretell decompress tokens.npy.fore --range 100:200 -o frames.npy

  # Many arrays in one file, and one of them out of it
  foretell compress shards/ -o shards.fore
  foretell decompress shards.fore --member 'video-17*' -C out

  # In a pipe
  tar c shards | foretell compress - | ssh host 'foretell decompress - | tar x'

  # Check a file, and see where its bytes go
  foretell verify shards.fore
  foretell inspect shards.fore

  # See where the bits go, and choose a model
  foretell report tokens.npy                   # writes tokens.npy.html
  foretell bench tokens.npy`

// newRoot returns the whole command. A verb is a file of this folder and a line
// here.
func newRoot(a *app) *cobra.Command {
	cobra.EnableCommandSorting = false
	root := &cobra.Command{
		Use:           "foretell",
		Short:         "Lossless compression of tokens by prediction",
		Long:          rootHelp,
		Example:       rootExample,
		Version:       versionText(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().BoolP("version", "V", false, "print the version of this program")
	root.SetFlagErrorFunc(failure.Flag)
	root.PersistentFlags().BoolVarP(&a.Quiet, "quiet", "q", false, "print nothing but errors and what was asked for")
	root.PersistentFlags().BoolVarP(&a.Verbose, "verbose", "v", false, "tell of every file and member")
	root.AddGroup(
		&cobra.Group{ID: groupMain, Title: "Compress and decompress:"},
		&cobra.Group{ID: groupLook, Title: "Look and check:"},
	)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 80"))
	root.SetHelpCommand(newHelp())
	root.AddCommand(
		newCompress(a),
		newDecompress(a),
		newRecompress(a),
		newList(a),
		newInspect(a),
		newVerify(a),
		newStats(a),
		newDrift(),
		newReport(a),
		newBench(a),
		newTrain(a),
		newModel(a),
		newDemo(a),
		newVersion(a),
		bench.NewStep(),
	)
	a.wrap(root)
	return root
}

// wrap has all verbs below parent say that they run.
func (a *app) wrap(parent *cobra.Command) {
	for _, verb := range parent.Commands() {
		a.wrap(verb)
		if run := verb.RunE; run != nil {
			verb.RunE = func(cmd *cobra.Command, args []string) error {
				a.running = true
				if name := simd.Unknown(); name != "" && !a.Quiet {
					fmt.Fprintf(os.Stderr, "foretell: note: FORETELL_SIMD=%s is no level here: the best of %s is used\n", show.Printable(name), show.OneOf(simd.Levels()))
				}
				return run(cmd, args)
			}
		}
	}
}

// newHelp returns the verb help, which unlike cobra's fails for an unknown topic.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
			for _, verb := range cmd.Root().Commands() {
				if verb.IsAvailableCommand() {
					names = append(names, verb.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			verb, rest, err := cmd.Root().Find(args)
			if err != nil || verb == nil || len(rest) > 0 {
				return failure.Usagef("no help on %q: 'foretell help' lists the commands", strings.Join(args, " "))
			}
			verb.InitDefaultHelpFlag()
			return verb.Help()
		},
	}
}

const (
	groupMain = "main"
	groupLook = "look"
)

// fileArg is the argument of verbs that read one .fore file.
func fileArg(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return failure.Usagef("%s takes one .fore file, or - for standard input", cmd.Name())
	}
	return nil
}

// fore completes the names of .fore files in a shell.
func fore(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"fore"}, cobra.ShellCompDirectiveFilterFileExt
}
