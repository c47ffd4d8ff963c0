package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"os"
	"slices"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/ways"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

// sample is Newton's Opticks (1730, public domain) as GPT-2 tokens, little-endian
// uint16. The program in sample/generate made it.
//
//go:embed sample/opticks.u16
var sample []byte

const demoHelp = `Compress a sample that is part of this program, decompress it, compare, and show
what each model makes of it. The sample is Newton's Opticks as tokens of GPT-2.`

const demoExample = `  foretell demo
  foretell demo --model static,fast`

func newDemo(a *app) *cobra.Command {
	var asJSON bool
	names := models.Names()
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "Compress a sample of real tokens with every model",
		Long:    demoHelp,
		Example: demoExample,
		GroupID: groupMain,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return failure.Usagef("demo has a sample of its own: 'foretell bench %s' does the same with yours", args[0])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			for _, name := range names {
				if err := models.Check(name); err != nil {
					return err
				}
			}
			return a.demo(names, asJSON)
		},
	}
	cmd.Flags().StringSliceVar(&names, "model", names, "the `MODELS` to show, with commas between them")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

func (a *app) demo(names []string, asJSON bool) error {
	const size = 2 // bytes of a token
	n := int64(len(sample) / size)
	if !asJSON && !a.Quiet {
		fmt.Printf("Newton's Opticks, %s of GPT-2: compressed, decompressed, compared.\n\n", show.Counted(n, "token"))
	}
	results := []ways.Result{{Name: "raw", Size: int64(len(sample)), Bits: 8 * size, Ratio: 1}}
	var ours []ways.Result
	for i, w := range append(ways.General(), ways.Models(names, foretell.WriterOptions{}, openSample)...) {
		a.Tell(w.Name + " ...")
		r, err := ways.Measure(&w, sample)
		a.Tell("")
		if err != nil {
			return fmt.Errorf("%s: %w", w.Name, err)
		}
		r.Relate(int64(len(sample)), n)
		if i < len(ways.General()) {
			results = append(results, r)
		} else {
			ours = append(ours, r)
		}
	}
	slices.SortStableFunc(ours, func(a, b ways.Result) int { return cmp.Compare(b.Size, a.Size) })
	results = append(results, ours...)
	if asJSON {
		return show.JSON(os.Stdout, results)
	}
	t := show.Table{Left: 1}
	t.Row(ways.Head...)
	for _, r := range results {
		t.Row(r.Cells()...)
	}
	if err := t.Print(os.Stdout); err != nil || a.Quiet {
		return err
	}
	_, err := fmt.Printf("\nAll came back byte for byte. Without --model, compress uses %s.\nNow your own: foretell compress tokens.npy\n", foretell.DefaultModel)
	return err
}

// openSample reads the sample as compress would.
func openSample() (*tokens.Source, error) {
	return tokens.NewSource("opticks.u16", bytes.NewReader(sample), tokens.Options{})
}
