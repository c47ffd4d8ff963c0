package main

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/extract"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/flags"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/cmd/foretell/internal/pick"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/internal/outputs"
	"github.com/spf13/cobra"
)

const decompressHelp = `Give back what a .fore file holds, or some of it. The .fore file is kept.

FILE.fore comes back as FILE. What holds several files needs -C, a folder to put
them in. A dash stands for standard input or output.

With --member and --range, arrays are taken out of the file, each as a file of
its own: an .npy if OUT ends in .npy, the raw elements if it ends in .u8 to
.u64, .i8 to .i64, .bin, .dat or .raw. Any other name or a folder gets an .npy
if the array was one, does not have one axis, is big-endian or holds bools, else
raw elements. Only the blocks that hold them are read, unless the input is a
pipe.`

const decompressExample = `  foretell decompress tokens.npy.fore                  # writes tokens.npy
  foretell decompress tokens.npy.fore -o back.npy
  foretell decompress shards.fore -C out               # all, into a folder
  foretell decompress clips.npz.fore --member fine_prompt -o fine.npy
  foretell decompress tokens.npy.fore --range 100:200 -o frames.npy
  foretell decompress tokens.npy.fore --range -10: -o last10.npy
  foretell decompress damaged.fore --keep-going -C rescued
  cat tokens.npy.fore | foretell decompress - | sha256sum`

type decompressOptions struct {
	*app
	out       string
	dir       string
	pick      pick.Selection
	workers   flags.Threads
	prior     string
	network   string
	maxMemory flags.Size
	maxOutput flags.Size
	force     bool
	keepGoing bool
	json      bool
}

func newDecompress(a *app) *cobra.Command {
	d := &decompressOptions{app: a}
	cmd := &cobra.Command{
		Use:               "decompress FILE [-o OUT | -C DIR]",
		Short:             "Give back what a .fore file holds, or some of it",
		Long:              decompressHelp,
		Example:           decompressExample,
		GroupID:           groupMain,
		Args:              fileArg,
		ValidArgsFunction: fore,
		RunE:              func(_ *cobra.Command, args []string) error { return d.run(args[0]) },
	}
	f := cmd.Flags()
	f.StringVarP(&d.out, "output", "o", "", "write to `OUT` (- is standard output)")
	f.StringVarP(&d.dir, "directory", "C", "", "write the files into the folder `DIR`, which is made if need be")
	f.StringArrayVar((*[]string)(&d.pick.Members), "member", nil, "take only members whose name, or what follows a slash in it, matches `PATTERN`, such as 'fine_*' or '*/fine_*'; may be repeated")
	f.Var(&d.pick.Rows, "range", "take only these rows along the first axis, as in Python: 100:200, :50, -10:")
	f.VarP(&d.workers, "threads", "T", "decode that many blocks at a time (default: one for each CPU)")
	cmd.MarkFlagDirname("directory")
	models.AddPrior(cmd, &d.prior)
	models.AddNetwork(cmd, "model", &d.network)
	d.AddProgress(cmd)
	flags.AddMaxMemory(cmd, &d.maxMemory)
	flags.AddMaxOutput(cmd, &d.maxOutput)
	f.BoolVar(&d.keepGoing, "keep-going", false, "go on after damage: write what is whole, zeros for what is lost, and list it")
	f.BoolVarP(&d.force, "force", "f", false, "overwrite existing files")
	f.BoolVar(&d.json, "json", false, "print a summary as JSON (to standard error if the output is standard output)")
	return cmd
}

// A decompressSummary is what decompress reports.
type decompressSummary struct {
	Files   []extract.File `json:"files"`
	Size    int64          `json:"output_bytes"`
	Seconds float64        `json:"seconds"`
	Speed   float64        `json:"mb_per_second"`
	Damage  []string       `json:"damage,omitempty"`
}

func (d *decompressOptions) run(name string) error {
	if err := d.check(name); err != nil {
		return err
	}
	in, err := inputs.OpenFore(name)
	if err != nil {
		return err
	}
	defer in.Close()
	to, err := d.target(name)
	if err != nil {
		return err
	}
	flags.CollectBefore(d.maxMemory)
	begin := time.Now()
	pipe := to.Stdout || name == "-"
	prior, err := models.ReadPrior(d.prior)
	if err != nil {
		return err
	}
	opts := &foretell.ReaderOptions{Workers: int(d.workers), MaxMemory: int64(d.maxMemory), MaxOutput: int64(d.maxOutput), Prior: prior,
		Resolve: models.Resolve(d.network, name)}
	var damage []string
	var refused error // what --keep-going does not mean, such as a limit
	if d.keepGoing {
		opts.KeepGoing = func(err error) {
			if !failure.IsDamage(err) {
				refused = cmp.Or(refused, err)
				return
			}
			damage = append(damage, failure.Worded(err))
		}
	}
	atRandom := d.pick.Any() && in.Size >= 0 && !d.keepGoing
	if err = d.extract(in, atRandom, pipe, opts, to); err == nil {
		err = refused
	}
	if err == nil {
		err = staged.Commit()
	}
	if err != nil {
		return err
	}
	sum := decompressSummary{Files: to.Files, Size: to.Written.Load(), Damage: damage}
	sum.Seconds = time.Since(begin).Seconds()
	sum.Speed = show.Rate(sum.Size, time.Since(begin))
	return d.report(&sum, name, to, pipe)
}

// extract writes what is wanted to the target and shows how far it is.
func (d *decompressOptions) extract(in *inputs.File, atRandom, pipe bool, opts *foretell.ReaderOptions, to *extract.Target) (err error) {
	var done, read atomic.Int64
	opts.Progress = done.Store
	to.Length.Store(-1)
	what := &progress.Activity{
		Verb:   "decompressing",
		Done:   func() (int64, int64) { return done.Load(), to.Length.Load() },
		Sizes:  func() (int64, int64) { return done.Load(), read.Load() },
		Ahead:  true,
		Tokens: to.Intake.Sizes,
	}
	if atRandom {
		what.Verb, what.Sizes, what.Tokens = "decoding", nil, nil
	}
	defer d.Follow(what, pipe).End()
	if atRandom {
		err = extract.At(in.File, in.Size, &d.pick, opts, to)
	} else {
		err = extract.Stream(in.Metered(&read), &d.pick, opts, to)
	}
	if err != nil {
		return err
	}
	return to.End()
}

func (d *decompressOptions) check(name string) error {
	switch {
	case d.out != "" && d.dir != "":
		return failure.Usagef("-o and -C exclude each other")
	case d.pick.Any() && d.out == "" && d.dir == "":
		return failure.Usagef("with --member or --range, name the output with -o, or a folder with -C")
	case d.out == "" && d.dir == "" && name != "-" && !strings.HasSuffix(name, ".fore"):
		return failure.Usagef("%s does not end in .fore: name the output with -o, or a folder with -C", name)
	}
	return d.pick.Check()
}

// target returns where the output goes.
func (d *decompressOptions) target(name string) (*extract.Target, error) {
	t := &extract.Target{Force: d.force, Mode: outputs.ModeLike(name), Rescue: d.keepGoing}
	if !d.pick.Any() {
		t.Time = inputs.TimeOf(name)
	}
	switch {
	case staged.OutName(d.out) == "-" || d.out == "" && d.dir == "" && name == "-":
		t.Stdout = true
	case d.out != "":
		t.Path = d.out
	case d.dir == "":
		t.Path = strings.TrimSuffix(name, ".fore")
		t.Named = true
		if t.Path == "" || strings.HasSuffix(t.Path, string(filepath.Separator)) {
			return nil, failure.Usagef("name the output with -o")
		}
	default:
		var err error
		t.Root, err = staged.Folder(d.dir)
		return t, err
	}
	return t, nil
}

func (d *decompressOptions) report(s *decompressSummary, name string, to *extract.Target, pipe bool) error {
	if !d.Quiet {
		for _, f := range s.Files {
			if f.Repacked && !strings.EqualFold(path.Ext(f.Path), ".npy") {
				fmt.Fprintf(os.Stderr, "foretell: note: %s is a fresh archive, as it was compressed before: each file in it is byte for byte the same\n", show.Printable(f.Path))
			}
		}
	}
	if d.Verbose {
		for _, f := range s.Files {
			fmt.Fprintf(os.Stderr, "%s: %s\n", show.Printable(f.Path), show.Counted(f.Size, "byte"))
		}
	}
	for _, text := range s.Damage {
		fmt.Fprintf(os.Stderr, "foretell: lost: %s\n", show.Harmless(text, ""))
	}
	var err error
	switch {
	case d.json && to.Stdout:
		err = show.JSON(os.Stderr, s)
	case d.json:
		err = show.JSON(os.Stdout, s)
	case !d.Quiet && !pipe:
		what := show.Counted(int64(len(s.Files)), "file")
		if len(s.Files) == 1 {
			what = show.Printable(s.Files[0].Path)
		}
		fmt.Fprintf(os.Stderr, "%s: %s, %s MB/s\n", what, show.Counted(s.Size, "byte"), show.Speed(s.Speed))
	}
	if err == nil && len(s.Damage) > 0 {
		err = fmt.Errorf("%s: %w: what was lost is zero in the output", name, failure.ErrDamage)
	}
	return err
}
