package model_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"log"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/prob"
)

// A follower predicts that each symbol is the one before, and one more.
type follower struct {
	last uint32
	size int
	p    prob.Categorical
}

func (f *follower) Reset(_ []model.Span, size int) error {
	f.last, f.size = 0, size
	return nil
}

func (f *follower) Predict() (prob.Distribution, error) {
	p := make([]float32, f.size)
	for i := range p {
		p[i] = 0.01
	}
	p[(f.last+1)%uint32(f.size)] = 1
	return &f.p, prob.Set(&f.p, p)
}

func (f *follower) Update(symbol uint32) error {
	f.last = symbol
	return nil
}

// A file is written and read under a model of the caller's own.
func ExamplePredictor() {
	own := &foretell.External{
		ID:   sha256.Sum256([]byte("follower 1")),
		Size: 8,
		New:  func() (model.Predictor, error) { return new(follower), nil },
	}
	var file bytes.Buffer
	w, err := foretell.NewWriter(&file, &foretell.WriterOptions{External: own})
	if err != nil {
		log.Fatal(err)
	}
	if err := foretell.WriteArray(w, "ids", []int{6}, []uint16{1, 2, 3, 4, 6, 7}); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	r, err := foretell.OpenReaderAt(bytes.NewReader(file.Bytes()), int64(file.Len()), &foretell.ReaderOptions{External: own})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(foretell.ReadArray[uint16](r, 0, 0, foretell.End))
	// Output: [1 2 3 4 6 7] <nil>
}
