package ans

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/prob"
)

func TestStack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var s Stack
		var pushed []prob.Interval
		var at []Position
		for range r.IntN(400) {
			if n := len(pushed); n > 0 && r.IntN(3) == 0 {
				if p := uint64(s.Point()); p-pushed[n-1].Low >= pushed[n-1].Width {
					t.Fatal("the point is not in the interval on top")
				}
				if err := s.Pop(pushed[n-1]); err != nil {
					t.Fatal(err)
				}
				pushed, at = pushed[:n-1], at[:n-1]
				continue
			}
			at = append(at, s.Position())
			iv := randomIntervals(r, 1)[0]
			s.Push(iv)
			pushed = append(pushed, iv)
		}
		code := s.Append([]byte("before"))[len("before"):]
		if len(code) != s.Len() {
			t.Fatalf("%d bytes, Len %d", len(code), s.Len())
		}
		l, err := LoadStack(code)
		if err != nil {
			t.Fatal(err)
		}
		if len(at) > 0 {
			// Down to anywhere and up again.
			i := r.IntN(len(at))
			top := l.Position()
			if err := errors.Join(l.Seek(at[i]), l.Seek(top), l.Seek(at[i])); err != nil {
				t.Fatal(err)
			}
			pushed = pushed[:i]
		}
		for i := len(pushed) - 1; i >= 0; i-- {
			if err := l.Pop(pushed[i]); err != nil {
				t.Fatal(err)
			}
		}
		if !l.Empty() || l.Len() != 0 || len(l.Append(nil)) != 0 {
			t.Fatal("not empty after all was popped")
		}
	}
}

func TestStackUnderflow(t *testing.T) {
	var s Stack
	iv := prob.Interval{Low: 0, Width: 1 << 31}
	if err := s.Pop(iv); !errors.Is(err, io.ErrUnexpectedEOF) || !s.Empty() {
		t.Errorf("popping from an empty stack: %v", err)
	}
	if err := s.Pop(prob.Interval{Low: 5, Width: 9}); !errors.Is(err, fault.ErrDistribution) {
		t.Errorf("an interval without the point: %v", err)
	}
	if err := s.Pop(prob.Interval{Low: 0, Width: prob.Total}); err != nil {
		t.Errorf("a certain symbol: %v", err)
	}
	for _, p := range []Position{{Words: 1, State: 1 << 48}, {Words: -1, State: 1 << 48}, {State: 1<<48 - 1}} {
		if err := s.Seek(p); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("seek to %v: %v", p, err)
		}
	}
}

func TestStackBytes(t *testing.T) {
	for n := range 40 {
		p := make([]byte, n)
		for i := range p {
			p[i] = byte(7 * i)
		}
		var s Stack
		s.PushBytes(p)
		if s.Len() > n+7 {
			t.Errorf("%d bytes take %d", n, s.Len())
		}
		got := make([]byte, n)
		if err := s.PopBytes(got); err != nil || !bytes.Equal(got, p) || !s.Empty() {
			t.Fatalf("%x came back for %x: %v", got, p, err)
		}
	}
	for _, c := range []struct {
		code []byte
		want error
	}{
		{make([]byte, 6), io.ErrUnexpectedEOF},
		{make([]byte, 7), fault.ErrCorrupt},
		{[]byte{0, 0, 0, 0, 0, 0, 1}, fault.ErrCorrupt}, // empty, at length
		{[]byte{0, 0, 0, 0, 0, 0, 2}, nil},
		{[]byte{1, 0, 0, 0, 0, 0, 0, 0}, fault.ErrCorrupt},
	} {
		s, err := LoadStack(c.code)
		if !errors.Is(err, c.want) {
			t.Errorf("%x: %v", c.code, err)
		}
		if err == nil && !bytes.Equal(s.Append(nil), c.code) {
			t.Errorf("%x becomes %x", c.code, s.Append(nil))
		}
	}
}

// TestStackOverhead holds the stack to its promise: 0.001 % and 12 bytes above the
// information content.
func TestStackOverhead(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 10, 1000, 200000} {
		var s Stack
		var sum surprisal.Sum
		for _, iv := range randomIntervals(r, n) {
			s.Push(iv)
			sum.Add(iv.Width)
		}
		if most := sum.Bits()/8*1.00001 + 12; float64(s.Len()) > most {
			t.Errorf("%d intervals: %d bytes, more than %.1f", n, s.Len(), most)
		}
	}
}
