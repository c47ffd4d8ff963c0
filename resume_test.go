package foretell

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/tokens"
)

// TestResume goes on from files that end anywhere, with every codec, and holds the
// result to that of an uninterrupted run.
func TestResume(t *testing.T) {
	data := networkText(t, 6000)
	models := []*WriterOptions{{Network: tinyNetwork(t)}}
	for _, name := range Models() {
		models = append(models, &WriterOptions{Model: name})
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, opts := range models {
		opts.BlockTokens = 1000
		whole := writeNetwork(t, opts, "book.txt", data)
		cuts := 12
		if opts.Network == nil {
			cuts = 4
		}
		if testing.Short() {
			cuts = 3
		}
		for i := range cuts {
			cut := i // the empty file too
			if i > 1 {
				cut = r.IntN(len(whole) + 1)
			}
			o := *opts
			o.Resume = bytes.NewReader(whole[:cut])
			if again := writeNetwork(t, &o, "book.txt", data); !bytes.Equal(again, whole) {
				t.Errorf("%q: another file after %d of %d bytes", o.Model, cut, len(whole))
			}
		}
		// Blocks of other elements are encoded anew, and those behind them.
		changed := bytes.Clone(data)
		changed[2500] ^= 1
		o := *opts
		o.Resume = bytes.NewReader(whole)
		if again := writeNetwork(t, &o, "book.txt", changed); !bytes.Equal(again, writeNetwork(t, opts, "book.txt", changed)) {
			t.Errorf("%q: another file after a change of the input", o.Model)
		}
	}
}

// TestResumeSaves makes sure that blocks which are there are not encoded again: the
// bodies that come out are those of the partial file, even where they are damaged.
func TestResumeSaves(t *testing.T) {
	data := networkText(t, 3000)
	opts := &WriterOptions{Model: "static", BlockTokens: 1000}
	whole := writeNetwork(t, opts, "book.txt", data)
	whole[len(whole)/3] ^= 1
	o := *opts
	o.Resume = bytes.NewReader(whole)
	if again := writeNetwork(t, &o, "book.txt", data); !bytes.Equal(again, whole) {
		t.Error("blocks are encoded again")
	}
}

// members writes parts of every kind, of which some share blocks, and returns the
// file and its content.
func members(t *testing.T, opts *WriterOptions) (file, whole []byte) {
	t.Helper()
	text := networkText(t, 4000)
	part := func(name string, kind tokens.Type, shape int, b []byte) tokens.Part {
		whole = append(whole, b...)
		return tokens.Part{Kind: tokens.Member, Info: tokens.Info{Name: name, Type: kind, Shape: []int{shape}}, Data: bytes.NewReader(b)}
	}
	framing := func(b string) tokens.Part {
		whole = append(whole, b...)
		return tokens.Part{Kind: tokens.Framing, Bytes: []byte(b)}
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []tokens.Part{
		{Kind: tokens.File, Name: "a"}, framing("head"), part("a", tokens.Int16, 600, text[:1200]), framing("tail"),
		{Kind: tokens.File, Name: "b"}, part("b", tokens.Uint8, -1, text[100:2800]),
		{Kind: tokens.File, Name: "c"}, framing("front"), part("c", tokens.Uint8, 900, text[2000:2900]), part("d", tokens.Uint8, 1000, text[3000:]),
	} {
		if err := w.WritePart(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), whole
}

// TestResumeReading goes on from content that ends anywhere.
func TestResumeReading(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, opts := range []*WriterOptions{{Network: tinyNetwork(t)}, {}, {Model: "fast", Solid: true}} {
		opts.BlockTokens = 700
		file, whole := members(t, opts)
		read := func(content []byte) int64 {
			before := &counted{ReaderAt: bytes.NewReader(content)}
			back, err := readAll(file, &ReaderOptions{Network: opts.Network, Resume: before, Workers: 3})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(back, whole) {
				t.Errorf("%q: other content after %d bytes", opts.Model, len(content))
			}
			return before.whole.Load()
		}
		times := 10
		if testing.Short() {
			times = 2
		}
		for range times {
			read(whole[:r.IntN(len(whole)+1)])
		}
		if had, want := read(whole), int64(len(whole)-len("headtailfront")); had != want {
			t.Errorf("%q: %d bytes of arrays are looked for where they are, not %d", opts.Model, had, want)
		}
		other := bytes.Clone(whole)
		for i := range other {
			other[i] ^= byte(i % 251 / 250) // some in every block
		}
		read(other)
	}
}

// failing is a predictor that only encodes.
type failing struct {
	counting
	resets *int
}

func (f *failing) Reset([]model.Span, int) error {
	if *f.resets--; *f.resets < 0 {
		return errors.New("asked again")
	}
	f.counts.Reset()
	return nil
}

// TestResumeReadingSaves makes sure that blocks which are there are not decoded.
func TestResumeReadingSaves(t *testing.T) {
	resets := math.MaxInt
	own := &External{Size: 256, New: func() (model.Predictor, error) {
		p, err := newCounting(256)()
		if err != nil {
			return nil, err
		}
		return &failing{*p.(*counting), &resets}, nil
	}}
	data := networkText(t, 3000)
	file := writeNetwork(t, &WriterOptions{External: own, BlockTokens: 1000}, "book.txt", data)
	read := func(have, blocks int) error {
		resets = blocks
		back, err := readAll(file, &ReaderOptions{External: own, Resume: bytes.NewReader(data[:have]), Workers: 1})
		if err == nil && !bytes.Equal(back, data) {
			t.Errorf("other content after %d bytes", have)
		}
		return err
	}
	for _, c := range []struct{ have, blocks int }{{3000, 0}, {2999, 1}, {1500, 2}, {0, 3}} {
		if err := read(c.have, c.blocks); err != nil {
			t.Errorf("after %d bytes, more than %d blocks are decoded: %v", c.have, c.blocks, err)
		}
		if c.blocks > 0 && read(c.have, c.blocks-1) == nil {
			t.Errorf("after %d bytes, fewer than %d blocks are decoded", c.have, c.blocks)
		}
	}
}

// A counted counts what is read of it and is there.
type counted struct {
	io.ReaderAt
	whole atomic.Int64
}

func (c *counted) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, at)
	if n == len(b) {
		c.whole.Add(int64(n))
	}
	return n, err
}

func TestResumeRefusals(t *testing.T) {
	data := networkText(t, 2000)
	whole := writeNetwork(t, &WriterOptions{BlockTokens: 1000}, "book.txt", data)
	for _, o := range []*WriterOptions{
		{BlockTokens: 999, Resume: bytes.NewReader(whole)},
		{BlockTokens: 1000, Model: "best", Resume: bytes.NewReader(whole)},
		{Resume: strings.NewReader("some other file that is long enough")},
	} {
		src, err := tokens.NewSource("book.txt", bytes.NewReader(data), tokens.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Compress(new(bytes.Buffer), src, o); err == nil || !strings.Contains(err.Error(), "partial") {
			t.Errorf("a partial file under other options: %v", err)
		}
	}
}
