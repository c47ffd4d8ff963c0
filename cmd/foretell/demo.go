package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/foretell/foretell"
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
	names := models()
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "Compress a sample of real tokens with every model",
		Long:    demoHelp,
		Example: demoExample,
		GroupID: groupMain,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			for _, name := range names {
				if err := checkModel(name); err != nil {
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
	if !asJSON && !a.quiet {
		fmt.Printf("Newton's Opticks, %s of GPT-2: compressed, decompressed, compared.\n\n", counted(n, "token"))
	}
	results := []result{{Name: "raw", Size: int64(len(sample)), Bits: 8 * size, Ratio: 1}}
	var ours []result
	for i, w := range append(generalWays(), modelWays(names, foretell.WriterOptions{}, openSample)...) {
		a.tell(w.name + " ...")
		r, err := measure(&w)
		a.tell("")
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		r.relate(int64(len(sample)), n)
		if i < len(generalWays()) {
			results = append(results, r)
		} else {
			ours = append(ours, r)
		}
	}
	slices.SortStableFunc(ours, func(a, b result) int { return cmp.Compare(b.Size, a.Size) })
	results = append(results, ours...)
	if asJSON {
		return printJSON(os.Stdout, results)
	}
	t := table{left: 1}
	t.row(resultHead...)
	for _, r := range results {
		t.row(r.cells()...)
	}
	if err := t.print(os.Stdout); err != nil || a.quiet {
		return err
	}
	_, err := fmt.Printf("\nAll came back byte for byte. Without --model, compress uses %s.\nNow your own: foretell compress tokens.npy\n", foretell.DefaultModel)
	return err
}

// openSample reads the sample as compress would.
func openSample() (*tokens.Source, error) {
	return tokens.NewSource("opticks.u16", bytes.NewReader(sample), tokens.Options{})
}

// enough is how long each way is measured at least, so that quick ones are not
// measured by their first run.
const enough = 100 * time.Millisecond

// measure runs both ways on the sample, compares, and takes the quickest of the
// runs.
func measure(w *way) (result, error) {
	var file, back bytes.Buffer
	encode, err := quickest(func() error {
		file.Reset()
		return w.encode(&file, bytes.NewReader(sample))
	})
	if err != nil {
		return result{}, err
	}
	decode, err := quickest(func() error {
		back.Reset()
		return w.decode(&back, bytes.NewReader(file.Bytes()))
	})
	if err == nil && !bytes.Equal(back.Bytes(), sample) {
		err = errOther
	}
	size := int64(len(sample))
	return result{Name: w.name, Size: int64(file.Len()), Encode: rate(size, encode), Decode: rate(size, decode)}, err
}

func quickest(run func() error) (time.Duration, error) {
	times, err := repeat(run)
	if err != nil {
		return 0, err
	}
	return slices.Min(times), nil
}

// repeat measures a run until enough time has gone by.
func repeat(run func() error) (times []time.Duration, err error) {
	for begin := time.Now(); len(times) == 0 || time.Since(begin) < enough; {
		start := time.Now()
		if err := run(); err != nil {
			return nil, err
		}
		times = append(times, max(time.Since(start), 1))
	}
	return times, nil
}
