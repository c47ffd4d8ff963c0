package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/foretell/foretell"
	foretellbeam "github.com/foretell/foretell/beam"
)

// A command is a command line.
type command struct {
	verb     string
	input    string
	output   string
	manifest string
	logLevel string

	compress foretellbeam.CompressOptions
	read     foretellbeam.ReadOptions
	train    foretellbeam.TrainOptions
	limit    foretellbeam.Limit
	threads  int
	shape    string
	recheck  string

	network    string // a file, "" for none
	prior      string
	trainPrior bool

	stats    string   // where statistics go
	reserved []string // files that are neither inputs nor outputs
}

func newCommand(f *flag.FlagSet) *command {
	c := new(command)
	f.StringVar(&c.input, "input", "", "the files to work on, a `PATTERN`")
	f.StringVar(&c.output, "output", "", "the `FOLDER` that outputs go to, or a pattern in which * is the name of the input")
	f.StringVar(&c.manifest, "manifest", "", "the `FILE` of JSON Lines that says what became of each input (default: manifest.jsonl in the folder of outputs)")
	f.StringVar(&c.compress.Model, "model", "", "the `MODEL` of foretell that predicts, such as mix, best, static or fast (default: mix), or the file of a network, .gguf or .safetensors, which may be remote; where to find that of .fore files")
	f.IntVar(&c.compress.BlockTokens, "block", 0, "most tokens in a block (default: the model's)")
	f.BoolVar(&c.compress.Solid, "solid", false, "let blocks hold several members of a shard")
	f.StringVar(&c.compress.Dtype, "dtype", "", "the element `TYPE` of raw files, such as uint16 (default: by their names, else bytes)")
	f.StringVar(&c.shape, "shape", "", "the `SHAPE` of raw files, such as -1,128")
	f.BoolVar(&c.compress.Strict, "strict", false, "fail inputs that cannot be read as what they begin as, instead of keeping that as bytes with a note in the manifest")
	f.StringVar(&c.prior, "prior", "", "the `FILE` of a prior to compress or to read with; with --train-prior, where it is kept (default there: prior in the folder of outputs)")
	f.BoolVar(&c.trainPrior, "train-prior", false, "first train a prior on a sample of the inputs, then compress with it")
	f.BoolVar(&c.compress.EmbedPrior, "embed-prior", false, "have each output carry the prior, so that reading it takes nothing else")
	f.IntVar(&c.train.Shards, "sample-shards", 0, "how many inputs a prior is trained on (default: 32)")
	f.Int64Var(&c.train.Tokens, "sample-tokens", 0, "how many tokens a prior is trained on (default: 4194304)")
	f.IntVar(&c.train.MaxBytes, "prior-size", 0, "most bytes of a trained prior (default: foretell's)")
	f.StringVar(&c.recheck, "recheck", "full", "how outputs that are there already are checked before they are kept: full decodes them, quick reads header, index, hash and input")
	f.IntVar(&c.limit.Workers, "workers", 0, "how many inputs each worker process has under way at a time (default: one for each CPU)")
	f.IntVar(&c.threads, "threads", 1, "how many blocks of an input are coded at a time")
	f.IntVar(&c.limit.MaxFailures, "max-failures", -1, "tolerate `N` inputs that fail; after more, leave out those that have not begun (default: do all the others, but exit with 1)")
	f.Int64Var(&c.read.MaxMemory, "max-memory", 0, "refuse .fore files that take more bytes of memory to decode (default: 1 GiB)")
	f.Int64Var(&c.read.MaxOutput, "max-output", 0, "refuse .fore files with more bytes of content (default: 64 GiB)")
	f.StringVar(&c.logLevel, "log-level", "off", "what Beam logs to standard error: debug, info, warn, error or off")
	return c
}

// check completes the command line and says what is wrong with it.
func (c *command) check(verb string, rest []string) error {
	c.verb = verb
	switch verb {
	case "compress", "decompress", "verify", "stats", "train-prior":
	default:
		return fmt.Errorf("no verb is called %q", verb)
	}
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q: put quotes around patterns", rest[0])
	case c.input == "":
		return errors.New("name the inputs with --input")
	case c.output == "" && verb != "verify":
		return errors.New("name the output with --output")
	case strings.Count(c.output, "*") > 1:
		return errors.New("--output: at most one *")
	case c.recheck != "full" && c.recheck != "quick":
		return errors.New("--recheck: full or quick")
	case c.trainPrior && verb != "compress":
		return errors.New("--train-prior belongs to compress; the verb train-prior trains one alone")
	case c.threads < 1:
		return errors.New("--threads: at least 1")
	}
	if c.recheck == "quick" {
		c.compress.Recheck = foretellbeam.RecheckQuick
	}
	if c.shape != "" {
		for _, s := range strings.Split(c.shape, ",") {
			n, err := strconv.Atoi(s)
			if err != nil {
				return fmt.Errorf("--shape: %q is no length", s)
			}
			c.compress.Shape = append(c.compress.Shape, n)
		}
	}
	if isNetwork(c.compress.Model) {
		c.network, c.compress.Model = c.compress.Model, ""
	}
	if c.network != "" && (c.trainPrior || c.prior != "" && verb == "compress" || verb == "train-prior") {
		return errors.New("priors are for the models mix and best, not for networks")
	}
	c.compress.Threads, c.read.Threads = c.threads, c.threads
	c.compress.Limit, c.read.Limit = c.limit, c.limit
	c.train.Model, c.train.Dtype, c.train.Shape = c.compress.Model, c.compress.Dtype, c.compress.Shape
	if err := c.compress.Check(); err != nil {
		return err
	}
	if (c.trainPrior || c.prior != "" && verb == "compress" || verb == "train-prior") && c.train.Model != "" && c.train.Model != "mix" && c.train.Model != "best" {
		return fmt.Errorf("priors are for the models mix and best, not %s", c.train.Model)
	}
	root := foretellbeam.Target(c.output).Root()
	if c.trainPrior && c.prior == "" {
		c.prior = root + "prior"
	}
	if c.manifest == "" && verb != "train-prior" && c.output != "" {
		c.manifest = root + foretellbeam.ManifestName
	}
	if c.manifest == "" && verb == "verify" {
		return errors.New("name the file that says what was found with --manifest")
	}
	return c.reserve(root)
}

// isNetwork reports whether the value of --model is a file.
func isNetwork(model string) bool {
	if model == "" || slices.Contains(foretell.Models(), model) {
		return false
	}
	info, err := os.Stat(model)
	return err == nil && info.Mode().IsRegular() || strings.Contains(model, "/") ||
		slices.Contains([]string{".gguf", ".safetensors"}, path.Ext(model))
}

// reserve sets which files beside the outputs are neither inputs nor outputs.
func (c *command) reserve(root string) error {
	if c.verb == "train-prior" {
		c.reserved = []string{c.output}
		return nil
	}
	if c.verb == "stats" {
		c.stats = root + "stats.jsonl"
	}
	for _, name := range []string{c.manifest, c.prior, c.stats} {
		if name == "" {
			continue
		}
		if slices.Contains(c.reserved, name) {
			return fmt.Errorf("%s is to be two files: give one of them another name", name)
		}
		c.reserved = append(c.reserved, name)
	}
	c.compress.Reserved, c.read.Reserved = c.reserved, c.reserved
	return nil
}

// build adds what the verb does to a pipeline.
func (c *command) build(ctx context.Context, s beam.Scope) error {
	if c.network != "" && c.verb == "compress" {
		var err error
		if c.compress.Network, err = foretellbeam.FindNetwork(ctx, c.network); err != nil {
			return err
		}
	}
	c.read.Network = c.network
	to := foretellbeam.Target(c.output)
	match := foretellbeam.MatchOptions{Reserved: c.reserved}
	switch c.verb {
	case "compress":
		match.Output = to
	case "decompress", "verify":
		match.Suffix = ".fore"
	}
	shards := foretellbeam.Match(s, c.input, match)
	var prior, records beam.PCollection
	switch {
	case c.verb == "stats", c.verb == "train-prior":
	case c.trainPrior:
		prior = foretellbeam.TrainPrior(s, shards, c.prior, c.train)
	case c.prior != "":
		prior = foretellbeam.ReadPrior(s, c.prior)
	}
	switch c.verb {
	case "compress":
		records = foretellbeam.Compress(s, shards, prior, to, c.compress)
	case "decompress":
		records = foretellbeam.Decompress(s, shards, prior, to, c.read)
	case "verify":
		records = foretellbeam.Verify(s, shards, prior, c.read)
	case "stats":
		var members beam.PCollection
		members, records = foretellbeam.Stats(s, shards, c.compress)
		foretellbeam.WriteStats(s, c.stats, members)
	case "train-prior":
		foretellbeam.TrainPrior(s, shards, c.output, c.train)
		return nil
	}
	foretellbeam.WriteManifest(s, c.manifest, records)
	return nil
}
