package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/bench"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/flags"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/cmd/foretell/internal/ways"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

const benchHelp = `Compress your own data in every way, decompress it, compare, and show the sizes,
the speeds and the memory of each: all models, gzip and zstd, and xz, brotli,
kanzi and zpaq where they are installed, as well as OpenZL, Blosc2, pcodec,
Parquet and zstd at two levels where Python has the packages openzl, blosc2,
pcodec, pyarrow and zstandard. Each input is shown on its own; a folder is one
input, and so are all together with --together. --model adds a network, whose
own size is not counted.

Other compressors get what decompress gives back, as it is, in one file. All
write to files; a row is shown only if the same bytes came back. Each way runs
--runs times, once if that takes long, and the medians are shown. Memory is the
most that a process of its own has held, to compress or to decompress. What
Python runs is timed in memory, without files, on an array of the input's type.`

const benchExample = `  foretell bench tokens.npy
  foretell bench tokens.npy ids.u16 --models mix,static --others none
  foretell bench clips/ --member fine_prompt --solid
  foretell bench tokens.npy --markdown >> results.md`

type benchOptions struct {
	*app
	inputs.Flags
	models   []string
	networks []string
	others   []string
	runs     int
	sharing  inputs.Sharing
	block    flags.Size
	workers  flags.Threads
	together bool
	cpuTime  bool
	json     bool
	markdown bool
}

func newBench(a *app) *cobra.Command {
	b := &benchOptions{app: a, workers: 1}
	cmd := &cobra.Command{
		Use:     "bench INPUT...",
		Short:   "Compare all models and other compressors on your data",
		Long:    benchHelp,
		Example: benchExample,
		GroupID: groupLook,
		RunE:    func(_ *cobra.Command, args []string) error { return b.run(args) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&b.models, "models", models.Names(), "the `MODELS` to run, with commas between them, or none (default: all)")
	f.Lookup("models").DefValue = "[]" // a list without spaces cannot be wrapped
	f.StringArrayVar(&b.networks, "model", nil, "run the network in `FILE` too, which is slow; may be repeated")
	f.StringSliceVar(&b.others, "others", otherNames(), "the other compressors to run, by the first words of their names, or none (default: all)")
	f.Lookup("others").DefValue = "[]"
	f.IntVar(&b.runs, "runs", 3, "run each way `N` times, or once if that takes more than 20 seconds")
	b.sharing.Add(cmd)
	f.Var(&b.block, "block", "most tokens in a block, as compress --block")
	f.VarP(&b.workers, "threads", "T", "let each way use that many CPUs, if it can (default: 1; 0 is all)")
	f.BoolVar(&b.cpuTime, "cpu-time", false, "count the time of processors, not of the clock: for machines that are busy with other work")
	f.BoolVar(&b.together, "together", false, "make one input of all")
	b.Flags.Add(cmd)
	f.BoolVar(&b.json, "json", false, "print as JSON")
	f.BoolVar(&b.markdown, "markdown", false, "print as Markdown, with what the machine is")
	cmd.RegisterFlagCompletionFunc("models", cobra.FixedCompletions(models.Names(), cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("others", cobra.FixedCompletions(otherNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// otherNames returns the names of all other compressors.
func otherNames() (names []string) {
	for _, w := range ways.General() {
		names = append(names, firstWord(w.Name))
	}
	for _, t := range bench.Tools {
		names = append(names, t.Program)
	}
	for _, l := range bench.Libraries {
		names = append(names, firstWord(l.Name))
	}
	return slices.Compact(names)
}

func firstWord(name string) string {
	word, _, _ := strings.Cut(name, " ")
	return strings.TrimSuffix(word, ",")
}

func (b *benchOptions) run(args []string) error {
	opts, err := b.check(args)
	if err != nil {
		return err
	}
	inputs := [][]string{args}
	if !b.together {
		inputs = slices.Collect(slices.Chunk(args, 1))
	}
	var all []bench.Benchmark
	if b.markdown {
		bench.PrintMachine(os.Stdout)
	}
	for i, input := range inputs {
		m, err := b.measure(input, opts)
		if err != nil {
			return err
		}
		all = append(all, *m)
		if b.json {
			continue
		}
		if i > 0 && !b.markdown {
			fmt.Println()
		}
		print := func(w io.Writer) error {
			if !show.IsTerminal(os.Stdout) {
				return m.Print(w, 0)
			}
			return m.Print(w, show.Columns())
		}
		if b.markdown {
			print = m.PrintMarkdown
		}
		if err := print(os.Stdout); err != nil {
			return err
		}
	}
	if b.json {
		return show.JSON(os.Stdout, struct {
			Machine bench.Machine     `json:"machine"`
			Data    []bench.Benchmark `json:"data"`
		}{bench.ReadMachine(), all})
	}
	return nil
}

func (b *benchOptions) check(args []string) (tokens.Options, error) {
	opts, err := b.Options()
	if err != nil {
		return opts, err
	}
	if len(args) == 0 {
		return opts, failure.Usagef("name the files to compress")
	}
	if slices.Contains(args, "-") {
		return opts, failure.Usagef("bench reads its input more than once: save it to a file first")
	}
	if b.json && b.markdown {
		return opts, failure.Usagef("--json and --markdown exclude each other")
	}
	if b.runs < 1 {
		return opts, failure.Usagef("--runs: give a number from 1")
	}
	if b.block > foretell.MaxBlockTokens {
		return opts, failure.Usagef("--block: at most %d tokens", foretell.MaxBlockTokens)
	}
	none := []string{"none"}
	if slices.Equal(b.models, none) {
		b.models = nil
	}
	if slices.Equal(b.others, none) {
		b.others = nil
	}
	for _, name := range b.models {
		if err := models.Check(name); err != nil {
			return opts, err
		}
	}
	for _, name := range b.networks {
		if !models.IsNetwork(name) {
			return opts, failure.Usagef("--model %s: name the file of a network, .gguf or .safetensors", name)
		}
	}
	for _, name := range b.others {
		if !slices.Contains(otherNames(), name) {
			return opts, failure.Usagef("no other compressor is called %q: use %s", name, show.OneOf(otherNames()))
		}
	}
	return opts, nil
}

// measure runs all ways on an input.
func (b *benchOptions) measure(input []string, opts tokens.Options) (*bench.Benchmark, error) {
	dir, remove, err := staged.ScratchFolder()
	if err != nil {
		return nil, err
	}
	defer remove()
	m := &bench.Benchmark{Name: filepath.Base(input[0])}
	if len(input) > 1 {
		m.Name = fmt.Sprintf("%s and %d more", m.Name, len(input)-1)
	}
	if len(b.Members) > 0 {
		m.Name += ", " + strings.Join(b.Members, ", ")
	}
	switch {
	case b.sharing.Solid:
		m.Name += ", solid"
	case b.sharing.Apart:
		m.Name += ", apart"
	}
	j := bench.Job{Dir: dir, Source: opts, Block: int(b.block), Solid: b.sharing.Solid, Apart: b.sharing.Apart, Threads: int(b.workers)}
	if j.Inputs, err = m.Usable(input, opts); err != nil {
		return nil, err
	}
	for _, name := range m.Skipped {
		fmt.Fprintf(os.Stderr, "foretell: left out: %s\n", show.Harmless(name, ""))
	}
	if err := m.Join(j.Inputs, opts, filepath.Join(dir, bench.ContentFile)); err != nil {
		return nil, err
	}
	j.Width = m.Width
	b.Notes.Print(b.Quiet)
	m.Rows = []bench.Row{{Result: ways.Result{Name: "raw", Size: m.Content, Ratio: 1}}}
	m.Rows[0].Relate(m.Content, m.Tokens)
	for _, name := range b.ways() {
		j.Way = name
		row, err := b.row(&j, m)
		switch {
		case err != nil && strings.HasPrefix(name, "foretell "):
			return nil, fmt.Errorf("%s: %w", name, err)
		case err != nil:
			fmt.Fprintf(os.Stderr, "foretell: left out: %s: %s\n", name, show.Harmless(err.Error(), ""))
		default:
			m.Rows = append(m.Rows, row)
		}
	}
	slices.SortStableFunc(m.Rows, func(a, b bench.Row) int { return cmp.Compare(b.Size, a.Size) })
	return m, nil
}

// ways returns the names of the ways that are wanted and there.
func (b *benchOptions) ways() (names []string) {
	for _, w := range ways.General() {
		if slices.Contains(b.others, firstWord(w.Name)) {
			names = append(names, w.Name)
		}
	}
	for _, t := range bench.Tools {
		if !slices.Contains(b.others, t.Program) {
			continue
		}
		if _, err := exec.LookPath(t.Program); err == nil {
			names = append(names, t.Name)
		} else if b.Verbose {
			fmt.Fprintf(os.Stderr, "foretell: left out: %s is not installed\n", t.Program)
		}
	}
	for _, l := range bench.Libraries {
		if !slices.Contains(b.others, firstWord(l.Name)) {
			continue
		}
		if l.Installed() {
			names = append(names, l.Name)
		} else if b.Verbose {
			fmt.Fprintf(os.Stderr, "foretell: left out: %s is not installed\n", firstWord(l.Name))
		}
	}
	for _, name := range append(slices.Clone(b.models), b.networks...) {
		names = append(names, "foretell "+name)
	}
	return names
}

// patience is how long a way may take to be run again.
const patience = 20 * time.Second

// row runs one way.
func (b *benchOptions) row(j *bench.Job, m *bench.Benchmark) (row bench.Row, err error) {
	row.Name = j.Way
	var encode, decode []float64
	for begin := time.Now(); row.Runs < b.runs && (row.Runs == 0 || time.Since(begin) < patience); row.Runs++ {
		b.Tell(fmt.Sprintf("%s: %s, run %d of %d", show.Printable(m.Name), j.Way, row.Runs+1, b.runs))
		for _, name := range []string{bench.PackedFile, bench.BackFile} {
			if err := os.RemoveAll(filepath.Join(j.Dir, name)); err != nil {
				return row, err
			}
		}
		var out [2]bench.Outcome
		for i := range out {
			j.Decode = i == 1
			if out[i], err = j.Start(); err != nil {
				b.Tell("")
				return row, err
			}
			row.Memory = max(row.Memory, out[i].Memory)
		}
		for i := range out {
			if b.cpuTime && out[i].CPU > 0 {
				out[i].Seconds = out[i].CPU
			}
		}
		encode, decode = append(encode, out[0].Seconds), append(decode, out[1].Seconds)
		same, err := bench.SameFiles(filepath.Join(j.Dir, bench.ContentFile), filepath.Join(j.Dir, bench.BackFile))
		if err == nil && !same {
			err = ways.ErrOther
		}
		if err != nil {
			b.Tell("")
			return row, err
		}
	}
	b.Tell("")
	fi, err := os.Stat(filepath.Join(j.Dir, bench.PackedFile))
	if err != nil {
		return row, err
	}
	row.Size = fi.Size()
	if model := strings.TrimPrefix(j.Way, "foretell "); slices.Contains(b.networks, model) {
		row.Name = "foretell " + filepath.Base(model)
	}
	row.Relate(m.Content, m.Tokens)
	row.Encode, row.Decode = medianSpeed(m.Content, encode), medianSpeed(m.Content, decode)
	return row, nil
}

func medianSpeed(bytes int64, seconds []float64) float64 {
	slices.Sort(seconds)
	return show.Rate(bytes, time.Duration(seconds[len(seconds)/2]*float64(time.Second)))
}
