package foretell

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/foretell/foretell/tokens"
)

// A listed is parts of a list.
type listed []tokens.Part

func (l *listed) Next() (tokens.Part, error) {
	if len(*l) == 0 {
		return tokens.Part{}, io.EOF
	}
	p := (*l)[0]
	*l = (*l)[1:]
	return p, nil
}

// TestEstimate holds estimates to what files come to.
func TestEstimate(t *testing.T) {
	n := tinyNetwork(t)
	source := func(name string, data []byte) *tokens.Source {
		src, err := tokens.NewSource(name, bytes.NewReader(data), tokens.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	opts := &WriterOptions{Network: n, Workers: 1}
	data := networkText(t, 12000)
	e, err := EstimateNetwork(source("book.txt", data), opts, 3000)
	if err != nil {
		t.Fatal(err)
	}
	size := int64(len(writeNetwork(t, opts, "book.txt", data)))
	if e.Content != 12000 || e.Sample != 3000 || e.Encode <= 0 || e.Decode <= 0 || e.Size < size*9/10 || e.Size > size*3/2 {
		t.Errorf("%+v of a file that takes %d bytes", e, size)
	}
	small, err := EstimateNetwork(source("book.txt", data[:500]), opts, 3000)
	if size := int64(len(writeNetwork(t, opts, "sample", data[:500]))); err != nil || small.Sample != 500 || small.Size < size-20 || small.Size > size+20 {
		t.Errorf("%+v of a file that takes %d bytes (%v)", small, size, err)
	}
	if _, err := EstimateNetwork(source("book.txt", nil), opts, 3000); err == nil {
		t.Error("an estimate of nothing")
	}
	if _, err := EstimateNetwork(source("book.txt", data), &WriterOptions{}, 3000); err == nil {
		t.Error("an estimate without a network")
	}
	// Pieces are of whole rows, of arrays that have some that are short enough.
	for _, c := range []struct{ shape, want []int }{{[]int{60, 100}, []int{30, 100}}, {[]int{2, 3000}, []int{1, 3000}}, {[]int{1, 6000}, []int{3000}}, {[]int{6000}, []int{3000}}} {
		info := tokens.Info{Name: "a", Type: tokens.Uint16, Shape: c.shape}
		content := int64(0)
		p, err := drawPiece(&listed{{Kind: tokens.Member, Info: info, Data: bytes.NewReader(data)}}, 3000, &content)
		if err != nil || content != 12000 || len(p.raw) != 6000 || !slices.Equal(p.info.Shape, c.want) {
			t.Errorf("%v: a piece of %v (%v)", c.shape, p, err)
		}
	}
}
