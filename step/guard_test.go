package step

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/prob"
)

// A guarded is a stream under a guard, what it was coded under, and what it was
// coded with.
type guarded struct {
	every   int
	framed  bool
	rows    [][]float32
	symbols []uint32
	code    []byte
}

func newGuarded(t *testing.T, r *rand.Rand) *guarded {
	g := &guarded{every: 1 + r.IntN(12), framed: r.IntN(2) == 0}
	for range 1 + r.IntN(50) {
		row := randomRow(r, 1+r.IntN(40))
		g.rows = append(g.rows, row)
		g.symbols = append(g.symbols, draw(r, row))
	}
	var out bytes.Buffer
	e := NewStreamEncoder(&out)
	if g.framed {
		var err error
		if e, err = NewFramedEncoder(&out, Frame{Guard: g.every, Chunk: 16}); err != nil {
			t.Fatal(err)
		}
	} else if err := e.SetGuard(g.every); err != nil {
		t.Fatal(err)
	}
	for i, row := range g.rows {
		if err := e.EncodeStep(row, g.symbols[i]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Finish(); err != nil {
		t.Fatal(err)
	}
	g.code = out.Bytes()
	return g
}

// decode returns the number of steps decoded and the first that came out wrong
// (-1 if none did), and the error that ended it.
func (g *guarded) decode() (steps, wrong int, err error) {
	wrong = -1
	var d *Decoder
	if g.framed {
		if d, err = NewFramedDecoder(bytes.NewReader(g.code), Frame{}); err != nil {
			return 0, wrong, err
		}
	} else {
		d = NewDecoder(g.code)
		if err := d.SetGuard(g.every); err != nil {
			return 0, wrong, err
		}
	}
	for i, row := range g.rows {
		symbol, err := d.DecodeStep(row)
		if err != nil {
			return i, wrong, err
		}
		if symbol != g.symbols[i] && wrong < 0 {
			wrong = i
		}
	}
	return len(g.rows), wrong, d.Finish()
}

// nextCheck returns the step after which the guard compares, at or after step i.
func (g *guarded) nextCheck(i int) int {
	return min((i/g.every+1)*g.every, len(g.rows))
}

// TestGuard alters streams, or what they are decoded under, in many ways: each
// has to end in an error by the guard's next check.
//
// FORETELL_TRIALS=100000 go test -run TestGuard .
func TestGuard(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	counts := map[string]int{}
	for range trials(t, 3000) {
		g := newGuarded(t, r)
		if _, wrong, err := g.decode(); err != nil || wrong >= 0 {
			t.Fatal("unaltered:", wrong, err)
		}
		switch r.IntN(3) {
		case 0:
			if len(g.code) == 0 {
				continue
			}
			g.code[r.IntN(len(g.code))] ^= 1 << r.IntN(8)
			steps, wrong, err := g.decode()
			if !stepFault(err) {
				t.Fatalf("a flipped bit: %v", err)
			}
			if wrong >= 0 && steps >= g.nextCheck(wrong) && g.nextCheck(wrong) < len(g.rows) {
				t.Fatalf("step %d came out wrong, and no error before step %d", wrong, steps)
			}
			counts["flip"]++
		case 1:
			if len(g.code) == 0 {
				continue
			}
			g.code = g.code[:r.IntN(len(g.code))]
			steps, wrong, err := g.decode()
			if !stepFault(err) {
				t.Fatalf("truncated: %v", err)
			}
			if wrong >= 0 && steps >= g.nextCheck(wrong) && g.nextCheck(wrong) < len(g.rows) {
				t.Fatalf("step %d came out wrong, and no error before step %d", wrong, steps)
			}
			counts["truncate"]++
		case 2:
			at := r.IntN(len(g.rows))
			if !nudge(t, r, g.rows[at]) {
				continue
			}
			steps, _, err := g.decode()
			if !stepFault(err) || steps > g.nextCheck(at) {
				t.Fatalf("another weight in step %d, and the error after step %d is %v", at, steps, err)
			}
			var drift *DriftError
			if errors.As(err, &drift) && (drift.From > int64(at) || drift.To <= int64(at)) {
				t.Fatalf("drift at step %d reported as %v", at, err)
			}
			if g.framed && drift == nil {
				t.Fatalf("a whole stream decoded under another distribution: %v", err)
			}
			counts["drift"]++
		}
	}
	t.Log(counts)
}

// stepFault reports whether err is one of those that a decoder may end with.
func stepFault(err error) bool {
	for _, e := range []error{ErrCorrupt, ErrDrift, ErrUnsupported, ErrModel, io.ErrUnexpectedEOF} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// nudge changes one probability of the row to the next float32 up or down, if it
// finds one where that changes the weight.
func nudge(t *testing.T, r *rand.Rand, row []float32) bool {
	var before, after prob.Categorical
	if err := prob.Set(&before, row); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		i := r.IntN(len(row))
		old := row[i]
		row[i] = math.Nextafter32(old, float32(r.IntN(2)*2-1))
		if row[i] < 0 {
			row[i] = old
			continue
		}
		if err := prob.Set(&after, row); err == nil && after.Weight() != before.Weight() {
			return true
		}
		row[i] = old
	}
	return false
}

// TestDriftRange gives the decoder another distribution from one step on.
func TestDriftRange(t *testing.T) {
	const every, steps = 100, 1000
	rows := [][]float32{{0.5, 0.25, 0.25}, {0.5, 0.25, 0.2500001}}
	for _, first := range []int{0, 99, 100, 101, 555, 999} {
		e := NewEncoder(nil)
		if err := e.SetGuard(every); err != nil {
			t.Fatal(err)
		}
		for i := range steps {
			if err := e.EncodeStep(rows[0], uint32(i%3)); err != nil {
				t.Fatal(err)
			}
		}
		code, err := e.Finish()
		if err != nil {
			t.Fatal(err)
		}
		d := NewDecoder(code)
		if err := d.SetGuard(every); err != nil {
			t.Fatal(err)
		}
		err = nil
		for i := 0; i < steps && err == nil; i++ {
			row := rows[0]
			if i >= first {
				row = rows[1]
			}
			_, err = d.DecodeStep(row)
		}
		var drift *DriftError
		want := DriftError{From: int64(first / every * every), To: int64(first/every*every + every)}
		if !errors.As(err, &drift) || *drift != want || !errors.Is(err, ErrDrift) {
			t.Errorf("drift from step %d: %v", first, err)
		}
		if _, again := d.DecodeStep(rows[0]); again != err {
			t.Errorf("after drift: %v", again)
		}
	}
}

// TestGuardCost holds the guard to 32 bits a check.
func TestGuardCost(t *testing.T) {
	row := []float32{0.5, 0.5}
	size := func(every int) int {
		e := NewEncoder(nil)
		if err := e.SetGuard(every); err != nil {
			t.Fatal(err)
		}
		for i := range 64 * 1024 {
			if err := e.EncodeStep(row, uint32(i)*2654435761>>31); err != nil {
				t.Fatal(err)
			}
		}
		code, err := e.Finish()
		if err != nil {
			t.Fatal(err)
		}
		return len(code)
	}
	if cost := size(DefaultGuard) - size(0); cost > 65*4+1 {
		t.Errorf("%d bytes for 65 checks", cost)
	}
}
