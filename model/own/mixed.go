package own

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/mix"
	"github.com/foretell/foretell/step"
)

// A Mixed codes each symbol under what the predictor says mixed with what package mix
// has learnt of the block: in arrays of two axes or more as frames, else as a stream.
// The body is a CRC-32C of the code and one of the symbols, 32 bits each, lowest byte
// first, and the code. If the first is right and the symbols are not, the block was
// written under other predictions, which is a *step.DriftError of the whole block.
type Mixed struct {
	model.Unplanned
	predictor model.Predictor
	mix       *mix.Codec
	guide     guide
}

const mixedHead = 2 * sumSize

// NewMixed returns a codec of a predictor, which is kept as long as the codec. Blocks
// of more than mix.MaxSize symbols are refused.
func NewMixed(p model.Predictor) *Mixed {
	return &Mixed{predictor: p, mix: mix.New(mix.Config{})}
}

// begin prepares the predictor for a block.
func (m *Mixed) begin(b *model.Block) error {
	if b.Size > mix.MaxSize {
		return fmt.Errorf("%w: %d symbols, more than the %d that can be mixed", fault.ErrUnsupported, b.Size, mix.MaxSize)
	}
	if err := m.predictor.Reset(b.Spans, b.Size); err != nil {
		return err
	}
	m.guide.predictor, m.guide.b = m.predictor, b
	if len(m.guide.weights) != b.Size {
		m.guide.weights = make([]uint32, b.Size)
	}
	return nil
}

// frame returns how many tokens of a block are alike in time, 0 if it is a stream: the
// block is a part of one array, from the beginning of a frame on.
func frame(b *model.Block) int {
	if len(b.Spans) != 1 || len(b.Spans[0].Shape) < 2 {
		return 0
	}
	n := 1
	for _, axis := range b.Spans[0].Shape[1:] {
		if axis < 1 || axis > mix.MaxPlaces/n {
			return 0
		}
		n *= axis
	}
	if n < 2 || b.Spans[0].First%int64(n) != 0 {
		return 0
	}
	return n
}

// Encode appends the body.
func (m *Mixed) Encode(dst []byte, b *model.Block) ([]byte, error) {
	if err := model.CheckEncode(b); err != nil {
		return dst, err
	}
	if err := m.begin(b); err != nil {
		return dst, err
	}
	start := len(dst)
	out := append(dst, make([]byte, mixedHead)...)
	var err error
	if n := frame(b); n > 0 {
		out, err = m.mix.EncodeFrames(out, b, n, &m.guide)
	} else {
		out, err = m.mix.EncodeGuided(out, b, 1, nil, &m.guide)
	}
	if err != nil {
		return dst, err
	}
	head := out[start:]
	binary.LittleEndian.PutUint32(head, crc32.Checksum(head[mixedHead:], castagnoli))
	binary.LittleEndian.PutUint32(head[sumSize:], sum(b.Symbols))
	return out, nil
}

// sum returns the checksum of symbols.
func sum(symbols []uint32) (crc uint32) {
	var part [1024]byte
	for len(symbols) > 0 {
		n := min(len(symbols), len(part)/4)
		for i, x := range symbols[:n] {
			binary.LittleEndian.PutUint32(part[4*i:], x)
		}
		crc = crc32.Update(crc, castagnoli, part[:4*n])
		symbols = symbols[n:]
	}
	return crc
}

// Need returns what mixing takes: what a predictor takes is its owner's affair.
func (m *Mixed) Need(size, count int, src []byte) (int64, error) {
	if len(src) < mixedHead {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := m.mix.Need(size, count, src[mixedHead:])
	return n + 4*int64(size), err
}

// Decode reads what Encode wrote.
func (m *Mixed) Decode(b *model.Block, src []byte) error {
	if err := model.CheckSize(b); err != nil {
		return err
	}
	if len(src) < mixedHead {
		return io.ErrUnexpectedEOF
	}
	head, code := src[:mixedHead], src[mixedHead:]
	if crc32.Checksum(code, castagnoli) != binary.LittleEndian.Uint32(head) {
		return errSum
	}
	err := m.begin(b)
	if err != nil {
		return err
	}
	if n := frame(b); n > 0 {
		err = m.mix.DecodeFrames(b, code, n, &m.guide)
	} else {
		err = m.mix.DecodeGuided(b, code, 1, nil, &m.guide)
	}
	if damaged(err) || err == nil && sum(b.Symbols) != binary.LittleEndian.Uint32(head[sumSize:]) {
		return &step.DriftError{From: 0, To: int64(max(len(b.Symbols), 1))}
	}
	return err
}

// A guide tells what a predictor says of the symbols of a block.
type guide struct {
	predictor model.Predictor
	b         *model.Block
	weights   []uint32
}

// Weights returns the widths of the intervals of all symbols.
func (g *guide) Weights(i int) ([]uint32, error) {
	if i > 0 {
		if err := g.predictor.Update(g.b.Symbols[i-1]); err != nil {
			return nil, err
		}
	}
	if err := worked(g.b, i); err != nil {
		return nil, err
	}
	d, err := predict(g.predictor, g.b.Size)
	if err != nil {
		return nil, err
	}
	for s := range g.weights {
		iv, err := d.Interval(uint32(s))
		if err != nil {
			return nil, err
		}
		g.weights[s] = uint32(min(iv.Width, 1<<32-1))
	}
	return g.weights, nil
}
