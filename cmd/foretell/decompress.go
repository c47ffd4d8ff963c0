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
	"github.com/foretell/foretell/cmd/foretell/internal/each"
	"github.com/foretell/foretell/cmd/foretell/internal/extract"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/flags"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/cmd/foretell/internal/partial"
	"github.com/foretell/foretell/cmd/foretell/internal/pick"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/internal/outputs"
	"github.com/spf13/cobra"
)

const decompressHelp = `Give back what .fore files hold, or some of it. The .fore files are kept.

FILE.fore comes back as FILE, and a folder that was compressed as that folder.
Other files that are several come back in a new folder FILE. With -o DIR/ that
is in DIR; with -C the files have the paths below DIR that they had. A dash
stands for standard input or output, and standard input is read where nothing is
named and it is a pipe. 'foretell cat' is decompress -c.

With --member, --exclude and --range, arrays are taken out of the file, each as
a file of its own: an .npy if OUT ends in .npy, the raw elements if it ends in
.u8 to .u64, .i8 to .i64, .bin, .dat or .raw. Any other name or a folder gets an
.npy if the array was one, does not have one axis, is big-endian or holds bools,
else raw elements. Only the blocks that hold them are read, unless the input is
a pipe.`

const decompressExample = `  foretell decompress tokens.npy.fore                  # writes tokens.npy
  foretell decompress *.fore                           # each to its own
  foretell decompress tokens.npy.fore -o back.npy
  foretell decompress shards.fore -C out               # all, into a folder
  foretell decompress clips.npz.fore --member fine_prompt -o fine.npy
  foretell decompress tokens.npy.fore --range 100:200 -o frames.npy
  foretell decompress tokens.npy.fore --range -10: -o last10.npy
  foretell decompress damaged.fore --keep-going -C rescued
  foretell cat tokens.npy.fore | sha256sum`

type decompressOptions struct {
	*app
	out       string
	stdout    bool
	rm        bool
	dir       string
	pick      pick.Selection
	workers   flags.Threads
	priorFile string
	prior     []byte
	network   string
	maxMemory flags.Size
	maxOutput flags.Size
	force     bool
	keepGoing bool
	json      bool
	goOn      bool
	kept      *outputs.Partial // nil if what is done is not kept
}

func newDecompress(a *app) *cobra.Command {
	d := &decompressOptions{app: a}
	cmd := &cobra.Command{
		Use:               "decompress FILE... [-o OUT | -C DIR | -c]",
		Aliases:           []string{"extract", "cat"},
		Short:             "Give back what .fore files hold, or some of it",
		Long:              decompressHelp,
		Example:           decompressExample,
		GroupID:           groupMain,
		ValidArgsFunction: fore,
		RunE:              func(cmd *cobra.Command, args []string) error { return d.run(cmd, args) },
	}
	f := cmd.Flags()
	f.StringVarP(&d.out, "output", "o", "", "write to `OUT` (- is standard output)")
	f.BoolVarP(&d.stdout, "stdout", "c", false, "write to standard output, as -o -; the files follow one another")
	each.AddKeep(cmd, &d.rm)
	f.StringVarP(&d.dir, "directory", "C", "", "write the files into the folder `DIR`, which is made if need be")
	f.StringArrayVar((*[]string)(&d.pick.Exclude), "exclude", nil, "leave out members that `PATTERN` matches; may be repeated")
	f.StringArrayVar((*[]string)(&d.pick.Members), "member", nil, "take only members whose name, or what follows a slash in it, matches `PATTERN`, such as 'fine_*' or '*/fine_*'; may be repeated")
	f.Var(&d.pick.Rows, "range", "take only these rows along the first axis, as in Python: 100:200, :50, -10:, ::4; or one row, without that axis: 5")
	f.VarP(&d.workers, "threads", "T", "decode that many blocks at a time (default: one for each CPU)")
	cmd.MarkFlagDirname("directory")
	models.AddPrior(cmd, &d.priorFile)
	models.AddNetwork(cmd, "model", &d.network)
	d.AddProgress(cmd)
	flags.AddMaxMemory(cmd, &d.maxMemory)
	flags.AddMaxOutput(cmd, &d.maxOutput)
	f.BoolVar(&d.keepGoing, "keep-going", false, "go on after damage: write what is whole, zeros for what is lost, and list it")
	f.BoolVar(&d.goOn, "resume", false, "keep what is done in OUT.partial, or DIR.partial, and go on with what an earlier run has left there; what comes out is the same")
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

func (d *decompressOptions) run(cmd *cobra.Command, args []string) error {
	args, err := each.Args(args, "name the .fore files")
	if err != nil {
		return err
	}
	d.stdout = d.stdout || cmd.CalledAs() == "cat"
	if err := d.check(args); err != nil {
		return err
	}
	if d.prior, err = models.ReadPrior(d.priorFile); err != nil {
		return err
	}
	flags.CollectBefore(d.maxMemory)
	return each.Run(cmd, args, func(name string) error { return failure.In(name, d.file(name)) })
}

// file decompresses one file.
func (d *decompressOptions) file(name string) error {
	in, err := inputs.OpenFore(name)
	if err != nil {
		return err
	}
	defer in.Close()
	to, err := d.target(name, in)
	if err != nil {
		return err
	}
	begin := time.Now()
	pipe := to.Stdout || name == "-"
	opts := &foretell.ReaderOptions{Workers: int(d.workers), MaxMemory: int64(d.maxMemory), MaxOutput: int64(d.maxOutput), Prior: d.prior,
		Resolve: d.resolve(name, to)}
	if d.goOn {
		if opts.Resume, err = d.keep(to); err != nil {
			return err
		}
	}
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
	if err == nil {
		err = partial.Forget(d.kept)
	}
	if err != nil {
		return err
	}
	if d.rm && to.Staged {
		if err := each.Remove([]string{name}); err != nil {
			return err
		}
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

func (d *decompressOptions) check(args []string) error {
	if d.stdout {
		if d.out != "" || d.dir != "" {
			return failure.Usagef("-c excludes -o and -C")
		}
		d.out = "-"
	}
	// Several files go into a folder, or one behind another to standard output.
	single := d.out != "" && staged.OutName(d.out) != "-" && !each.IsFolder(d.out)
	switch {
	case d.out != "" && d.dir != "":
		return failure.Usagef("-o and -C exclude each other")
	case single && len(args) > 1:
		return failure.Usagef("%s is one file: for several, -o names a folder, or - for standard output", d.out)
	case d.pick.Any() && d.out == "" && d.dir == "":
		return failure.Usagef("with --member, --exclude or --range, name the output with -o (- is standard output), or a folder with -C")
	}
	for _, name := range args {
		if name == "-" && (len(args) > 1 || each.IsFolder(d.out)) {
			return failure.Usagef("standard input has no name to be written to: take it alone, with -o or -C")
		}
		if (d.out == "" || each.IsFolder(d.out)) && d.dir == "" && name != "-" && (!strings.HasSuffix(name, ".fore") || filepath.Base(name) == ".fore") {
			return failure.Usagef("%s does not end in .fore: name the output with -o, or a folder with -C", name)
		}
	}
	if d.rm {
		if d.pick.Any() || d.keepGoing {
			return failure.Usagef("--rm is for files of which all comes out: it excludes --member, --exclude, --range and --keep-going")
		}
		if err := each.CheckRemove(args, staged.OutName(d.out)); err != nil {
			return err
		}
	}
	if d.goOn && (d.pick.Any() || d.keepGoing) {
		return failure.Usagef("--resume goes on with all of a file: it excludes --member, --range and --keep-going")
	}
	return d.pick.Check()
}

// target returns where the output goes.
func (d *decompressOptions) target(name string, in *inputs.File) (t *extract.Target, err error) {
	t = &extract.Target{Force: d.force, Mode: outputs.ModeLike(name), Rescue: d.keepGoing}
	if !d.pick.Any() {
		t.Time = inputs.TimeOf(name)
	}
	switch {
	case staged.OutName(d.out) == "-" || d.out == "" && d.dir == "" && name == "-":
		t.Stdout = true
	case d.out != "" && !each.IsFolder(d.out):
		t.Path = d.out
	case d.dir == "" && !d.pick.Any():
		t.Path = strings.TrimSuffix(name, ".fore")
		if d.out != "" {
			t.Path = filepath.Join(d.out, filepath.Base(t.Path))
			root, err := staged.Folder(d.out)
			if err != nil {
				return nil, err
			}
			root.Close()
		}
		t.Named = true
		if names := in.Names(int64(d.maxMemory)); names != nil {
			t.Below = extract.Below(t.Path, names)
		}
	default:
		t.Root, err = staged.Folder(cmp.Or(d.dir, d.out))
	}
	return t, err
}

func (d *decompressOptions) report(s *decompressSummary, name string, to *extract.Target, pipe bool) error {
	if !d.Quiet {
		for _, f := range s.Files {
			if f.Repacked && !strings.EqualFold(path.Ext(f.Path), ".npy") {
				fmt.Fprintf(os.Stderr, "foretell: note: %s was compressed before, and is not now: its content is the same, but not the file\n", show.Printable(f.Path))
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
			what = s.Files[0].Path
		}
		facts := []string{show.Counted(s.Size, "byte")}
		if s.Size >= 4096 { // of less it says nothing
			facts = append(facts, show.Speed(s.Speed)+" MB/s")
		}
		show.Summary(what, facts)
	}
	if err == nil && len(s.Damage) > 0 {
		err = fmt.Errorf("%s: %w: what was lost is zero in the output", name, failure.ErrDamage)
	}
	return err
}
