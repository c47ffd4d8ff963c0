package main

import (
	"sync/atomic"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/flags"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/cmd/foretell/internal/writing"
	"github.com/spf13/cobra"
)

const recompressHelp = `Write the content of a .fore file anew, under another model, block size or
prior. The options mean what they mean for compress, and the output is the file
that compress makes of the original inputs with them. All hashes are checked on
the way. The input stays as it is.`

const recompressExample = `  foretell recompress tokens.npy.fore --best -o small.fore
  foretell recompress shards.fore --solid --model static -o shards-static.fore`

type recompressOptions struct {
	*app
	to        writing.Options
	from      string // the prior of the input
	network   string // and its network
	maxMemory flags.Size
}

func newRecompress(a *app) *cobra.Command {
	r := &recompressOptions{app: a, to: writing.Options{Told: &a.View}}
	cmd := &cobra.Command{
		Use:               "recompress FILE.fore -o OUT",
		Short:             "Compress the content of a .fore file anew",
		Long:              recompressHelp,
		Example:           recompressExample,
		GroupID:           groupMain,
		Args:              fileArg,
		ValidArgsFunction: fore,
		RunE:              func(_ *cobra.Command, args []string) error { return r.run(args[0]) },
	}
	r.to.Add(cmd)
	r.AddProgress(cmd)
	cmd.Flags().StringVar(&r.from, "from-prior", "", "the prior in `FILE` that the input was compressed with")
	models.AddNetwork(cmd, "from-model", &r.network)
	flags.AddMaxMemory(cmd, &r.maxMemory)
	return cmd
}

func (r *recompressOptions) run(name string) error {
	r.to.Out = staged.OutName(r.to.Out)
	if r.to.Out == "" {
		return failure.Usagef("name the output with -o: the input stays as it is")
	}
	writer, err := r.to.Writer()
	if err != nil {
		return err
	}
	prior, err := models.ReadPrior(r.from)
	if err != nil {
		return err
	}
	in, err := inputs.OpenFore(name)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := r.to.Create(r.to.Out, []string{name})
	if err != nil {
		return err
	}
	var coded, read atomic.Int64
	writer.Progress = coded.Store
	begin := time.Now()
	sum := writing.Summary{Output: r.to.Out, Model: writing.ModelName(writer)}
	sink := &progress.Tally{W: f}
	src, err := foretell.NewReader(in.Metered(&read), &foretell.ReaderOptions{Workers: int(r.to.Workers), MaxMemory: int64(r.maxMemory), MaxOutput: 1 << 62, Prior: prior,
		Resolve: models.Resolve(r.network, name)})
	err = failure.In(name, err)
	if err == nil {
		defer src.Close()
		defer r.ShowProgress("recompressing", r.to.Out == "-" || name == "-", func() (int64, int64) { return coded.Load(), src.ContentSize() }).End()
		var w *foretell.Writer
		if w, err = r.to.NewWriter(sink, writer); err == nil {
			var taken progress.Intake
			err = failure.In(name, r.to.Copy(w, src, &sum, &taken))
			sum.Finish(taken.Content(), sink.N.Load(), time.Since(begin))
		}
	}
	if err == nil {
		err = f.Finish()
	}
	if err == nil {
		err = staged.Commit()
	}
	if err != nil {
		return err
	}
	sum.Fresh = nil // what the first compression said
	return r.to.Report(&sum, r.to.Out == "-")
}
