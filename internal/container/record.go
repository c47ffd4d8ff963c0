package container

import (
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/zstdframe"
)

// EntryKind says what a layout entry describes.
type EntryKind uint8

// The kinds of entries. In what order they come is the order of the content.
const (
	EntryFile    EntryKind = 1 // a file of the original content begins
	EntryFraming EntryKind = 2 // bytes of the file that belong to no member
	EntryMember  EntryKind = 3 // a member begins; blocks hold its tokens
	EntryEnd     EntryKind = 4 // the member whose length was open has ended
)

// An Entry is one step of the layout: it tells how the content is put together
// from framing bytes and the tokens of members. Data is the caller's.
type Entry struct {
	Kind EntryKind
	Data []byte
}

func (e Entry) append(dst []byte) []byte {
	dst = append(dst, byte(e.Kind))
	dst = binary.AppendUvarint(dst, uint64(len(e.Data)))
	return append(dst, e.Data...)
}

// countEntries returns how many entries b holds, at least if they are damaged.
func countEntries(b []byte) (n uint64) {
	for f := (fields{b: b}); len(f.b) > 0; n++ {
		f.byte()
		f.bytes(f.uvarint())
	}
	return n
}

func parseEntries(b []byte) ([]Entry, error) {
	list := make([]Entry, 0, countEntries(b))
	f := fields{b: b}
	for len(f.b) > 0 {
		e := Entry{Kind: EntryKind(f.byte())}
		e.Data = f.bytes(f.uvarint())
		if f.bad || e.Kind < EntryFile || e.Kind > EntryEnd {
			return nil, corrupt("layout entries")
		}
		list = append(list, e)
	}
	return list, nil
}

// A Span is a run of consecutive tokens of one member within a block.
type Span struct {
	Member, First, Count uint64
}

// appendSpans appends the spans of a block. All but the first begin with their
// members, which follow one another but for those without tokens.
func appendSpans(dst []byte, spans []Span) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(spans)))
	for i, s := range spans {
		if i == 0 {
			dst = binary.AppendUvarint(dst, s.Member)
			dst = binary.AppendUvarint(dst, s.First)
			dst = binary.AppendUvarint(dst, s.Count)
			continue
		}
		if skipped := s.Member - spans[i-1].Member - 1; skipped == 0 {
			dst = binary.AppendUvarint(dst, s.Count<<1)
		} else {
			dst = binary.AppendUvarint(dst, s.Count<<1|1)
			dst = binary.AppendUvarint(dst, skipped)
		}
	}
	return dst
}

// checkSpans refuses spans that appendSpans cannot write.
func checkSpans(spans []Span) error {
	for i, s := range spans {
		if s.First+s.Count > maxTokens || i > 0 && (s.First != 0 || s.Member <= spans[i-1].Member) {
			return fmt.Errorf("span %d of a block, %+v, does not follow the one before it", i, s)
		}
	}
	return nil
}

// maxTokens bounds the tokens of a member, the bytes of all content, and the numbers of
// records: their sums and places are int64.
const maxTokens = 1 << 62

// A room is what a block of a file may hold at most.
type room struct{ spans, tokens uint64 }

func (h *Header) room() room {
	if h.Apart {
		return room{1, h.BlockTokens}
	}
	return room{MaxSpans, h.BlockTokens}
}

// spans takes the spans of a block: one at least, and none of them empty.
func (f *fields) spans(most room) []Span {
	n := f.uvarint()
	if n == 0 || n > most.spans || n > uint64(len(f.b)) {
		f.bad = true
		return nil
	}
	spans := make([]Span, n)
	for i := range spans {
		s := Span{}
		if i == 0 {
			s = Span{f.uvarint(), f.uvarint(), f.uvarint()}
		} else {
			count := f.uvarint()
			s = Span{Member: spans[i-1].Member + 1, Count: count >> 1}
			if count&1 != 0 {
				skipped := f.uvarint()
				s.Member += skipped
				f.bad = f.bad || skipped == 0
			}
			f.bad = f.bad || s.Member <= spans[i-1].Member
		}
		if f.bad || s.Count == 0 || s.Count > most.tokens || s.First > maxTokens-s.Count {
			f.bad = true
			return nil
		}
		most.tokens -= s.Count
		spans[i] = s
	}
	return spans
}

// A Block is a block record without its payload, which is Params bytes of
// parameters and Body bytes of code.
type Block struct {
	Ordinal uint64 // number of the block in the file
	Spans   []Span
	Codec   uint8
	Base    uint64 // 0, or how many blocks back the one is whose parameters are needed too
	Params  uint64 // size in bytes
	Body    uint64 // size in bytes
	Hash    uint64 // xxh3 of the tokens, as bytes of the original content

	paramsSum uint32 // CRC-32C of the parameters
}

// Tokens returns the number of tokens in the block.
func (b *Block) Tokens() uint64 {
	var n uint64
	for _, s := range b.Spans {
		n += s.Count
	}
	return n
}

func (b *Block) appendFields(dst []byte, file uint64) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, file)
	dst = binary.AppendUvarint(dst, b.Ordinal)
	dst = appendSpans(dst, b.Spans)
	dst = append(dst, b.Codec)
	dst = binary.AppendUvarint(dst, b.Base)
	dst = binary.AppendUvarint(dst, b.Params)
	dst = binary.LittleEndian.AppendUint32(dst, b.paramsSum)
	dst = binary.AppendUvarint(dst, b.Body)
	return binary.LittleEndian.AppendUint64(dst, b.Hash)
}

// parseBlock reads the fields of a block of the file with the given hash.
func parseBlock(b []byte, file uint64, most room) (*Block, error) {
	f := fields{b: b}
	own := f.uint64() == file
	h := &Block{
		Ordinal: f.uvarint(),
		Spans:   f.spans(most),
		Codec:   f.byte(),
		Base:    f.uvarint(),
		Params:  f.uvarint(),
	}
	h.paramsSum = f.uint32()
	h.Body = f.uvarint()
	h.Hash = f.uint64()
	switch {
	case f.bad || len(f.b) != 0 || h.Ordinal >= maxTokens || h.Base > h.Ordinal || h.Params > 1<<40 || h.Body > 1<<40:
		return nil, corrupt("block header fields")
	case !own:
		return nil, corrupt("it belongs to another file")
	}
	return h, nil
}

// A packed header describes the payload of a layout or index record: raw bytes,
// under zstd where that is smaller.
type packed struct {
	ordinal uint64
	raw     uint64 // size of the payload once unpacked
	stored  uint64 // size in the file; equal to raw if not compressed
	sum     uint32 // CRC-32C of the unpacked payload
}

func (p *packed) appendFields(dst []byte, file uint64) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, file)
	dst = binary.AppendUvarint(dst, p.ordinal)
	dst = binary.AppendUvarint(dst, p.raw)
	dst = binary.AppendUvarint(dst, p.stored)
	return binary.LittleEndian.AppendUint32(dst, p.sum)
}

func parsePacked(b []byte, file uint64) (p packed, err error) {
	f := fields{b: b}
	own := f.uint64() == file
	p.ordinal, p.raw, p.stored, p.sum = f.uvarint(), f.uvarint(), f.uvarint(), f.uint32()
	switch {
	case f.bad || len(f.b) != 0 || p.ordinal >= maxTokens || p.stored > p.raw || p.raw > 1<<40:
		return p, corrupt("record header fields")
	case !own:
		return p, corrupt("the record belongs to another file")
	}
	return p, nil
}

// preset is what layouts are likely to hold: a raw-content dictionary for zstd. It
// is part of the format.
const preset = "ustar  \x0000\x000000644\x0000000000000\x00.npyPK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00!\x00" +
	"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': True, 'shape': (), }" +
	"\x93NUMPY\x01\x00v\x00{'descr': '<u2', 'fortran_order': False, 'shape': (1200, 8, 16), }" +
	"                                                            \n" +
	"\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': ("

const presetID = 1

// newPacker returns a compressor for layouts and indexes, whose windows need be
// no larger than the largest layout.
func newPacker() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false),
		zstd.WithSingleSegment(true), zstd.WithWindowSize(MaxLayout), zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderDictRaw(presetID, []byte(preset)))
}

// pack compresses raw for storage where that makes it smaller.
func pack(enc *zstd.Encoder, raw []byte, ordinal uint64) (packed, []byte) {
	p := packed{ordinal: ordinal, raw: uint64(len(raw)), sum: checksum(raw)}
	if z := enc.EncodeAll(raw, nil); len(z) < len(raw) {
		raw = z
	}
	p.stored = uint64(len(raw))
	return p, raw
}

// unpack undoes pack. The size of the payload has been checked against a limit.
func (p *packed) unpack(stored []byte) ([]byte, error) {
	raw := stored
	if p.stored != p.raw {
		dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true),
			zstd.WithDecoderDictRaw(presetID, []byte(preset)))
		if err != nil {
			return nil, err
		}
		defer dec.Close()
		if err := zstdframe.Check(stored, 0, presetID); err != nil {
			return nil, err
		}
		raw, err = dec.DecodeAll(stored, make([]byte, 0, p.raw))
		if err != nil {
			return nil, fmt.Errorf("%w: compressed record: %w", fault.ErrCorrupt, err)
		}
	}
	if uint64(len(raw)) != p.raw || checksum(raw) != p.sum {
		return nil, corrupt("record checksum")
	}
	return raw, nil
}

// appendRecord appends a record's mark, header and checksum.
func appendRecord(dst []byte, k kind, header []byte) []byte {
	start := len(dst)
	dst = append(dst, mark...)
	dst = append(dst, byte(k))
	dst = binary.AppendUvarint(dst, uint64(len(header)))
	dst = append(dst, header...)
	return binary.LittleEndian.AppendUint32(dst, checksum(dst[start:]))
}
