package step

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/foretell/foretell/prob"
)

func newFramed(t testing.TB, f Frame, steps []stepCase) []byte {
	t.Helper()
	var out bytes.Buffer
	e, err := NewFramedEncoder(&out, f)
	if err != nil {
		t.Fatal(err)
	}
	encodeAll(t, e, steps)
	return out.Bytes()
}

// decodeFramed decodes the steps of a framed stream, which must end there.
func decodeFramed(r io.Reader, want Frame, steps []stepCase) error {
	d, err := NewFramedDecoder(r, want)
	if err != nil {
		return err
	}
	for i, s := range steps {
		if more, err := d.More(); !more {
			return errors.Join(fmt.Errorf("an end before step %d", i), err)
		}
		if err := s.decode(d); err != nil {
			return err
		}
	}
	if more, err := d.More(); more || err != nil {
		return errors.Join(errors.New("more steps than there are"), err)
	}
	if _, err := d.DecodeStep([]float32{1}); err != io.EOF {
		return errors.Join(errors.New("no io.EOF at the end"), err)
	}
	return d.Finish()
}

func TestFramed(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for range 100 {
		steps := randomSteps(r, r.IntN(100))
		f := Frame{Guard: r.IntN(20) - 1, Chunk: 16 + r.IntN(300), Model: []byte("model")[:r.IntN(6)]}
		code := newFramed(t, f, steps)
		if err := decodeFramed(bytes.NewReader(code), Frame{Model: f.Model}, steps); err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		if err := decodeFramed(iotest.OneByteReader(bytes.NewReader(code)), Frame{Model: f.Model}, steps); err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		if len(steps) > 0 {
			d, err := NewFramedDecoder(bytes.NewReader(code), Frame{Model: f.Model})
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Finish(); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("finished before the end: %v", err)
			}
			if err := steps[0].decode(d); err != nil {
				t.Fatalf("going on: %v", err)
			}
		}
	}
}

// TestFramedDamage truncates a stream everywhere, changes every byte of it, and
// moves its parts about.
func TestFramedDamage(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	steps := randomSteps(r, 150)
	f := Frame{Guard: 20, Chunk: 64, Model: []byte{1, 2, 3}}
	code := newFramed(t, f, steps)
	check := func(what string, at int, code []byte, want error) {
		t.Helper()
		err := decodeFramed(bytes.NewReader(code), Frame{Model: f.Model}, steps)
		if want != nil && !errors.Is(err, want) || !stepFault(err) {
			t.Errorf("%s at %d: %v", what, at, err)
		}
	}
	for n := range code {
		check("truncated", n, code[:n], io.ErrUnexpectedEOF)
		bad := slices.Clone(code)
		bad[n] ^= byte(1 + r.IntN(255))
		check("changed", n, bad, nil)
	}
	check("a byte after the end", len(code), append(slices.Clone(code), 0), ErrCorrupt)
	check("two streams", len(code), append(slices.Clone(code), code...), ErrCorrupt)

	head := headerSize + 3 + 4
	chunk := 64 + 8
	if len(code) < head+3*chunk {
		t.Fatal("too short a stream")
	}
	a, b := code[head:head+chunk], code[head+chunk:head+2*chunk]
	swapped := slices.Concat(code[:head], b, a, code[head+2*chunk:])
	check("swapped", 0, swapped, ErrCorrupt)
	check("repeated", 0, slices.Concat(code[:head], a, code[head:]), ErrCorrupt)
	check("left out", 0, slices.Concat(code[:head], b, code[head+2*chunk:]), ErrCorrupt)
	other := newFramed(t, f, randomSteps(r, 150))
	check("from another stream", 0, slices.Concat(code[:head+chunk], other[head+chunk:]), ErrCorrupt)
}

func TestFramedHeader(t *testing.T) {
	steps := []stepCase{{
		func(e *Encoder) error { return e.EncodeStep([]float32{1, 2}, 1) },
		func(d *Decoder) error { got, err := d.DecodeStep([]float32{1, 2}); return wrongUnless(got, err, 1) },
	}}
	sum := []byte("0123456789abcdef0123456789abcdef")
	code := newFramed(t, Frame{Vocabulary: 2, Model: sum}, steps)
	for _, test := range []struct {
		want Frame
		err  error
	}{
		{Frame{Vocabulary: 2, Model: sum}, nil},
		{Frame{Vocabulary: 2, Model: sum, Guard: 5, Chunk: 99}, nil}, // taken from the stream
		{Frame{Vocabulary: 3, Model: sum}, ErrModel},
		{Frame{Model: sum}, ErrModel},
		{Frame{Vocabulary: 2}, ErrModel},
		{Frame{Vocabulary: 2, Model: sum[:31]}, ErrModel},
	} {
		if err := decodeFramed(bytes.NewReader(code), test.want, steps); !errors.Is(err, test.err) || test.err == nil && err != nil {
			t.Errorf("%+v: %v", test.want, err)
		}
	}
	for _, f := range []Frame{
		{Vocabulary: -1}, {Vocabulary: prob.MaxSymbols + 1}, {Model: make([]byte, 256)},
		{Guard: -2}, {Chunk: 15}, {Chunk: 1<<20 + 1}, {Chunk: -1},
	} {
		if _, err := NewFramedEncoder(io.Discard, f); !errors.Is(err, ErrLimit) {
			t.Errorf("%+v: %v", f, err)
		}
	}
	// Headers that are whole but say what none may say.
	for _, test := range []struct {
		at   int
		b    byte
		want error
	}{{8, 1, ErrUnsupported}, {9, 2, ErrUnsupported}, {14, 2, ErrCorrupt}, {18, 0x80, ErrCorrupt}, {19, 15, ErrCorrupt}, {22, 1, ErrCorrupt}} {
		bad := slices.Clone(code)
		bad[test.at] = test.b
		if test.at == 19 {
			copy(bad[19:], []byte{test.b, 0, 0, 0})
		}
		end := headerSize + len(sum)
		binary.LittleEndian.PutUint32(bad[end:], crc32.Checksum(bad[:end], castagnoli))
		if _, err := NewFramedDecoder(bytes.NewReader(bad), Frame{Vocabulary: 2, Model: sum}); !errors.Is(err, test.want) {
			t.Errorf("byte %d: %v", test.at, err)
		}
	}
	if _, err := NewFramedDecoder(bytes.NewReader(make([]byte, 100)), Frame{}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("no framed stream: %v", err)
	}
}

// TestFramedMemory reads a long stream a chunk at a time.
func TestFramedMemory(t *testing.T) {
	in, out := io.Pipe()
	const steps = 50000
	row := make([]float32, 256)
	for i := range row {
		row[i] = 1
	}
	go func() {
		e, err := NewFramedEncoder(out, Frame{Vocabulary: 256, Chunk: 1000})
		for i := 0; i < steps && err == nil; i++ {
			err = e.EncodeStep(row, uint32(i*i)&255)
		}
		if err == nil {
			_, err = e.Finish()
		}
		out.CloseWithError(err)
	}()
	d, err := NewFramedDecoder(in, Frame{Vocabulary: 256})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		symbol, err := d.DecodeStep(row)
		if err == io.EOF && i == steps {
			break
		}
		if err != nil || symbol != uint32(i*i)&255 {
			t.Fatal(i, symbol, err)
		}
	}
	if cap(d.frame.data) > 4096 {
		t.Errorf("a buffer of %d bytes for chunks of 1000", cap(d.frame.data))
	}
}

func FuzzFramed(f *testing.F) {
	r := rand.New(rand.NewPCG(25, 26))
	row := []float32{1, 2, 3}
	step := stepCase{encode: func(e *Encoder) error { return e.EncodeStep(row, 1) }}
	f.Add(newFramed(f, Frame{Vocabulary: 3}, nil))
	f.Add(newFramed(f, Frame{Vocabulary: 3, Guard: 2}, []stepCase{step, step, step}))
	f.Add(newFramed(f, Frame{Chunk: 16, Guard: NoGuard}, randomSteps(r, 20)))
	f.Add(newFramed(f, Frame{Vocabulary: 3, Guard: 2, Tolerance: 1e-3}, []stepCase{step, step, step}))
	f.Fuzz(func(t *testing.T, code []byte) {
		header, err := readHeader(bytes.NewReader(code))
		if err != nil {
			return
		}
		want, _, err := parseFrame(header)
		if err != nil {
			return
		}
		d, err := NewFramedDecoder(bytes.NewReader(code), want)
		if err != nil {
			t.Fatal(err)
		}
		if want.Vocabulary > 3 {
			return
		}
		for range 1000 {
			if _, err := d.DecodeStep(row[:max(want.Vocabulary, 1)]); err != nil {
				if !stepFault(err) && err != io.EOF {
					t.Fatal(err)
				}
				return
			}
		}
	})
}

func FuzzStepDecoder(f *testing.F) {
	f.Add([]byte{}, uint8(0))
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, uint8(3))
	f.Add(bytes.Repeat([]byte{0xff}, 20), uint8(1))
	var p prob.Parametric
	if err := p.Set(prob.Range{Lo: -3, Hi: 3, Escape: true}, prob.Gaussian(0, 1)); err != nil {
		f.Fatal(err)
	}
	row := []float32{0, 0.5, 1e-20, 0.25}
	f.Fuzz(func(t *testing.T, code []byte, guard uint8) {
		d, e := NewDecoder(code), NewEncoder(nil)
		if d.SetGuard(int(guard)) != nil || e.SetGuard(int(guard)) != nil {
			t.Fatal("the guard was refused")
		}
		for range 10 {
			symbol, err := d.DecodeStep(row)
			if err == nil {
				err = e.EncodeStep(row, symbol)
			}
			if err == nil {
				symbol, err = d.DecodeSparse(1000, []uint32{1, 500}, row[:2], prob.Rest)
			}
			if err == nil {
				err = e.EncodeSparse(1000, []uint32{500, 1}, []float32{0.5, 0}, prob.Rest, symbol)
			}
			var value int64
			if err == nil {
				value, err = d.DecodeValue(&p)
			}
			if err == nil {
				err = e.EncodeValue(&p, value)
			}
			if err != nil {
				if !stepFault(err) {
					t.Fatal(err)
				}
				return
			}
		}
		if d.Finish() != nil {
			return
		}
		if again, err := e.Finish(); err != nil || !bytes.Equal(again, code) {
			t.Fatalf("two streams for one series of symbols (%v)", err)
		}
	})
}

func FuzzPosition(f *testing.F) {
	e := NewEncoder(nil)
	for range 3 {
		b, err := e.Position().MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		for range 100 {
			if err := e.EncodeStep([]float32{1, 2, 3}, 0); err != nil {
				f.Fatal(err)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Position
		if err := p.UnmarshalBinary(b); err != nil {
			if !stepFault(err) {
				t.Fatal(err)
			}
			return
		}
		if again, err := p.MarshalBinary(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("% x became % x (%v)", b, again, err)
		}
		d := NewDecoder(make([]byte, 100))
		if d.Seek(p) == nil {
			_, _ = d.DecodeStep([]float32{1, 2, 3})
			_ = d.Finish()
		}
	})
}

func TestMoreOfABareStream(t *testing.T) {
	if more, err := NewDecoder(nil).More(); more || err == nil {
		t.Errorf("%v, %v", more, err)
	}
}
