package foretell

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/prob"
)

// counting is a predictor for tests: counts that adapt.
type counting struct {
	counts *prob.Adaptive
}

func newCounting(size int) func() (model.Predictor, error) {
	return func() (model.Predictor, error) {
		a, err := prob.NewAdaptive(size, 32, 1<<20)
		return &counting{a}, err
	}
}

func (c *counting) Reset(spans []model.Span, size int) error { c.counts.Reset(); return nil }

func (c *counting) Predict() (prob.Distribution, error) { return c.counts, nil }

func (c *counting) Update(symbol uint32) error { c.counts.Update(symbol); return nil }

func TestExternal(t *testing.T) {
	const size = 50
	own := &External{ID: [32]byte{1, 2, 3}, Size: size, New: newCounting(size)}
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]int32, 5000)
	for i := range values {
		values[i] = 20 + int32(r.IntN(1+r.IntN(size-20)))
	}
	write := func(values []int32) ([]byte, error) {
		var buf bytes.Buffer
		w, err := NewWriter(&buf, &WriterOptions{External: own, BlockTokens: 1500})
		if err != nil {
			t.Fatal(err)
		}
		// The error may show before Close.
		if err := WriteArray(w, "a", []int{len(values)}, values); err != nil {
			w.Close()
			return nil, err
		}
		err = w.Close()
		return buf.Bytes(), err
	}
	file, err := write(values)
	if err != nil {
		t.Fatal(err)
	}
	if len(file) > 3400 {
		t.Errorf("%d bytes: the predictor is of no use", len(file))
	}
	if _, err := content(file, &ReaderOptions{External: own}); err != nil {
		t.Error(err)
	}
	other := *own
	other.ID[0]++
	for _, opts := range []*ReaderOptions{nil, {External: &other}} {
		if _, err := content(file, opts); !errors.Is(err, ErrModel) {
			t.Errorf("without the model: %v", err)
		}
	}
	values[3000] = size
	if _, err := write(values); !errors.Is(err, fault.ErrSymbol) {
		t.Errorf("a token beyond the vocabulary: %v", err)
	}
}
