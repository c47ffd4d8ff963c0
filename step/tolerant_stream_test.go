package step

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
	"unsafe"

	"github.com/foretell/foretell/prob"
)

// tolerantSteps returns rows of n symbols with one symbol for each.
func tolerantSteps(r *rand.Rand, steps, n int) (rows [][]float32, symbols []uint32) {
	for range steps {
		rows = append(rows, realisticRow(r, n))
		symbols = append(symbols, uint32(r.IntN(n)))
	}
	return rows, symbols
}

// TestTolerantPosition goes to the beginnings of chunks of streams in memory, in
// readers and in frames.
func TestTolerantPosition(t *testing.T) {
	r := rand.New(rand.NewPCG(191, 1))
	rows, symbols := tolerantSteps(r, 600, 40)
	for _, kind := range []string{"memory", "reader", "frame"} {
		for _, guard := range []int{0, 7} {
			var out bytes.Buffer
			var e *Encoder
			var err error
			if kind == "frame" {
				if guard == 0 {
					guard = NoGuard
				}
				e, err = NewFramedEncoder(&out, Frame{Guard: guard, Chunk: 64, Tolerance: 1e-2})
			} else {
				e = NewStreamEncoder(&out)
				err = errors.Join(e.SetGuard(guard), e.SetTolerance(1e-2))
			}
			if err != nil {
				t.Fatal(err)
			}
			var places []Position
			for i, row := range rows {
				if p := e.Position(); len(places) == 0 || places[len(places)-1] != p {
					places = append(places, p)
				}
				if err := e.EncodeLogits(row, symbols[i]); err != nil {
					t.Fatal(err)
				}
			}
			if e.Steps() != int64(len(rows)) {
				t.Fatal(e.Steps())
			}
			if _, err := e.Finish(); err != nil {
				t.Fatal(err)
			}
			if len(places) < 10 {
				t.Fatalf("%d positions", len(places))
			}
			var d *Decoder
			switch kind {
			case "memory":
				d = NewDecoder(out.Bytes())
			case "reader":
				d = NewStreamDecoder(bytes.NewReader(out.Bytes()))
			case "frame":
				d, err = NewFramedDecoder(bytes.NewReader(out.Bytes()), Frame{})
			}
			if kind != "frame" {
				err = errors.Join(d.SetGuard(guard), d.SetTolerance(1e-2))
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range 2 * len(places) {
				p := places[(i*7)%len(places)]
				if i == 0 {
					p = d.Position()
				}
				b, err := p.MarshalBinary()
				var again Position
				if err := errors.Join(err, again.UnmarshalBinary(b)); err != nil || again != p {
					t.Fatal(err)
				}
				if err := d.Seek(again); err != nil {
					t.Fatal(err)
				}
				at := int(p.Step())
				for j := at; j < min(at+r.IntN(200), len(rows)); j++ {
					if got, err := d.DecodeLogits(rows[j]); err != nil || got != symbols[j] {
						t.Fatalf("%s, from %d, step %d: %d, not %d: %v", kind, at, j, got, symbols[j], err)
					}
					if here := d.Position(); here.Step() > d.Steps() || here.Step() < p.Step() {
						t.Fatalf("a position at %d after step %d", here.Step(), d.Steps())
					}
				}
				// To where it stands, and on from there.
				if here := d.Position(); here.Step() < int64(len(rows)) {
					if err := d.Seek(here); err != nil {
						t.Fatal(err)
					}
					if got, err := d.DecodeLogits(rows[here.Step()]); err != nil || got != symbols[here.Step()] {
						t.Fatal(got, err)
					}
				}
			}
			exact := NewDecoder(out.Bytes())
			if err := exact.Seek(places[1]); !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			if err := d.Seek(NewEncoder(nil).Position()); !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
		}
	}
}

// TestTolerantBatch codes streams in lock-step, with refused rows and a damaged
// stream, and compares them with streams of their own.
func TestTolerantBatch(t *testing.T) {
	r := rand.New(rand.NewPCG(191, 2))
	const streams, steps, n = 5, 200, 50
	encoders, alone := make([]*Encoder, streams), make([]*Encoder, streams)
	outs := make([]bytes.Buffer, streams)
	for i := range encoders {
		encoders[i] = NewStreamEncoder(&outs[i])
		if err := errors.Join(encoders[i].SetGuard(30), encoders[i].SetTolerance(1e-3)); err != nil {
			t.Fatal(err)
		}
		alone[i] = newTolerantEncoder(t, 1e-3, 30)
	}
	var all [][]float32
	var wanted [][]uint32
	for range steps {
		rows, symbols := make([]float32, 0, streams*n), make([]uint32, streams)
		for i := range symbols {
			row := realisticRow(r, n)
			rows, symbols[i] = append(rows, row...), uint32(r.IntN(n))
			if err := alone[i].EncodeLogits(row, symbols[i]); err != nil {
				t.Fatal(err)
			}
		}
		bad := append([]uint32{}, symbols...)
		bad[3] = n
		var row *RowError
		if err := EncodeBatch(encoders, Logits, rows, bad); !errors.As(err, &row) || row.Row != 3 || !errors.Is(err, ErrSymbol) {
			t.Fatal(err)
		}
		if err := EncodeBatch(encoders, Logits, rows, symbols); err != nil {
			t.Fatal(err)
		}
		all, wanted = append(all, rows), append(wanted, symbols)
	}
	decoders := make([]*Decoder, streams)
	for i, e := range encoders {
		if _, err := e.Finish(); err != nil {
			t.Fatal(err)
		}
		want, err := alone[i].Finish()
		if err != nil || !bytes.Equal(outs[i].Bytes(), want) {
			t.Fatalf("stream %d is not what it is alone: %v", i, err)
		}
		// A reader of single bytes: going back must not lose what was read.
		decoders[i] = NewStreamDecoder(iotest.OneByteReader(&outs[i]))
		if err := errors.Join(decoders[i].SetGuard(30), decoders[i].SetTolerance(1e-3)); err != nil {
			t.Fatal(err)
		}
	}
	cut := newTolerantDecoder(t, nil, 1e-3, 30)
	cut.rc.Reset([]byte{1})
	for i, rows := range all {
		symbols := make([]uint32, streams)
		bad := append([]float32{}, rows...)
		bad[2*n+3] = float32(nan())
		var row *RowError
		if err := DecodeBatch(decoders, Logits, bad, symbols); !errors.As(err, &row) || row.Row != 2 || row.Moved {
			t.Fatal(err)
		}
		with := append(decoders[:streams:streams], cut)
		if err := DecodeBatch(with, Logits, append(rows[:len(rows):len(rows)], rows[:n]...), make([]uint32, streams+1)); i > 10 && err == nil {
			t.Fatal("a stream of one byte decodes")
		} else if err == nil {
			// The streams have moved; what they gave is checked below.
			symbols = nil
		}
		if symbols == nil {
			continue
		}
		if err := DecodeBatch(decoders, Logits, rows, symbols); err != nil {
			t.Fatal(err)
		}
		for j, s := range symbols {
			if s != wanted[i][j] {
				t.Fatalf("step %d, stream %d: %d, not %d", i, j, s, wanted[i][j])
			}
		}
	}
	for _, d := range decoders {
		if err := d.Finish(); err != nil {
			t.Fatal(err)
		}
	}
}

func nan() float64 { var zero float64; return zero / zero }

// TestTolerantRefusals tries what a tolerance does not go with.
func TestTolerantRefusals(t *testing.T) {
	var p prob.Parametric
	if err := p.Set(prob.Range{Lo: -5, Hi: 5}, prob.Component{Scale: 1, Weight: 1}); err != nil {
		t.Fatal(err)
	}
	u, err := prob.NewUniform(3)
	if err != nil {
		t.Fatal(err)
	}
	e, d := newTolerantEncoder(t, 1e-3, 0), newTolerantDecoder(t, nil, 1e-3, 0)
	ids, three := []uint32{1, 2, 0}, []float32{0.5, 0.25, 0.25}
	for i, err := range []error{
		e.Encode(u, 1), e.EncodeValue(&p, 2), e.EncodeSparse(3, ids, three, 0, 1), e.EncodeSparseLog(3, ids, three, 0, 1),
		second(d.Decode(u)), second(d.DecodeValue(&p)), second(d.DecodeSparse(3, ids, three, 0)), second(d.DecodeSparseLog(3, ids, three, 0)),
	} {
		var dist *prob.DistributionError
		if !errors.As(err, &dist) || dist.Reason == "" {
			t.Errorf("%d: %v", i, err)
		}
	}
	for i, test := range []struct {
		err  error
		kind error
	}{
		{e.EncodeStep([]float32{0.5, -1}, 0), ErrDistribution},
		{e.EncodeStep([]float32{0, 0}, 0), ErrDistribution},
		{e.EncodeLogits([]float32{float32(nan()), 0}, 0), ErrDistribution},
		{e.EncodeLogits(nil, 0), ErrDistribution},
		{e.EncodeLogits(three, 3), ErrSymbol},
		{second(EncodeSteps(e, 7, three, ids[:1])), ErrDistribution},
		{e.SetTolerance(0.2), ErrLimit},
		{e.SetTolerance(-1), ErrLimit},
		{e.SetTolerance(nan()), ErrLimit},
		{second(NewFramedEncoder(io.Discard, Frame{Tolerance: 1})), ErrLimit},
	} {
		if !errors.Is(test.err, test.kind) {
			t.Errorf("%d: %v", i, test.err)
		}
	}
	if err := e.EncodeLogits(three, 1); err != nil {
		t.Fatal(err)
	}
	if err := e.SetTolerance(1e-3); err == nil {
		t.Error("a tolerance after the first step")
	}
	framed, err := NewFramedEncoder(io.Discard, Frame{Tolerance: 1e-3})
	if err != nil {
		t.Fatal(err)
	}
	if err := framed.SetTolerance(1e-3); err == nil {
		t.Error("a second tolerance of a framed stream")
	}
	// None, and a stream is what it is without.
	plain, none := NewEncoder(nil), newTolerantEncoder(t, 1e-3, 0)
	if err := errors.Join(none.SetTolerance(0), none.EncodeLogits(three, 1), plain.EncodeLogits(three, 1)); err != nil {
		t.Fatal(err)
	}
	a, _ := plain.Finish()
	if b, err := none.Finish(); err != nil || !bytes.Equal(a, b) {
		t.Fatal(a, b, err)
	}
}

// TestTolerantReset codes two streams with one encoder and one decoder.
func TestTolerantReset(t *testing.T) {
	r := rand.New(rand.NewPCG(191, 3))
	rows, symbols := tolerantSteps(r, 30, 20)
	e, d := newTolerantEncoder(t, 1e-3, 4), newTolerantDecoder(t, nil, 1e-3, 4)
	var first []byte
	for round := range 3 {
		for i, row := range rows {
			if err := e.EncodeLogits(row, symbols[i]); err != nil {
				t.Fatal(err)
			}
		}
		code := first
		if round != 1 { // the second one is dropped
			var err error
			if code, err = e.Finish(); err != nil {
				t.Fatal(err)
			}
		}
		if round == 0 {
			first = code
		} else if !bytes.Equal(code, first) {
			t.Fatal("another stream after Reset")
		}
		e.Reset(nil)
		d.Reset(code)
		for i, row := range rows {
			if got, err := d.DecodeLogits(row); err != nil || got != symbols[i] {
				t.Fatal(i, got, err)
			}
		}
		if err := d.Finish(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTolerantMemory counts what a queued step takes, and allocations.
func TestTolerantMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(191, 4))
	const n = 50257
	rows, symbols := tolerantSteps(r, 20, n)
	for _, tolerance := range []float64{1e-5, 1e-2} {
		e := newTolerantEncoder(t, tolerance, 0)
		most := 0
		for i := range 300 {
			if err := e.EncodeLogits(rows[i%20], symbols[i%20]); err != nil {
				t.Fatal(err)
			}
			q := &e.tolerant.queue
			if q.taken < 10 {
				continue
			}
			size := len(q.steps)*int(unsafe.Sizeof(queued{})) + len(q.zones)*int(unsafe.Sizeof(zone{})) + len(q.rivals)*int(unsafe.Sizeof(rival{}))
			most = max(most, size/q.taken)
		}
		t.Logf("at %g: %d bytes a step", tolerance, most)
		if most > 300 {
			t.Errorf("at %g: %d bytes a queued step", tolerance, most)
		}
		if a := testing.AllocsPerRun(200, func() {
			if err := e.EncodeLogits(rows[0], symbols[0]); err != nil {
				t.Fatal(err)
			}
		}); a > 0.1 {
			t.Errorf("at %g: %v allocations a step", tolerance, a)
		}
		code, err := e.Finish()
		if err != nil {
			t.Fatal(err)
		}
		d := newTolerantDecoder(t, code, tolerance, 0)
		i := 0
		if a := testing.AllocsPerRun(200, func() {
			if _, err := d.DecodeLogits(rows[i%20]); err != nil {
				t.Fatal(err)
			}
			i++
		}); a != 0 {
			t.Errorf("at %g: decoding takes %v allocations a step", tolerance, a)
		}
	}
}
