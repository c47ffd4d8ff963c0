package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/each"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/flags"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

const verifyHelp = `Decode all of each .fore file, in bounded memory and without writing anything,
and check every hash in it. Each block that is damaged is named, with the tokens
that are lost with it. Small files are decoded several at a time, and told of in
the order in which they are given. The exit code is 0 if all files are whole, 1
if not. It is 1 as well if that cannot be told, as within a limit or without the
prior; then nothing is said of damage.`

const verifyExample = `  foretell verify tokens.npy.fore
  foretell verify *.fore
  foretell verify - < tokens.npy.fore
  foretell verify --json shards.fore`

type verifyOptions struct {
	*app
	workers   flags.Threads
	priorFile string
	prior     []byte
	network   string
	maxMemory flags.Size
	maxOutput flags.Size
	json      bool
	verdicts  []verdict
}

func newVerify(a *app) *cobra.Command {
	v := &verifyOptions{app: a, verdicts: []verdict{}}
	cmd := &cobra.Command{
		Use:               "verify FILE...",
		Aliases:           []string{"test"},
		Short:             "Decode everything and check every hash",
		Long:              verifyHelp,
		Example:           verifyExample,
		GroupID:           groupLook,
		ValidArgsFunction: fore,
		RunE:              func(cmd *cobra.Command, args []string) error { return v.run(cmd, args) },
	}
	f := cmd.Flags()
	f.VarP(&v.workers, "threads", "T", "decode that many blocks, or small files, at a time (default: one for each CPU)")
	models.AddPrior(cmd, &v.priorFile)
	models.AddNetwork(cmd, "model", &v.network)
	v.AddProgress(cmd)
	flags.AddMaxMemory(cmd, &v.maxMemory)
	flags.AddMaxOutput(cmd, &v.maxOutput)
	f.BoolVar(&v.json, "json", false, "print as JSON")
	return cmd
}

// A verdict is what verify reports.
type verdict struct {
	File    string   `json:"file"`
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

func (v *verifyOptions) run(cmd *cobra.Command, args []string) error {
	args, err := each.Args(args, "name the .fore files")
	if err != nil {
		return err
	}
	if v.prior, err = models.ReadPrior(v.priorFile); err != nil {
		return err
	}
	flags.CollectBefore(v.maxMemory)
	ahead := each.Beside[string, looked]{Tasks: args, Workers: v.threads(), Small: small, Run: func(name string) looked {
		return v.look(name, 1, int64(v.maxMemory)/int64(v.threads()), false)
	}}
	if v.Lines() {
		ahead.Workers = 1 // each file tells how far it is
	}
	err = each.Run(cmd, args, func(name string) error {
		l, ok := ahead.Take()
		if !ok || errors.Is(l.err, foretell.ErrLimit) {
			l = v.look(name, int(v.workers), int64(v.maxMemory), true)
		}
		if l.err != nil {
			return failure.In(name, l.err)
		}
		return failure.In(name, v.report(&l.verdict, name, l.took))
	})
	switch {
	case v.json && len(args) == 1 && len(v.verdicts) == 1:
		err = cmp.Or(show.JSON(os.Stdout, &v.verdicts[0]), err)
	case v.json && len(args) > 1:
		err = cmp.Or(show.JSON(os.Stdout, v.verdicts), err)
	}
	return err
}

// threads returns how many goroutines decode.
func (v *verifyOptions) threads() int {
	if v.workers > 0 {
		return int(v.workers)
	}
	return runtime.GOMAXPROCS(0)
}

// small reports whether a file is one that is decoded beside others: it hardly has blocks
// enough to use all processors by itself.
func small(name string) bool {
	const most = 1 << 20 // bytes
	fi, err := os.Stat(name)
	return err == nil && fi.Mode().IsRegular() && fi.Size() <= most
}

// looked is what verifying a file has come to.
type looked struct {
	verdict verdict
	took    time.Duration
	err     error // why there is no verdict
}

// look verifies one file. show says that it shows how far it is.
func (v *verifyOptions) look(name string, workers int, memory int64, show bool) (l looked) {
	in, err := inputs.OpenFore(name)
	if err != nil {
		return looked{err: err}
	}
	defer in.Close()
	opts := &foretell.ReaderOptions{Workers: workers, MaxMemory: memory, MaxOutput: int64(v.maxOutput), Prior: v.prior,
		Resolve: models.Resolve(v.network, name)}
	l.verdict = verdict{File: name, Damage: []damage{}}
	result := &l.verdict
	var refused error // what says nothing of the file, such as a limit
	note := func(err error) {
		if !failure.IsDamage(err) {
			refused = cmp.Or(refused, err)
			return
		}
		d := damage{Error: failure.Worded(err)}
		var block *foretell.BlockError
		if errors.As(err, &block) {
			d.Block, d.Offset = &block.Block, &block.Offset
		}
		result.Damage = append(result.Damage, d)
	}
	opts.KeepGoing = note
	var read atomic.Int64
	begin := time.Now()
	result.Content, err = v.decode(in.Metered(&read), opts, show, name == "-")
	if err != nil {
		note(err)
	}
	if refused != nil {
		return looked{err: refused}
	}
	result.Size = read.Load()
	result.Whole = len(result.Damage) == 0
	if !result.Whole && in.Size >= 0 {
		result.place(in, opts)
	}
	l.took = time.Since(begin)
	return l
}

// decode decodes all of a file and returns how many bytes of content it has.
func (v *verifyOptions) decode(in io.Reader, opts *foretell.ReaderOptions, show, pipe bool) (content int64, err error) {
	var done atomic.Int64
	opts.Progress = done.Store
	r, err := foretell.NewReader(in, opts)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if show {
		defer v.ShowProgress("verifying", pipe, func() (int64, int64) { return done.Load(), r.ContentSize() }).End()
	}
	for {
		p, err := r.Next()
		if err == io.EOF {
			return content, nil
		}
		if err != nil {
			return content, err
		}
		content += int64(len(p.Bytes))
		if p.Kind == tokens.Member {
			n, err := io.Copy(io.Discard, p.Data)
			if content += n; err != nil {
				return content, err
			}
		}
	}
}

// place finds out which tokens are lost with the damaged blocks, if the index of
// the file is whole.
func (r *verdict) place(in *inputs.File, opts *foretell.ReaderOptions) {
	at, err := foretell.OpenReaderAt(in, in.Size, opts)
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
	if r.Whole && !v.Quiet {
		fmt.Fprintf(&text, "%s: whole: %s of content, %s MB/s\n", show.Printable(name), show.Counted(r.Content, "byte"), show.Speed(show.Rate(r.Content, took)))
	}
	for _, d := range r.Damage {
		fmt.Fprintf(&text, "%s: %s\n", show.Printable(name), show.Harmless(d.Error, ""))
		for _, s := range d.Spans {
			fmt.Fprintf(&text, "  lost: tokens %s to %s of %s\n", show.Count(s.First), show.Count(s.First+s.Count-1), show.Printable(s.Member))
		}
	}
	if v.json {
		v.verdicts = append(v.verdicts, *r)
	} else if _, err := os.Stdout.WriteString(text.String()); err != nil {
		return err
	}
	if !r.Whole {
		return failure.ErrDamage
	}
	return nil
}
