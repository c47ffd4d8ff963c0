package step

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// TestPosition seeks to random places of streams in memory, in readers and in
// frames.
func TestPosition(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		steps := randomSteps(r, 1+r.IntN(400))
		guard := r.IntN(3) * 10
		for _, kind := range []string{"memory", "reader", "frame"} {
			var out bytes.Buffer
			out.WriteString("before")
			var e *Encoder
			switch kind {
			case "frame":
				var err error
				if e, err = NewFramedEncoder(&out, Frame{Guard: guard, Chunk: 16 + r.IntN(100)}); err != nil {
					t.Fatal(err)
				}
			default:
				e = NewStreamEncoder(&out)
				if err := e.SetGuard(guard); err != nil {
					t.Fatal(err)
				}
			}
			places := make([]Position, 0, len(steps)+1)
			for _, s := range steps {
				places = append(places, e.Position())
				if err := s.encode(e); err != nil {
					t.Fatal(err)
				}
				if r.IntN(20) == 0 {
					if err := e.Flush(); err != nil {
						t.Fatal(err)
					}
				}
			}
			places = append(places, e.Position())
			if _, err := e.Finish(); err != nil {
				t.Fatal(err)
			}
			code := out.Bytes()[len("before"):]
			in := bytes.NewReader(out.Bytes())
			if _, err := in.Seek(int64(len("before")), io.SeekStart); err != nil {
				t.Fatal(err)
			}
			var d *Decoder
			var err error
			switch kind {
			case "memory":
				d = NewDecoder(code)
			case "reader":
				d = NewStreamDecoder(in)
			case "frame":
				if d, err = NewFramedDecoder(in, Frame{}); err != nil {
					t.Fatal(err)
				}
			}
			if kind != "frame" {
				if err := d.SetGuard(guard); err != nil {
					t.Fatal(err)
				}
			}
			for range 20 {
				i := r.IntN(len(places))
				b, err := places[i].MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				var p Position
				if err := p.UnmarshalBinary(b); err != nil || p != places[i] {
					t.Fatalf("%v came back as %v (%v)", places[i], p, err)
				}
				if err := d.Seek(p); err != nil {
					t.Fatal(kind, err)
				}
				if d.Position() != places[i] || d.Steps() != int64(i) || p.Step() != int64(i) {
					t.Fatalf("%s: at %+v, not %+v", kind, d.Position(), places[i])
				}
				if r.IntN(2) == 0 {
					end := i + r.IntN(len(steps)-i+1)
					for j, s := range steps[i:end] {
						if err := s.decode(d); err != nil {
							t.Fatal(kind, j, err)
						}
					}
					if d.Position() != places[end] {
						t.Fatalf("%s: at %+v, not %+v", kind, d.Position(), places[end])
					}
				} else if err := decodeAll(d, steps[i:]); err != nil {
					t.Fatal(kind, i, len(steps), err)
				} else {
					// The end of a stream that is finished is a place like any other.
					end := d.Position()
					if end != places[len(steps)] {
						t.Fatalf("%s: it ends at %+v, not %+v", kind, end, places[len(steps)])
					}
					if err := errors.Join(d.Seek(end), d.Finish()); err != nil {
						t.Fatal(kind, err)
					}
				}
			}
		}
	}
}

func TestPositionRefusals(t *testing.T) {
	testPositionRefusals(t, NewEncoder(nil))
	testPositionRefusals(t, newTolerantEncoder(t, 1e-3, 0))
	b, err := newTolerantEncoder(t, 1e-3, 0).Position().MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] = mostSeen + 1
	if err := new(Position).UnmarshalBinary(b); !errors.Is(err, ErrCorrupt) {
		t.Errorf("an impossible state: %v", err)
	}
}

func testPositionRefusals(t *testing.T, e *Encoder) {
	if err := e.EncodeStep([]float32{1, 1, 1}, 1); err != nil {
		t.Fatal(err)
	}
	p := e.Position()
	b, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var q Position
	for n := range b {
		if err := q.UnmarshalBinary(b[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if err := q.UnmarshalBinary(append(b, 0)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a byte more: %v", err)
	}
	if err := q.UnmarshalBinary(append([]byte{2}, b[1:]...)); !errors.Is(err, ErrUnsupported) {
		t.Errorf("another version: %v", err)
	}
	if e.lattice != nil {
		return
	}
	if err := NewStreamDecoder(iotest.OneByteReader(bytes.NewReader(nil))).Seek(p); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a reader that cannot seek: %v", err)
	}
	far := p
	far.state.Offset = 1000
	if err := NewDecoder([]byte{1, 2, 3}).Seek(far); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a position after the end: %v", err)
	}
}
