package step

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/prob"
)

// weigh returns the weights of a row before each symbol, and of all.
func weigh(t *testing.T, form Form, row []float32) (before []uint64) {
	t.Helper()
	before = append(before, 0)
	for i := range row {
		// The first i+1 symbols weigh what the row does without the others, as long as
		// the largest number is among them.
		var c prob.Categorical
		if err := setRow(&c, form, row[:i+1]); err != nil {
			t.Fatal(err)
		}
		before = append(before, c.Weight())
	}
	return before
}

// TestWeighed mixes rows and weights on both sides, alone and in batches.
func TestWeighed(t *testing.T) {
	r := rand.New(rand.NewPCG(221, 1))
	for range trials(t, 200) {
		n, form := 1+r.IntN(60), Form(r.IntN(2))
		row := make([]float32, n)
		for i := range row {
			row[i] = r.Float32() * 4
			if form == Probabilities {
				row[i] /= 8
			}
		}
		row[0] = 5
		if form == Probabilities {
			row[0] = 0.6 // W is above 2^30, whatever follows
		}
		before := weigh(t, form, row)
		total := before[n]
		const steps = 20
		host, mixed := NewEncoder(nil), NewEncoder(nil)
		if err := errors.Join(host.SetGuard(1), mixed.SetGuard(1)); err != nil {
			t.Fatal(err)
		}
		symbols := make([]uint32, steps)
		for i := range symbols {
			s := r.IntN(n)
			symbols[i] = uint32(s)
			w := Weighed{n, total, before[s], before[s+1] - before[s]}
			var err error
			switch i % 3 {
			case 0:
				err = mixed.EncodeWeighed(w, symbols[i])
			case 1:
				err = EncodeWeighedBatch([]*Encoder{mixed}, []Weighed{w}, symbols[i:i+1])
			default:
				err = encodeRow(mixed, form, row, symbols[i])
			}
			if err := errors.Join(err, encodeRow(host, form, row, symbols[i])); err != nil {
				t.Fatal(err)
			}
		}
		want, err := host.Finish()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := mixed.Finish(); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("other bytes: %x, not %x: %v", got, want, err)
		}
		d := NewDecoder(want)
		if err := d.SetGuard(1); err != nil {
			t.Fatal(err)
		}
		for i, symbol := range symbols {
			point, err := d.Point()
			if err != nil {
				t.Fatal(err)
			}
			first := max(0, min(int(symbol)-r.IntN(3), n-1))
			c := Candidates{Symbols: n, Total: total, First: uint32(first)}
			for k := range c.Before {
				c.Before[k] = before[min(first+k, n)]
			}
			if far := first + 3; i%5 == 0 && far < n && n > 6 {
				away := Candidates{Symbols: n, Total: total, First: uint32((first + 3) % n)}
				for k := range away.Before {
					away.Before[k] = before[min(int(away.First)+k, n)]
				}
				if _, err := d.DecodeWeighed(away); !errors.Is(err, ErrNotThere) {
					t.Fatal(err)
				}
			}
			again, _ := d.Point()
			got := []uint32{0}
			switch i % 3 {
			case 0:
				got[0], err = d.DecodeWeighed(c)
			case 1:
				err = DecodeWeighedBatch([]*Decoder{d}, []Candidates{c}, got)
			default:
				got[0], err = decodeRow(d, form, row)
			}
			if err != nil || got[0] != symbol || again != point {
				t.Fatal(got, symbol, err)
			}
		}
		if err := d.Finish(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWeighedRefusals tries weights that no row can have.
func TestWeighedRefusals(t *testing.T) {
	e, d := NewEncoder(nil), NewDecoder(nil)
	for i, err := range []error{
		e.EncodeWeighed(Weighed{0, 10, 0, 1}, 0),
		e.EncodeWeighed(Weighed{prob.MaxSymbols + 1, 10, 0, 1}, 0),
		e.EncodeWeighed(Weighed{3, 0, 0, 0}, 0),
		e.EncodeWeighed(Weighed{3, 1 << 63, 0, 1}, 0),
		e.EncodeWeighed(Weighed{3, 10, 11, 0}, 1),
		e.EncodeWeighed(Weighed{3, 10, 5, 6}, 1),
		e.EncodeWeighed(Weighed{3, 10, 5, ^uint64(0)}, 1),
		e.EncodeWeighed(Weighed{3, 10, 1, 1}, 0),
		e.EncodeWeighed(Weighed{3, 10, 1, 1}, 2),
		second(d.DecodeWeighed(Candidates{Symbols: 3, Total: 10, First: 3})),
		second(d.DecodeWeighed(Candidates{Symbols: 3, Total: 10, First: 0, Before: [4]uint64{1, 2, 3, 10}})),
		second(d.DecodeWeighed(Candidates{Symbols: 3, Total: 10, First: 0, Before: [4]uint64{0, 3, 2, 10}})),
		second(d.DecodeWeighed(Candidates{Symbols: 3, Total: 10, First: 0, Before: [4]uint64{0, 2, 3, 9}})),
		second(d.DecodeWeighed(Candidates{Symbols: 3, Total: 10, First: 0, Before: [4]uint64{0, 2, 11, 11}})),
		second(newTolerantDecoder(t, nil, 1e-3, 0).Point()),
		newTolerantEncoder(t, 1e-3, 0).EncodeWeighed(Weighed{3, 10, 5, 1}, 1),
	} {
		if !errors.Is(err, ErrDistribution) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if err := e.EncodeWeighed(Weighed{3, 10, 5, 1}, 3); !errors.Is(err, ErrSymbol) {
		t.Error(err)
	}
	var row *RowError
	good := Weighed{3, 10, 5, 1}
	err := EncodeWeighedBatch([]*Encoder{NewEncoder(nil), e}, []Weighed{good, {3, 10, 11, 1}}, []uint32{1, 1})
	if !errors.As(err, &row) || row.Row != 1 || row.Moved {
		t.Error(err)
	}
	if e.Steps() != 0 {
		t.Error("a refused step has changed the encoder")
	}
}

// FuzzDecodeWeighed decodes under arbitrary weights: a symbol among the candidates,
// or an error before which nothing has changed.
func FuzzDecodeWeighed(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, 3, uint32(0), uint64(10), uint64(0), uint64(2), uint64(3), uint64(10))
	f.Add([]byte{200}, 1<<24, uint32(1<<24-2), uint64(1<<62), uint64(5), uint64(5), uint64(1<<62), uint64(1<<62))
	f.Fuzz(func(t *testing.T, code []byte, symbols int, first uint32, total, a, b, c, e uint64) {
		d := NewDecoder(code)
		was := d.Position()
		got, err := d.DecodeWeighed(Candidates{Symbols: symbols, Total: total, First: first, Before: [4]uint64{a, b, c, e}})
		switch {
		case err == nil && (got < first || got-first > 2 || int(got) >= symbols):
			t.Fatalf("symbol %d of candidates from %d on, of %d", got, first, symbols)
		case err != nil && d.Position() != was:
			t.Fatalf("a step in spite of %v", err)
		case err != nil && !errors.Is(err, ErrDistribution) && !errors.Is(err, ErrNotThere) && !stepFault(err):
			t.Fatal(err)
		}
	})
}
