package progress

import (
	"io"
	"sync/atomic"

	"github.com/foretell/foretell/tokens"
)

// An Intake counts what is read of arrays, and of what lies around them.
type Intake struct {
	Framing, Elements, Tokens atomic.Int64
	over                      atomic.Bool // there is no more
}

// Content returns the bytes of all that was read.
func (in *Intake) Content() int64 { return in.Framing.Load() + in.Elements.Load() }

// Sizes returns how many tokens were read, and in how many bytes.
func (in *Intake) Sizes() (tokens, bytes int64) { return in.Tokens.Load(), in.Elements.Load() }

// Of returns parts that count as they are read.
func (in *Intake) Of(parts tokens.Parts) tokens.Parts { return meteredParts{parts, in} }

type meteredParts struct {
	tokens.Parts
	in *Intake
}

// All returns how many bytes of elements there are, -1 if not all have been read.
func (in *Intake) All() int64 {
	if !in.over.Load() {
		return -1
	}
	return in.Elements.Load()
}

// Next returns the next part.
func (m meteredParts) Next() (tokens.Part, error) {
	p, err := m.Parts.Next()
	if err == nil && p.Kind == tokens.Member {
		m.in.Meter(&p)
	}
	m.in.over.Store(err == io.EOF)
	m.in.Framing.Add(int64(len(p.Bytes)))
	return p, err
}

// Meter makes the data of a member count.
func (in *Intake) Meter(p *tokens.Part) {
	p.Data = &elementMeter{r: p.Data, size: int64(p.Info.Type.Size()), in: in}
}

type elementMeter struct {
	r       io.Reader
	size, n int64 // of an element, and of what was read
	in      *Intake
}

func (m *elementMeter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.in.Elements.Add(int64(n))
	m.in.Tokens.Add((m.n+int64(n))/m.size - m.n/m.size)
	m.n += int64(n)
	return n, err
}

// A Meter counts the bytes that are read, in total.
type Meter struct {
	R     io.Reader
	Total *atomic.Int64
}

func (m *Meter) Read(p []byte) (int, error) {
	n, err := m.R.Read(p)
	m.Total.Add(int64(n))
	return n, err
}

// A Tally counts the bytes that are written. Any goroutine may ask.
type Tally struct {
	W io.Writer
	N atomic.Int64
}

func (t *Tally) Write(p []byte) (int, error) {
	n, err := t.W.Write(p)
	t.N.Add(int64(n))
	return n, err
}
