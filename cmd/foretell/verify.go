package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/foretell/foretell"
	"github.com/spf13/cobra"
)

const verifyHelp = `Decode all of a .fore file, in bounded memory and without writing anything, and
check every hash in it. Each block that is damaged is named, with the tokens
that are lost with it. The exit code is 0 if the file is whole, 1 if not. It is
1 as well if that cannot be told, as within a limit or without the prior; then
nothing is said of damage.`

const verifyExample = `  foretell verify tokens.npy.fore
  foretell verify - < tokens.npy.fore
  foretell verify --json shards.fore`

type verifyOptions struct {
	*app
	workers   threads
	prior     string
	network   string
	maxMemory size
	maxOutput size
	json      bool
}

func newVerify(a *app) *cobra.Command {
	v := &verifyOptions{app: a}
	cmd := &cobra.Command{
		Use:               "verify FILE",
		Short:             "Decode everything and check every hash",
		Long:              verifyHelp,
		Example:           verifyExample,
		GroupID:           groupLook,
		Args:              fileArg,
		ValidArgsFunction: fore,
		RunE:              func(cmd *cobra.Command, args []string) error { return v.run(args[0]) },
	}
	f := cmd.Flags()
	f.VarP(&v.workers, "threads", "T", "decode that many blocks at a time (default: one for each CPU)")
	addPrior(cmd, &v.prior)
	addNetwork(cmd, "model", &v.network)
	v.addProgress(cmd)
	addMaxMemory(cmd, &v.maxMemory)
	addMaxOutput(cmd, &v.maxOutput)
	f.BoolVar(&v.json, "json", false, "print as JSON")
	return cmd
}

// A verdict is what verify reports.
type verdict struct {
	Whole   bool     `json:"whole"`
	Size    int64    `json:"size"`    // bytes of the file
	Content int64    `json:"content"` // bytes
	Damage  []damage `json:"damage"`
}

// damage is one thing that is wrong with a file.
type damage struct {
	Block  *int64 `json:"block,omitempty"`
	Offset *int64 `json:"offset,omitempty"` // of the block in the file
	Error  string `json:"error"`
	Spans  []lost `json:"lost,omitempty"`
}

// lost is a run of tokens of a member.
type lost struct {
	Member string `json:"member"`
	First  int64  `json:"first"`
	Count  int64  `json:"count"`
}

func (v *verifyOptions) run(name string) error {
	in, err := openInput(name)
	if err != nil {
		return err
	}
	defer in.Close()
	prior, err := readPrior(v.prior)
	if err != nil {
		return err
	}
	opts := &foretell.ReaderOptions{Workers: int(v.workers), MaxMemory: int64(v.maxMemory), MaxOutput: int64(v.maxOutput), Prior: prior,
		Resolve: resolve(v.network, name)}
	collectBefore(v.maxMemory)
	result := verdict{Damage: []damage{}}
	var failure error // what says nothing of the file, such as a limit
	note := func(err error) {
		if !isDamage(err) {
			failure = cmp.Or(failure, err)
			return
		}
		d := damage{Error: worded(err)}
		var block *foretell.BlockError
		if errors.As(err, &block) {
			d.Block, d.Offset = &block.Block, &block.Offset
		}
		result.Damage = append(result.Damage, d)
	}
	opts.KeepGoing = note
	var done atomic.Int64
	begin := time.Now()
	show := v.showProgress("verifying", name == "-",
		func() (int64, int64) { return done.Load(), in.size })
	result.Content, err = foretell.Verify(in.metered(&done), opts)
	show.end()
	if err != nil {
		note(err)
	}
	if failure != nil {
		return fmt.Errorf("%s: %w", name, failure)
	}
	result.Size = done.Load()
	result.Whole = len(result.Damage) == 0
	if !result.Whole && in.size >= 0 {
		result.place(in, opts)
	}
	return v.report(&result, name, time.Since(begin))
}

// place finds out which tokens are lost with the damaged blocks, if the index of
// the file is whole.
func (r *verdict) place(in *inputFile, opts *foretell.ReaderOptions) {
	at, err := foretell.OpenReaderAt(in, in.size, opts)
	if err != nil {
		return
	}
	for i := range r.Damage {
		d := &r.Damage[i]
		if d.Block == nil {
			continue
		}
		for _, s := range at.BlockSpans(*d.Block) {
			d.Spans = append(d.Spans, lost{at.Members()[s.Member].Name, s.First, s.Count})
		}
	}
}

func (v *verifyOptions) report(r *verdict, name string, took time.Duration) error {
	var text strings.Builder
	if r.Whole && !v.quiet {
		fmt.Fprintf(&text, "%s: whole: %s of content, %s MB/s\n", printable(name), counted(r.Content, "byte"), speedText(rate(r.Content, took)))
	}
	for _, d := range r.Damage {
		fmt.Fprintf(&text, "%s: %s\n", printable(name), harmless(d.Error, ""))
		for _, s := range d.Spans {
			fmt.Fprintf(&text, "  lost: tokens %s to %s of %s\n", count(s.First), count(s.First+s.Count-1), printable(s.Member))
		}
	}
	var err error
	if v.json {
		err = printJSON(os.Stdout, r)
	} else {
		_, err = os.Stdout.WriteString(text.String())
	}
	if err == nil && !r.Whole {
		err = fmt.Errorf("%s: %w", name, errReported)
	}
	return err
}
