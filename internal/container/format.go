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

// A Header says what is needed to decode a file.
type Header struct {
	Codec       uint8  // codec that the blocks were written with, where it paid
	Solid       bool   // blocks may hold tokens of several members
	BlockTokens uint64 // most tokens in a block
	Memory      uint64 // bytes that decoding one block takes at most
	Model       []byte // SHA-256 of the outside model or prior; empty if none is needed
	Prior       []byte // the prior itself, if the file carries it
}

const flagSolid = 1

// append appends the header with its checksum, and the prior after it.
func (h *Header) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, Magic...)
	dst = append(dst, Version)
	var flags byte
	if h.Solid {
		flags |= flagSolid
	}
	fields := []byte{flags, h.Codec}
	fields = binary.AppendUvarint(fields, h.BlockTokens)
	fields = binary.AppendUvarint(fields, h.Memory)
	fields = binary.AppendUvarint(fields, uint64(len(h.Model)))
	fields = append(fields, h.Model...)
	fields = binary.AppendUvarint(fields, uint64(len(h.Prior)))
	dst = binary.AppendUvarint(dst, uint64(len(fields)))
	dst = append(dst, fields...)
	dst = binary.LittleEndian.AppendUint32(dst, checksum(dst[start:]))
	return append(dst, h.Prior...)
}

// readHeader reads a header from the start of r. It returns the header, its hash
// and its size in the file.
func readHeader(r io.Reader, maxPrior int64) (h Header, id uint64, size int64, err error) {
	raw := make([]byte, len(Magic)+1, 64)
	if n, err := io.ReadFull(r, raw); err != nil {
		if n > 0 && string(raw[:min(n, len(Magic))]) == Magic[:min(n, len(Magic))] {
			return h, 0, 0, unexpected(err)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return h, 0, 0, corrupt("not a .fore file")
		}
		return h, 0, 0, err
	}
	if string(raw[:len(Magic)]) != Magic {
		return h, 0, 0, corrupt("not a .fore file")
	}
	if v := raw[len(Magic)]; v > Version {
		return h, 0, 0, fmt.Errorf("%w: file format version %d: a newer foretell is needed", fault.ErrUnsupported, v)
	}
	raw, n, err := readUvarint(r, raw)
	if err != nil {
		return h, 0, 0, err
	}
	if n > MaxHeader {
		return h, 0, 0, corrupt("header of %d bytes", n)
	}
	start := len(raw)
	raw = append(raw, make([]byte, n+4)...)
	if _, err := io.ReadFull(r, raw[start:]); err != nil {
		return h, 0, 0, unexpected(err)
	}
	body := raw[:len(raw)-4]
	if checksum(body) != binary.LittleEndian.Uint32(raw[len(body):]) {
		return h, 0, 0, corrupt("header checksum")
	}
	f := fields{b: body[start:]}
	flags := f.byte()
	h.Codec = f.byte()
	h.Solid = flags&flagSolid != 0
	h.BlockTokens = f.uvarint()
	h.Memory = f.uvarint()
	h.Model = f.bytes(f.uvarint())
	prior := f.uvarint()
	if f.bad || len(f.b) != 0 || flags&^flagSolid != 0 {
		return h, 0, 0, corrupt("header fields")
	}
	size = int64(len(raw))
	if prior > 0 {
		if prior > uint64(maxPrior) {
			return h, 0, 0, fmt.Errorf("%w: the file carries a prior of %d bytes", fault.ErrLimit, prior)
		}
		// Memory is taken as the bytes come: a header may lie.
		if h.Prior, err = io.ReadAll(io.LimitReader(r, int64(prior))); err != nil {
			return h, 0, 0, err
		}
		if uint64(len(h.Prior)) < prior {
			return h, 0, 0, io.ErrUnexpectedEOF
		}
		size += int64(prior)
	}
	return h, headerID(raw), size, nil
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

// uvarint takes an unsigned LEB128 number, refusing overlong forms, so that a
// header has one encoding.
func (f *fields) uvarint() uint64 {
	v, n := binary.Uvarint(f.b)
	if n <= 0 || n > 1 && f.b[n-1] == 0 {
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
