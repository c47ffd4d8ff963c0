package rangecoder

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
)

// intervals returns n random intervals, of all sizes from a single point to the
// whole line.
func intervals(r *rand.Rand, n int) []prob.Interval {
	ivs := make([]prob.Interval, n)
	for i := range ivs {
		width := uint64(1) << r.IntN(33)
		if width > 1 {
			width -= r.Uint64N(width)
		}
		ivs[i] = prob.Interval{Low: r.Uint64N(prob.Total - width + 1), Width: width}
	}
	return ivs
}

func encode(ivs []prob.Interval) []byte {
	e := NewEncoder(nil)
	for _, iv := range ivs {
		e.Put(iv)
	}
	return e.Finish()
}

func decode(d *Decoder, ivs []prob.Interval) error {
	for _, iv := range ivs {
		p, err := d.Point()
		if err != nil {
			return err
		}
		if uint64(p)-iv.Low >= iv.Width {
			return errors.New("point outside its interval")
		}
		d.Take(iv)
	}
	return d.Finish()
}

func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		ivs := intervals(r, r.IntN(50))
		code := encode(ivs)
		if err := decode(NewDecoder(code), ivs); err != nil {
			t.Fatal(err)
		}
		if err := decode(NewReader(iotest.OneByteReader(bytes.NewReader(code))), ivs); err != nil {
			t.Fatal("reader:", err)
		}
		if err := decode(NewDecoder(append(code, 0)), ivs); !errors.Is(err, fault.ErrCorrupt) {
			t.Fatalf("trailing byte: %v", err)
		}
		if len(code) > 0 {
			err := decode(NewDecoder(code[:len(code)-1]), ivs)
			if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, fault.ErrCorrupt) && err == nil {
				t.Fatalf("truncated: %v", err)
			}
		}
	}
}

// TestReference holds the coder against the definition in unbounded integers.
func TestReference(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		ivs := intervals(r, 1+r.IntN(40))
		low, rng := new(big.Int), new(big.Int).SetUint64(firstRange)
		words := 0
		at := func(x uint64) *big.Int {
			p := new(big.Int).Mul(rng, new(big.Int).SetUint64(x))
			return p.Rsh(p, 32)
		}
		for _, iv := range ivs {
			lo, hi := at(iv.Low), at(iv.Low+iv.Width)
			low.Add(low, lo)
			rng.Sub(hi, lo)
			for rng.BitLen() <= 32 {
				low.Lsh(low, 32)
				rng.Lsh(rng, 32)
				words++
			}
		}
		code := encode(ivs)
		if len(code) < 4*words || len(code) > 4*words+8 {
			t.Fatalf("%d bytes for %d words", len(code), words)
		}
		v := new(big.Int).SetBytes(code)
		v.Lsh(v, uint(8*(4*words+8-len(code))))
		v.Sub(v, low)
		if v.Sign() < 0 || v.Cmp(rng) >= 0 {
			t.Fatal("the stream's value is outside the range")
		}
	}
}

func TestOverhead(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		ivs := intervals(r, 20000)
		bits := 0.0
		for _, iv := range ivs {
			bits -= math.Log2(float64(iv.Width) / prob.Total)
		}
		if got := float64(len(encode(ivs))); got > bits/8*1.00001+8 {
			t.Errorf("%v bytes for %v", got, bits/8)
		}
	}
}

func TestBitsAreIntervals(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		a, b := NewEncoder(nil), NewEncoder([]byte("caller's"))
		var bits []int
		var zeros []uint64
		for range r.IntN(200) {
			zero := 1 + r.Uint64N(1<<r.IntN(33))
			zero = min(zero, prob.Total-1)
			bit := r.IntN(2)
			bits, zeros = append(bits, bit), append(zeros, zero)
			a.PutBit(bit, zero)
			if bit == 0 {
				b.Put(prob.Interval{Low: 0, Width: zero})
			} else {
				b.Put(prob.Interval{Low: zero, Width: prob.Total - zero})
			}
		}
		code := a.Finish()
		if want := b.Finish(); !bytes.Equal(code, want[len("caller's"):]) {
			t.Fatal("PutBit and Put differ")
		}
		d := NewDecoder(code)
		for i, zero := range zeros {
			if d.Bit(zero) != bits[i] {
				t.Fatal("wrong bit")
			}
		}
		if err := d.Finish(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStateAndDrain(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 200 {
		ivs := intervals(r, 200)
		e := NewEncoder(nil)
		var out bytes.Buffer
		states := make([]State, len(ivs))
		for i, iv := range ivs {
			states[i] = e.State()
			e.Put(iv)
			if r.IntN(10) == 0 {
				if err := e.Drain(&out); err != nil {
					t.Fatal(err)
				}
			}
		}
		out.Write(e.Finish())
		code := out.Bytes()
		if !bytes.Equal(code, encode(ivs)) {
			t.Fatal("draining changes the stream")
		}
		i := r.IntN(len(ivs))
		d := NewDecoder(nil)
		if err := d.Seek(code, states[i]); err != nil {
			t.Fatal(err)
		}
		if got := d.State(); got != states[i] {
			t.Fatalf("state %v, want %v", got, states[i])
		}
		if err := decode(d, ivs[i:]); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReader begins, seeks and fails in streams that are read.
func TestReader(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	d := NewDecoder(nil)
	for range 100 {
		ivs := intervals(r, 3000)
		e := NewEncoder(nil)
		states := make([]State, len(ivs))
		for i, iv := range ivs {
			states[i] = e.State()
			e.Put(iv)
		}
		code := e.Finish()
		i := r.IntN(len(ivs))
		if err := d.SeekReader(iotest.HalfReader(bytes.NewReader(code[states[i].Offset:])), states[i]); err != nil {
			t.Fatal(err)
		}
		if got := d.State(); got != states[i] {
			t.Fatalf("state %v, want %v", got, states[i])
		}
		if err := decode(d, ivs[i:]); err != nil {
			t.Fatal(err)
		}
		d.ResetReader(bytes.NewReader(code))
		if err := decode(d, ivs); err != nil {
			t.Fatal(err)
		}
		d.ResetReader(io.MultiReader(bytes.NewReader(code), iotest.ErrReader(io.ErrClosedPipe)))
		if err := decode(d, ivs); err != io.ErrClosedPipe {
			t.Fatalf("a reader that fails at the end: %v", err)
		}
	}
	if err := d.SeekReader(bytes.NewReader(nil), State{Range: minRange - 1}); !errors.Is(err, fault.ErrCorrupt) {
		t.Errorf("an impossible state: %v", err)
	}
}

// TestCarry drives a carry through a long run of 0xff bytes.
func TestCarry(t *testing.T) {
	ivs := []prob.Interval{{Low: 1<<31 - 1, Width: 1}}
	for range 20 {
		ivs = append(ivs, prob.Interval{Low: prob.Total - 1, Width: 1})
	}
	ivs = append(ivs, prob.Interval{Low: prob.Total - 1, Width: 1})
	if err := decode(NewDecoder(encode(ivs)), ivs); err != nil {
		t.Fatal(err)
	}
}

func TestNoAllocation(t *testing.T) {
	ivs := intervals(rand.New(rand.NewPCG(11, 12)), 1000)
	e := NewEncoder(make([]byte, 0, 1<<14))
	d := NewDecoder(nil)
	if n := testing.AllocsPerRun(10, func() {
		e.Reset(e.Finish()[:0])
		for _, iv := range ivs {
			e.Put(iv)
		}
	}); n != 0 {
		t.Errorf("%v allocations encoding", n)
	}
	code := encode(ivs)
	if n := testing.AllocsPerRun(10, func() {
		d.Reset(code)
		if err := decode(d, ivs); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations decoding", n)
	}
}

func FuzzDecoder(f *testing.F) {
	f.Add([]byte{}, uint64(1<<31))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, uint64(1))
	f.Fuzz(func(t *testing.T, code []byte, zero uint64) {
		zero = 1 + zero%(prob.Total-1)
		d := NewDecoder(code)
		var bits []int
		for range 100 {
			bits = append(bits, d.Bit(zero))
		}
		if d.Finish() != nil {
			return
		}
		e := NewEncoder(nil)
		for _, b := range bits {
			e.PutBit(b, zero)
		}
		if !bytes.Equal(e.Finish(), code) {
			t.Fatal("two streams for one series of bits")
		}
	})
}

// TestMark goes back to marks in streams of a few bytes at a time, after more than the
// decoder's buffer holds too.
func TestMark(t *testing.T) {
	r := rand.New(rand.NewPCG(231, 1))
	e := NewEncoder(nil)
	var points []prob.Interval
	for range 6000 {
		iv := prob.Interval{Low: uint64(r.Uint32()), Width: 1}
		points = append(points, iv)
		e.Put(iv)
	}
	code := e.Finish()
	for _, read := range []io.Reader{bytes.NewReader(code), iotest.OneByteReader(bytes.NewReader(code)), iotest.HalfReader(bytes.NewReader(code))} {
		d := NewReader(read)
		take := func(iv prob.Interval) {
			t.Helper()
			if p, err := d.Point(); err != nil || uint64(p) != iv.Low {
				t.Fatal(p, iv, err)
			}
			d.Take(iv)
		}
		for i := 0; i < len(points); {
			n := min(1+r.IntN(40), len(points)-i)
			if r.IntN(50) == 0 {
				n = min(2000, len(points)-i)
			}
			d.Mark()
			was := d.State()
			for _, iv := range points[i : i+n] {
				take(iv)
			}
			if r.IntN(2) == 0 {
				d.Forget()
				i += n
				continue
			}
			d.Rewind()
			if d.State() != was {
				t.Fatalf("at %+v, not %+v", d.State(), was)
			}
		}
		if err := d.Finish(); err != nil {
			t.Fatal(err)
		}
	}
}
