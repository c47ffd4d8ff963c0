package step

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/internal/fault"
)

// TestState copies encoders in the middle of streams: both go on to the same bytes.
func TestState(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	for round := range 60 {
		steps := randomSteps(r, 1+r.IntN(400))
		at := r.IntN(len(steps) + 1)
		var one, two bytes.Buffer
		var e *Encoder
		framed := round%2 == 0
		if framed {
			var err error
			if e, err = NewFramedEncoder(&one, Frame{Guard: 1 + r.IntN(30), Chunk: 16 + r.IntN(100), Model: []byte("m")}); err != nil {
				t.Fatal(err)
			}
		} else {
			e = NewEncoder(nil)
			if err := e.SetGuard(r.IntN(3) * 10); err != nil {
				t.Fatal(err)
			}
		}
		code := func(e *Encoder, steps []stepCase) {
			for _, s := range steps {
				if err := s.encode(e); err != nil {
					t.Fatal(err)
				}
			}
		}
		code(e, steps[:at])
		state, err := e.AppendState([]byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		two.Write(one.Bytes())
		var to io.Writer
		if framed {
			to = &two
		}
		other, err := LoadEncoder(state[len("before"):], to)
		if err != nil {
			t.Fatal(err)
		}
		if other.Steps() != e.Steps() || other.Bits() != e.Bits() || other.Information() != e.Information() {
			t.Fatalf("stands at step %d, bit %v, information %v", other.Steps(), other.Bits(), other.Information())
		}
		var ends [2][]byte
		for i, e := range []*Encoder{e, other} {
			code(e, steps[at:])
			if ends[i], err = e.Finish(); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(ends[0], ends[1]) || !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Fatalf("other bytes: %d and %d, %d and %d", len(ends[0]), len(ends[1]), one.Len(), two.Len())
		}
	}
}

// TestStateRefusals gives errors for what has no state, and for what is none.
func TestStateRefusals(t *testing.T) {
	e := NewEncoder(nil)
	if err := e.EncodeStep([]float32{1, 2}, 1); err != nil {
		t.Fatal(err)
	}
	state, err := e.AppendState(nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range state {
		if _, err := LoadEncoder(state[:n], nil); !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("%d bytes: %v", n, err)
		}
		bad := bytes.Clone(state)
		bad[n] ^= 4
		if _, err := LoadEncoder(bad, nil); err == nil {
			t.Errorf("byte %d altered: no error", n)
		}
	}
	if _, err := LoadEncoder(append(state, 0), nil); !errors.Is(err, fault.ErrCorrupt) {
		t.Errorf("a byte more: %v", err)
	}
	if _, err := e.Finish(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.AppendState(nil); err == nil {
		t.Error("a finished encoder has a state")
	}
	if err := e.SetTolerance(0); err == nil {
		t.Error("a tolerance after steps")
	}
	tolerant := NewEncoder(nil)
	if err := tolerant.SetTolerance(1e-4); err != nil {
		t.Fatal(err)
	}
	if _, err := tolerant.AppendState(nil); !errors.Is(err, fault.ErrUnsupported) {
		t.Errorf("a tolerant encoder: %v", err)
	}
	framed, err := NewFramedEncoder(io.Discard, Frame{})
	if err != nil {
		t.Fatal(err)
	}
	if state, err = framed.AppendState(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadEncoder(state, nil); !errors.Is(err, fault.ErrUnsupported) {
		t.Errorf("a framed stream without a writer: %v", err)
	}
}

// FuzzLoadEncoder codes on from whatever is taken for a state.
func FuzzLoadEncoder(f *testing.F) {
	e := NewEncoder(nil)
	for i := range 40 {
		if err := e.EncodeStep([]float32{1, 2, 3}, uint32(i%3)); err != nil {
			f.Fatal(err)
		}
	}
	bare, err := e.AppendState(nil)
	if err != nil {
		f.Fatal(err)
	}
	framed, err := NewFramedEncoder(io.Discard, Frame{Chunk: 16})
	if err != nil {
		f.Fatal(err)
	}
	state, err := framed.AppendState(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bare)
	f.Add(state)
	f.Fuzz(func(t *testing.T, b []byte) {
		sealed := bytes.Clone(b)
		if end := len(b) - 4; end > 0 {
			binary.LittleEndian.PutUint32(sealed[end:], crc32.Checksum(sealed[:end], castagnoli))
		}
		for _, b := range [][]byte{b, sealed} {
			for _, w := range []io.Writer{nil, io.Discard} {
				e, err := LoadEncoder(b, w)
				if err != nil {
					continue
				}
				for i := range 50 {
					if err := e.EncodeStep([]float32{1, 2, 3}, uint32(i%3)); err != nil {
						break // the vocabulary may be another
					}
				}
				if _, err := e.Finish(); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
