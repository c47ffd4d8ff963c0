package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/internal/outputs"
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
	sourceFlags
	out     string
	model   string
	fast    int // a level, 0 if not asked for
	best    bool
	sharing sharing
	hint    *hint // nil if the type of raw files is given
	prior   string
	embed   bool
	block   size
	workers threads
	force   bool
	goOn    bool // where an earlier run has ended
	json    bool
}

func newCompress(a *app) *cobra.Command {
	c := &compressOptions{app: a}
	cmd := &cobra.Command{
		Use:     "compress INPUT... [-o OUT]",
		Short:   "Compress token arrays into a .fore file",
		Long:    compressHelp,
		Example: compressExample,
		GroupID: groupMain,
		RunE:    func(_ *cobra.Command, args []string) error { return c.run(args) },
	}
	c.addWriting(cmd)
	cmd.Flags().BoolVar(&c.goOn, "resume", false, "keep what is done in OUT.partial, and go on with what an earlier run has left there; the output is the same")
	c.sourceFlags.add(cmd)
	c.addProgress(cmd)
	return cmd
}

// addWriting adds the flags that say how a file is written.
func (c *compressOptions) addWriting(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&c.out, "output", "o", "", "write to `OUT` (- is standard output)")
	f.StringVar(&c.model, "model", "", "the `MODEL` that predicts: "+oneOf(models())+" (default: "+foretell.DefaultModel+"), or the file of a network, .gguf or .safetensors")
	f.IntVar(&c.fast, "fast", 0, "the same as --model fast: speed before size; --fast=`LEVEL`, from 1 (fastest) to 9 (smallest), chooses the trade")
	f.Lookup("fast").NoOptDefVal = "5"
	f.BoolVar(&c.best, "best", false, "the same as --model best: size before speed")
	addPrior(cmd, &c.prior)
	f.BoolVar(&c.embed, "embed-prior", false, "let the output carry the prior, so that decompressing needs nothing else")
	c.sharing.add(cmd)
	f.Var(&c.block, "block", "most tokens in a block, such as 64K: what a range read decodes at least (default: the model's)")
	f.VarP(&c.workers, "threads", "T", "encode that many blocks at a time; the output does not depend on it (default: one for each CPU)")
	f.BoolVarP(&c.force, "force", "f", false, "overwrite an existing output; write to a terminal")
	f.BoolVar(&c.json, "json", false, "print a summary as JSON (to standard error if the output is standard output)")
	cmd.RegisterFlagCompletionFunc("model", cobra.FixedCompletions(models(), cobra.ShellCompDirectiveNoFileComp))
}

// A compressSummary is what compress reports.
type compressSummary struct {
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

func (c *compressOptions) run(args []string) error {
	opts, err := c.options()
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
	writer, err := c.writer()
	if err != nil {
		return err
	}
	if out != "-" {
		opts.Output = earlier(out, isFore)
	}
	if c.dtype == "" {
		c.hint = new(hint)
	}
	src, err := c.open(args, opts)
	if err != nil {
		return err
	}
	defer src.Close()
	f, err := c.create(out, args)
	if err != nil {
		return err
	}
	begin := time.Now()
	sum := compressSummary{Output: out, Model: modelName(writer)}
	sink := &tallyWriter{w: f}
	rest, err := c.resume(f, out, writer, sink)
	if err != nil {
		return err
	}
	w, err := foretell.NewWriter(sink, writer)
	if err != nil {
		return err
	}
	pipe := out == "-" || slices.Contains(args, "-")
	var in intake
	show := c.follow(&activity{
		verb:  "compressing",
		sizes: w.Progress,
		done: func() (int64, int64) {
			// What has been read and what has been written of it differ by
			// the blocks that are under way.
			read, total := src.Progress()
			coded, _ := w.Progress()
			return int64(float64(read) * min(ratio(coded, in.elements.Load()), 1)), total
		},
		tokens: in.sizes,
	}, pipe)
	err = c.copy(w, src, &sum, &in)
	show.end()
	if err == nil {
		err = f.Finish()
	}
	if err == nil {
		err = staged.Commit()
	}
	if err == nil {
		err = forget(rest)
	}
	if err != nil {
		return err
	}
	sum.Notes = c.notes.list
	sum.finish(in.content(), sink.n.Load(), time.Since(begin))
	return c.report(&sum, pipe)
}

// named returns the models that the command line asks for.
func (c *compressOptions) named() (given []string) {
	if c.fast != 0 {
		given = append(given, "--fast")
	}
	if c.best {
		given = append(given, "--best")
	}
	if c.model != "" {
		given = append(given, c.model)
	}
	return given
}

// writer returns how the output is written.
func (c *compressOptions) writer() (*foretell.WriterOptions, error) {
	if c.model != "" && !isNetwork(c.model) {
		if err := checkModel(c.model); err != nil {
			return nil, err
		}
	}
	if given := c.named(); len(given) > 1 {
		return nil, usagef("choose one of %s", oneOf(given))
	}
	if c.fast < 0 || c.fast > 9 {
		return nil, usagef("--fast=%d: give a level from 1 to 9", c.fast)
	}
	if c.block > foretell.MaxBlockTokens {
		return nil, usagef("--block: at most %d tokens", foretell.MaxBlockTokens)
	}
	model := foretell.DefaultModel
	var network *foretell.Network
	for _, given := range c.named() {
		model = strings.TrimPrefix(given, "--")
	}
	if isNetwork(model) {
		var err error
		if network, err = openNetwork(model); err != nil {
			return nil, err
		}
		model = ""
	}
	prior, err := readPrior(c.prior)
	return &foretell.WriterOptions{
		Model: model, Network: network, Level: c.fast, BlockTokens: int(c.block), Solid: c.sharing.solid, Apart: c.sharing.apart, Workers: int(c.workers),
		Prior: prior, EmbedPrior: c.embed,
	}, err
}

// modelName returns what the summary calls a model.
func modelName(o *foretell.WriterOptions) string {
	if o.Network != nil {
		return o.Network.Need().Name
	}
	return o.Model
}

// output returns where the output goes.
func (c *compressOptions) output(args []string) (string, error) {
	switch {
	case len(args) == 0:
		return "", usagef("name the files to compress, or - for standard input")
	case c.out != "":
		return outName(c.out), nil
	case len(args) > 1:
		return "", usagef("with several inputs, name the output with -o")
	case args[0] == "-":
		return "-", nil
	}
	name := filepath.Clean(args[0])
	if base := filepath.Base(name); base == "." || base == ".." || base == string(filepath.Separator) {
		return "", usagef("name the output with -o")
	}
	return name + ".fore", nil
}

// create stages the output.
func (c *compressOptions) create(out string, inputs []string) (*outputs.File, error) {
	var f *outputs.File
	var err error
	switch {
	case out == "-":
		f, err = staged.standard()
	case len(inputs) == 1:
		if f, err = staged.Path(out, c.force, outputs.ModeLike(inputs[0])); err == nil {
			f.Time = timeOf(inputs[0])
		}
	default:
		f, err = staged.Path(out, c.force, outputs.AnyMode)
	}
	if err != nil {
		return nil, err
	}
	if !c.force && isTerminal(f.File) {
		return nil, errors.New("compressed data is not for a terminal (-f writes it all the same)")
	}
	return f, nil
}

// copy writes all parts of src and counts them, and what is read of them.
func (c *compressOptions) copy(w *foretell.Writer, src tokens.Parts, sum *compressSummary, in *intake) error {
	for {
		p, err := src.Next()
		if err == io.EOF {
			return w.Close()
		}
		if err != nil {
			return err
		}
		before := in.tokens.Load()
		switch p.Kind {
		case tokens.File:
			if p.Repacked {
				sum.Fresh = append(sum.Fresh, p.Name)
			}
		case tokens.Framing:
			in.framing.Add(int64(len(p.Bytes)))
		case tokens.Member:
			if c.hint != nil {
				c.hint.watch(&p)
			}
			in.meter(&p)
			sum.Members++
		}
		if err := w.WritePart(p); err != nil {
			return err
		}
		if p.Kind == tokens.Member {
			n := in.tokens.Load() - before
			sum.Tokens += n
			if c.verbose {
				fmt.Fprintf(os.Stderr, "%s: %s of %v\n", printable(p.Info.Name), counted(n, "token"), p.Info.Type)
			}
		}
	}
}

func (s *compressSummary) finish(content, size int64, took time.Duration) {
	s.Input, s.Size = content, size
	s.Ratio = ratio(s.Input, size)
	s.Bits = 8 * ratio(size, s.Tokens)
	s.Seconds = took.Seconds()
	s.Speed = rate(s.Input, took)
}

func (c *compressOptions) report(s *compressSummary, pipe bool) error {
	c.notes.print(c.quiet)
	if c.hint != nil && !c.quiet {
		c.hint.print()
	}
	if len(s.Fresh) > 0 && !c.quiet {
		names := printable(s.Fresh[0])
		if len(s.Fresh) > 1 {
			names += fmt.Sprintf(" and %s more", count(int64(len(s.Fresh)-1)))
		}
		fmt.Fprintf(os.Stderr, "foretell: note: the compression of the archive itself is not kept: %s will come back uncompressed, each file in it byte for byte\n", names)
	}
	switch {
	case c.json && s.Output == "-":
		return printJSON(os.Stderr, s)
	case c.json:
		return printJSON(os.Stdout, s)
	case !c.quiet && !pipe:
		fmt.Fprintf(os.Stderr, "%s: %s, %s -> %s bytes (%.2f:1), %.3f bits per token, %s MB/s\n",
			printable(s.Output), counted(s.Tokens, "token"), count(s.Input), count(s.Size), s.Ratio, s.Bits, speedText(s.Speed))
	}
	return nil
}
