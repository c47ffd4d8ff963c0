// Package hint tells raw files that plainly are numbers whose type nobody has given.
package hint

import (
	"fmt"
	"io"
	"math"
	"os"

	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/tokens"
)

// A Hint finds out whether raw bytes are plainly elements of two or four bytes whose
// type nobody has given, from what is read of them.
type Hint struct {
	sample []byte // of the first such file
	name   string
	done   bool // the sample is complete
}

// maxSample is how much of a file is looked at.
const maxSample = 4 << 20

// Watch keeps what is read of a member, if it may be such a file.
func (h *Hint) Watch(p *tokens.Part) {
	if h.done || p.Info.Form != tokens.Raw || p.Info.Type != tokens.Uint8 || len(p.Info.Shape) != 1 {
		return
	}
	h.name, h.done = p.Info.Name, true
	p.Data = io.TeeReader(p.Data, h)
}

// Write takes what is read.
func (h *Hint) Write(b []byte) (int, error) {
	h.sample = append(h.sample, b[:min(len(b), maxSample-len(h.sample))]...)
	return len(b), nil
}

// Print says which type makes the file smaller, if one plainly does.
func (h *Hint) Print() {
	if size := elementSize(h.sample); size > 1 {
		fmt.Fprintf(os.Stderr, "foretell: note: %s looks like numbers of %d bits: it gets smaller with --dtype uint%d\n", show.Printable(h.name), 8*size, 8*size)
	}
}

// elementSize returns the size of little-endian elements that bytes are plainly made
// of: 2, 4, or 1 for all else. Under tables of frequencies, theirs included, such
// elements take less than bytes do, and bytes take less under a table for each place
// in an element: that tells them from text, whose pairs of letters are frequent too.
func elementSize(b []byte) int {
	const least = 1 << 10 // elements
	best, size := cost(b, 1, 0, 1), 1
	for _, n := range []int{4, 2} {
		if len(b)/n < least {
			continue
		}
		b := b[:len(b)/n*n]
		apart := 0.0
		for i := range n {
			apart += cost(b, n, i, 1)
		}
		const much, plainly = 0.95, 0.9
		bytes := cost(b, 1, 0, 1)
		if whole := cost(b, n, 0, n); apart < much*bytes && whole < plainly*bytes && whole < best {
			best, size = whole, n
		}
	}
	return size
}

// cost returns how many bits the numbers of size bytes at offset at in each step
// bytes take under a table of their frequencies, and the table.
func cost(b []byte, step, at, size int) float64 {
	counts := map[uint32]int{}
	total := 0
	for ; at+size <= len(b); at += step {
		v := uint32(0)
		for i := range size {
			v |= uint32(b[at+i]) << (8 * i)
		}
		counts[v]++
		total++
	}
	bits := 0.0
	for _, n := range counts {
		bits -= float64(n) * math.Log2(float64(n)/float64(total))
	}
	return bits + float64(8*size*len(counts))
}
