package testkit

import (
	"bytes"
	"crypto/sha256"
	"strconv"
	"testing"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/prob"
)

// A cycle is the model of a vector's owner: it expects the symbol behind the last one, 0
// at first, with a probability that is often times that of any other.
type cycle struct {
	often float32
	next  uint32
	p     []float32
	dist  prob.Categorical
}

func (c *cycle) Reset(_ []model.Span, size int) error {
	c.next, c.p = 0, make([]float32, size)
	return nil
}

func (c *cycle) Predict() (prob.Distribution, error) {
	for i := range c.p {
		c.p[i] = 1
	}
	c.p[c.next] = c.often
	return &c.dist, prob.Set(&c.dist, c.p)
}

func (c *cycle) Update(symbol uint32) error {
	c.next = (symbol + 1) % uint32(len(c.p))
	return nil
}

// cycleOf returns a cycle over so many symbols.
func cycleOf(symbols int, often float32, mixed bool) *foretell.External {
	return &foretell.External{
		ID:   sha256.Sum256([]byte("cycle")),
		Size: symbols,
		New:  func() (model.Predictor, error) { return &cycle{often: often}, nil },
		Mix:  mixed,
	}
}

// cycleOften is what the vectors' key own stands for.
const cycleOften = 100

// ownFiles makes the vectors of files under a model of their owner's.
func ownFiles(t *testing.T, success func(string, []byte, *foretell.ReaderOptions, ...[2]string), fore func(string, string, []byte, ...[2]string)) {
	const symbols = 90
	key := [2]string{"own", strconv.Itoa(symbols)}
	w := walk(1)
	x := make([]uint16, 30*8)
	for i := range x {
		if x[i] = uint16(w.below(symbols)); i > 0 && w.below(6) > 0 {
			x[i] = (x[i-1] + 1) % symbols
		}
	}
	write := func(own *foretell.External, shape ...int) []byte {
		var b bytes.Buffer
		w, err := foretell.NewWriter(&b, &foretell.WriterOptions{External: own, BlockTokens: 120})
		if err == nil {
			err = foretell.WriteArray(w, "a", shape, x)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	own := cycleOf(symbols, cycleOften, false)
	mixed := cycleOf(symbols, cycleOften, true)
	o := &foretell.ReaderOptions{External: own}
	file := write(own, 30, 8)
	success("own", file, o, key)
	success("own-mix", write(mixed, 240), o, key)
	success("own-mix-frames", write(mixed, 30, 8), o, key)
	fore("own-missing", "model", file)
	fore("own-drift", "drift", write(cycleOf(symbols, cycleOften-1, false), 30, 8), key)
	fore("own-mix-drift", "drift", write(cycleOf(symbols, cycleOften-1, true), 240), key)
}
