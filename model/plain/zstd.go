package plain

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/zstdframe"
	"github.com/foretell/foretell/model"
)

// The layouts of the bytes that zstd compresses: the first byte of a body.
const (
	layoutPacked = 0 // not compressed: the body of Stored follows
	layoutLittle = 1 // each symbol in 1 to 3 bytes, lowest first
	layoutPlanes = 2 // the lowest bytes of all symbols, then the next ones
)

// maxZstdLevel is the highest level whose bytes are the same on every machine: the
// next one decides with floating-point logarithms.
const maxZstdLevel = int(zstd.SpeedBetterCompression)

const (
	zstdWindow = 1 << 22
	// samplePieces pieces of samplePiece symbols decide about the layout.
	samplePieces = 4
	samplePiece  = 1 << 13
)

// Zstd is the codec of symbols as whole bytes under one zstd frame (RFC 8878).
type Zstd struct {
	model.Unplanned
	level   int
	enc     *zstd.Encoder
	dec     *zstd.Decoder
	bytes   []byte
	scratch []byte
	sample  []uint32
}

// NewZstd returns a codec that encodes at a level of klauspost/compress, 1
// (fastest) to 3 (smallest).
func NewZstd(level int) (*Zstd, error) {
	if level < int(zstd.SpeedFastest) || level > maxZstdLevel {
		return nil, fmt.Errorf("zstd level %d: give 1 to %d", level, maxZstdLevel)
	}
	return &Zstd{level: level}, nil
}

// Encode appends the layout and the frame, or the packed symbols where the frame is
// no smaller.
func (z *Zstd) Encode(dst []byte, b *model.Block) ([]byte, error) {
	if err := model.CheckEncode(b); err != nil {
		return dst, err
	}
	if z.enc == nil {
		// One goroutine, or the bytes would depend on how many there are.
		enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.EncoderLevel(z.level)),
			zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithWindowSize(zstdWindow),
			zstd.WithLowerEncoderMem(true))
		if err != nil {
			return dst, err
		}
		z.enc = enc
	}
	start := len(dst)
	w := byteWidth(b.Size)
	stored := packedLen(len(b.Symbols), width(b.Size))
	if stored > 0 {
		layout := z.choose(b.Symbols, w)
		z.bytes = lay(z.bytes[:0], b.Symbols, w, layout)
		dst = z.enc.EncodeAll(z.bytes, append(dst, byte(layout)))
	}
	if stored == 0 || int64(len(dst)-start-1) >= stored {
		dst = pack(append(dst[:start], layoutPacked), b.Symbols, width(b.Size))
	}
	model.SpreadCosts(b, len(dst)-start)
	return dst, nil
}

// choose returns the layout that suits a sample of the symbols better.
func (z *Zstd) choose(symbols []uint32, w int) int {
	if w == 1 {
		return layoutLittle
	}
	if len(symbols) > samplePieces*samplePiece {
		z.sample = z.sample[:0]
		for i := range samplePieces {
			at := (len(symbols) - samplePiece) / (samplePieces - 1) * i
			z.sample = append(z.sample, symbols[at:at+samplePiece]...)
		}
		symbols = z.sample
	}
	sizes := [...]int{layoutLittle: 0, layoutPlanes: 0}
	for _, layout := range []int{layoutLittle, layoutPlanes} {
		z.bytes = lay(z.bytes[:0], symbols, w, layout)
		z.scratch = z.enc.EncodeAll(z.bytes, z.scratch[:0])
		sizes[layout] = len(z.scratch)
	}
	if sizes[layoutPlanes] < sizes[layoutLittle] {
		return layoutPlanes
	}
	return layoutLittle
}

// Need returns the bytes of the symbols, and what the coders of klauspost/compress
// keep.
func (z *Zstd) Need(size, count int, src []byte) (int64, error) {
	const keeps = 16 << 20
	return int64(count)*int64(byteWidth(size)) + keeps, nil
}

// Decode reads what Encode wrote.
func (z *Zstd) Decode(b *model.Block, src []byte) error {
	if err := model.CheckSize(b); err != nil {
		return err
	}
	if len(src) == 0 {
		return io.ErrUnexpectedEOF
	}
	layout := int(src[0])
	switch layout {
	case layoutPacked:
		return Stored{}.Decode(b, src[1:])
	case layoutLittle, layoutPlanes:
	default:
		return fmt.Errorf("%w: layout %d of packed symbols", fault.ErrCorrupt, layout)
	}
	if z.dec == nil {
		// The output is bounded by the room that DecodeAll is given.
		dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return err
		}
		z.dec = dec
	}
	if err := zstdframe.Check(src[1:], zstdWindow, 0); err != nil {
		return err
	}
	w := byteWidth(b.Size)
	size := len(b.Symbols) * w
	z.bytes = slices.Grow(z.bytes[:0], size)
	out, err := z.dec.DecodeAll(src[1:], z.bytes[:0:size])
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	case err != nil:
		return fmt.Errorf("%w: %v", fault.ErrCorrupt, err)
	case len(out) != size:
		return fmt.Errorf("%w: %d bytes of symbols instead of %d", fault.ErrCorrupt, len(out), size)
	}
	unlay(b.Symbols, out, w, layout)
	return model.CheckDecoded(b)
}

// byteWidth returns the number of whole bytes of a symbol, 1..3.
func byteWidth(size int) int { return max(1, (width(size)+7)/8) }

// lay appends symbols as w bytes each in the given layout.
func lay(dst []byte, symbols []uint32, w, layout int) []byte {
	start, n := len(dst), len(symbols)
	dst = slices.Grow(dst, n*w)[:start+n*w]
	out := dst[start:]
	switch {
	case w == 1:
		for i, s := range symbols {
			out[i] = byte(s)
		}
	case layout == layoutPlanes:
		for k := range w {
			plane := out[k*n:][:n]
			for i, s := range symbols {
				plane[i] = byte(s >> (8 * k))
			}
		}
	case w == 2:
		for i, s := range symbols {
			out[2*i], out[2*i+1] = byte(s), byte(s>>8)
		}
	default:
		for i, s := range symbols {
			out[3*i], out[3*i+1], out[3*i+2] = byte(s), byte(s>>8), byte(s>>16)
		}
	}
	return dst
}

// unlay fills symbols from len(symbols)*w bytes in the given layout.
func unlay(symbols []uint32, src []byte, w, layout int) {
	n := len(symbols)
	switch {
	case w == 1:
		for i := range symbols {
			symbols[i] = uint32(src[i])
		}
	case layout == layoutPlanes:
		clear(symbols)
		for k := range w {
			plane := src[k*n:][:n]
			for i := range symbols {
				symbols[i] |= uint32(plane[i]) << (8 * k)
			}
		}
	case w == 2:
		for i := range symbols {
			symbols[i] = uint32(src[2*i]) | uint32(src[2*i+1])<<8
		}
	default:
		for i := range symbols {
			symbols[i] = uint32(src[3*i]) | uint32(src[3*i+1])<<8 | uint32(src[3*i+2])<<16
		}
	}
}
