package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/tokens"
	"github.com/klauspost/compress/zstd"
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

// A contender is one way to compress the sample.
type contender struct {
	name   string
	encode func() ([]byte, error)
	decode func([]byte) ([]byte, error)
}

// A result is a row of the demo's table.
type result struct {
	Name   string  `json:"name"`
	Size   int64   `json:"bytes"`
	Bits   float64 `json:"bits_per_token"`
	Ratio  float64 `json:"ratio"`
	Encode float64 `json:"encode_mb_per_second,omitempty"`
	Decode float64 `json:"decode_mb_per_second,omitempty"`
}

func (a *app) demo(names []string, asJSON bool) error {
	const size = 2 // bytes of a token
	n := int64(len(sample) / size)
	if !asJSON && !a.quiet {
		fmt.Printf("Newton's Opticks, %s of GPT-2: compressed, decompressed, compared.\n\n", counted(n, "token"))
	}
	results := []result{{Name: "raw", Size: int64(len(sample)), Bits: 8 * size, Ratio: 1}}
	var ours []result
	tell := func(string) {}
	if isTerminal(os.Stderr) && !a.quiet {
		const clearLine = "\r\x1b[K"
		tell = func(text string) { fmt.Fprint(os.Stderr, clearLine+text) }
	}
	for i, c := range contenders(names) {
		tell(c.name + " ...")
		r, err := c.measure()
		tell("")
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		r.Bits = 8 * ratio(r.Size, n)
		r.Ratio = ratio(int64(len(sample)), r.Size)
		if i < rivals {
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
	t.row("", "BYTES", "BITS/TOKEN", "RATIO", "ENCODE MB/s", "DECODE MB/s")
	for _, r := range results {
		encode, decode := "", ""
		if r.Encode > 0 {
			encode, decode = speedText(r.Encode), speedText(r.Decode)
		}
		t.row(r.Name, count(r.Size), fmt.Sprintf("%.3f", r.Bits), fmt.Sprintf("%.2f", r.Ratio), encode, decode)
	}
	if err := t.print(os.Stdout); err != nil || a.quiet {
		return err
	}
	_, err := fmt.Printf("\nAll came back byte for byte. Without --model, compress uses %s.\nNow your own: foretell compress tokens.npy\n", foretell.DefaultModel)
	return err
}

// rivals is how many of the contenders are not ours.
const rivals = 2

func contenders(names []string) []contender {
	list := []contender{
		{"gzip -9", encodeGzip, decodeGzip},
		{"zstd, best", encodeZstd, decodeZstd},
	}
	for _, model := range names {
		list = append(list, contender{
			name: "foretell " + model,
			encode: func() ([]byte, error) {
				src, err := tokens.NewSource("opticks.u16", bytes.NewReader(sample), tokens.Options{})
				if err != nil {
					return nil, err
				}
				defer src.Close()
				var out bytes.Buffer
				_, err = foretell.Compress(&out, src, &foretell.WriterOptions{Model: model})
				return out.Bytes(), err
			},
			decode: func(file []byte) ([]byte, error) {
				var out bytes.Buffer
				err := unpack(&out, file)
				return out.Bytes(), err
			},
		})
	}
	return list
}

// unpack writes the content of a .fore file to w.
func unpack(w io.Writer, file []byte) error {
	r, err := foretell.NewReader(bytes.NewReader(file), nil)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		p, err := r.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case p.Kind == tokens.Framing:
			_, err = w.Write(p.Bytes)
		case p.Kind == tokens.Member:
			_, err = io.Copy(w, p.Data)
		}
		if err != nil {
			return err
		}
	}
}

// enough is how long each way is measured at least, so that quick ones are not
// measured by their first run.
const enough = 100 * time.Millisecond

// measure runs both ways, compares, and takes the quickest of the runs.
func (c *contender) measure() (result, error) {
	var file, back []byte
	encode, err := quickest(func() (err error) {
		file, err = c.encode()
		return err
	})
	if err != nil {
		return result{}, err
	}
	decode, err := quickest(func() (err error) {
		back, err = c.decode(file)
		return err
	})
	if err == nil && !bytes.Equal(back, sample) {
		err = fmt.Errorf("other bytes came back")
	}
	size := int64(len(sample))
	return result{Name: c.name, Size: int64(len(file)), Encode: rate(size, encode), Decode: rate(size, decode)}, err
}

func quickest(run func() error) (time.Duration, error) {
	best := time.Duration(0)
	for begin := time.Now(); best == 0 || time.Since(begin) < enough; {
		start := time.Now()
		if err := run(); err != nil {
			return 0, err
		}
		if took := max(time.Since(start), 1); best == 0 || took < best {
			best = took
		}
	}
	return best, nil
}

func encodeGzip() ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(sample)
	}
	if err == nil {
		err = w.Close()
	}
	return out.Bytes(), err
}

func decodeGzip(file []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func encodeZstd() ([]byte, error) {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return nil, err
	}
	defer w.Close()
	return w.EncodeAll(sample, nil), nil
}

func decodeZstd(file []byte) ([]byte, error) {
	r, err := zstd.NewReader(nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.DecodeAll(file, nil)
}
