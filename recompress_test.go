package foretell

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/tokens"
)

// TestRecompress holds what Recompress writes to what compressing the original does.
func TestRecompress(t *testing.T) {
	paths := []string{filepath.Join(realdata.Dir(t), "encodec", "announcer.npz"), filepath.Join(realdata.Dir(t), "commavq", "taco-bell.npy")}
	fresh := func(o *WriterOptions) []byte {
		src, err := tokens.Open(paths, tokens.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		return compress(t, o, src)
	}
	first := fresh(&WriterOptions{Model: "adaptive", BlockTokens: 5000})
	for _, o := range []*WriterOptions{{Model: "static"}, {Model: "fast", Solid: true}, {Model: "adaptive", BlockTokens: 70000, Workers: 3}} {
		var again bytes.Buffer
		n, err := Recompress(&again, bytes.NewReader(first), nil, o)
		if err != nil || n != int64(again.Len()) || !bytes.Equal(again.Bytes(), fresh(o)) {
			t.Errorf("%+v: other bytes than of the original, %v", o, err)
		}
		d, err := open(t, again.Bytes(), nil).Describe()
		if err != nil || !d.WrittenWith(o) || d.WrittenWith(&WriterOptions{Model: o.Model, BlockTokens: 9}) {
			t.Errorf("%+v is not told from the file: %v", o, err)
		}
	}
	first[len(first)/2] ^= 1
	if _, err := Recompress(io.Discard, bytes.NewReader(first), nil, nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a damaged file: %v", err)
	}
	if _, err := Recompress(io.Discard, bytes.NewReader(first), &ReaderOptions{KeepGoing: func(error) {}}, nil); err == nil {
		t.Error("what is lost is hidden")
	}
}

// TestResolve reads a file whose prior a resolver finds.
func TestResolve(t *testing.T) {
	raw := make([]byte, 60000)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range raw {
		if raw[i] = byte(r.IntN(64)); i >= 40 && r.IntN(3) > 0 {
			raw[i] = raw[i-40]
		}
	}
	sample := func() *tokens.Source {
		src, err := tokens.NewSource("a.u8", bytes.NewReader(raw), tokens.Options{Shape: []int{-1, 40}})
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	prior, err := Train(sample(), &TrainOptions{MaxBytes: 1 << 18})
	if err != nil {
		t.Fatal(err)
	}
	file := compress(t, &WriterOptions{Prior: prior, BlockTokens: 1 << 14}, sample())
	needs := open(t, file, nil).Needs()
	if len(needs) != 1 || needs[0].Kind != NeedPrior || needs[0].Size != int64(len(prior)) {
		t.Fatalf("it needs %v", needs)
	}
	asked := 0
	find := func(data []byte) *ReaderOptions {
		return &ReaderOptions{Resolve: func(n Need) (io.ReaderAt, int64, error) {
			asked++
			if n != needs[0] {
				t.Errorf("asked for %v", n)
			}
			return bytes.NewReader(data), int64(len(data)), nil
		}}
	}
	if _, err := content(file, find(prior)); err != nil || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	var missing *NeedError
	for _, o := range []*ReaderOptions{nil, find(prior[1:]), {Prior: prior[1:]}} {
		if _, err := content(file, o); !errors.Is(err, ErrModel) || !errors.As(err, &missing) || missing.Need != needs[0] {
			t.Errorf("without the prior: %v", err)
		}
	}
	// What is not found is asked for again.
	there := find(nil)
	late := &ReaderOptions{Resolve: func(n Need) (io.ReaderAt, int64, error) { return there.Resolve(n) }}
	at, err := OpenReaderAt(bytes.NewReader(file), int64(len(file)), late)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadArray[uint8](at, 0, 0, 1); !errors.As(err, &missing) {
		t.Errorf("without the prior: %v", err)
	}
	there = find(prior)
	if row, err := ReadArray[uint8](at, 0, 0, 1); err != nil || !bytes.Equal(row, raw[:40]) {
		t.Errorf("once the prior is there: %v", err)
	}
}
