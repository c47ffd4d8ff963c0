package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/internal/container"
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
	pick      selection
	workers   threads
	prior     string
	network   string
	maxMemory size
	maxOutput size
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
	f.StringArrayVar((*[]string)(&d.pick.members), "member", nil, "take only members whose name, or what follows a slash in it, matches `PATTERN`, such as 'fine_*' or '*/fine_*'; may be repeated")
	f.Var(&d.pick.rows, "range", "take only these rows along the first axis, as in Python: 100:200, :50, -10:")
	f.VarP(&d.workers, "threads", "T", "decode that many blocks at a time (default: one for each CPU)")
	cmd.MarkFlagDirname("directory")
	addPrior(cmd, &d.prior)
	addNetwork(cmd, "model", &d.network)
	d.addProgress(cmd)
	addMaxMemory(cmd, &d.maxMemory)
	addMaxOutput(cmd, &d.maxOutput)
	f.BoolVar(&d.keepGoing, "keep-going", false, "go on after damage: write what is whole, zeros for what is lost, and list it")
	f.BoolVarP(&d.force, "force", "f", false, "overwrite existing files")
	f.BoolVar(&d.json, "json", false, "print a summary as JSON (to standard error if the output is standard output)")
	return cmd
}

// addMaxMemory adds the flag that bounds the memory that reading a file takes.
func addMaxMemory(cmd *cobra.Command, memory *size) {
	*memory = 1 << 30
	cmd.Flags().Var(memory, "max-memory", "refuse files that take more memory to decode, such as 512M")
}

// collectBefore has garbage collected more often before all of the process takes much
// more than decoding may, unless the environment says otherwise.
func collectBefore(maxMemory size) {
	const rest = 64 << 20 // beside what decoding takes
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(min(int64(maxMemory), math.MaxInt64-rest) + rest)
	}
}

// addMaxOutput adds the flag that bounds what comes out of a file.
func addMaxOutput(cmd *cobra.Command, output *size) {
	*output = 1 << 36
	cmd.Flags().Var(output, "max-output", "refuse files with more bytes of content, such as 2T")
}

// A decompressSummary is what decompress reports.
type decompressSummary struct {
	Files   []writtenFile `json:"files"`
	Size    int64         `json:"output_bytes"`
	Seconds float64       `json:"seconds"`
	Speed   float64       `json:"mb_per_second"`
	Damage  []string      `json:"damage,omitempty"`
}

type writtenFile struct {
	Path     string `json:"path"`
	Size     int64  `json:"bytes"`
	Repacked bool   `json:"repacked,omitempty"`
}

func (d *decompressOptions) run(name string) error {
	if err := d.check(name); err != nil {
		return err
	}
	in, err := openInput(name)
	if err != nil {
		return err
	}
	defer in.Close()
	to, err := d.target(name)
	if err != nil {
		return err
	}
	collectBefore(d.maxMemory)
	begin := time.Now()
	pipe := to.stdout || name == "-"
	prior, err := readPrior(d.prior)
	if err != nil {
		return err
	}
	opts := &foretell.ReaderOptions{Workers: int(d.workers), MaxMemory: int64(d.maxMemory), MaxOutput: int64(d.maxOutput), Prior: prior,
		Resolve: resolve(d.network, name)}
	var damage []string
	var failure error // what --keep-going does not mean, such as a limit
	if d.keepGoing {
		opts.KeepGoing = func(err error) {
			if !isDamage(err) {
				failure = cmp.Or(failure, err)
				return
			}
			damage = append(damage, worded(err))
		}
	}
	atRandom := d.pick.any() && in.size >= 0 && !d.keepGoing
	if err = d.extract(in, atRandom, pipe, opts, to); err == nil {
		err = failure
	}
	if err == nil {
		err = staged.Commit()
	}
	if err != nil {
		return err
	}
	sum := decompressSummary{Files: to.files, Size: to.written.Load(), Damage: damage}
	sum.Seconds = time.Since(begin).Seconds()
	sum.Speed = rate(sum.Size, time.Since(begin))
	return d.report(&sum, name, to, pipe)
}

// extract writes what is wanted to the target and shows how far it is.
func (d *decompressOptions) extract(in *inputFile, atRandom, pipe bool, opts *foretell.ReaderOptions, to *target) (err error) {
	var read atomic.Int64
	what := &activity{
		verb:   "decompressing",
		done:   func() (int64, int64) { return read.Load(), in.size },
		sizes:  func() (int64, int64) { return to.written.Load(), read.Load() },
		ahead:  true,
		tokens: to.intake.sizes,
	}
	if atRandom {
		what.done = func() (int64, int64) { return to.written.Load(), -1 }
		what.sizes, what.tokens = nil, nil
	}
	defer d.follow(what, pipe).end()
	if atRandom {
		err = extractAt(in.File, in.size, &d.pick, opts, to)
	} else {
		err = extract(in.metered(&read), &d.pick, opts, to)
	}
	if err != nil {
		return err
	}
	return to.end()
}

func (d *decompressOptions) check(name string) error {
	switch {
	case d.out != "" && d.dir != "":
		return usagef("-o and -C exclude each other")
	case d.pick.any() && d.out == "" && d.dir == "":
		return usagef("with --member or --range, name the output with -o, or a folder with -C")
	case d.out == "" && d.dir == "" && name != "-" && !strings.HasSuffix(name, ".fore"):
		return usagef("%s does not end in .fore: name the output with -o, or a folder with -C", name)
	}
	return d.pick.check()
}

// target returns where the output goes.
func (d *decompressOptions) target(name string) (*target, error) {
	t := &target{force: d.force, mode: outputs.ModeLike(name), rescue: d.keepGoing}
	if !d.pick.any() {
		t.time = timeOf(name)
	}
	switch {
	case outName(d.out) == "-" || d.out == "" && d.dir == "" && name == "-":
		t.stdout = true
	case d.out != "":
		t.path = d.out
	case d.dir == "":
		t.path = strings.TrimSuffix(name, ".fore")
		t.named = true
		if t.path == "" || strings.HasSuffix(t.path, string(filepath.Separator)) {
			return nil, usagef("name the output with -o")
		}
	default:
		var err error
		t.root, err = staged.Folder(d.dir)
		return t, err
	}
	return t, nil
}

func (d *decompressOptions) report(s *decompressSummary, name string, to *target, pipe bool) error {
	if !d.quiet {
		for _, f := range s.Files {
			if f.Repacked && !strings.EqualFold(path.Ext(f.Path), ".npy") {
				fmt.Fprintf(os.Stderr, "foretell: note: %s is a fresh archive, as it was compressed before: each file in it is byte for byte the same\n", printable(f.Path))
			}
		}
	}
	if d.verbose {
		for _, f := range s.Files {
			fmt.Fprintf(os.Stderr, "%s: %s\n", printable(f.Path), counted(f.Size, "byte"))
		}
	}
	for _, text := range s.Damage {
		fmt.Fprintf(os.Stderr, "foretell: lost: %s\n", harmless(text, ""))
	}
	var err error
	switch {
	case d.json && to.stdout:
		err = printJSON(os.Stderr, s)
	case d.json:
		err = printJSON(os.Stdout, s)
	case !d.quiet && !pipe:
		what := counted(int64(len(s.Files)), "file")
		if len(s.Files) == 1 {
			what = printable(s.Files[0].Path)
		}
		fmt.Fprintf(os.Stderr, "%s: %s, %s MB/s\n", what, counted(s.Size, "byte"), speedText(s.Speed))
	}
	if err == nil && len(s.Damage) > 0 {
		err = fmt.Errorf("%s: %w: what was lost is zero in the output", name, errReported)
	}
	return err
}

// An inputFile is a .fore file to read.
type inputFile struct {
	*os.File
	size int64 // -1 if it can only be read front to back
}

// openInput opens a file, or standard input for "-".
func openInput(name string) (*inputFile, error) {
	in := &inputFile{File: os.Stdin, size: -1}
	if name == "-" {
		if isTerminal(os.Stdin) {
			return nil, errors.New("standard input is a terminal: pipe a .fore file into it, or name one")
		}
		return in, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	in.File = f
	fi, err := f.Stat()
	switch {
	case err != nil:
	case fi.IsDir():
		err = fmt.Errorf("%s is a folder", name)
	case fi.Mode().IsRegular():
		in.size = fi.Size()
	}
	if err == nil {
		staged.Read(fi)
	}
	if err != nil {
		f.Close()
	}
	return in, err
}

// metered returns the input as a reader that counts what is read. It keeps the
// random access that there is, by which reading finds its way after damage.
func (in *inputFile) metered(total *atomic.Int64) io.Reader {
	m := &meter{r: in.File, total: total}
	if in.size < 0 {
		return m
	}
	return struct {
		io.Reader
		io.ReaderAt
		io.Seeker
	}{m, in.File, in.File}
}

// spool copies an input that can only be read front to back to a temporary file,
// so that it can be read at random.
func (in *inputFile) spool() error {
	if in.size >= 0 {
		return nil
	}
	f, err := staged.scratch()
	if err != nil {
		return err
	}
	n, err := io.Copy(f, in.File)
	in.File, in.size = f, n
	return err
}

// maxSpool is the longest .fore file that is copied, in bytes.
const maxSpool = 1 << 36

// spoolFore is spool for what must be a .fore file: each record is checked as it is
// copied, so that what is none, or is damaged, is not read to its end.
func (in *inputFile) spoolFore(memory int64) error {
	if in.size >= 0 {
		return nil
	}
	f, err := staged.scratch()
	if err != nil {
		return err
	}
	all := &io.LimitedReader{R: in.File, N: maxSpool}
	r, err := container.NewReader(io.TeeReader(all, f), container.Limits{Memory: memory})
	for err == nil {
		_, err = r.Next()
	}
	if all.N == 0 {
		err = fmt.Errorf("%w: the file is longer than the %d bytes that are copied of a pipe: save it first", foretell.ErrLimit, int64(maxSpool))
	}
	if err != io.EOF {
		return err
	}
	in.File, in.size = f, maxSpool-all.N
	return nil
}
