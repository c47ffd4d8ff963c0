// Package container reads and writes the .fore file: blocks, an index and
// checksums, bytes in and bytes out. It knows no model, no coder and no array;
// what the blocks and the layout entries mean is the caller's affair. The format
// is specified in docs/format.md.
package container

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/uvarint"
	"github.com/zeebo/xxh3"
)

// Version is the format version that this package writes and the newest that it
// reads. Until 1.0 it stays 0 and files are readable by the release that wrote
// them and, where the changelog does not say otherwise, by later ones.
const Version = 0

// Magic begins every file. The first byte keeps it from being taken for text,
// the line ends catch transfers that rewrite them.
const Magic = "\xf0FORE\r\n\x1a"

// Limits of the format, checked on writing and on reading.
const (
	MaxHeader = 1 << 16 // bytes of the header's fields
	MaxLayout = 1 << 20 // bytes of the entries of one layout record
	MaxSpans  = 1 << 16 // spans of one block
	MaxTokens = 1 << 26 // tokens of one block
	MaxNeeds  = 16      // needs of one header
	MaxLabel  = 255     // bytes of the name of a preset or a need

	maxRecordHeader = 1 << 21 // bytes of one record's header
)

const (
	endMagic    = "\x1aFOR"
	trailerSize = 16 + 8 + 8 + 4 + len(endMagic)
)

// A kind is the last byte of a record's mark.
type kind byte

const (
	kindLayout kind = 'L'
	kindBlock  kind = 'B'
	kindIndex  kind = 'I'
)

// mark begins every record, so that a reader can find its way after damage. The
// kind follows it.
const mark = "\xf0\x0fF"

const markSize = len(mark) + 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{fault.ErrCorrupt}, args...)...)
}

// A trailer ends every file.
type trailer struct {
	content [16]byte // 128-bit xxh3 of all content, big-endian as xxh128sum prints it
	length  uint64   // bytes of all content
	index   uint64   // bytes of the index record
}

func (t *trailer) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, t.content[:]...)
	dst = binary.LittleEndian.AppendUint64(dst, t.length)
	dst = binary.LittleEndian.AppendUint64(dst, t.index)
	dst = binary.LittleEndian.AppendUint32(dst, checksum(dst[start:]))
	return append(dst, endMagic...)
}

func parseTrailer(b []byte) (t trailer, err error) {
	sum := len(b) - len(endMagic) - 4
	if string(b[sum+4:]) != endMagic || checksum(b[:sum]) != binary.LittleEndian.Uint32(b[sum:]) {
		return t, corrupt("no trailer at the end: the file is cut, damaged, or has bytes added")
	}
	copy(t.content[:], b)
	t.length = binary.LittleEndian.Uint64(b[16:])
	t.index = binary.LittleEndian.Uint64(b[24:])
	if t.length > maxTokens {
		return t, corrupt("content of %d bytes", t.length)
	}
	return t, nil
}

// fields takes values from the front of b; bad is set once one is not there.
type fields struct {
	b   []byte
	bad bool
}

func (f *fields) bytes(n uint64) []byte {
	if n > uint64(len(f.b)) {
		f.bad, f.b = true, nil
		return nil
	}
	b := f.b[:n:n]
	f.b = f.b[n:]
	return b
}

func (f *fields) byte() byte {
	if b := f.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (f *fields) uint32() uint32 {
	if b := f.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (f *fields) uint64() uint64 {
	if b := f.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// uvarint takes an unsigned LEB128 number.
func (f *fields) uvarint() uint64 {
	v, n := uvarint.Parse(f.b)
	if n <= 0 {
		f.bad, f.b = true, nil
		return 0
	}
	f.b = f.b[n:]
	return v
}

// readUvarint reads an unsigned LEB128 number from r and appends its bytes to raw.
func readUvarint(r io.Reader, raw []byte) ([]byte, uint64, error) {
	start := len(raw)
	for len(raw)-start < binary.MaxVarintLen64 {
		raw = append(raw, 0)
		if _, err := io.ReadFull(r, raw[len(raw)-1:]); err != nil {
			return raw, 0, unexpected(err)
		}
		if raw[len(raw)-1] < 0x80 {
			f := fields{b: raw[start:]}
			if v := f.uvarint(); !f.bad {
				return raw, v, nil
			}
			break
		}
	}
	return raw, 0, corrupt("a number is out of range")
}

// unexpected turns the end of input where more must follow into
// io.ErrUnexpectedEOF.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// headerSum returns the checksum that a record header ends with.
func headerSum(raw []byte) uint32 {
	return binary.LittleEndian.Uint32(raw[len(raw)-4:])
}

// headerID returns the hash by which records name the file they belong to. raw
// is the header with its checksum.
func headerID(raw []byte) uint64 { return xxh3.Hash(raw[:len(raw)-4]) }
