package main

import (
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/each"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/hint"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/partial"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/cmd/foretell/internal/writing"
	"github.com/foretell/foretell/internal/outputs"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

const compressHelp = `Compress files, folders and archives, each into a .fore file of its own, or all
of them into one with -o. The inputs are kept.

What an input is, its content tells: an .npy array; an .npz or a tar (.tar.gz as
well) of them; a Parquet table, column by column; else it is raw, an array of
bytes unless its name ends in .u8, .u16, .u32, .u64 (.i8 to .i64 for signed
numbers) or --dtype says otherwise. A deflated .npz or a .tar.gz comes back
uncompressed, with each file in it byte for byte, and a Parquet file as an
uncompressed one of the same table; everything else comes back as it was.

X becomes X.fore, in the folder that -o names if it names one. A folder brings
all files in it but the output. A dash stands for standard input or output, and
standard input is read where nothing is named and it is a pipe.`

const compressExample = `  foretell compress tokens.npy               # writes tokens.npy.fore
  foretell compress *.npy                    # each to its own
  foretell compress -1 tokens.npy            # speed before size
  foretell compress -9 tokens.npy            # size before speed
  foretell compress shards/ extra.npy -o all.fore    # many files, one output
  foretell compress clips.npz --member 'fine_*' -o fine.fore
  foretell compress --model smollm2.gguf book.txt    # a network: smallest, slow
  foretell compress ids.bin --dtype u2 --shape -1,128
  tar c shards | foretell compress > shards.tar.fore`

type compressOptions struct {
	*app
	from   inputs.Flags
	to     writing.Options
	stdout bool
	rm     bool
	goOn   bool // where an earlier run has ended
}

func newCompress(a *app) *cobra.Command {
	c := &compressOptions{app: a, to: writing.Options{Told: &a.View}}
	cmd := &cobra.Command{
		Use:     "compress INPUT... [-o OUT]",
		Short:   "Compress token arrays into .fore files",
		Long:    compressHelp,
		Example: compressExample,
		GroupID: groupMain,
		RunE:    func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	c.to.Add(cmd)
	f := cmd.Flags()
	f.BoolVarP(&c.stdout, "stdout", "c", false, "write to standard output, as -o -")
	each.AddKeep(cmd, &c.rm)
	f.BoolVar(&c.goOn, "resume", false, "keep what is done in OUT.partial, and go on with what an earlier run has left there; the output is the same")
	c.from.Add(cmd)
	c.AddProgress(cmd)
	return cmd
}

// A task is one output and what goes into it.
type task struct {
	inputs []string
	out    string
}

func (c *compressOptions) run(cmd *cobra.Command, args []string) error {
	args, err := each.Args(args, "name the files to compress")
	if err != nil {
		return err
	}
	if err := c.to.Check(args); err != nil {
		return err
	}
	opts, err := c.from.Options()
	if err != nil {
		return err
	}
	tasks, err := c.tasks(args)
	if err != nil {
		return err
	}
	writer, err := c.to.Writer()
	if err != nil {
		return err
	}
	return each.Run(cmd, tasks, func(t task) error { return c.file(t, opts, *writer) })
}

// tasks says what is written, and from what.
func (c *compressOptions) tasks(args []string) (tasks []task, err error) {
	out := staged.OutName(c.to.Out)
	if c.stdout {
		if out != "" && out != "-" {
			return nil, failure.Usagef("-c and -o exclude each other")
		}
		out = "-"
	}
	folder := each.IsFolder(out)
	switch {
	case out != "" && !folder:
		tasks = []task{{args, out}}
	case len(args) == 1 && args[0] == "-" && !folder:
		tasks = []task{{args, "-"}}
	default:
		names := map[string]bool{}
		for _, in := range args {
			name := filepath.Clean(in)
			if base := filepath.Base(name); in == "-" || base == "." || base == ".." || base == string(filepath.Separator) {
				return nil, failure.Usagef("name the output of %s with -o", in)
			}
			if folder {
				name = filepath.Join(out, filepath.Base(name))
			}
			if names[name] {
				return nil, failure.Usagef("two outputs would be %s.fore", name)
			}
			names[name] = true
			tasks = append(tasks, task{[]string{in}, name + ".fore"})
		}
		if folder {
			root, err := staged.Folder(out)
			if err != nil {
				return nil, err
			}
			root.Close()
		}
	}
	if c.rm {
		err = each.CheckRemove(args, tasks[0].out)
	}
	return tasks, err
}

// file writes one output.
func (c *compressOptions) file(t task, opts tokens.Options, writer foretell.WriterOptions) error {
	if t.out != "-" {
		opts.StdinName = strings.TrimSuffix(filepath.Base(t.out), ".fore")
		opts.Outputs = inputs.Earlier(t.out, inputs.FewBytes, tokens.IsFore)
		if c.goOn || writer.Network != nil {
			opts.Outputs = append(opts.Outputs, inputs.Earlier(outputs.PartialName(t.out), inputs.FewBytes, tokens.IsFore)...)
		}
	}
	var plainly *hint.Hint
	if c.from.Dtype == "" {
		plainly = new(hint.Hint)
		c.to.Watch = plainly.Watch
	}
	c.from.Notes = inputs.Notes{}
	opts.Note = c.from.Notes.Add
	src, err := c.from.Open(t.inputs, opts)
	if err != nil {
		return err
	}
	defer src.Close()
	f, err := c.to.Create(t.out, t.inputs)
	if err != nil {
		return err
	}
	begin := time.Now()
	sum := writing.Summary{Output: t.out, Model: writing.ModelName(&writer)}
	sink := &progress.Tally{W: f}
	rest, err := partial.Resume(f, t.out, c.goOn, &writer, sink)
	if err != nil {
		return err
	}
	var coded atomic.Int64
	writer.Progress = coded.Store
	w, err := c.to.NewWriter(sink, &writer)
	if err != nil {
		return err
	}
	pipe := t.out == "-" || slices.Contains(t.inputs, "-")
	var in progress.Intake
	shown := c.Follow(&progress.Activity{
		Verb:  "compressing",
		Sizes: w.Progress,
		Done: func() (int64, int64) {
			// What has been read and what has been coded of it differ by the
			// blocks that are under way.
			read, total := src.Progress()
			return int64(float64(read) * min(show.Ratio(coded.Load(), in.Content()), 1)), total
		},
		Tokens: in.Sizes,
	}, pipe)
	err = c.to.Copy(w, src, &sum, &in)
	shown.End()
	if err == nil {
		err = f.Finish()
	}
	if err == nil {
		err = staged.Commit()
	}
	if err == nil {
		err = partial.Forget(rest)
	}
	if err == nil && c.rm && f.Staged {
		err = each.Remove(t.inputs)
	}
	if err != nil {
		return err
	}
	sum.Notes = c.from.Notes.List
	sum.Finish(in.Content(), sink.N.Load(), time.Since(begin))
	c.from.Notes.Print(c.Quiet)
	if plainly != nil && !c.Quiet {
		plainly.Print()
	}
	return c.to.Report(&sum, pipe)
}
