package step

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/uvarint"
	"github.com/foretell/foretell/rangecoder"
)

// A Position is a place between two steps of a stream. An Encoder tells where it
// stands, and a Decoder of the same stream can go there. As a
// binary value it is about 30 bytes, and 114 under a tolerance.
type Position struct {
	steps  int64
	digest uint64
	state  rangecoder.State

	// Under a tolerance a position is the beginning of a chunk of steps.
	tolerant bool
	chunks   chunkCoder
}

// Step returns the number of steps before the position.
func (p Position) Step() int64 { return p.steps }

// The first byte of a marshalled Position.
const (
	exactPosition    = 0
	tolerantPosition = 1
)

// AppendBinary appends the position to b, as docs/stream.md specifies it.
func (p Position) AppendBinary(b []byte) ([]byte, error) {
	version := byte(exactPosition)
	if p.tolerant {
		version = tolerantPosition
	}
	b = append(b, version)
	b = binary.AppendUvarint(b, uint64(p.steps))
	b = binary.AppendUvarint(b, uint64(p.state.Offset))
	b = binary.LittleEndian.AppendUint64(b, p.state.Low)
	b = binary.LittleEndian.AppendUint64(b, p.state.Range)
	b = binary.LittleEndian.AppendUint64(b, p.digest)
	if p.tolerant {
		b = p.chunks.append(b)
	}
	return b, nil
}

// MarshalBinary returns what AppendBinary appends.
func (p Position) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary sets p from what MarshalBinary returned. Anything else is an
// error: ErrCorrupt, ErrUnsupported for a later version, io.ErrUnexpectedEOF.
func (p *Position) UnmarshalBinary(b []byte) error {
	if len(b) == 0 {
		return io.ErrUnexpectedEOF
	}
	if b[0] > tolerantPosition {
		return fmt.Errorf("%w: version %d of a position", fault.ErrUnsupported, b[0])
	}
	steps, n := uvarint.Parse(b[1:])
	offset, m := uvarint.Parse(b[1+max(n, 0):])
	rest := b[1+max(n, 0)+max(m, 0):]
	size := 24
	if b[0] == tolerantPosition {
		size += chunkCoderSize
	}
	switch {
	case n < 0 || m < 0 || len(rest) > size || steps > math.MaxInt64 || offset > math.MaxInt64-8:
		return errBadPosition
	case n == 0 || m == 0 || len(rest) < size:
		return io.ErrUnexpectedEOF
	}
	q := Position{steps: int64(steps), digest: binary.LittleEndian.Uint64(rest[16:])}
	q.state = rangecoder.State{
		Offset: int64(offset),
		Low:    binary.LittleEndian.Uint64(rest),
		Range:  binary.LittleEndian.Uint64(rest[8:]),
	}
	if b[0] == tolerantPosition {
		q.tolerant = true
		if !q.chunks.parse(rest[24:]) {
			return errBadPosition
		}
	}
	if again, _ := q.MarshalBinary(); q.state.Range < 1<<32 || len(again) != len(b) {
		return errBadPosition
	}
	*p = q
	return nil
}

var errBadPosition = fmt.Errorf("%w: an impossible position", fault.ErrCorrupt)

// resume makes c stand at p.
func (c *coded) resume(p Position) {
	c.begin()
	c.steps, c.guard.digest = p.steps, p.digest
	if c.guard.every != 0 {
		c.guard.left -= p.steps % c.guard.every
	}
}

// position returns the position at state s of the coder.
func (c *coded) position(s rangecoder.State) Position {
	return Position{steps: c.steps, digest: c.guard.digest, state: s}
}
