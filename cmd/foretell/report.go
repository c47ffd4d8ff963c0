package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/flags"
	"github.com/foretell/foretell/cmd/foretell/internal/gather"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/internal/outputs"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

const reportHelp = `Make one HTML page that shows where the information in token data sits: bits per
token over time, per position and by time and position; what tokens cost; the
costliest and cheapest stretches; how often values occur; every model's size and
speed; and the size of every part of the file. It opens from disk and needs
nothing from elsewhere. --json and --csv give the numbers behind each picture.

The input is what compress takes, or a .fore file, whose content is looked at
under its own model. It is compressed once with each model of --compare, without
the prior if there is one.`

const reportExample = `  foretell report tokens.npy                           # writes tokens.npy.html
  foretell report tokens.npy.fore -o report.html
  foretell report frames.npy --grid 8x16 --model best
  foretell report ids.u16 --compare none --csv > numbers.csv
  foretell report tokens.npy --json | jq '.members[0].costs.grid'`

type reportOptions struct {
	*app
	gather.Gathering
	out   string
	grid  string
	force bool
	json  bool
	csv   bool
}

func newReport(a *app) *cobra.Command {
	r := &reportOptions{app: a, Gathering: gather.Gathering{Told: &a.View}}
	cmd := &cobra.Command{
		Use:     "report INPUT|FILE.fore [-o OUT.html]",
		Short:   "Show on a page where the bits go",
		Long:    reportHelp,
		Example: reportExample,
		GroupID: groupLook,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return failure.Usagef("report takes one input: a file, a folder or a .fore file, or - for standard input")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return r.run(args[0]) },
	}
	f := cmd.Flags()
	f.StringVarP(&r.out, "output", "o", "", "write the page to `OUT` (- is standard output)")
	f.StringVar(&r.Model, "model", "", "the `MODEL` whose costs are shown, or the file of a network (default: "+foretell.DefaultModel+"; the own one of a .fore file)")
	f.StringSliceVar(&r.Compare, "compare", models.Names(), "the `MODELS` to put side by side, with commas between them, or none (default: all)")
	f.Lookup("compare").DefValue = "[]" // a list without spaces cannot be wrapped
	f.StringVar(&r.grid, "grid", "", "lay out the positions of an array of two axes as `ROWSxCOLUMNS`, such as 8x16")
	f.IntVar(&r.Arrays, "arrays", 4, "show pictures of the `N` largest arrays")
	r.Sharing.Add(cmd)
	f.Var(&r.Block, "block", "most tokens in a block, as compress --block")
	models.AddPrior(cmd, &r.PriorFile)
	f.BoolVar(&r.Embed, "embed-prior", false, "let the file carry the prior, as compress --embed-prior")
	r.Flags.Add(cmd)
	flags.AddMaxMemory(cmd, &r.Memory)
	f.BoolVarP(&r.force, "force", "f", false, "overwrite an existing output")
	f.BoolVar(&r.json, "json", false, "print the numbers as JSON")
	f.BoolVar(&r.csv, "csv", false, "print the numbers as CSV")
	cmd.RegisterFlagCompletionFunc("model", cobra.FixedCompletions(models.Names(), cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("compare", cobra.FixedCompletions(models.Names(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (r *reportOptions) run(name string) error {
	opts, err := r.check()
	if err != nil {
		return err
	}
	in, err := r.Open(name, opts)
	if err != nil {
		return failure.In(name, err)
	}
	defer in.Close()
	to, err := r.output(name)
	if err != nil {
		return err
	}
	rep, err := r.Gather(in, strings.TrimSpace(versionText()))
	err = failure.In(name, err)
	var out *outputs.File
	if err == nil {
		// Not before: an input that is a folder is read again and again.
		out, err = staged.Create(to, r.force)
	}
	if err == nil {
		switch {
		case r.json:
			err = show.JSON(out, rep)
		case r.csv:
			err = rep.WriteCSV(out)
		default:
			err = rep.Write(out)
		}
	}
	if err == nil {
		err = out.Finish()
	}
	if err == nil {
		err = staged.Commit()
	}
	r.Notes.Print(r.Quiet)
	if err == nil && out.Staged && !r.Quiet {
		fmt.Fprintf(os.Stderr, "%s: %s at %.3f bits\n", show.Printable(out.Shown), show.Counted(rep.Tokens, "token"), rep.Bits())
	}
	return err
}

// check checks the flags and returns how inputs are read.
func (r *reportOptions) check() (tokens.Options, error) {
	opts, err := r.Options()
	if err != nil {
		return opts, err
	}
	if r.out = staged.OutName(r.out); r.out != "" && r.out != "-" {
		opts.Outputs = inputs.Earlier(r.out, inputs.FewBytes, inputs.IsPage)
	}
	if r.json && r.csv {
		return opts, failure.Usagef("--csv and --json exclude each other")
	}
	if r.Model != "" && !models.IsNetwork(r.Model) {
		if err := models.Check(r.Model); err != nil {
			return opts, err
		}
	}
	if slices.Equal(r.Compare, []string{"none"}) {
		r.Compare = nil
	}
	for _, name := range r.Compare {
		if err := models.Check(name); err != nil {
			return opts, err
		}
	}
	if r.grid != "" {
		if _, err := fmt.Sscanf(r.grid+" ", "%dx%d ", &r.Rows, &r.Cols); err != nil || r.Rows < 1 || r.Cols < 1 {
			return opts, failure.Usagef("--grid %s: give rows and columns, such as 8x16", r.grid)
		}
	}
	if r.Block > foretell.MaxBlockTokens {
		return opts, failure.Usagef("--block: at most %d tokens", foretell.MaxBlockTokens)
	}
	return opts, nil
}

// output returns where the page goes, a dash for standard output.
func (r *reportOptions) output(name string) (string, error) {
	out := r.out
	switch {
	case out != "":
	case r.json || r.csv || name == "-":
		out = "-"
	default:
		base := filepath.Base(filepath.Clean(name))
		if base == "." || base == ".." || base == string(filepath.Separator) {
			return "", failure.Usagef("name the output with -o")
		}
		out = filepath.Clean(name) + ".html"
	}
	if out != "-" {
		return out, staged.Check(out, r.force)
	}
	if show.IsTerminal(os.Stdout) && !r.json && !r.csv {
		return "", errors.New("a page is not for a terminal: name the output with -o")
	}
	return out, nil
}
