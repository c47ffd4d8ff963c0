// Package writing writes .fore files: the flags, the steps and the summary that verbs
// which write one share.
package writing

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/flags"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/internal/outputs"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

// Options says how a .fore file is written: the flags that verbs which write one share.
type Options struct {
	Told *progress.View

	Out     string
	model   string
	fast    int // a level, 0 if not asked for
	grade   int // -1 to -9, 0 if not asked for
	best    bool
	sharing inputs.Sharing
	prior   string
	embed   bool
	block   flags.Size
	Workers flags.Threads
	force   bool
	json    bool

	Watch func(*tokens.Part) // sees each member before it is written, if not nil
}

// Add adds the flags that say how a file is written.
func (c *Options) Add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&c.Out, "output", "o", "", "write to `OUT` (- is standard output)")
	f.StringVar(&c.model, "model", "", "the `MODEL` that predicts: "+show.OneOf(models.Names())+" (default: "+foretell.DefaultModel+"), or the file of a network, .gguf or .safetensors")
	f.IntVar(&c.fast, "fast", 0, "the same as --model fast: speed before size; --fast=`LEVEL`, from 1 (fastest) to 9 (smallest), chooses the trade")
	f.Lookup("fast").NoOptDefVal = "5"
	f.BoolVar(&c.best, "best", false, "the same as --model best: size before speed")
	addGrades(cmd, &c.grade)
	models.AddPrior(cmd, &c.prior)
	f.BoolVar(&c.embed, "embed-prior", false, "let the output carry the prior, so that decompressing needs nothing else")
	c.sharing.Add(cmd)
	f.Var(&c.block, "block", "most tokens in a block, such as 64K: what a range read decodes at least (default: the model's)")
	f.VarP(&c.Workers, "threads", "T", "encode that many blocks at a time; the output does not depend on it (default: one for each CPU)")
	f.BoolVarP(&c.force, "force", "f", false, "overwrite an existing output; write to a terminal")
	f.BoolVar(&c.json, "json", false, "print a summary as JSON (to standard error if the output is standard output)")
	cmd.RegisterFlagCompletionFunc("model", cobra.FixedCompletions(models.Names(), cobra.ShellCompDirectiveNoFileComp))
}

// A Summary is what compress reports.
type Summary struct {
	Output  string   `json:"output"`
	Model   string   `json:"model"`
	Members int64    `json:"members"`
	Tokens  int64    `json:"tokens"`
	Input   int64    `json:"input_bytes"` // content: what decompress gives back
	Size    int64    `json:"output_bytes"`
	Ratio   float64  `json:"ratio"`
	Bits    float64  `json:"bits_per_token"`
	Seconds float64  `json:"seconds"`
	Speed   float64  `json:"mb_per_second"`
	Fresh   []string `json:"repacked,omitempty"` // files whose envelope is not kept
	Notes   []string `json:"notes,omitempty"`    // of what is kept as bytes
}

// Check refuses inputs that were meant for something else.
func (c *Options) Check(inputs []string) error {
	for _, name := range inputs {
		if _, err := os.Stat(name); c.fast != 0 && err != nil && len(name) == 1 && "1" <= name && name <= "9" {
			return failure.Usagef("--fast takes its level after an equals sign: --fast=%s", name)
		}
	}
	return nil
}

// named returns the models that the command line asks for.
func (c *Options) named() (given []string) {
	if c.fast != 0 {
		given = append(given, "--fast")
	}
	if c.best {
		given = append(given, "--best")
	}
	if c.grade != 0 {
		given = append(given, fmt.Sprintf("-%d", c.grade))
	}
	if c.model != "" {
		given = append(given, "--model "+c.model)
	}
	return given
}

// Writer returns how the output is written.
func (c *Options) Writer() (*foretell.WriterOptions, error) {
	if c.model != "" && !models.IsNetwork(c.model) {
		if err := models.Check(c.model); err != nil {
			return nil, err
		}
	}
	if given := c.named(); len(given) > 1 {
		return nil, failure.Usagef("choose one of %s", show.OneOf(given))
	}
	if c.fast < 0 || c.fast > 9 {
		return nil, failure.Usagef("--fast=%d: give a level from 1 to 9", c.fast)
	}
	if c.block > foretell.MaxBlockTokens {
		return nil, failure.Usagef("--block: at most %d tokens", foretell.MaxBlockTokens)
	}
	model, level := foretell.DefaultModel, c.fast
	switch {
	case c.fast != 0:
		model = foretell.ModelFast
	case c.best:
		model = foretell.ModelBest
	case c.grade != 0:
		model, level = grades[c.grade].model, grades[c.grade].level
	case c.model != "":
		model = c.model
	}
	var network *foretell.Network
	if models.IsNetwork(model) {
		var err error
		if network, err = models.Open(model); err != nil {
			return nil, err
		}
		model = ""
	}
	prior, err := models.ReadPrior(c.prior)
	return &foretell.WriterOptions{
		Model: model, Network: network, Level: level, BlockTokens: int(c.block), Solid: c.sharing.Solid, Apart: c.sharing.Apart, Workers: int(c.Workers),
		Prior: prior, EmbedPrior: c.embed,
	}, err
}

// NewWriter begins the output.
func (c *Options) NewWriter(out io.Writer, o *foretell.WriterOptions) (*foretell.Writer, error) {
	w, err := foretell.NewWriter(out, o)
	// Of what is given only the prior is parsed here, and a partial file, whose error says so.
	if errors.Is(err, foretell.ErrCorrupt) && o.Resume == nil {
		err = fmt.Errorf("%s: no prior that 'foretell train' made, or a damaged one: %w", c.prior, err)
	}
	return w, err
}

// ModelName returns what the summary calls a model.
func ModelName(o *foretell.WriterOptions) string {
	if o.Network != nil {
		return o.Network.Need().Name
	}
	return o.Model
}

// Create stages the output of what is read from the named inputs.
func (c *Options) Create(out string, from []string) (*outputs.File, error) {
	var f *outputs.File
	var err error
	switch {
	case out == "-":
		f, err = staged.Standard()
	case len(from) == 1:
		if f, err = staged.Path(out, c.force, outputs.ModeLike(from[0])); err == nil {
			f.Time = inputs.TimeOf(from[0])
		}
	default:
		f, err = staged.Path(out, c.force, outputs.AnyMode)
	}
	if err != nil {
		return nil, err
	}
	if !c.force && show.IsTerminal(f.File) {
		return nil, errors.New("compressed data is not for a terminal (-f writes it all the same)")
	}
	return f, nil
}

// Copy writes all parts of src and counts them, and what is read of them.
func (c *Options) Copy(w *foretell.Writer, src tokens.Parts, sum *Summary, in *progress.Intake) error {
	for {
		p, err := src.Next()
		if err == io.EOF {
			return w.Close()
		}
		if err != nil {
			return err
		}
		before := in.Tokens.Load()
		switch p.Kind {
		case tokens.File:
			if p.Repacked {
				sum.Fresh = append(sum.Fresh, p.Name)
			}
		case tokens.Framing:
			in.Framing.Add(int64(len(p.Bytes)))
		case tokens.Member:
			if c.Watch != nil {
				c.Watch(&p)
			}
			in.Meter(&p)
			sum.Members++
		}
		if err := w.WritePart(p); err != nil {
			return err
		}
		if p.Kind == tokens.Member {
			n := in.Tokens.Load() - before
			sum.Tokens += n
			if c.Told.Verbose {
				fmt.Fprintf(os.Stderr, "%s: %s of %v\n", show.Printable(p.Info.Name), show.Counted(n, "token"), p.Info.Type)
			}
		}
	}
}

// little is how many bytes are too few for means to say something.
const little = 4096

// Finish fills in what is known at the end.
func (s *Summary) Finish(content, size int64, took time.Duration) {
	s.Input, s.Size = content, size
	s.Ratio = show.Ratio(s.Input, size)
	s.Bits = 8 * show.Ratio(size, s.Tokens)
	s.Seconds = took.Seconds()
	s.Speed = show.Rate(s.Input, took)
}

// Report prints the summary. pipe says that there is one on either side, where no
// summary is wanted but as JSON.
func (c *Options) Report(s *Summary, pipe bool) error {
	if len(s.Fresh) > 0 && !c.Told.Quiet {
		names := show.Printable(s.Fresh[0])
		if len(s.Fresh) > 1 {
			names += fmt.Sprintf(" and %s more", show.Count(int64(len(s.Fresh)-1)))
		}
		fmt.Fprintf(os.Stderr, "foretell: note: %s will come back uncompressed: with the same content, but not the same file\n", names)
	}
	switch {
	case c.json && s.Output == "-":
		return show.JSON(os.Stderr, s)
	case c.json:
		return show.JSON(os.Stdout, s)
	case !c.Told.Quiet && !pipe:
		facts := []string{fmt.Sprintf("%s -> %s bytes (%.2f:1)", show.Count(s.Input), show.Count(s.Size), s.Ratio)}
		if s.Input >= little { // of less they say nothing
			facts = append(facts, fmt.Sprintf("%.3f bits/token", s.Bits), show.Speed(s.Speed)+" MB/s")
		}
		show.Summary(s.Output, facts)
	}
	return nil
}
