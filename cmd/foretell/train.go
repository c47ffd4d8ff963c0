package main

import (
	"fmt"
	"io"
	"os"

	"github.com/foretell/foretell"
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
	sourceFlags
	out     string
	best    bool
	maxSize size
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
	t.sourceFlags.add(cmd)
	f.BoolVarP(&t.force, "force", "f", false, "overwrite an existing prior")
	return cmd
}

func (t *trainOptions) run(args []string) error {
	if len(args) == 0 {
		return usagef("name the files to learn from")
	}
	if t.out == "" {
		return usagef("name the prior with -o")
	}
	opts, err := t.options()
	if err != nil {
		return err
	}
	model := "mix"
	if t.best {
		model = "best"
	}
	opts.Output = earlier(t.out, func(b []byte) bool {
		w, err := foretell.NewWriter(io.Discard, &foretell.WriterOptions{Model: model, Prior: b})
		return err == nil && w.Close() == nil
	})
	src, err := t.open(args, opts)
	if err != nil {
		return err
	}
	defer src.Close()
	f, err := create(outName(t.out), t.force)
	if err != nil {
		return err
	}
	prior, err := foretell.Train(src, &foretell.TrainOptions{Model: model, MaxBytes: int(t.maxSize)})
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
	t.notes.print(t.quiet)
	if !t.quiet {
		fmt.Fprintf(os.Stderr, "%s: a prior of %s bytes\n", printable(t.out), count(int64(len(prior))))
	}
	return nil
}

// addPrior adds the flag that names a prior.
func addPrior(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "prior", "", "start each block from the prior in `FILE`, which 'foretell train' made")
	cmd.MarkFlagFilename("prior", "prior")
}

// readPrior returns the prior that the flag names, nil if none.
func readPrior(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	fi, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	staged.Read(fi)
	prior, err := os.ReadFile(name)
	if err == nil && len(prior) == 0 {
		err = fmt.Errorf("%s is empty: it is no prior", name)
	}
	return prior, err
}
