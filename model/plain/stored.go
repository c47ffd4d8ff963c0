// Package plain holds the codecs that predict nothing: symbols at their packed
// width, and those under zstd.
package plain

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
)

// Stored is the codec of symbols at their packed width. The body is the symbols at
// width(Size) bits each, the first symbol in the lowest bits of the first byte, and
// zero bits to the end of the last byte.
type Stored struct{ model.Unplanned }

// StoredLen returns the length of the body of count symbols below size.
func StoredLen(size, count int) int64 { return packedLen(count, width(size)) }

// Encode appends the packed symbols.
func (Stored) Encode(dst []byte, b *model.Block) ([]byte, error) {
	if err := model.CheckEncode(b); err != nil {
		return dst, err
	}
	start := len(dst)
	dst = pack(dst, b.Symbols, width(b.Size))
	model.SpreadCosts(b, len(dst)-start)
	return dst, nil
}

// Need returns 0: decoding takes nothing beside the symbols.
func (Stored) Need(size, count int, src []byte) (int64, error) { return 0, nil }

// Decode unpacks the symbols.
func (Stored) Decode(b *model.Block, src []byte) error {
	if err := model.CheckSize(b); err != nil {
		return err
	}
	if err := unpack(b.Symbols, src, width(b.Size)); err != nil {
		return err
	}
	return model.CheckDecoded(b)
}

// width returns the number of bits of a packed symbol, 0..24.
func width(size int) int { return bits.Len(uint(size - 1)) }

// packedLen returns the number of bytes of n packed symbols.
func packedLen(n, width int) int64 { return (int64(n)*int64(width) + 7) / 8 }

// pack appends symbols, all below 2^width, at width bits each.
func pack(dst []byte, symbols []uint32, width int) []byte {
	size := int(packedLen(len(symbols), width))
	start := len(dst)
	dst = slices.Grow(dst, size)[:start+size]
	out := dst[start:]
	acc, n, pos := uint64(0), 0, 0
	for _, s := range symbols {
		acc |= uint64(s) << n
		n += width
		if n >= 32 {
			binary.LittleEndian.PutUint32(out[pos:], uint32(acc))
			pos += 4
			acc >>= 32
			n -= 32
		}
	}
	for ; pos < size; pos++ {
		out[pos] = byte(acc)
		acc >>= 8
	}
	return dst
}

// unpack fills symbols from src, which must be just what pack writes.
func unpack(symbols []uint32, src []byte, width int) error {
	size := packedLen(len(symbols), width)
	switch {
	case int64(len(src)) < size:
		return io.ErrUnexpectedEOF
	case int64(len(src)) > size:
		return fmt.Errorf("%w: %d bytes after the packed symbols", fault.ErrCorrupt, int64(len(src))-size)
	}
	mask := uint32(1)<<width - 1
	// A symbol and the bits before it in its first byte fit into 32 bits.
	n := 0
	if width > 0 {
		n = max(0, min(len(symbols), (len(src)-4)*8/width))
	}
	bit := uint64(0)
	for i := range symbols[:n] {
		symbols[i] = binary.LittleEndian.Uint32(src[bit>>3:]) >> (bit & 7) & mask
		bit += uint64(width)
	}
	for i := n; i < len(symbols); i++ {
		var last [4]byte
		copy(last[:], src[bit>>3:])
		symbols[i] = binary.LittleEndian.Uint32(last[:]) >> (bit & 7) & mask
		bit += uint64(width)
	}
	if bit&7 != 0 && src[len(src)-1]>>(bit&7) != 0 {
		return fmt.Errorf("%w: bits after the packed symbols", fault.ErrCorrupt)
	}
	return nil
}
