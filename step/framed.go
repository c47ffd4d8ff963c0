package step

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/stream"
	"github.com/foretell/foretell/prob"
)

// A Frame says what the two sides of a framed stream have to agree on. The header
// of the stream holds it, and the decoder compares.
type Frame struct {
	// Vocabulary is the number of symbols of every step, 1..2^24, or 0 if
	// they differ.
	Vocabulary int

	// Model identifies the model, at most 255 bytes: a SHA-256 of its
	// weights, or whatever the caller tells models apart by.
	Model []byte

	// Guard is the number of steps between two checks against drift, 0 for
	// DefaultGuard, or DefaultTolerantGuard under a tolerance; NoGuard leaves
	// them out. A decoder takes it from the stream.
	Guard int

	// Chunk is the number of bytes under one checksum, 16..2^20, or 0 for
	// 65,536. A stream is written a chunk at a time, and read with one in
	// memory. A decoder takes it from the stream.
	Chunk int

	// Tolerance bounds how far each logit of the decoder may lie from the
	// encoder's, as Encoder.SetTolerance says, or is 0: they are equal. A decoder
	// takes it from the stream.
	Tolerance float64
}

// NoGuard as the Guard of a Frame means a stream without checks against drift.
const NoGuard = -1

const (
	defaultChunk = 1 << 16
	minChunk     = 16
	maxChunk     = 1 << 20

	frameMagic   = "\x89fstep\r\n"
	frameVersion = 0

	exactCoder    = 0
	tolerantCoder = 1

	headerSize = len(frameMagic) + 3 + 4 + 4 + 4 // up to the lattice or fingerprint
)

// header returns the header of a stream of f, without its checksum.
func (f *Frame) header() ([]byte, error) {
	guard, chunk := f.Guard, f.Chunk
	switch guard {
	case 0:
		guard = DefaultGuard
		if f.Tolerance != 0 {
			guard = DefaultTolerantGuard
		}
	case NoGuard:
		guard = 0
	}
	if chunk == 0 {
		chunk = defaultChunk
	}
	switch {
	case f.Vocabulary < 0 || f.Vocabulary > prob.MaxSymbols:
		return nil, fmt.Errorf("%w: a vocabulary of %d, not 0 to 2^24", fault.ErrLimit, f.Vocabulary)
	case len(f.Model) > 255:
		return nil, fmt.Errorf("%w: a model fingerprint of %d bytes, not 0 to 255", fault.ErrLimit, len(f.Model))
	case guard < 0 || guard > math.MaxInt32:
		return nil, fmt.Errorf("%w: a guard after every %d steps, not 1 to 2^31-1", fault.ErrLimit, f.Guard)
	case chunk < minChunk || chunk > maxChunk:
		return nil, fmt.Errorf("%w: chunks of %d bytes, not 16 to 2^20", fault.ErrLimit, f.Chunk)
	}
	coder, lattice := byte(exactCoder), []byte(nil)
	if f.Tolerance != 0 {
		l, err := newLattice(f.Tolerance)
		if err != nil {
			return nil, err
		}
		coder, lattice = tolerantCoder, l.append(nil)
	}
	b := append(make([]byte, 0, headerSize+len(lattice)+len(f.Model)+4), frameMagic...)
	b = append(b, frameVersion, coder, byte(len(f.Model)))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.Vocabulary))
	b = binary.LittleEndian.AppendUint32(b, uint32(guard))
	b = binary.LittleEndian.AppendUint32(b, uint32(chunk))
	b = append(b, lattice...)
	return append(b, f.Model...), nil
}

// IsFramed reports whether a stream begins as framed ones do. A bare one does so once in
// 2^64 times.
func IsFramed(b []byte) bool { return bytes.HasPrefix(b, []byte(frameMagic)) }

// readHeader reads the header of a stream from r, with its checksum.
func readHeader(r io.Reader) (header []byte, err error) {
	r = stream.Reader{R: r}
	b := make([]byte, headerSize, headerSize+latticeSize+255+4)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, early(err)
	}
	if string(b[:len(frameMagic)]) != frameMagic {
		return nil, fmt.Errorf("%w: this is not a framed stream", fault.ErrCorrupt)
	}
	version, coder, model := b[8], b[9], int(b[10])
	if coder == tolerantCoder {
		model += latticeSize
	}
	b = b[:headerSize+model+4]
	if _, err := io.ReadFull(r, b[headerSize:]); err != nil {
		return nil, early(err)
	}
	end := len(b) - 4
	switch {
	case crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]):
		return nil, fmt.Errorf("%w: the checksum of the stream's header", fault.ErrCorrupt)
	case version != frameVersion || coder > tolerantCoder:
		return nil, fmt.Errorf("%w: version %d of framed streams with version %d of the coder", fault.ErrUnsupported, version, coder)
	}
	return b, nil
}

// parseFrame returns what a header says, and the lattice if there is a tolerance.
func parseFrame(b []byte) (f Frame, l *lattice, err error) {
	rest := b[headerSize : len(b)-4]
	if b[9] == tolerantCoder {
		if l, err = parseLattice(rest); err != nil {
			return f, nil, err
		}
		rest = rest[latticeSize:]
		f.Tolerance = l.bound / 2
	}
	f = Frame{
		Vocabulary: int(binary.LittleEndian.Uint32(b[11:])),
		Guard:      int(int32(binary.LittleEndian.Uint32(b[15:]))),
		Chunk:      int(binary.LittleEndian.Uint32(b[19:])),
		Model:      rest,
		Tolerance:  f.Tolerance,
	}
	if f.Guard == 0 {
		f.Guard = NoGuard
	} else if f.Guard < 0 {
		return f, nil, fmt.Errorf("%w: the guard's interval in the stream's header", fault.ErrCorrupt)
	}
	if f.Vocabulary < 0 || f.Vocabulary > prob.MaxSymbols || f.Chunk < minChunk || f.Chunk > maxChunk {
		return f, nil, fmt.Errorf("%w: impossible values in the stream's header", fault.ErrCorrupt)
	}
	return f, l, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// early turns an end of input into an unexpected one.
func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// NewFramedEncoder writes the header of a framed stream to w and returns its
// encoder. Such a stream says what it was written under, carries checksums and,
// unless f says otherwise, checks against drift, and has a definite end, which
// Finish writes. docs/stream.md specifies it.
func NewFramedEncoder(w io.Writer, f Frame) (*Encoder, error) {
	header, err := f.header()
	if err != nil {
		return nil, err
	}
	fw := &frameWriter{out: w, sum: crc32.Checksum(header, castagnoli)}
	header = binary.LittleEndian.AppendUint32(header, fw.sum)
	f, l, err := parseFrame(header)
	if err != nil {
		return nil, err
	}
	if _, err := stream.Write(w, header); err != nil {
		return nil, err
	}
	fw.chunk = f.Chunk
	e := NewEncoder(nil)
	e.out, e.frame, e.vocabulary = fw, fw, f.Vocabulary
	e.guard = newGuard(int64(max(f.Guard, 0)))
	e.setLattice(l)
	return e, nil
}

// NewFramedDecoder reads the header of a framed stream from r and returns its
// decoder. Vocabulary and Model of want must be those of the stream: otherwise
// the error wraps ErrModel. If r is an io.Seeker, Seek works.
func NewFramedDecoder(r io.Reader, want Frame) (*Decoder, error) {
	d := &Decoder{in: r}
	d.findStart()
	header, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	f, l, err := parseFrame(header)
	switch {
	case err != nil:
		return nil, err
	case !bytes.Equal(f.Model, want.Model):
		return nil, fmt.Errorf("%w: the stream was written under model %x, not %x", fault.ErrModel, f.Model, want.Model)
	case f.Vocabulary != want.Vocabulary:
		return nil, fmt.Errorf("%w: the stream was written under a vocabulary of %d, not %d", fault.ErrModel, f.Vocabulary, want.Vocabulary)
	}
	d.frame = &frameReader{in: stream.Reader{R: r}, size: int64(len(header)), chunk: f.Chunk, total: -1}
	d.frame.sum = crc32.Checksum(header[:len(header)-4], castagnoli)
	d.vocabulary = f.Vocabulary
	d.guard = newGuard(int64(max(f.Guard, 0)))
	d.setLattice(l)
	d.rc.ResetReader(d.frame)
	return d, nil
}

// A frameWriter cuts a stream into chunks.
type frameWriter struct {
	out   io.Writer
	chunk int
	sum   uint32 // of all content so far: the checksum of the next chunk goes on from it
	buf   []byte // length and content of the next chunk
}

// Write adds b to the stream and writes the chunks that are full.
func (w *frameWriter) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		if len(w.buf) == 0 {
			w.buf = append(w.buf, 0, 0, 0, 0)
		}
		k := min(len(b), 4+w.chunk-len(w.buf))
		w.buf, b = append(w.buf, b[:k]...), b[k:]
		if len(w.buf) == 4+w.chunk {
			if err := w.flush(); err != nil {
				return n - len(b), err
			}
		}
	}
	return n, nil
}

// flush writes the next chunk.
func (w *frameWriter) flush() error {
	binary.LittleEndian.PutUint32(w.buf, uint32(len(w.buf)-4))
	w.sum = crc32.Update(w.sum, castagnoli, w.buf)
	_, err := stream.Write(w.out, binary.LittleEndian.AppendUint32(w.buf, w.sum))
	w.buf = w.buf[:0]
	return err
}

// end writes the last chunk, if anything is left, and the end mark.
func (w *frameWriter) end(steps int64) error {
	if len(w.buf) > 0 {
		if err := w.flush(); err != nil {
			return err
		}
	}
	b := binary.LittleEndian.AppendUint64(append(w.buf[:0], 0, 0, 0, 0), uint64(steps))
	w.sum = crc32.Update(w.sum, castagnoli, b)
	_, err := stream.Write(w.out, binary.LittleEndian.AppendUint32(b, w.sum))
	return err
}
