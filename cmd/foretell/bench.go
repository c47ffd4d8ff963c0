package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

const benchHelp = `Compress your own data in every way, decompress it, compare, and show the sizes,
the speeds and the memory of each: all models, gzip and zstd, and xz, brotli,
kanzi and zpaq where they are installed. Each input is shown on its own; a
folder is one input, and so are all together with --together.

Other compressors get what decompress gives back, as it is, in one file. All
write to files; a row is shown only if the same bytes came back. Each way runs
--runs times, once if that takes long, and the medians are shown. Memory is the
most that a process of its own has held, to compress or to decompress.`

const benchExample = `  foretell bench tokens.npy
  foretell bench tokens.npy ids.u16 --models mix,static --others none
  foretell bench clips/ --member fine_prompt --solid
  foretell bench tokens.npy --markdown >> results.md`

type benchOptions struct {
	*app
	sourceFlags
	models   []string
	others   []string
	runs     int
	sharing  sharing
	block    size
	workers  threads
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
	f.StringSliceVar(&b.models, "models", models(), "the `MODELS` to run, with commas between them, or none (default: all)")
	f.Lookup("models").DefValue = "[]" // a list without spaces cannot be wrapped
	f.StringSliceVar(&b.others, "others", otherNames(), "the other compressors to run, by the first words of their names, or none")
	f.IntVar(&b.runs, "runs", 3, "run each way `N` times, or once if that takes more than 20 seconds")
	b.sharing.add(cmd)
	f.Var(&b.block, "block", "most tokens in a block, as compress --block")
	f.VarP(&b.workers, "threads", "T", "let each way use that many CPUs, if it can (default: 1; 0 is all)")
	f.BoolVar(&b.cpuTime, "cpu-time", false, "count the time of processors, not of the clock: for machines that are busy with other work")
	f.BoolVar(&b.together, "together", false, "make one input of all")
	b.sourceFlags.add(cmd)
	f.BoolVar(&b.json, "json", false, "print as JSON")
	f.BoolVar(&b.markdown, "markdown", false, "print as Markdown, with what the machine is")
	cmd.RegisterFlagCompletionFunc("models", cobra.FixedCompletions(models(), cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("others", cobra.FixedCompletions(otherNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// otherNames returns the names of all other compressors.
func otherNames() (names []string) {
	for _, w := range generalWays() {
		names = append(names, firstWord(w.name))
	}
	for _, t := range tools {
		names = append(names, t.program)
	}
	return names
}

func firstWord(name string) string {
	word, _, _ := strings.Cut(name, " ")
	return strings.TrimSuffix(word, ",")
}

// A benchRow is what a way makes of the data of a benchmark.
type benchRow struct {
	result
	Memory int64 `json:"memory"` // bytes, 0 if unknown
	Runs   int   `json:"runs,omitempty"`
}

// A benchmark is one input and what each way makes of it.
type benchmark struct {
	Name    string     `json:"name"`
	Content int64      `json:"content_bytes"`
	Tokens  int64      `json:"tokens"`
	Skipped []string   `json:"skipped,omitempty"` // files that no model can take
	Rows    []benchRow `json:"rows"`
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
	var all []benchmark
	if b.markdown {
		printMachine(os.Stdout)
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
		print := m.print
		if b.markdown {
			print = m.printMarkdown
		}
		if err := print(os.Stdout); err != nil {
			return err
		}
	}
	if b.json {
		return printJSON(os.Stdout, struct {
			Machine machine     `json:"machine"`
			Data    []benchmark `json:"data"`
		}{readMachine(), all})
	}
	return nil
}

func (b *benchOptions) check(args []string) (tokens.Options, error) {
	opts, err := b.options()
	if err != nil {
		return opts, err
	}
	if len(args) == 0 {
		return opts, usagef("name the files to compress")
	}
	if slices.Contains(args, "-") {
		return opts, usagef("bench reads its input more than once: save it to a file first")
	}
	if b.json && b.markdown {
		return opts, usagef("--json and --markdown exclude each other")
	}
	if b.runs < 1 {
		return opts, usagef("--runs: give a number from 1")
	}
	if b.block > foretell.MaxBlockTokens {
		return opts, usagef("--block: at most %d tokens", foretell.MaxBlockTokens)
	}
	none := []string{"none"}
	if slices.Equal(b.models, none) {
		b.models = nil
	}
	if slices.Equal(b.others, none) {
		b.others = nil
	}
	for _, name := range b.models {
		if err := checkModel(name); err != nil {
			return opts, err
		}
	}
	for _, name := range b.others {
		if !slices.Contains(otherNames(), name) {
			return opts, usagef("no other compressor is called %q: use %s", name, oneOf(otherNames()))
		}
	}
	return opts, nil
}

// measure runs all ways on an input.
func (b *benchOptions) measure(input []string, opts tokens.Options) (*benchmark, error) {
	dir, remove, err := staged.scratchFolder()
	if err != nil {
		return nil, err
	}
	defer remove()
	m := &benchmark{Name: filepath.Base(input[0])}
	if len(input) > 1 {
		m.Name = fmt.Sprintf("%s and %d more", m.Name, len(input)-1)
	}
	if len(b.members) > 0 {
		m.Name += ", " + strings.Join(b.members, ", ")
	}
	switch {
	case b.sharing.solid:
		m.Name += ", solid"
	case b.sharing.apart:
		m.Name += ", apart"
	}
	j := job{Dir: dir, Source: opts, Block: int(b.block), Solid: b.sharing.solid, Apart: b.sharing.apart, Threads: int(b.workers)}
	if j.Inputs, err = m.usable(input, opts); err != nil {
		return nil, err
	}
	for _, name := range m.Skipped {
		fmt.Fprintf(os.Stderr, "foretell: left out: %s\n", harmless(name, ""))
	}
	if err := m.join(j.Inputs, opts, filepath.Join(dir, contentFile)); err != nil {
		return nil, err
	}
	b.notes.print(b.quiet)
	m.Rows = []benchRow{{result: result{Name: "raw", Size: m.Content, Ratio: 1}}}
	m.Rows[0].relate(m.Content, m.Tokens)
	for _, name := range b.ways() {
		j.Way = name
		row, err := b.row(&j, m)
		switch {
		case err != nil && strings.HasPrefix(name, "foretell "):
			return nil, fmt.Errorf("%s: %w", name, err)
		case err != nil:
			fmt.Fprintf(os.Stderr, "foretell: left out: %s: %s\n", name, harmless(err.Error(), ""))
		default:
			m.Rows = append(m.Rows, row)
		}
	}
	slices.SortStableFunc(m.Rows, func(a, b benchRow) int { return cmp.Compare(b.Size, a.Size) })
	return m, nil
}

// ways returns the names of the ways that are wanted and there.
func (b *benchOptions) ways() (names []string) {
	for _, w := range generalWays() {
		if slices.Contains(b.others, firstWord(w.name)) {
			names = append(names, w.name)
		}
	}
	for _, t := range tools {
		if !slices.Contains(b.others, t.program) {
			continue
		}
		if _, err := exec.LookPath(t.program); err == nil {
			names = append(names, t.name)
		} else if b.verbose {
			fmt.Fprintf(os.Stderr, "foretell: left out: %s is not installed\n", t.program)
		}
	}
	for _, name := range b.models {
		names = append(names, "foretell "+name)
	}
	return names
}

// patience is how long a way may take to be run again.
const patience = 20 * time.Second

// row runs one way.
func (b *benchOptions) row(j *job, m *benchmark) (row benchRow, err error) {
	row.Name = j.Way
	var encode, decode []float64
	for begin := time.Now(); row.Runs < b.runs && (row.Runs == 0 || time.Since(begin) < patience); row.Runs++ {
		b.tell(fmt.Sprintf("%s: %s, run %d of %d", printable(m.Name), j.Way, row.Runs+1, b.runs))
		for _, name := range []string{packedFile, backFile} {
			if err := os.RemoveAll(filepath.Join(j.Dir, name)); err != nil {
				return row, err
			}
		}
		var out [2]outcome
		for i := range out {
			j.Decode = i == 1
			if out[i], err = j.start(); err != nil {
				b.tell("")
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
		same, err := sameFiles(filepath.Join(j.Dir, contentFile), filepath.Join(j.Dir, backFile))
		if err == nil && !same {
			err = errOther
		}
		if err != nil {
			b.tell("")
			return row, err
		}
	}
	b.tell("")
	fi, err := os.Stat(filepath.Join(j.Dir, packedFile))
	if err != nil {
		return row, err
	}
	row.Size = fi.Size()
	row.relate(m.Content, m.Tokens)
	row.Encode, row.Decode = medianSpeed(m.Content, encode), medianSpeed(m.Content, decode)
	return row, nil
}

func medianSpeed(bytes int64, seconds []float64) float64 {
	slices.Sort(seconds)
	return rate(bytes, time.Duration(seconds[len(seconds)/2]*float64(time.Second)))
}
