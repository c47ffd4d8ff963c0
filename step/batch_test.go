package step

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/foretell/foretell/prob"
)

// TestBatch codes streams in lock-step, some ending before others, with several
// numbers of workers, and decodes each alone and all together.
func TestBatch(t *testing.T) {
	const n, v, steps = 13, 3000, 25
	r := rand.New(rand.NewPCG(31, 32))
	length := make([]int, n)
	for i := range length {
		length[i] = 1 + r.IntN(steps)
	}
	length[3] = steps
	rows := make([][][]float32, steps) // by step and stream
	symbols := make([][]uint32, steps)
	for s := range rows {
		for range n {
			row := randomRow(r, v)
			rows[s] = append(rows[s], row)
			symbols[s] = append(symbols[s], draw(r, row))
		}
	}
	// active returns the streams that have a step s, their rows and symbols.
	active := func(s int) (index []int, matrix []float32, want []uint32) {
		for i := range n {
			if s < length[i] {
				index = append(index, i)
				matrix = append(matrix, rows[s][i]...)
				want = append(want, symbols[s][i])
			}
		}
		return
	}
	var first [][]byte
	for _, procs := range []int{1, 2, 7} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		encoders := make([]*Encoder, n)
		for i := range encoders {
			encoders[i] = NewEncoder(nil)
			if err := encoders[i].SetGuard(8); err != nil {
				t.Fatal(err)
			}
		}
		for s := range steps {
			index, matrix, want := active(s)
			var some []*Encoder
			for _, i := range index {
				some = append(some, encoders[i])
			}
			if err := EncodeBatch(some, Probabilities, matrix, want); err != nil {
				t.Fatal(err)
			}
		}
		var codes [][]byte
		for _, e := range encoders {
			code, err := e.Finish()
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, code)
		}
		if first == nil {
			first = codes
		}
		if !slices.EqualFunc(first, codes, bytes.Equal) {
			t.Fatalf("other bytes with %d workers", procs)
		}
		decoders := make([]*Decoder, n)
		for i := range decoders {
			decoders[i] = NewDecoder(codes[i])
			alone := NewDecoder(codes[i])
			if decoders[i].SetGuard(8) != nil || alone.SetGuard(8) != nil {
				t.Fatal("the guard was refused")
			}
			for s := range length[i] {
				if got, err := alone.DecodeStep(rows[s][i]); err != nil || got != symbols[s][i] {
					t.Fatalf("stream %d, step %d: %d, want %d (%v)", i, s, got, symbols[s][i], err)
				}
			}
			if err := alone.Finish(); err != nil {
				t.Fatal(err)
			}
		}
		for s := range steps {
			index, matrix, want := active(s)
			var some []*Decoder
			for _, i := range index {
				some = append(some, decoders[i])
			}
			got := make([]uint32, len(some))
			if err := DecodeBatch(some, Probabilities, matrix, got); err != nil || !slices.Equal(got, want) {
				t.Fatalf("step %d: %v, want %v (%v)", s, got, want, err)
			}
		}
		for _, d := range decoders {
			if err := d.Finish(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestBatchRefusals checks that one bad row keeps all streams where they are, and
// that the first of several is named.
func TestBatchRefusals(t *testing.T) {
	const n, v = 40, 2000
	rows := make([]float32, n*v)
	for i := range rows {
		rows[i] = 1
	}
	symbols := make([]uint32, n)
	encoders := make([]*Encoder, n)
	for i := range encoders {
		encoders[i] = NewEncoder(nil)
		symbols[i] = uint32(i)
	}
	places := func() (p []Position) {
		for _, e := range encoders {
			p = append(p, e.Position())
		}
		return p
	}
	if err := EncodeBatch(encoders, Probabilities, rows, symbols); err != nil {
		t.Fatal(err)
	}
	before := places()
	rows[17*v+5], rows[30*v] = float32(math.NaN()), -1
	var row *RowError
	var d *prob.DistributionError
	if err := EncodeBatch(encoders, Probabilities, rows, symbols); !errors.As(err, &row) || row.Row != 17 || !errors.As(err, &d) || d.Index != 5 {
		t.Errorf("a NaN in row 17: %v", err)
	}
	rows[17*v+5], rows[30*v] = 1, 1
	symbols[20] = v
	if err := EncodeBatch(encoders, Logits, rows, symbols); !errors.As(err, &row) || row.Row != 20 || !errors.Is(err, ErrSymbol) {
		t.Errorf("a symbol out of range in row 20: %v", err)
	}
	symbols[20] = 20
	if err := EncodeBatch(encoders, Probabilities, rows[1:], symbols); !errors.Is(err, ErrDistribution) {
		t.Errorf("a number too few: %v", err)
	}
	if err := EncodeBatch(encoders, Probabilities, rows, symbols[1:]); !errors.Is(err, ErrSymbol) {
		t.Errorf("a symbol too few: %v", err)
	}
	twice := append(slices.Clone(encoders[1:]), encoders[9])
	for range 2 {
		if err := EncodeBatch(twice, Probabilities, rows, symbols); err == nil {
			t.Error("a stream given twice")
		}
	}
	if !slices.Equal(before, places()) {
		t.Error("a refused batch has moved a stream")
	}
	if err := EncodeBatch[float32](nil, Probabilities, nil, nil); err != nil {
		t.Errorf("an empty batch: %v", err)
	}

	decoders := make([]*Decoder, n)
	for i, e := range encoders {
		code, err := e.Finish()
		if err != nil {
			t.Fatal(err)
		}
		decoders[i] = NewDecoder(code)
	}
	got := make([]uint32, n)
	rows[7*v+8] = -1
	if err := DecodeBatch(decoders, Probabilities, rows, got); !errors.As(err, &row) || row.Row != 7 {
		t.Errorf("a negative value in row 7: %v", err)
	}
	rows[7*v+8] = 1
	if err := DecodeBatch(decoders, Probabilities, rows, got); err != nil || !slices.Equal(got, symbols) {
		t.Errorf("%v, want %v (%v)", got, symbols, err)
	}
}

// TestBatchEnd leaves framed streams out as they end.
func TestBatchEnd(t *testing.T) {
	row := []float32{1, 2, 3}
	var decoders []*Decoder
	for i := range 3 {
		var out bytes.Buffer
		e, err := NewFramedEncoder(&out, Frame{})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 - i%2 {
			if err := e.EncodeStep(row, uint32(i)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := e.Finish(); err != nil {
			t.Fatal(err)
		}
		d, err := NewFramedDecoder(&out, Frame{})
		if err != nil {
			t.Fatal(err)
		}
		decoders = append(decoders, d)
	}
	rows := slices.Repeat(row, 3)
	got := make([]uint32, 3)
	if err := DecodeBatch(decoders, Probabilities, rows, got); err != nil || !slices.Equal(got, []uint32{0, 1, 2}) {
		t.Fatal(got, err)
	}
	var end *RowError
	if err := DecodeBatch(decoders, Probabilities, rows, got); !errors.Is(err, io.EOF) || !errors.As(err, &end) || end.Row != 1 {
		t.Fatal(err)
	}
	decoders = slices.Delete(decoders, 1, 2)
	if err := DecodeBatch(decoders, Probabilities, rows[:6], got[:2]); err != nil || !slices.Equal(got[:2], []uint32{0, 2}) {
		t.Fatal(got, err)
	}
}

// TestSteps codes a matrix in one call.
func TestSteps(t *testing.T) {
	r := rand.New(rand.NewPCG(33, 34))
	const n, v = 50, 77
	var rows []float32
	var symbols []uint32
	for range n {
		row := randomRow(r, v)
		rows = append(rows, row...)
		symbols = append(symbols, draw(r, row))
	}
	e := NewEncoder(nil)
	if done, err := EncodeSteps(e, Logits, rows, symbols); done != n || err != nil {
		t.Fatal(done, err)
	}
	rows[30*v+3] = float32(math.Inf(1))
	var row *RowError
	if done, err := EncodeSteps(e, Logits, rows, symbols); done != 30 || !errors.As(err, &row) || row.Row != 30 || !errors.Is(err, ErrDistribution) {
		t.Fatal(done, err)
	}
	if e.Steps() != n+30 {
		t.Fatalf("%d steps", e.Steps())
	}
	code, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder(code)
	got := make([]uint32, n)
	if done, err := DecodeSteps(d, Logits, rows, got); done != 30 || !errors.As(err, &row) || row.Row != 30 || !slices.Equal(got[:30], symbols[:30]) {
		t.Fatal(done, err)
	}
	rows[30*v+3] = 0.5
	for i := range n {
		one := NewEncoder(nil)
		if done, err := EncodeSteps(one, Logits, rows[i*v:(i+1)*v], symbols[i:i+1]); done != 1 || err != nil {
			t.Fatal(done, err)
		}
	}
	if done, err := EncodeSteps[float32](NewEncoder(nil), Logits, nil, nil); done != 0 || err != nil {
		t.Fatal(done, err)
	}
	if done, err := EncodeSteps[float32](NewEncoder(nil), Logits, nil, symbols); done != 0 || !errors.Is(err, ErrDistribution) {
		t.Fatal(done, err)
	}
}
