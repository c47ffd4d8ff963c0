package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/flags"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

const trainHelp = `Learn from sample data and write a prior: a state that the models mix and best
start each block from, so that small blocks and short files are predicted as
well as if much had come before them. The data to come should be of the same
kind as the sample: the same tokens, in arrays whose axes mean the same.

A file that was compressed with a prior needs the same prior to decompress,
unless it carries it (compress --embed-prior).`

const trainExample = `  foretell train sample/*.npy -o video.prior
  foretell compress clip.npy --prior video.prior
  foretell decompress clip.npy.fore --prior video.prior -o back.npy`

type trainOptions struct {
	*app
	inputs.Flags
	out     string
	best    bool
	maxSize flags.Size
	force   bool
}

func newTrain(a *app) *cobra.Command {
	t := &trainOptions{app: a, maxSize: 1 << 20}
	cmd := &cobra.Command{
		Use:     "train INPUT... -o NAME.prior",
		Short:   "Learn a prior from sample data, for files to come",
		Long:    trainHelp,
		Example: trainExample,
		GroupID: groupMain,
		RunE:    func(_ *cobra.Command, args []string) error { return t.run(args) },
	}
	f := cmd.Flags()
	f.StringVarP(&t.out, "output", "o", "", "write the prior to `NAME`")
	f.BoolVar(&t.best, "best", false, "make a prior for the model best instead of mix")
	f.Var(&t.maxSize, "max-size", "most bytes that the prior may have, such as 256K; what was used least is left out")
	t.Flags.Add(cmd)
	t.AddProgress(cmd)
	f.BoolVarP(&t.force, "force", "f", false, "overwrite an existing prior")
	return cmd
}

func (t *trainOptions) run(args []string) error {
	if len(args) == 0 {
		return failure.Usagef("name the files to learn from")
	}
	if t.out == "" {
		return failure.Usagef("name the prior with -o")
	}
	opts, err := t.Options()
	if err != nil {
		return err
	}
	model := "mix"
	if t.best {
		model = "best"
	}
	opts.Outputs = inputs.Earlier(t.out, inputs.AllOfThem, func(b []byte) bool {
		w, err := foretell.NewWriter(io.Discard, &foretell.WriterOptions{Model: model, Prior: b})
		return err == nil && w.Close() == nil
	})
	src, err := t.Open(args, opts)
	if err != nil {
		return err
	}
	defer src.Close()
	f, err := staged.Create(staged.OutName(t.out), t.force)
	if err != nil {
		return err
	}
	prior, err := t.learn(src, model, args[0] == "-")
	if err != nil {
		return err
	}
	if _, err := f.Write(prior); err != nil {
		return err
	}
	if err := f.Finish(); err != nil {
		return err
	}
	if err := staged.Commit(); err != nil {
		return err
	}
	t.Notes.Print(t.Quiet)
	if !t.Quiet {
		fmt.Fprintf(os.Stderr, "%s: a prior of %s bytes\n", show.Printable(t.out), show.Count(int64(len(prior))))
	}
	return nil
}

// learn trains a prior. How much there is to learn from is known when all is read.
func (t *trainOptions) learn(src tokens.Parts, model string, pipe bool) ([]byte, error) {
	var read progress.Intake
	var learned atomic.Int64
	defer t.ShowProgress("learning", pipe, func() (int64, int64) {
		if n := learned.Load(); n > 0 {
			return n, read.Elements.Load() // which may be not all there is
		}
		return 0, read.All()
	}).End()
	return foretell.Train(read.Of(src), &foretell.TrainOptions{Model: model, MaxBytes: int(t.maxSize), Progress: learned.Store})
}
