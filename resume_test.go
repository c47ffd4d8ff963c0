package foretell

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

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
		for i := range 12 {
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
