package step

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/foretell/foretell/prob"
)

// TestGuardSparse changes one weight or one id of a sparse distribution that gives
// what is left to the tail: the sum of all weights stays, and the guard tells.
func TestGuardSparse(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	const n = 1000
	for range trials(t, 1000) {
		ids := make([]uint32, 1+r.IntN(20))
		p := make([]float32, len(ids))
		for i, id := range r.Perm(n)[:len(ids)] {
			ids[i], p[i] = uint32(id), r.Float32()/float32(len(ids))
		}
		symbols := make([]uint32, 1+r.IntN(20))
		e := NewEncoder(nil)
		if err := e.SetGuard(4); err != nil {
			t.Fatal(err)
		}
		for i := range symbols {
			symbols[i] = uint32(r.IntN(n))
			if err := e.EncodeSparse(n, ids, p, prob.Rest, symbols[i]); err != nil {
				t.Fatal(err)
			}
		}
		code, err := e.Finish()
		if err != nil {
			t.Fatal(err)
		}
		decode := func(change int) error {
			d := NewDecoder(code)
			if err := d.SetGuard(4); err != nil {
				t.Fatal(err)
			}
			for i := range symbols {
				ids, p := slices.Clone(ids), slices.Clone(p)
				if i == change {
					if k := r.IntN(len(ids)); r.IntN(2) == 0 {
						p[k] += 1.0 / (1 << 31) * (1 + p[k]*(1<<8))
					} else {
						ids[k] = other(ids, n)
					}
				}
				got, err := d.DecodeSparse(n, ids, p, prob.Rest)
				if err != nil {
					return err
				}
				if change < 0 && got != symbols[i] {
					t.Fatalf("symbol %d is %d, want %d", i, got, symbols[i])
				}
			}
			return d.Finish()
		}
		if err := decode(-1); err != nil {
			t.Fatal(err)
		}
		if err := decode(r.IntN(len(symbols))); !stepFault(err) {
			t.Fatalf("another distribution, and the error is %v", err)
		}
	}
}

// other returns a symbol below n that is not among ids.
func other(ids []uint32, n uint32) uint32 {
	for id := range n {
		if !slices.Contains(ids, id) {
			return id
		}
	}
	panic("all symbols are given")
}

// TestBatchMoved checks that the error of a batch tells whether the streams have
// taken the step.
func TestBatchMoved(t *testing.T) {
	row := []float32{0.25, 0.25, 0.25, 0.25}
	rows := append(slices.Clone(row), row...)
	var rowError *RowError

	encoders := []*Encoder{NewEncoder(nil), NewStreamEncoder(failing{})}
	steps, err := int64(0), error(nil)
	for err == nil {
		steps++
		err = EncodeBatch(encoders, Probabilities, rows, []uint32{1, 2})
	}
	if !errors.As(err, &rowError) || rowError.Row != 1 || !rowError.Moved || encoders[0].Steps() != steps || encoders[1].Steps() != steps {
		t.Errorf("step %d: %v, streams at %d and %d", steps, err, encoders[0].Steps(), encoders[1].Steps())
	}
	err = EncodeBatch(encoders, Probabilities, rows, []uint32{1, 2})
	if !errors.As(err, &rowError) || rowError.Moved || encoders[0].Steps() != steps {
		t.Errorf("after it: %v, stream at %d", err, encoders[0].Steps())
	}

	e := NewEncoder(nil)
	if err := e.SetGuard(4); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		if err := e.EncodeStep(row, uint32(i%4)); err != nil {
			t.Fatal(err)
		}
	}
	code, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	decoders := []*Decoder{NewDecoder(code), NewDecoder(code[:1])}
	for _, d := range decoders {
		if err := d.SetGuard(4); err != nil {
			t.Fatal(err)
		}
	}
	symbols := make([]uint32, 2)
	for i := range uint32(8) {
		before := decoders[0].Steps()
		err := DecodeBatch(decoders, Probabilities, rows, symbols)
		if moved := decoders[0].Steps() > before; err == nil && !moved {
			t.Fatal("no step and no error")
		} else if err != nil {
			if !errors.As(err, &rowError) || rowError.Row != 1 || rowError.Moved != moved || moved && symbols[0] != i%4 {
				t.Errorf("%v, moved %v: stream %d to %d, symbols %v", err, rowError.Moved, before, decoders[0].Steps(), symbols)
			}
			return
		}
	}
	t.Error("a stream of one byte decoded")
}

func TestFramedSetGuard(t *testing.T) {
	var out bytes.Buffer
	e, err := NewFramedEncoder(&out, Frame{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.SetGuard(3); err == nil {
		t.Error("a framed encoder takes another guard than its header says")
	}
	if _, err := e.Finish(); err != nil {
		t.Fatal(err)
	}
	d, err := NewFramedDecoder(&out, Frame{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.SetGuard(3); err == nil {
		t.Error("a framed decoder takes another guard than its header says")
	}
}

// TestSeekRefused seeks to where a stream has nothing: in memory, in a file, in a
// framed stream at its end, in a pipe.
func TestSeekRefused(t *testing.T) {
	row := []float32{0.5, 0.5}
	var out bytes.Buffer
	e, err := NewFramedEncoder(&out, Frame{Guard: 4, Chunk: 16})
	if err != nil {
		t.Fatal(err)
	}
	bare := NewEncoder(nil)
	for i := range 500 {
		if err := errors.Join(e.EncodeStep(row, uint32(i)%3%2), bare.EncodeStep(row, uint32(i)%3%2)); err != nil {
			t.Fatal(err)
		}
	}
	start := NewEncoder(nil).Position()
	if _, err := e.Finish(); err != nil {
		t.Fatal(err)
	}
	code, err := bare.Finish()
	if err != nil {
		t.Fatal(err)
	}
	framed, err := NewFramedDecoder(bytes.NewReader(out.Bytes()), Frame{})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = framed.DecodeStep(row)
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	for name, d := range map[string]*Decoder{
		"memory": NewDecoder(code), "reader": NewStreamDecoder(bytes.NewReader(code)), "framed": framed,
	} {
		for _, offset := range []int64{int64(len(out.Bytes())) + 1, 1 << 40, math.MaxInt64 - 8} {
			p := start
			p.steps, p.state.Offset = 100, offset
			if err := d.Seek(p); !errors.Is(err, ErrCorrupt) || errors.Is(err, ErrDrift) {
				t.Errorf("%s: seeking %d bytes on: %v", name, offset, err)
			}
		}
		if err := d.Seek(start); err != nil {
			t.Errorf("%s: back to the start: %v", name, err)
		}
		if symbol, err := d.DecodeStep(row); err != nil || symbol != 0 {
			t.Errorf("%s: symbol %d, %v", name, symbol, err)
		}
	}

	in, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := to.Write(code); err != nil {
		t.Fatal(err)
	}
	to.Close()
	d := NewStreamDecoder(in)
	if err := d.Seek(start); !errors.Is(err, ErrUnsupported) {
		t.Errorf("seeking in a pipe: %v", err)
	}
	if symbol, err := d.DecodeStep(row); err != nil || symbol != 0 {
		t.Errorf("after that: symbol %d, %v", symbol, err)
	}
}

func TestLiar(t *testing.T) {
	for _, iv := range []prob.Interval{
		{}, {Low: 1, Width: math.MaxUint64}, {Low: prob.Total}, {Low: prob.Total - 1, Width: 2},
		{Low: math.MaxUint64, Width: 2}, {Low: 0, Width: prob.Total + 1},
	} {
		if err := NewEncoder(nil).Encode(liar{4, iv}, 1); err == nil {
			t.Errorf("%+v is encoded", iv)
		}
		if _, err := NewDecoder(make([]byte, 20)).Decode(liar{4, iv}); err == nil {
			t.Errorf("%+v is decoded", iv)
		}
	}
}

func TestUnknownForm(t *testing.T) {
	row := []float32{0.5, 0.5}
	if n, err := EncodeSteps(NewEncoder(nil), Logits+1, row, []uint32{0}); n != 0 || !errors.Is(err, ErrDistribution) {
		t.Errorf("%d steps, %v", n, err)
	}
	if n, err := DecodeSteps(NewDecoder(nil), Logits+1, row, []uint32{0}); n != 0 || !errors.Is(err, ErrDistribution) {
		t.Errorf("%d steps, %v", n, err)
	}
}
