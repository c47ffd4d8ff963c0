package step

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/rangecoder"
)

// stateVersion is the first byte of an encoder's state.
const stateVersion = 0

// state is what an encoder's state holds, in this order, with the bytes that have not
// been drained and those of the next chunk behind, and a CRC-32C of it all.
type state struct {
	Steps, Every, Left int64
	Digest             uint64
	Info               surprisal.State
	Vocabulary         uint32
	Low, Range         uint64
	Offset             int64
	Pending            uint32 // bytes
	Chunk              uint32 // 0 for a bare stream
	Sum                uint32
	Next               uint32 // bytes
}

// AppendState appends to b all that the encoder needs to go on, so that LoadEncoder
// makes another that stands where this one does: to try several continuations of a
// stream, or to interrupt one. Of a stream that goes to a writer, what it has been given
// is not part of it. An encoder under a tolerance holds steps back and refuses with
// ErrUnsupported; one that has finished or failed is an error.
//
// States are for the version of this package that made them.
func (e *Encoder) AppendState(b []byte) ([]byte, error) {
	if e.tolerant != nil {
		return b, fmt.Errorf("%w: the state of an encoder under a tolerance, which holds steps back", fault.ErrUnsupported)
	}
	if e.err != nil {
		return b, e.err
	}
	at, pending := e.rc.State(), e.rc.Pending()
	s := state{
		Steps: e.steps, Every: e.guard.every, Left: e.guard.left, Digest: e.guard.digest,
		Info: e.info.State(), Vocabulary: uint32(e.vocabulary),
		Low: at.Low, Range: at.Range, Offset: at.Offset, Pending: uint32(len(pending)),
	}
	var next []byte
	if e.frame != nil {
		next = e.frame.buf
		s.Chunk, s.Sum, s.Next = uint32(e.frame.chunk), e.frame.sum, uint32(len(next))
	}
	if int64(len(pending)) != int64(s.Pending) {
		return b, fmt.Errorf("%w: the state of an encoder that holds %d bytes", fault.ErrLimit, len(pending))
	}
	start := len(b)
	b, err := binary.Append(append(b, stateVersion), binary.LittleEndian, &s)
	if err != nil {
		return b, err
	}
	b = append(append(b, pending...), next...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli)), nil
}

// LoadEncoder returns an encoder that goes on from a state that AppendState made. A
// framed stream, and another one that is to be written as it grows, goes on in w; with w
// of nil a bare one is in memory, and Finish returns all that has not been drained
// before. What is no such state is ErrCorrupt, ErrUnsupported or io.ErrUnexpectedEOF.
func LoadEncoder(data []byte, w io.Writer) (*Encoder, error) {
	var s state
	size := 1 + binary.Size(&s)
	switch {
	case len(data) > 0 && data[0] != stateVersion:
		return nil, fmt.Errorf("%w: version %d of an encoder's state", fault.ErrUnsupported, data[0])
	case len(data) < size+4:
		return nil, io.ErrUnexpectedEOF
	}
	if _, err := binary.Decode(data[1:], binary.LittleEndian, &s); err != nil {
		return nil, err
	}
	rest, end := data[size:len(data)-4], len(data)-4
	framed := s.Chunk != 0
	switch {
	case int64(len(rest)) < int64(s.Pending)+int64(s.Next):
		return nil, io.ErrUnexpectedEOF
	case crc32.Checksum(data[:end], castagnoli) != binary.LittleEndian.Uint32(data[end:]),
		int64(len(rest)) > int64(s.Pending)+int64(s.Next),
		s.Steps < 0, s.Every < 0, s.Every > 0 && (s.Left < 1 || s.Left > s.Every),
		s.Vocabulary > 1<<24, s.Range < 1<<32, s.Offset < int64(s.Pending),
		framed && (s.Chunk < minChunk || s.Chunk > maxChunk), !framed && s.Next != 0,
		s.Next != 0 && (s.Next < 4 || s.Next >= 4+s.Chunk):
		return nil, fmt.Errorf("%w: an impossible state of an encoder", fault.ErrCorrupt)
	case framed && w == nil:
		return nil, fmt.Errorf("%w: a framed stream needs the writer that it goes on in", fault.ErrUnsupported)
	}
	e := NewEncoder(nil)
	e.steps, e.vocabulary = s.Steps, int(s.Vocabulary)
	e.guard = guard{every: s.Every, left: s.Left, digest: s.Digest}
	e.info = surprisal.FromState(s.Info)
	e.rc.Resume(rangecoder.State{Offset: s.Offset, Low: s.Low, Range: s.Range}, bytes.Clone(rest[:s.Pending]))
	e.out = w
	if framed {
		e.frame = &frameWriter{out: w, chunk: int(s.Chunk), sum: s.Sum, buf: bytes.Clone(rest[s.Pending:])}
		e.out = e.frame
	}
	e.written = e.rc.Len() + drainSize
	return e, nil
}
