package foretell

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
)

// namedLost reads a damaged file and returns its content, the blocks that are named as
// lost, and the errors that name none.
func namedLost(t *testing.T, in io.Reader) (got []byte, lost []int, others []error) {
	t.Helper()
	got, err := readContent(in, &ReaderOptions{Workers: 1, KeepGoing: func(err error) {
		var block *BlockError
		if errors.As(err, &block) {
			lost = append(lost, int(block.Block))
		} else {
			others = append(others, err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return got, lost, others
}

// TestDamagedHeaders flips a bit in the header of each block: that block is named, and
// nothing else is said.
func TestDamagedHeaders(t *testing.T) {
	_, file := sampleFile(t, 4, WriterOptions{Model: "static"})
	d, err := open(t, file, nil).Describe()
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range d.Blocks {
		want := []int{i}
		for k := range d.Blocks {
			if d.Blocks[k].Base == i {
				want = append(want, k) // its parameters are lost
			}
		}
		head := b.Size - b.Params - b.Body
		for at := range head {
			bad := bytes.Clone(file)
			bad[b.Offset+at] ^= 4
			_, lost, others := namedLost(t, bytes.NewReader(bad))
			if !slices.Equal(lost, want) || len(others) > 0 {
				t.Errorf("byte %d of the header of block %d: blocks %v are named, want %v, and %v", at, i, lost, want, others)
			}
			if at < 4 {
				continue // in a pipe, what is no mark may be anything
			}
			_, lost, others = namedLost(t, io.MultiReader(bytes.NewReader(bad)))
			if !slices.Equal(lost, want) || len(others) > 0 {
				t.Errorf("in a pipe, byte %d of the header of block %d: blocks %v are named, want %v, and %v", at, i, lost, want, others)
			}
		}
	}
}

// TestNamedDamage damages a file whose index stays whole: the blocks that are named are
// those whose tokens are not there.
func TestNamedDamage(t *testing.T) {
	want, file := sampleFile(t, 6, WriterOptions{Model: "static"})
	_, other := sampleFile(t, 7, WriterOptions{Model: "static"})
	d, err := open(t, file, nil).Describe()
	if err != nil {
		t.Fatal(err)
	}
	starts := map[int]int{} // of each member in the content
	at := 0
	for m, info := range d.Members {
		at += 128
		starts[m] = at
		at += 2 * int(info.Tokens)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		bad, what := damage(r, file, other, d.Blocks)
		if _, err := OpenReaderAt(bytes.NewReader(bad), int64(len(bad)), nil); err != nil || bytes.Equal(bad, file) {
			continue
		}
		got, lost, others := namedLost(t, bytes.NewReader(bad))
		if len(got) != len(want) {
			continue // the layout is damaged
		}
		if len(lost)+len(others) == 0 {
			t.Fatalf("%s: not noticed", what)
		}
		var missing []int
		for i, b := range d.Blocks {
			s := b.Spans[0]
			from := starts[s.Member] + 2*int(s.First)
			if to := from + 2*int(s.Count); !bytes.Equal(got[from:to], want[from:to]) {
				missing = append(missing, i)
			}
		}
		slices.Sort(lost)
		if !slices.Equal(lost, missing) {
			t.Fatalf("%s: blocks %v are named, %v are missing; also: %v", what, lost, missing, others)
		}
	}
}
