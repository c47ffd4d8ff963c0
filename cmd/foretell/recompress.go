package main

import (
	"sync/atomic"
	"time"

	"github.com/foretell/foretell"
	"github.com/spf13/cobra"
)

const recompressHelp = `Write the content of a .fore file anew, under another model, block size or
prior. The options mean what they mean for compress, and the output is the file
that compress makes of the original inputs with them. All hashes are checked on
the way. The input stays as it is.`

const recompressExample = `  foretell recompress tokens.npy.fore --best -o small.fore
  foretell recompress shards.fore --solid --model static -o shards-static.fore`

// recompressOptions are those of compress that do not speak of inputs.
type recompressOptions struct {
	compressOptions
	from      string // the prior of the input
	network   string // and its network
	maxMemory size
}

func newRecompress(a *app) *cobra.Command {
	r := &recompressOptions{compressOptions: compressOptions{app: a}}
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
	r.addWriting(cmd)
	r.addProgress(cmd)
	cmd.Flags().StringVar(&r.from, "from-prior", "", "the prior in `FILE` that the input was compressed with")
	addNetwork(cmd, "from-model", &r.network)
	addMaxMemory(cmd, &r.maxMemory)
	return cmd
}

func (r *recompressOptions) run(name string) error {
	r.out = outName(r.out)
	if r.out == "" {
		return usagef("name the output with -o: the input stays as it is")
	}
	writer, err := r.writer()
	if err != nil {
		return err
	}
	prior, err := readPrior(r.from)
	if err != nil {
		return err
	}
	in, err := openInput(name)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := r.create(r.out, []string{name})
	if err != nil {
		return err
	}
	var done atomic.Int64
	begin := time.Now()
	sum := compressSummary{Output: r.out, Model: modelName(writer)}
	show := r.showProgress("recompressing", r.out == "-" || name == "-", func() (int64, int64) { return done.Load(), in.size })
	sink := &tallyWriter{w: f}
	src, err := foretell.NewReader(in.metered(&done), &foretell.ReaderOptions{Workers: int(r.workers), MaxMemory: int64(r.maxMemory), MaxOutput: 1 << 62, Prior: prior,
		Resolve: resolve(r.network, name)})
	if err == nil {
		defer src.Close()
		var w *foretell.Writer
		if w, err = foretell.NewWriter(sink, writer); err == nil {
			var taken intake
			err = r.copy(w, src, &sum, &taken)
			sum.finish(taken.content(), sink.n.Load(), time.Since(begin))
		}
	}
	show.end()
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
	return r.report(&sum, r.out == "-")
}
