package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/flags"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

const statsHelp = `Count the tokens of each array: how many there are, which occur how often, and
their entropies. The order-0 entropy is what a static table of frequencies comes
to, itself not counted; the others say how much knowing the token before it, or
the token at the same place one step earlier along the first axis (such as the
frame before), tells of a token. Of a .fore file, its content is counted.

With --model nothing is counted: a piece is compressed under a network, to tell
how small all of it would get, and how long that would take.`

const statsExample = `  foretell stats tokens.npy
  foretell stats tokens.npy --csv > frequencies.csv    # all of them
  foretell stats ids.u16 --shape -1,128 --json
  foretell stats --model smollm2.gguf book.txt      # what compress comes to`

type statsOptions struct {
	*app
	inputs.Flags
	csv     bool
	json    bool
	prior   string
	model   string
	workers flags.Threads
	memory  flags.Size
}

func newStats(a *app) *cobra.Command {
	s := &statsOptions{app: a}
	cmd := &cobra.Command{
		Use:     "stats INPUT...",
		Short:   "Count tokens and their entropies",
		Long:    statsHelp,
		Example: statsExample,
		GroupID: groupLook,
		RunE:    func(_ *cobra.Command, args []string) error { return s.run(args) },
	}
	s.Flags.Add(cmd)
	models.AddPrior(cmd, &s.prior)
	flags.AddMaxMemory(cmd, &s.memory)
	f := cmd.Flags()
	f.StringVar(&s.model, "model", "", "estimate what compressing under the network in `FILE` comes to")
	f.VarP(&s.workers, "threads", "T", "with --model, for so many threads (default: one for each CPU)")
	f.BoolVar(&s.csv, "csv", false, "print how often each value occurs, as CSV")
	f.BoolVar(&s.json, "json", false, "print everything as JSON")
	return cmd
}

func (s *statsOptions) run(args []string) error {
	if len(args) == 0 {
		return failure.Usagef("name the files to count, or - for standard input")
	}
	if s.csv && s.json {
		return failure.Usagef("--csv and --json exclude each other")
	}
	opts, err := s.Options()
	if err != nil {
		return err
	}
	if s.model != "" {
		return s.estimate(args, opts)
	}
	src, err := s.input(args, opts)
	if err != nil {
		return err
	}
	defer src.Close()
	shown := s.ShowProgress("counting", args[0] == "-", src.Progress)
	all, err := foretell.CollectStats(context.Background(), src)
	shown.End()
	s.Notes.Print(s.Quiet)
	switch {
	case err != nil:
		return err
	case s.csv:
		return printFrequencies(all)
	case s.json:
		return show.JSON(os.Stdout, statsOf(all))
	}
	for i := range all {
		if i > 0 {
			fmt.Println()
		}
		if err := printStats(&all[i]); err != nil {
			return err
		}
	}
	return nil
}

// input opens the inputs, or the content of a single .fore file.
func (s *statsOptions) input(args []string, opts tokens.Options) (inputs.Series, error) {
	if len(args) > 1 {
		return s.Open(args, opts)
	}
	prior, err := models.ReadPrior(s.prior)
	if err != nil {
		return nil, err
	}
	return s.OpenContent(args[0], opts, &foretell.ReaderOptions{MaxMemory: int64(s.memory), MaxOutput: math.MaxInt64, Prior: prior, Resolve: models.Resolve("", args[0])})
}

// sampleTokens is how long a sample is: some ten seconds of work.
const sampleTokens = 1 << 13

// estimate prints what compressing under a network comes to.
func (s *statsOptions) estimate(args []string, opts tokens.Options) error {
	if s.csv {
		return failure.Usagef("--csv and --model exclude each other")
	}
	n, err := models.Open(s.model)
	if err != nil {
		return err
	}
	src, err := s.input(args, opts)
	if err != nil {
		return err
	}
	defer src.Close()
	s.Tell("compressing a sample")
	e, err := foretell.EstimateNetwork(src, &foretell.WriterOptions{Network: n, Workers: int(s.workers)}, sampleTokens)
	s.Tell("")
	s.Notes.Print(s.Quiet)
	if err != nil {
		return err
	}
	if s.json {
		return show.JSON(os.Stdout, estimateJSON{n.Need().Name, e.Content, e.Sample, e.Size, e.Encode.Seconds(), e.Decode.Seconds()})
	}
	_, err = fmt.Printf("%s under %s: about %s, %s to compress and %s to decompress, as a sample of %s has it\n",
		show.Counted(e.Content, "byte"), show.Printable(n.Need().Name), show.Counted(e.Size, "byte"),
		e.Encode.Round(time.Second), e.Decode.Round(time.Second), show.Counted(e.Sample, "byte"))
	return err
}

// estimateJSON is what stats --model --json prints.
type estimateJSON struct {
	Network string  `json:"network"`
	Content int64   `json:"content_bytes"`
	Sample  int64   `json:"sample_bytes"`
	Size    int64   `json:"output_bytes"`
	Encode  float64 `json:"compress_seconds"`
	Decode  float64 `json:"decompress_seconds"`
}

// valueText writes a value of a member.
func valueText(s *foretell.MemberStats, f foretell.Frequency) string {
	if s.Info.Type.Signed() {
		return strconv.FormatInt(int64(f.Value), 10)
	}
	return strconv.FormatUint(f.Value, 10)
}

func printFrequencies(all []foretell.MemberStats) error {
	w := csv.NewWriter(os.Stdout)
	w.Write([]string{"member", "value", "count"})
	for i := range all {
		s := &all[i]
		for _, f := range s.Frequencies {
			w.Write([]string{s.Info.Name, valueText(s, f), strconv.FormatInt(f.Count, 10)})
		}
	}
	w.Flush()
	return w.Error()
}

// memberJSON is what stats --json prints of a member.
type memberJSON struct {
	Name          string          `json:"name"`
	Shape         []int           `json:"shape"`
	Type          string          `json:"type"`
	Tokens        int64           `json:"tokens"`
	Distinct      int             `json:"distinct"`
	Order0        float64         `json:"order0_bits"`
	GivenPrevious *float64        `json:"given_previous_bits"` // null if there are too many pairs
	GivenStepBack *float64        `json:"given_step_back_bits"`
	Frequencies   []frequencyJSON `json:"frequencies"` // the most frequent first
}

type frequencyJSON struct {
	Value any   `json:"value"` // int64 or uint64
	Count int64 `json:"count"`
}

func statsOf(all []foretell.MemberStats) []memberJSON {
	list := []memberJSON{}
	for i := range all {
		s := &all[i]
		m := memberJSON{
			Name: s.Info.Name, Shape: s.Info.Shape, Type: s.Info.Type.String(),
			Tokens: s.Tokens, Distinct: len(s.Frequencies), Order0: s.Order0, Frequencies: []frequencyJSON{},
		}
		if s.GivenPrevious >= 0 {
			m.GivenPrevious = &s.GivenPrevious
		}
		if len(s.Info.Shape) > 1 && s.GivenStepBack >= 0 {
			m.GivenStepBack = &s.GivenStepBack
		}
		for _, f := range s.Frequencies {
			var value any = f.Value
			if s.Info.Type.Signed() {
				value = int64(f.Value)
			}
			m.Frequencies = append(m.Frequencies, frequencyJSON{value, f.Count})
		}
		list = append(list, m)
	}
	return list
}

// ends is how many of the most and of the least frequent values are shown.
const ends = 10

func printStats(s *foretell.MemberStats) error {
	fmt.Printf("%s: %s of %v\n", show.Printable(s.Info.Name), show.Shape(s.Info.Shape), s.Info.Type)
	facts := show.Table{Left: 1}
	facts.Row("  tokens", show.Count(s.Tokens))
	facts.Row("  distinct values", show.Count(int64(len(s.Frequencies))))
	entropy := func(name string, bits float64) {
		if bits < 0 {
			facts.Row(name, "too many pairs to count")
			return
		}
		facts.Row(name, fmt.Sprintf("%.5f bits per token", bits), show.Count(int64(bits*float64(s.Tokens)/8+0.5))+" bytes")
	}
	if s.Tokens > 0 {
		entropy("  order-0 entropy", s.Order0)
		entropy("  given the token before", s.GivenPrevious)
		if len(s.Info.Shape) > 1 {
			entropy("  given the token one step back", s.GivenStepBack)
		}
	}
	if err := facts.Print(os.Stdout); err != nil || s.Tokens == 0 {
		return err
	}
	fmt.Println()
	t := show.Table{}
	t.Row("  VALUE", "COUNT", "SHARE")
	for i, f := range s.Frequencies {
		if i >= ends && i < len(s.Frequencies)-ends {
			if i == ends {
				t.Row("...", "...", "...")
			}
			continue
		}
		t.Row("  "+valueText(s, f), show.Count(f.Count), fmt.Sprintf("%.4f %%", 100*show.Ratio(f.Count, s.Tokens)))
	}
	return t.Print(os.Stdout)
}
