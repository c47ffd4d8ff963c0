package container

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/foretell/foretell/internal/fault"
)

// A Header says how a file was written and what is needed to decode it.
type Header struct {
	Codec       uint8  // codec that the blocks were written with, where it paid
	Preset      string // what the writer calls its choice of codec and level
	Level       uint64 // of the codec
	Solid       bool   // blocks are filled up with tokens of several members
	Apart       bool   // no block holds tokens of several members
	BlockTokens uint64 // most tokens in a block
	Needs       []Need
}

// A Need is something outside the blocks that decoding takes. What the kinds mean
// is the caller's affair.
type Need struct {
	Kind uint8
	Name string   // a hint where to find it: the name of a file, "" if there is none
	Sum  [32]byte // its SHA-256
	Size uint64   // its length in bytes; 0 if that means nothing

	// Embedded says that the file carries it, and Data is it.
	Embedded bool
	Data     []byte
}

const (
	flagSolid    = 1
	flagApart    = 2
	needEmbedded = 1
)

// check refuses what cannot be written.
func (h *Header) check() error {
	if len(h.Preset) > MaxLabel || len(h.Needs) > MaxNeeds {
		return fmt.Errorf("a header with a preset of %d bytes and %d needs is too large", len(h.Preset), len(h.Needs))
	}
	for i := range h.Needs {
		n := &h.Needs[i]
		if slices.ContainsFunc(h.Needs[:i], func(other Need) bool { return other.Kind == n.Kind }) {
			return fmt.Errorf("two needs of kind %d", n.Kind)
		}
		if len(n.Name) > MaxLabel || n.Embedded && uint64(len(n.Data)) != n.Size {
			return fmt.Errorf("a need called %.40q of %d bytes cannot be written", n.Name, n.Size)
		}
	}
	return nil
}

// append appends the header with its checksum.
func (h *Header) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, Magic...)
	dst = append(dst, Version)
	var flags byte
	if h.Solid {
		flags |= flagSolid
	}
	if h.Apart {
		flags |= flagApart
	}
	fields := appendLabel([]byte{flags, h.Codec}, h.Preset)
	fields = binary.AppendUvarint(fields, h.Level)
	fields = binary.AppendUvarint(fields, h.BlockTokens)
	fields = binary.AppendUvarint(fields, uint64(len(h.Needs)))
	for i := range h.Needs {
		n := &h.Needs[i]
		flags := byte(0)
		if n.Embedded {
			flags |= needEmbedded
		}
		fields = append(fields, n.Kind, flags)
		fields = append(fields, n.Sum[:]...)
		fields = binary.AppendUvarint(fields, n.Size)
		fields = appendLabel(fields, n.Name)
	}
	dst = binary.AppendUvarint(dst, uint64(len(fields)))
	dst = append(dst, fields...)
	return binary.LittleEndian.AppendUint32(dst, checksum(dst[start:]))
}

func appendLabel(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// embedded returns the number of bytes of needs that the file carries.
func (h *Header) embedded() int64 {
	sum := int64(0)
	for i := range h.Needs {
		sum += int64(len(h.Needs[i].Data))
	}
	return sum
}

// readHeader reads a header from the start of r, and the needs that the file
// carries, of at most maxEmbedded bytes. It returns the header, its hash and the
// size of all in the file.
func readHeader(r io.Reader, maxEmbedded int64) (h Header, id uint64, size int64, err error) {
	raw := make([]byte, len(Magic)+1, 64)
	if n, err := io.ReadFull(r, raw); err != nil {
		if n > 0 && string(raw[:min(n, len(Magic))]) == Magic[:min(n, len(Magic))] {
			return h, 0, 0, unexpected(err)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return h, 0, 0, fault.ErrNotFore
		}
		return h, 0, 0, err
	}
	if string(raw[:len(Magic)]) != Magic {
		return h, 0, 0, fault.ErrNotFore
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
	if h, err = parseHeader(body[start:]); err != nil {
		return h, 0, 0, err
	}
	if h.BlockTokens > MaxTokens {
		return h, 0, 0, fmt.Errorf("%w: blocks of %d tokens", fault.ErrUnsupported, h.BlockTokens)
	}
	if err := h.readNeeds(r, maxEmbedded); err != nil {
		return h, 0, 0, err
	}
	return h, headerID(raw), int64(len(raw)) + h.embedded(), nil
}

func parseHeader(b []byte) (h Header, err error) {
	f := fields{b: b}
	flags := f.byte()
	h.Codec = f.byte()
	h.Preset = f.label()
	h.Level = f.uvarint()
	h.Solid, h.Apart = flags&flagSolid != 0, flags&flagApart != 0
	h.BlockTokens = f.uvarint()
	count := f.uvarint()
	bad := flags > flagApart || count > MaxNeeds
	for range min(count, MaxNeeds) {
		n := Need{Kind: f.byte()}
		flags := f.byte()
		n.Embedded = flags&needEmbedded != 0
		copy(n.Sum[:], f.bytes(uint64(len(n.Sum))))
		n.Size = f.uvarint()
		n.Name = f.label()
		same := func(other Need) bool { return other.Kind == n.Kind }
		bad = bad || flags&^needEmbedded != 0 || slices.ContainsFunc(h.Needs, same)
		h.Needs = append(h.Needs, n)
	}
	if f.bad || bad || len(f.b) != 0 {
		return Header{}, corrupt("header fields")
	}
	return h, nil
}

// label takes a short name.
func (f *fields) label() string {
	n := f.uvarint()
	s := string(f.bytes(n))
	if n > MaxLabel || !utf8.ValidString(s) {
		f.bad = true
	}
	return s
}

// readNeeds reads the needs that follow the header.
func (h *Header) readNeeds(r io.Reader, most int64) error {
	for i := range h.Needs {
		n := &h.Needs[i]
		if !n.Embedded {
			continue
		}
		if n.Size > uint64(most) {
			return fmt.Errorf("%w: the file carries %d bytes that decoding needs, %d are allowed", fault.ErrLimit, n.Size, most)
		}
		most -= int64(n.Size)
		// Memory is taken as the bytes come: a header may lie.
		var err error
		if n.Data, err = io.ReadAll(io.LimitReader(r, int64(n.Size))); err != nil {
			return err
		}
		if uint64(len(n.Data)) < n.Size {
			return io.ErrUnexpectedEOF
		}
	}
	return nil
}
