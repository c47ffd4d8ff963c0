package step

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/prob"
)

// TestMeasureDrift measures drift that is known.
func TestMeasureDrift(t *testing.T) {
	for _, f := range realLogits(t) {
		for name, disturb := range noises {
			const bound, steps = 1e-3, 100
			r := rand.New(rand.NewPCG(201, 1))
			a, b := f.rows[:steps*f.v], make([]float32, steps*f.v)
			for i := range steps {
				disturb(r, b[i*f.v:(i+1)*f.v], f.row(i), bound)
			}
			var with, without DriftMeter
			if err := errors.Join(MeasureDrift(&with, Logits, steps, a, b, f.targets[:steps]), MeasureDrift(&without, Logits, steps, a, b, nil)); err != nil {
				t.Fatal(err)
			}
			p, q := with.Report(), without.Report()
			t.Logf("%s, %s: %+v", f.name, name, p)
			for _, report := range []DriftReport{p, q} {
				if l := report.Logits; l.Median > l.P99 || l.P99 > l.Max || l.Max > bound*1.01 || l.Median < bound*0.9 && name != "bit" {
					t.Errorf("%s, %s: logits %+v", f.name, name, l)
				}
				if d := report.Decisions; d.Median > d.P99 || d.P99 > d.Max || d.Max > bound*1.01 || d.Max < bound/100 {
					t.Errorf("%s, %s: decisions %+v", f.name, name, d)
				}
				if report.Nodes > bound*1.01 || report.Tolerance != 2*report.Decisions.Max || report.Steps != steps {
					t.Errorf("%s, %s: %+v", f.name, name, report)
				}
			}
			if p.Decisions.Max > q.Decisions.Max || p.Entropy != q.Entropy {
				t.Errorf("%s, %s: %+v, and without symbols %+v", f.name, name, p, q)
			}
			if name == "bit" && p.Decisions.Max < bound*0.9 {
				t.Errorf("%s: one decision moves by all of %g, measured %v", f.name, bound, p.Decisions.Max)
			}
		}
	}
	var m DriftMeter
	inf := float32(math.Inf(-1))
	a, b := []float32{0, inf, -1, 0, inf, 3}, []float32{5, inf, 4, 5, inf, 8}
	if err := MeasureDrift(&m, Logits, 2, a, b, []uint32{0, 1}); err != nil {
		t.Fatal(err)
	}
	if r := m.Report(); r.Logits.Max > 1e-9 || r.Decisions.Max > 1e-9 || r.Tolerance != minTolerance {
		t.Errorf("a common summand: %+v", r)
	}
	if err := MeasureDrift(&m, Probabilities, 1, []float32{0.9, 0.1}, []float32{0.1, 0.9}, nil); err != nil {
		t.Fatal(err)
	}
	if r := m.Report(); r.Tolerance != 0 || r.Cost != 0 || r.Steps != 3 {
		t.Errorf("more than can be borne: %+v", r)
	}
	var row *RowError
	if err := MeasureDrift(&m, Logits, 2, a, b, []uint32{0, 3}); !errors.As(err, &row) || row.Row != 1 || !errors.Is(err, ErrSymbol) {
		t.Error(err)
	}
	if err := MeasureDrift(&m, Probabilities, 2, a, b, nil); !errors.As(err, &row) || !errors.Is(err, ErrDistribution) {
		t.Error(err)
	}
	for _, err := range []error{MeasureDrift(&m, Logits, 4, a, b, nil), MeasureDrift(&m, Logits, 1, a, b[:3], nil), MeasureDrift(&m, Logits, 1, []float32{}, nil, nil)} {
		if !errors.Is(err, prob.ErrDistribution) {
			t.Error(err)
		}
	}
	if err := MeasureDrift(&m, Logits, 2, a, b, []uint32{0}); !errors.Is(err, ErrSymbol) {
		t.Error(err)
	}
	if r := new(DriftMeter).Report(); r != (DriftReport{}) {
		t.Error(r)
	}
}
