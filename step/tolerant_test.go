package step

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
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

func tolerantEncoder_(t testing.TB, tolerance float64, guard int) *Encoder {
	t.Helper()
	e := NewEncoder(nil)
	if err := errors.Join(e.SetGuard(guard), e.SetTolerance(tolerance)); err != nil {
		t.Fatal(err)
	}
	return e
}

func tolerantDecoder_(t testing.TB, code []byte, tolerance float64, guard int) *Decoder {
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
	e := tolerantEncoder_(t, tolerance, guard)
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
	steps := 16000
	if testing.Short() {
		steps = 4000
	}
	for _, f := range realLogits(t) {
		want := f.entropy(steps) / 8
		for _, test := range []struct{ tolerance, most float64 }{{1e-5, 0.2}, {1e-4, 0.5}, {1e-3, 2.4}, {1e-2, 10}} {
			code := encodeTolerant(t, &f, steps, test.tolerance, 0)
			over := (float64(len(code))/want - 1) * 100
			t.Logf("%s, %g: %.3f %%", f.name, test.tolerance, over)
			if over > test.most {
				t.Errorf("%s at %g: %.3f %% over the cross-entropy, not %v", f.name, test.tolerance, over, test.most)
			}
			r := rand.New(rand.NewPCG(1, 2))
			d := tolerantDecoder_(t, code, test.tolerance, 0)
			row := make([]float32, f.v)
			for i := range min(steps, 2000) {
				noises["sign"](r, row, f.row(i), test.tolerance)
				if got, err := d.DecodeLogits(row); err != nil || got != f.target(i) {
					t.Fatalf("%s at %g, step %d: %d, not %d: %v", f.name, test.tolerance, i, got, f.target(i), err)
				}
			}
			t.Logf("drift %.2f", d.Drift())
		}
	}
}

var _ = bytes.Equal
var _ = io.EOF
