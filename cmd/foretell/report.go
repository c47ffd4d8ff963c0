package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/report"
	"github.com/foretell/foretell/internal/outputs"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

const reportHelp = `Make one HTML page that shows where the information in token data sits: bits per
token over time, per position and by time and position; what tokens cost; the
costliest and cheapest stretches; how often values occur; every model's size and
speed; and the size of every part of the file. It opens from disk and needs
nothing from elsewhere. --json and --csv give the numbers behind each picture.

The input is what compress takes, or a .fore file, whose content is looked at
under its own model. It is compressed once with each model of --compare, without
the prior if there is one.`

const reportExample = `  foretell report tokens.npy                           # writes tokens.npy.html
  foretell report tokens.npy.fore -o report.html
  foretell report frames.npy --grid 8x16 --model best
  foretell report ids.u16 --compare none --csv > numbers.csv
  foretell report tokens.npy --json | jq '.members[0].costs.grid'`

type reportOptions struct {
	*app
	sourceFlags
	out     string
	model   string
	compare []string
	grid    string
	arrays  int
	sharing sharing
	block   size
	memory  size
	force   bool
	json    bool
	csv     bool

	priorFile string
	embed     bool

	rows, cols int    // that grid says
	prior      []byte // of priorFile
}

func newReport(a *app) *cobra.Command {
	r := &reportOptions{app: a}
	cmd := &cobra.Command{
		Use:     "report INPUT|FILE.fore [-o OUT.html]",
		Short:   "Show on a page where the bits go",
		Long:    reportHelp,
		Example: reportExample,
		GroupID: groupLook,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("report takes one input: a file, a folder or a .fore file, or - for standard input")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return r.run(args[0]) },
	}
	f := cmd.Flags()
	f.StringVarP(&r.out, "output", "o", "", "write the page to `OUT` (- is standard output)")
	f.StringVar(&r.model, "model", "", "the `MODEL` whose costs are shown (default: "+foretell.DefaultModel+"; the own one of a .fore file)")
	f.StringSliceVar(&r.compare, "compare", models(), "the `MODELS` to put side by side, with commas between them, or none (default: all)")
	f.Lookup("compare").DefValue = "[]" // a list without spaces cannot be wrapped
	f.StringVar(&r.grid, "grid", "", "lay out the positions of an array of two axes as `ROWSxCOLUMNS`, such as 8x16")
	f.IntVar(&r.arrays, "arrays", 4, "show pictures of the `N` largest arrays")
	r.sharing.add(cmd)
	f.Var(&r.block, "block", "most tokens in a block, as compress --block")
	addPrior(cmd, &r.priorFile)
	f.BoolVar(&r.embed, "embed-prior", false, "let the file carry the prior, as compress --embed-prior")
	r.sourceFlags.add(cmd)
	addMaxMemory(cmd, &r.memory)
	f.BoolVarP(&r.force, "force", "f", false, "overwrite an existing output")
	f.BoolVar(&r.json, "json", false, "print the numbers as JSON")
	f.BoolVar(&r.csv, "csv", false, "print the numbers as CSV")
	cmd.RegisterFlagCompletionFunc("model", cobra.FixedCompletions(models(), cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("compare", cobra.FixedCompletions(models(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (r *reportOptions) run(name string) error {
	opts, err := r.check()
	if err != nil {
		return err
	}
	in, err := r.open(name, opts)
	if err != nil {
		return err
	}
	defer in.close()
	to, err := r.output(name)
	if err != nil {
		return err
	}
	rep, err := r.gather(in)
	var out *outputs.File
	if err == nil {
		// Not before: an input that is a folder is read again and again.
		out, err = create(to, r.force)
	}
	if err == nil {
		switch {
		case r.json:
			err = printJSON(out, rep)
		case r.csv:
			err = rep.WriteCSV(out)
		default:
			err = rep.Write(out)
		}
	}
	if err == nil {
		err = out.Finish()
	}
	if err == nil {
		err = staged.Commit()
	}
	r.notes.print(r.quiet)
	if err == nil && out.Staged && !r.quiet {
		fmt.Fprintf(os.Stderr, "%s: %s at %.3f bits\n", printable(out.Shown), counted(rep.Tokens, "token"), rep.Bits())
	}
	return err
}

// check checks the flags and returns how inputs are read.
func (r *reportOptions) check() (tokens.Options, error) {
	opts, err := r.options()
	if err != nil {
		return opts, err
	}
	if r.out = outName(r.out); r.out != "" && r.out != "-" {
		opts.Output = earlier(r.out, isPage)
	}
	if r.json && r.csv {
		return opts, usagef("--csv and --json exclude each other")
	}
	if r.model != "" {
		if err := checkModel(r.model); err != nil {
			return opts, err
		}
	}
	if slices.Equal(r.compare, []string{"none"}) {
		r.compare = nil
	}
	for _, name := range r.compare {
		if err := checkModel(name); err != nil {
			return opts, err
		}
	}
	if r.grid != "" {
		if _, err := fmt.Sscanf(r.grid+" ", "%dx%d ", &r.rows, &r.cols); err != nil || r.rows < 1 || r.cols < 1 {
			return opts, usagef("--grid %s: give rows and columns, such as 8x16", r.grid)
		}
	}
	if r.block > foretell.MaxBlockTokens {
		return opts, usagef("--block: at most %d tokens", foretell.MaxBlockTokens)
	}
	return opts, nil
}

// output returns where the page goes, a dash for standard output.
func (r *reportOptions) output(name string) (string, error) {
	out := r.out
	switch {
	case out != "":
	case r.json || r.csv || name == "-":
		out = "-"
	default:
		base := filepath.Base(filepath.Clean(name))
		if base == "." || base == ".." || base == string(filepath.Separator) {
			return "", usagef("name the output with -o")
		}
		out = filepath.Clean(name) + ".html"
	}
	if out != "-" {
		return out, staged.Check(out, r.force)
	}
	if isTerminal(os.Stdout) && !r.json && !r.csv {
		return "", errors.New("a page is not for a terminal: name the output with -o")
	}
	return out, nil
}

// create stages an output that comes from no single file.
func create(name string, force bool) (*outputs.File, error) {
	if name == "-" {
		return staged.standard()
	}
	return staged.Path(name, force, outputs.AnyMode)
}

// gather finds out all that the report says.
func (r *reportOptions) gather(in *reportInput) (*report.Report, error) {
	rep := &report.Report{Name: in.name, Version: strings.TrimSpace(versionText()), Model: in.writer.Model, Solid: in.writer.Solid}
	stats, err := r.count(in)
	if err != nil {
		return nil, err
	}
	gatherers := make([]*report.Gatherer, len(stats))
	for i := range stats {
		s := &stats[i]
		rep.Members = append(rep.Members, memberOf(s))
		rep.Tokens += s.Tokens
		gatherers[i] = report.NewGatherer(s.Info.StorageShape(), s.Info.Fortran)
	}
	if err := r.analyze(in, gatherers); err != nil {
		return nil, err
	}
	for i, g := range gatherers {
		rep.Members[i].Bits = g.Bits()
	}
	for _, i := range largest(rep.Members, r.arrays) {
		rep.Members[i].Costs = gatherers[i].Finish(r.rows, r.cols)
	}
	return rep, r.measure(in, rep)
}

// largest returns the n largest members that are not empty.
func largest(members []report.Member, n int) []int {
	var list []int
	for i := range members {
		if members[i].Tokens > 0 {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(members[b].Tokens, members[a].Tokens) })
	return list[:min(len(list), max(n, 0))]
}

func memberOf(s *foretell.MemberStats) report.Member {
	m := report.Member{
		Name: s.Info.Name, Type: s.Info.Type.String(), Shape: s.Info.Shape,
		Tokens: s.Tokens, Distinct: len(s.Frequencies), Order0: s.Order0,
	}
	if s.GivenPrevious >= 0 {
		m.GivenPrevious = &s.GivenPrevious
	}
	if len(s.Info.Shape) > 1 && s.GivenStepBack >= 0 {
		m.GivenStepBack = &s.GivenStepBack
	}
	counts := make([]int64, len(s.Frequencies))
	for i, f := range s.Frequencies {
		counts[i] = f.Count
	}
	m.Frequencies = report.Sample(counts)
	return m
}

func (r *reportOptions) count(in *reportInput) ([]foretell.MemberStats, error) {
	src, err := in.source()
	if err != nil {
		return nil, err
	}
	defer src.Close()
	defer r.showProgress("counting", false, src.Progress).end()
	return foretell.CollectStats(src)
}

func (r *reportOptions) analyze(in *reportInput, to []*report.Gatherer) error {
	src, err := in.source()
	if err != nil {
		return err
	}
	defer src.Close()
	defer r.showProgress("looking at every token", false, src.Progress).end()
	_, err = foretell.Analyze(src, &in.writer, func(member int, first int64, costs []float32) error {
		to[member].Add(first, costs)
		return nil
	})
	return err
}

// measure compresses with each model, and takes the file apart.
func (r *reportOptions) measure(in *reportInput, rep *report.Report) error {
	names := slices.Clone(r.compare)
	if in.file == nil && !slices.Contains(names, rep.Model) {
		names = append(names, rep.Model)
	}
	for _, name := range names {
		m, d, err := r.try(in, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		m.Bits = 8 * ratio(m.Size, rep.Tokens)
		rep.Models = append(rep.Models, m)
		if name == rep.Model && in.file == nil {
			in.file = d
		}
	}
	if len(r.compare) == 0 {
		rep.Models = nil
	}
	slices.SortStableFunc(rep.Models, func(a, b report.Model) int { return cmp.Compare(b.Size, a.Size) })
	rep.Size, rep.Content, rep.Blocks = in.file.Size, in.file.Content, len(in.file.Blocks)
	rep.Parts = partsOf(in.file)
	return nil
}

// try compresses with a model, decompresses, and describes the file.
func (r *reportOptions) try(in *reportInput, name string) (m report.Model, d *foretell.Description, err error) {
	f, err := staged.scratch()
	if err != nil {
		return m, nil, err
	}
	defer f.Close()
	src, err := in.source()
	if err != nil {
		return m, nil, err
	}
	defer src.Close()
	opts := in.writer
	opts.Model = name
	if name != in.writer.Model {
		opts.Prior, opts.EmbedPrior = nil, false // it is not for other models
	}
	begin := time.Now()
	show := r.showProgress("compressing with "+name, false, src.Progress)
	n, err := foretell.Compress(f, src, &opts)
	show.end()
	encode := time.Since(begin)
	if err != nil {
		return m, nil, err
	}
	reader := &foretell.ReaderOptions{MaxMemory: ownMemory, Prior: r.prior}
	var done atomic.Int64
	begin = time.Now()
	show = r.showProgress("decompressing with "+name, false, func() (int64, int64) { return done.Load(), n })
	content, err := foretell.Verify(&meter{r: io.NewSectionReader(f, 0, n), total: &done}, reader)
	show.end()
	decode := time.Since(begin)
	if err != nil {
		return m, nil, err
	}
	at, err := foretell.OpenReaderAt(f, n, reader)
	if err == nil {
		d, err = at.Describe()
	}
	return report.Model{
		Name: name, Size: n, Ratio: ratio(content, n), Encode: rate(content, encode), Decode: rate(content, decode),
	}, d, err
}

// partsOf returns the sizes of all parts of a file.
func partsOf(d *foretell.Description) []report.Part {
	var headers, params, body int64
	for _, b := range d.Blocks {
		headers += b.Size - b.Params - b.Body
		params += b.Params
		body += b.Body
	}
	parts := []report.Part{
		{Name: "header", Size: d.Header}, {Name: "prior", Size: d.Embedded}, {Name: "layout", Size: d.Layout},
		{Name: "block headers", Size: headers}, {Name: "block parameters", Size: params}, {Name: "block code", Size: body},
		{Name: "index", Size: d.Index}, {Name: "trailer", Size: d.Trailer},
	}
	return slices.DeleteFunc(parts, func(p report.Part) bool { return p.Name == "prior" && p.Size == 0 })
}
