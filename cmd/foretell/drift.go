package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"

	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/internal/simd"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/step"
	"github.com/spf13/cobra"
)

const driftHelp = `Compare the logits of two runs of a model over the same tokens, such as
prompt-wise and token by token, or on two machines, and say which tolerance a
step stream needs to bear the difference, and what that costs. A and B are .npy
files of float16, float32 or float64 with a row for each step; with --symbols
the tokens that followed are known, and only the decisions that code them count.

docs/drift.md says what the numbers mean. Ten thousand steps are a good sample.`

const driftExample = `  foretell drift prompt.npy step.npy --symbols tokens.npy
  foretell drift cuda.npy cpu.npy --json`

type driftOptions struct {
	symbols       string
	probabilities bool
	json          bool
}

func newDrift() *cobra.Command {
	d := new(driftOptions)
	cmd := &cobra.Command{
		Use:     "drift A B",
		Short:   "Measure how far two runs of a model lie apart",
		Long:    driftHelp,
		Example: driftExample,
		GroupID: groupLook,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return failure.Usagef("name two .npy files of logits")
			}
			return d.run(os.Stdout, args[0], args[1])
		},
	}
	f := cmd.Flags()
	f.StringVar(&d.symbols, "symbols", "", "the token that follows each row, an .npy file of integers")
	f.BoolVar(&d.probabilities, "probabilities", false, "the rows are probabilities, not logits")
	f.BoolVar(&d.json, "json", false, "print as JSON")
	return cmd
}

func (d *driftOptions) run(out io.Writer, first, second string) error {
	a, err := openRows(first)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := openRows(second)
	if err != nil {
		return err
	}
	defer b.Close()
	if a.rows != b.rows || a.length != b.length {
		return fmt.Errorf("%s has %d rows of %d, %s %d of %d: two runs over the same steps have equal shapes", first, a.rows, a.length, second, b.rows, b.length)
	}
	var symbols *rowReader
	if d.symbols != "" {
		if symbols, err = openRows(d.symbols); err != nil {
			return err
		}
		defer symbols.Close()
		if symbols.rows*symbols.length != a.rows {
			return fmt.Errorf("%s has %d symbols for %d rows", d.symbols, symbols.rows*symbols.length, a.rows)
		}
	}
	form := step.Logits
	if d.probabilities {
		form = step.Probabilities
	}
	var m step.DriftMeter
	x, y := make([]float64, a.length), make([]float64, a.length)
	for i := range a.rows {
		var next []uint32
		if err := a.read(x); err != nil {
			return err
		}
		if err := b.read(y); err != nil {
			return err
		}
		if symbols != nil {
			var one [1]float64
			if err := symbols.read(one[:]); err != nil {
				return err
			}
			if one[0] != math.Trunc(one[0]) || one[0] < 0 || one[0] >= prob.MaxSymbols {
				return fmt.Errorf("%s: symbol %v of row %d", d.symbols, one[0], i)
			}
			next = []uint32{uint32(one[0])}
		}
		if err := step.MeasureDrift(&m, form, 1, x, y, next); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	return printDrift(out, m.Report(), d.json)
}

func printDrift(out io.Writer, r step.DriftReport, asJSON bool) error {
	type quantiles struct {
		Median float64 `json:"median"`
		P99    float64 `json:"p99"`
		Max    float64 `json:"max"`
	}
	if asJSON {
		return show.JSON(out, struct {
			Steps     int64     `json:"steps"`
			Logits    quantiles `json:"logits"`
			Decisions quantiles `json:"decisions"`
			Nodes     float64   `json:"nodes_max"`
			Tolerance float64   `json:"tolerance"` // 0 if the drift is too large for any
			Entropy   float64   `json:"entropy_bits"`
			Cost      float64   `json:"cost_bits"`
		}{r.Steps, quantiles(r.Logits), quantiles(r.Decisions), r.Nodes, r.Tolerance, r.Entropy, r.Cost})
	}
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "%d steps of %.3f bits\n", r.Steps, r.Entropy)
	fmt.Fprintf(w, "  %-22s %10s %10s %10s\n", "", "median", "99 %", "largest")
	fmt.Fprintf(w, "  %-22s %10.2g %10.2g %10.2g\n", "logits, half range", r.Logits.Median, r.Logits.P99, r.Logits.Max)
	fmt.Fprintf(w, "  %-22s %10.2g %10.2g %10.2g\n", "decisions", r.Decisions.Median, r.Decisions.P99, r.Decisions.Max)
	fmt.Fprintf(w, "  %-22s %10s %10s %10.2g\n", "all decisions", "", "", r.Nodes)
	switch {
	case r.Steps == 0:
	case r.Tolerance == 0:
		fmt.Fprintln(w, "no tolerance bears this: compute activations in float32 on both sides")
	default:
		fmt.Fprintf(w, "advised tolerance %.2g, about %.4f bits a step", r.Tolerance, r.Cost)
		if r.Entropy > 0 {
			fmt.Fprintf(w, ", %.2f %%", 100*r.Cost/r.Entropy)
		}
		fmt.Fprintln(w)
		if r.Tolerance > 0.01 {
			fmt.Fprintln(w, "activations in float32 on both sides would cost far less")
		}
		if r.Steps < 10000 {
			fmt.Fprintln(w, "a sample this small may miss the largest drift: 10,000 steps are better")
		}
	}
	return w.Flush()
}

// A rowReader reads the rows of an array of numbers in an .npy file.
type rowReader struct {
	*os.File
	in           *bufio.Reader
	name         string
	rows, length int
	kind         string // as NumPy writes it, without the order
	order        binary.ByteOrder
	buf          []byte
}

var (
	npyDescr = regexp.MustCompile(`'descr':\s*'([<>|=]?)([fiu][1248])'`)
	npyShape = regexp.MustCompile(`'shape':\s*\(\s*(\d{1,18})\s*,?\s*(\d{1,18})?\s*,?\s*\)`)
	npyOrder = regexp.MustCompile(`'fortran_order':\s*False`)
)

// openRows opens an .npy file of two axes, or of one as rows of one number.
func openRows(name string) (*rowReader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	r := &rowReader{File: f, in: bufio.NewReaderSize(f, 1<<20), name: name, length: 1, order: binary.LittleEndian}
	if err := r.header(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

func (r *rowReader) header() error {
	var b [12]byte
	if _, err := io.ReadFull(r.in, b[:10]); err != nil || !bytes.HasPrefix(b[:], []byte("\x93NUMPY")) {
		return errors.New("this is not an .npy file")
	}
	size := int64(binary.LittleEndian.Uint16(b[8:]))
	if b[6] >= 2 {
		if _, err := io.ReadFull(r.in, b[10:12]); err != nil {
			return err
		}
		size = int64(binary.LittleEndian.Uint32(b[8:]))
	}
	text, err := io.ReadAll(io.LimitReader(r.in, min(size, 1<<16)))
	if err != nil {
		return err
	}
	descr, shape := npyDescr.FindSubmatch(text), npyShape.FindSubmatch(text)
	if descr == nil || shape == nil || !npyOrder.Match(text) {
		return fmt.Errorf("no matrix of numbers in C order: %.120q", text)
	}
	if string(descr[1]) == ">" {
		r.order = binary.BigEndian
	}
	r.kind = string(descr[2])
	r.rows, _ = strconv.Atoi(string(shape[1])) // at most 18 digits
	if len(shape[2]) > 0 {
		r.length, _ = strconv.Atoi(string(shape[2]))
	}
	if r.length < 1 || r.length > prob.MaxSymbols {
		return fmt.Errorf("rows of %d numbers, not 1 to 2^24", r.length)
	}
	return nil
}

// read fills row with the next numbers.
func (r *rowReader) read(row []float64) error {
	size := int(r.kind[1] - '0')
	if len(r.buf) != size*len(row) {
		r.buf = make([]byte, size*len(row))
	}
	if _, err := io.ReadFull(r.in, r.buf); err != nil {
		return fmt.Errorf("%s: %w", r.name, io.ErrUnexpectedEOF)
	}
	for i := range row {
		b := r.buf[i*size : (i+1)*size]
		switch r.kind {
		case "f8":
			row[i] = math.Float64frombits(r.order.Uint64(b))
		case "f4":
			row[i] = float64(math.Float32frombits(r.order.Uint32(b)))
		case "f2":
			row[i] = float64(math.Float32frombits(simd.BitsFloat16(r.order.Uint16(b))))
		case "u8":
			row[i] = float64(r.order.Uint64(b))
		case "i8":
			row[i] = float64(int64(r.order.Uint64(b)))
		case "u4":
			row[i] = float64(r.order.Uint32(b))
		case "i4":
			row[i] = float64(int32(r.order.Uint32(b)))
		case "u2":
			row[i] = float64(r.order.Uint16(b))
		case "i2":
			row[i] = float64(int16(r.order.Uint16(b)))
		case "u1":
			row[i] = float64(b[0])
		case "i1":
			row[i] = float64(int8(b[0]))
		default:
			return fmt.Errorf("%s: elements of type %s are not read", r.name, r.kind)
		}
	}
	return nil
}
