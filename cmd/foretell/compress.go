package main

import (
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/hint"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/partial"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/cmd/foretell/internal/writing"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

const compressHelp = `Compress files, folders and archives into one .fore file. The inputs are kept.

What an input is, its content tells: an .npy array; an .npz or a tar (.tar.gz as
well) of them; else it is raw, an array of bytes unless its name ends in .u8,
.u16, .u32, .u64 (.i8 to .i64 for signed numbers) or --dtype says otherwise.
A deflated .npz or a .tar.gz comes back uncompressed, with each file in it byte
for byte; everything else comes back byte for byte as it was.

One input X gives X.fore; several need -o. A folder brings all files in it but
the output. A dash stands for standard input or output.`

const compressExample = `  foretell compress tokens.npy                        # writes tokens.npy.fore
  foretell compress --fast tokens.npy                 # speed before size
  foretell compress --best tokens.npy                 # size before speed
  foretell compress shards/ extra.npy -o all.fore     # many files, one output
  foretell compress clips.npz --member 'fine_*' -o fine.fore
  foretell compress --model smollm2.gguf book.txt   # a network: smallest, slow
  foretell compress ids.bin --dtype uint16 --shape -1,128
  tar c shards | foretell compress - > shards.tar.fore`

type compressOptions struct {
	*app
	from inputs.Flags
	to   writing.Options
	hint *hint.Hint // nil if the type of raw files is given
	goOn bool       // where an earlier run has ended
}

func newCompress(a *app) *cobra.Command {
	c := &compressOptions{app: a, to: writing.Options{Told: &a.View}}
	cmd := &cobra.Command{
		Use:     "compress INPUT... [-o OUT]",
		Short:   "Compress token arrays into a .fore file",
		Long:    compressHelp,
		Example: compressExample,
		GroupID: groupMain,
		RunE:    func(_ *cobra.Command, args []string) error { return c.run(args) },
	}
	c.to.Add(cmd)
	cmd.Flags().BoolVar(&c.goOn, "resume", false, "keep what is done in OUT.partial, and go on with what an earlier run has left there; the output is the same")
	c.from.Add(cmd)
	c.AddProgress(cmd)
	return cmd
}

func (c *compressOptions) run(args []string) error {
	opts, err := c.from.Options()
	if err != nil {
		return err
	}
	out, err := c.output(args)
	if err != nil {
		return err
	}
	if out != "-" {
		opts.StdinName = strings.TrimSuffix(filepath.Base(out), ".fore")
	}
	writer, err := c.to.Writer()
	if err != nil {
		return err
	}
	if out != "-" {
		opts.Output = inputs.Earlier(out, tokens.IsFore)
	}
	if c.from.Dtype == "" {
		c.hint = new(hint.Hint)
		c.to.Watch = c.hint.Watch
	}
	src, err := c.from.Open(args, opts)
	if err != nil {
		return err
	}
	defer src.Close()
	f, err := c.to.Create(out, args)
	if err != nil {
		return err
	}
	begin := time.Now()
	sum := writing.Summary{Output: out, Model: writing.ModelName(writer)}
	sink := &progress.Tally{W: f}
	rest, err := partial.Resume(f, out, c.goOn, writer, sink)
	if err != nil {
		return err
	}
	var coded atomic.Int64
	writer.Progress = coded.Store
	w, err := foretell.NewWriter(sink, writer)
	if err != nil {
		return err
	}
	pipe := out == "-" || slices.Contains(args, "-")
	var in progress.Intake
	show := c.Follow(&progress.Activity{
		Verb:  "compressing",
		Sizes: w.Progress,
		Done: func() (int64, int64) {
			// What has been read and what has been written of it differ by
			// the blocks that are under way.
			read, total := src.Progress()
			return int64(float64(read) * min(show.Ratio(coded.Load(), in.Content()), 1)), total
		},
		Tokens: in.Sizes,
	}, pipe)
	err = c.to.Copy(w, src, &sum, &in)
	show.End()
	if err == nil {
		err = f.Finish()
	}
	if err == nil {
		err = staged.Commit()
	}
	if err == nil {
		err = partial.Forget(rest)
	}
	if err != nil {
		return err
	}
	sum.Notes = c.from.Notes.List
	sum.Finish(in.Content(), sink.N.Load(), time.Since(begin))
	c.from.Notes.Print(c.Quiet)
	if c.hint != nil && !c.Quiet {
		c.hint.Print()
	}
	return c.to.Report(&sum, pipe)
}

// output returns where the output goes.
func (c *compressOptions) output(args []string) (string, error) {
	switch {
	case len(args) == 0:
		return "", failure.Usagef("name the files to compress, or - for standard input")
	case c.to.Out != "":
		return staged.OutName(c.to.Out), nil
	case len(args) > 1:
		return "", failure.Usagef("with several inputs, name the output with -o")
	case args[0] == "-":
		return "-", nil
	}
	name := filepath.Clean(args[0])
	if base := filepath.Base(name); base == "." || base == ".." || base == string(filepath.Separator) {
		return "", failure.Usagef("name the output with -o")
	}
	return name + ".fore", nil
}
