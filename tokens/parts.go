package tokens

import (
	"io"
	"iter"
)

// Parts is a series of parts: what a Source makes of inputs, and what a reader of
// .fore files gives back. Next returns io.EOF after the last one; what it returns is
// valid until the next call.
type Parts interface {
	Next() (Part, error)
}

// All returns the parts that p has left, for a loop. An error of Next, other than
// io.EOF, comes with the last turn.
func All(p Parts) iter.Seq2[Part, error] {
	return func(yield func(Part, error) bool) {
		for {
			part, err := p.Next()
			if err == io.EOF || !yield(part, err) || err != nil {
				return
			}
		}
	}
}
