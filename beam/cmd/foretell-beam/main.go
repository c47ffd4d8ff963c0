// Foretell-beam compresses data sets that outgrow one machine, as an Apache Beam
// pipeline: in this process by default, or on Flink, Spark or Dataflow.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/s3"
	beamlog "github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"
	foretellbeam "github.com/foretell/foretell/beam"
)

const usage = `Usage: foretell-beam [VERB] --input PATTERN --output FOLDER [FLAGS]

Verbs:
  compress     write each file that matches to a .fore file (the default)
  decompress   write what is in each .fore file
  verify       decode each .fore file and check every hash
  stats        count the tokens of each array and their entropies
  train-prior  train a prior on a sample; --output names its file

PATTERN is of Beam's file systems: a local path, gs:// or s3://, with * and ?.
A local folder stands for all files in it. What happened to each file is a line
of the manifest; a run that was ended goes on where it was when it is started
again. The exit code is 0 if all is well, 1 if not, 2 for a wrong command line.

Examples:
  foretell-beam --input 'data/*.npy' --output out/
  foretell-beam --input 'gs://bucket/clips/**' --output gs://bucket/fore/ \
      --runner dataflow --project P --region R --staging_location gs://bucket/tmp
  foretell-beam verify --input 'out/*.fore' --manifest found.jsonl

Flags:
`

func main() {
	os.Exit(run())
}

// run executes the command line and returns its exit code.
func run() int {
	verb := "compress"
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		verb = os.Args[1]
		os.Args = append(os.Args[:1:1], os.Args[2:]...)
	}
	c := newCommand(flag.CommandLine)
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	beam.Init() // in a worker, does not return
	if c.logLevel == "off" {
		slog.SetDefault(slog.New(slog.DiscardHandler))
	} else {
		beamlog.SetupLogging(c.logLevel, "text")
	}
	if err := c.check(verb, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "foretell-beam: %v\nTry 'foretell-beam --help'.\n", err)
		return 2
	}
	if err := c.run(context.Background()); err != nil {
		fmt.Fprintf(os.Stderr, "foretell-beam: %s\n", cause(err))
		return 1
	}
	return 0
}

// run builds the pipeline, runs it and reports what became of the shards.
func (c *command) run(ctx context.Context) error {
	begin := time.Now()
	p := beam.NewPipeline()
	if err := c.build(ctx, p.Root()); err != nil {
		return err
	}
	if err := runPipeline(ctx, p); err != nil {
		return err
	}
	if c.manifest == "" {
		return nil
	}
	t, err := foretellbeam.ReadManifest(ctx, c.manifest, func(r foretellbeam.Record) error {
		if r.Error != "" {
			fmt.Fprintf(os.Stderr, "%s: %s: %s\n", r.Name, r.Status, r.Error)
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.report(t, time.Since(begin))
	failed := t.Status[foretellbeam.Failed] + t.Status[foretellbeam.Skipped]
	if failed > max(c.limit.MaxFailures, 0) {
		return errors.New("not all shards are done: see " + c.manifest)
	}
	return nil
}

// runPipeline runs a pipeline with a folder of temporary files of its own, as Beam
// leaves one behind each time. Workers in this process use it too; those that are
// in others have ended when it is deleted, or know nothing of it.
func runPipeline(ctx context.Context, p *beam.Pipeline) error {
	temporary, err := os.MkdirTemp("", "foretell-beam-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	before, set := os.LookupEnv("TMPDIR")
	if err := os.Setenv("TMPDIR", temporary); err != nil {
		return err
	}
	defer func() {
		if set {
			os.Setenv("TMPDIR", before)
		} else {
			os.Unsetenv("TMPDIR")
		}
	}()
	return beamx.Run(ctx, p)
}

// cause words an error of a pipeline without Beam's account of where it was.
func cause(err error) string {
	text := strings.TrimSpace(err.Error())
	if i := strings.LastIndex(text, "] failed:\n"); i >= 0 {
		text = text[i+len("] failed:\n"):]
	}
	return text
}

// report prints the totals of a run.
func (c *command) report(t *foretellbeam.Totals, took time.Duration) {
	var states []string
	for _, s := range []string{foretellbeam.Written, foretellbeam.Kept, foretellbeam.Whole, foretellbeam.Failed, foretellbeam.Skipped} {
		if n := t.Status[s]; n > 0 {
			states = append(states, fmt.Sprintf("%d %s", n, s))
		}
	}
	fmt.Fprintf(os.Stderr, "%d shards (%s), %d tokens", t.Shards, strings.Join(states, ", "), t.Tokens)
	if t.Bytes > 0 {
		fmt.Fprintf(os.Stderr, ": %d bytes of content in %d (%.2f to 1)", t.Content, t.Bytes, float64(t.Content)/float64(t.Bytes))
	}
	fmt.Fprintf(os.Stderr, ", %.1f s\n", took.Seconds())
}
