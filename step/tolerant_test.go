package step

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
)

// A logitsFile is rows of logits of a real model with the symbols that followed.
type logitsFile struct {
	name    string
	v       int
	rows    []float32
	targets []uint32
}

// realLogits reads the files of logits of real models.
func realLogits(t *testing.T) []logitsFile {
	t.Helper()
	all := []logitsFile{
		{name: "commavq_student_frames600-607", v: 1024},
		{name: "stories260K_tinystories", v: 512},
		{name: "rwkv5v2-730K_enwik7", v: 256},
	}
	for i := range all {
		f := &all[i]
		base := filepath.Join(realdata.Dir(t), "logits", f.name)
		raw := npyData(t, base+"_logits.npy")
		f.rows = make([]float32, len(raw)/4)
		for j := range f.rows {
			f.rows[j] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*j:]))
		}
		raw = npyData(t, base+"_targets.npy")
		n := len(f.rows) / f.v
		for j := range n {
			if len(raw) == n {
				f.targets = append(f.targets, uint32(raw[j]))
			} else {
				f.targets = append(f.targets, uint32(binary.LittleEndian.Uint16(raw[2*j:])))
			}
		}
	}
	return all
}

func (f *logitsFile) row(i int) []float32 {
	i %= len(f.targets)
	return f.rows[i*f.v : (i+1)*f.v]
}

func (f *logitsFile) target(i int) uint32 { return f.targets[i%len(f.targets)] }

// entropy returns the information content of n steps in bits.
func (f *logitsFile) entropy(n int) float64 {
	bits := make([]float64, len(f.targets))
	for i, s := range f.targets {
		row := f.row(i)
		sum := 0.0
		for _, x := range row {
			sum += math.Exp(float64(x) - float64(row[s]))
		}
		bits[i] = math.Log2(sum)
	}
	total := 0.0
	for i := range n {
		total += bits[i%len(bits)]
	}
	return total
}

// A noise makes of a row one that differs by up to bound.
type noise func(r *rand.Rand, dst, row []float32, bound float64)

var noises = map[string]noise{
	"uniform": func(r *rand.Rand, dst, row []float32, bound float64) {
		for i, x := range row {
			dst[i] = moved(x, (2*r.Float64()-1)*bound)
		}
	},
	"sign": func(r *rand.Rand, dst, row []float32, bound float64) {
		for i, x := range row {
			dst[i] = moved(x, float64(2*r.IntN(2)-1)*bound)
		}
	},
	"bit": func(r *rand.Rand, dst, row []float32, bound float64) {
		which, sign := r.IntN(16), float64(2*r.IntN(2)-1)
		for i, x := range row {
			dst[i] = moved(x, float64(2*(i>>which&1)-1)*sign*bound)
		}
	},
	"shift": func(r *rand.Rand, dst, row []float32, bound float64) {
		shift := r.NormFloat64() * 3
		for i, x := range row {
			dst[i] = float32(float64(x) + shift + (2*r.Float64()-1)*(bound-2e-6))
		}
	},
}

// moved returns a float32 at most |by| from x, toward by.
func moved(x float32, by float64) float32 {
	y := float32(float64(x) + by)
	if math.Abs(float64(y)-float64(x)) > math.Abs(by) {
		y = math.Nextafter32(y, x)
	}
	return y
}

func newTolerantEncoder(t testing.TB, tolerance float64, guard int) *Encoder {
	t.Helper()
	e := NewEncoder(nil)
	if err := errors.Join(e.SetGuard(guard), e.SetTolerance(tolerance)); err != nil {
		t.Fatal(err)
	}
	return e
}

func newTolerantDecoder(t testing.TB, code []byte, tolerance float64, guard int) *Decoder {
	t.Helper()
	d := NewDecoder(code)
	if err := errors.Join(d.SetGuard(guard), d.SetTolerance(tolerance)); err != nil {
		t.Fatal(err)
	}
	return d
}

// encodeTolerant codes n steps of a file.
func encodeTolerant(t testing.TB, f *logitsFile, n int, tolerance float64, guard int) []byte {
	t.Helper()
	e := newTolerantEncoder(t, tolerance, guard)
	for i := range n {
		if err := e.EncodeLogits(f.row(i), f.target(i)); err != nil {
			t.Fatal(err)
		}
	}
	code, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestTolerantOverhead compares sizes with the cross-entropy, at the bounds that
// docs/drift.md gives.
func TestTolerantOverhead(t *testing.T) {
	if testing.Short() {
		t.Skip("fewer steps scatter by more than the bounds allow for")
	}
	const steps = 16000
	for _, f := range realLogits(t) {
		want := f.entropy(steps) / 8
		for _, test := range []struct{ tolerance, most float64 }{{1e-5, 0.2}, {1e-4, 0.5}, {1e-3, 2.4}, {1e-2, 10}} {
			code := encodeTolerant(t, &f, steps, test.tolerance, 0)
			over := (float64(len(code))/want - 1) * 100
			t.Logf("%s, %g: %.3f %%", f.name, test.tolerance, over)
			if over > test.most {
				t.Errorf("%s at %g: %.3f %% over the cross-entropy, not %v", f.name, test.tolerance, over, test.most)
			}
		}
	}
}

// TestTolerantNoise decodes under copies of the logits that differ by exactly the
// bound, in several ways.
//
// FORETELL_TRIALS=1000000 go test -run TestTolerantNoise -timeout 2h ./step
func TestTolerantNoise(t *testing.T) {
	files := realLogits(t)
	steps := trials(t, 20000) / (len(files) * 4 * len(noises))
	done := 0
	for _, f := range files {
		for _, tolerance := range []float64{1e-5, 1e-4, 1e-3, 1e-2} {
			code := encodeTolerant(t, &f, steps, tolerance, 64)
			for name, disturb := range noises {
				r := rand.New(rand.NewPCG(181, uint64(steps)))
				d := newTolerantDecoder(t, code, tolerance, 64)
				row := make([]float32, f.v)
				for i := range steps {
					disturb(r, row, f.row(i), tolerance)
					got, err := d.DecodeLogits(row)
					if err != nil || got != f.target(i) {
						t.Fatalf("%s, %s at %g, step %d: %d, not %d: %v", f.name, name, tolerance, i, got, f.target(i), err)
					}
				}
				if err := d.Finish(); err != nil {
					t.Fatalf("%s, %s at %g: %v", f.name, name, tolerance, err)
				}
				if drift := d.Drift(); drift > 1+2*arithmeticSlack/tolerance {
					t.Errorf("%s, %s at %g: a drift of %v of the bound, which is more than there was", f.name, name, tolerance, drift)
				}
				done += steps
			}
		}
	}
	t.Logf("%d steps, of several decisions each", done)
}

// TestTolerantBeyond decodes under drift beyond the bound: the symbols are right, or
// the guard tells which steps are not.
//
// FORETELL_TRIALS=1000 go test -run TestTolerantBeyond ./step
func TestTolerantBeyond(t *testing.T) {
	files := realLogits(t)
	r := rand.New(rand.NewPCG(182, 1))
	counts := map[string]int{}
	for trial := range trials(t, 60) {
		f := files[trial%len(files)]
		tolerance := math.Pow(10, -2-2*r.Float64())
		times := []float64{2, 4, 10, 50}[trial/len(files)%4]
		const steps, guard = 512, 64
		code := encodeTolerant(t, &f, steps, tolerance, guard)
		d := newTolerantDecoder(t, code, tolerance, guard)
		row, wrong := make([]float32, f.v), -1
		var err error
		var got uint32
		for i := 0; i < steps && err == nil; i++ {
			noises["uniform"](r, row, f.row(i), tolerance*times)
			got, err = d.DecodeLogits(row)
			if wrong < 0 && got != f.target(i) && (err == nil || errors.Is(err, ErrDrift)) {
				wrong = i
			}
		}
		if err == nil {
			err = d.Finish()
		}
		var drift *DriftError
		switch {
		case err == nil && wrong >= 0:
			t.Fatalf("%s at %g, times %v: step %d came out wrong, and no error", f.name, tolerance, times, wrong)
		case errors.As(err, &drift) && wrong >= 0 && (int64(wrong) < drift.From || int64(wrong) >= drift.To):
			t.Fatalf("%s at %g, times %v: step %d came out wrong, and %v", f.name, tolerance, times, wrong, err)
		case err != nil && !stepFault(err):
			t.Fatal(err)
		case err == nil:
			counts["right"]++
		case drift != nil:
			counts["drift"]++
		default:
			counts["damage"]++
		}
	}
	t.Log(counts)
}

// tolerantRows returns rows of all kinds that hold a step together, with ties, minus
// infinity and single symbols above all.
func tolerantRow(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	kind := r.IntN(8)
	for i := range x {
		switch kind {
		case 0:
			x[i] = float32(r.IntN(3))
		case 1:
			x[i] = float32(r.NormFloat64() * 10)
		case 2:
			x[i] = float32(math.Inf(-1))
		case 3:
			x[i] = 7
		case 4:
			x[i] = float32(r.NormFloat64() * 1e7)
		case 5:
			x[i] = float32(r.NormFloat64()) - 3e5
		case 6:
			x[i] = -float32(r.ExpFloat64() * 40)
		default:
			x[i] = float32(r.NormFloat64())
			if r.IntN(3) == 0 {
				x[i] = float32(math.Inf(-1))
			}
		}
	}
	x[r.IntN(n)] = float32(r.NormFloat64())
	if kind == 0 {
		x[r.IntN(n)], x[r.IntN(n)] = 5, 5
	}
	return x
}

// FuzzTolerant round trips streams of rows made from a seed, of 1 to 600 symbols,
// under copies that differ by the bound, and a common summand.
func FuzzTolerant(f *testing.F) {
	for i := range uint64(24) {
		f.Add(i, uint16(i*29), uint8(i), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, seed uint64, symbols uint16, level uint8, probabilities bool) {
		r := rand.New(rand.NewPCG(seed, 183))
		n := 1 + int(symbols)%600
		tolerance := math.Pow(10, -5+float64(level%5))
		if level%5 == 4 {
			tolerance = maxTolerance
		}
		const steps = 40
		rows, targets := make([][]float32, steps), make([]uint32, steps)
		e := newTolerantEncoder(t, tolerance, 16)
		for i := range rows {
			rows[i], targets[i] = tolerantRow(r, n), uint32(r.IntN(n))
			var err error
			if probabilities {
				asProbabilities(rows[i])
				err = e.EncodeStep(rows[i], targets[i])
			} else {
				err = e.EncodeLogits(rows[i], targets[i])
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		code, err := e.Finish()
		if err != nil {
			t.Fatal(err)
		}
		d := newTolerantDecoder(t, code, tolerance, 16)
		for i, row := range rows {
			var got uint32
			if probabilities {
				got, err = d.DecodeStep(row)
			} else {
				for j, x := range row {
					row[j] = moved(x, (2*r.Float64()-1)*tolerance)
				}
				got, err = d.DecodeLogits(row)
			}
			if err != nil || got != targets[i] {
				t.Fatalf("step %d of %d symbols at %g: %d, not %d: %v", i, n, tolerance, got, targets[i], err)
			}
		}
		if err := d.Finish(); err != nil {
			t.Fatal(err)
		}
	})
}

// asProbabilities makes probabilities of logits.
func asProbabilities(x []float32) {
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, float64(v))
	}
	for i, v := range x {
		x[i] = float32(math.Exp(float64(v) - top))
	}
}

// FuzzTolerantDecode decodes arbitrary bytes: no more than as many steps as asked for,
// and no error but those of a stream.
func FuzzTolerantDecode(f *testing.F) {
	logits := realisticRow(rand.New(rand.NewPCG(184, 1)), 300)
	e := newTolerantEncoder(f, 1e-3, 8)
	for i := range 50 {
		if err := e.EncodeLogits(logits, uint32(i)); err != nil {
			f.Fatal(err)
		}
	}
	code, err := e.Finish()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(code)
	f.Add(code[:20])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, code []byte) {
		d := newTolerantDecoder(t, code, 1e-3, 8)
		for range 60 {
			if _, err := d.DecodeLogits(logits); err != nil {
				if !stepFault(err) {
					t.Fatal(err)
				}
				return
			}
		}
		if err := d.Finish(); err != nil && !stepFault(err) {
			t.Fatal(err)
		}
	})
}
