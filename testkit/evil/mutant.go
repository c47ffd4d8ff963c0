package evil

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"slices"

	"github.com/foretell/foretell/internal/container"
	"github.com/zeebo/xxh3"
)

// A record is a layout or a block with all that its header says.
type record struct {
	ordinal uint64
	entries []container.Entry
	spans   []container.Span // of a block
	codec   byte
	base    uint64
	params  []byte
	body    []byte
	hash    uint64

	// twist, if there is one, changes what is written last: kind, fields and payload.
	twist func(kind *byte, fields, payload *[]byte)
}

// Mutant makes a small file of some members, which is sound but for a few of its
// records, ordinals, spans, maps, parameters, entries, or the index; all checksums are
// right. changed is how many changes there are, which may undo one another.
func Mutant(r *rand.Rand) (file []byte, changed int) {
	records, content := sound(r)
	index := slices.Clone(records)
	changed = r.IntN(3)
	for range changed {
		switch at := r.IntN(len(records)); r.IntN(8) {
		case 0: // the index does not know of it
			change(r, &records[at])
		case 1:
			change(r, &index[min(at, len(index)-1)])
		case 2:
			records = slices.Delete(records, at, at+1)
			index = slices.Clone(records)
		case 3:
			to := r.IntN(len(records))
			records[at], records[to] = records[to], records[at]
			index = slices.Clone(records)
		case 4:
			records = slices.Insert(records, at, records[at])
			index = slices.Clone(records)
		case 5:
			content += r.IntN(3) - 1
		default:
			change(r, &records[at])
			index = slices.Clone(records)
		}
		if len(records) == 0 || len(index) == 0 {
			break
		}
	}
	return seal(small, records, index, max(content, 0)), changed
}

// sound returns the records of a file and the size of its content.
func sound(r *rand.Rand) (records []record, content int) {
	layouts, blocks := uint64(0), uint64(0)
	layout := func(list ...container.Entry) {
		records = append(records, record{ordinal: layouts, entries: list})
		layouts++
	}
	lastBase := uint64(0)
	for m := range uint64(1 + r.IntN(4)) {
		open := r.IntN(3) == 0
		count := uint64(r.IntN(12))
		var list []container.Entry
		if m == 0 || r.IntN(2) == 0 {
			list = append(list, Name(string(rune('a'+m))))
		}
		if r.IntN(3) == 0 {
			list = append(list, container.Entry{Kind: container.EntryFraming, Data: []byte{0, 0}})
			content += 2
		}
		axis := count
		if open {
			axis = Open
		}
		layout(append(list, Member(m, 0, axis))...)
		for first := uint64(0); first < count; {
			n := min(1+uint64(r.IntN(5)), count-first)
			b := record{ordinal: blocks, spans: []container.Span{Span(m, first, n)}, params: []byte{3, 0, 0, 1}, hash: xxh3.Hash(make([]byte, n))}
			if blocks > 0 && r.IntN(2) == 0 {
				b.base, b.params = blocks-lastBase, []byte{0}
			} else {
				lastBase = blocks
			}
			records = append(records, b)
			blocks++
			first += n
		}
		content += int(count)
		if open {
			layout(End(count))
		}
	}
	return records, content
}

// change changes one field of a record.
func change(r *rand.Rand, x *record) {
	flip := func(b []byte) []byte {
		b = bytes.Clone(b)
		switch {
		case len(b) == 0 || r.IntN(4) == 0:
			b = append(b, byte(r.IntN(4)))
		case r.IntN(4) == 0:
			b = b[:len(b)-1]
		default:
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		return b
	}
	if r.IntN(6) == 0 {
		x.ordinal += uint64(r.IntN(8)) - 2
		return
	}
	if x.spans == nil {
		x.entries = slices.Clone(x.entries)
		if len(x.entries) == 0 {
			return
		}
		at := r.IntN(len(x.entries))
		switch r.IntN(4) {
		case 0:
			x.entries = slices.Delete(x.entries, at, at+1)
		case 1:
			x.entries = slices.Insert(x.entries, at, x.entries[at])
		case 2:
			x.entries[at].Kind = container.EntryKind(1 + r.IntN(4))
		default:
			x.entries[at].Data = flip(x.entries[at].Data)
		}
		return
	}
	x.spans = slices.Clone(x.spans)
	s := &x.spans[r.IntN(len(x.spans))]
	switch r.IntN(8) {
	case 0:
		s.Member += uint64(r.IntN(3)) - 1
	case 1:
		s.First += uint64(r.IntN(3)) - 1
	case 2:
		s.Count += uint64(r.IntN(3)) - 1
	case 3:
		x.codec = byte(r.IntN(9))
	case 4:
		x.base = uint64(r.IntN(int(x.ordinal%8) + 1))
	case 5:
		x.params = flip(x.params)
	case 6:
		x.body = flip(x.body)
	default:
		x.hash ^= uint64(r.IntN(2))
	}
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// appendRecord appends a record with right checksums and returns that of its header.
func appendRecord(dst []byte, kind byte, fields, payload []byte) ([]byte, uint32) {
	start := len(dst)
	dst = append(append(dst, "\xf0\x0fF"...), kind)
	dst = append(binary.AppendUvarint(dst, uint64(len(fields))), fields...)
	sum := checksum(dst[start:])
	return append(binary.LittleEndian.AppendUint32(dst, sum), payload...), sum
}

func (x *record) append(dst []byte, id uint64) ([]byte, uint32) {
	f := binary.LittleEndian.AppendUint64(nil, id)
	f = binary.AppendUvarint(f, x.ordinal)
	if x.spans == nil {
		return appendPacked(dst, 'L', f, appendEntries(nil, x.entries), x.twist)
	}
	f = append(appendSpans(f, x.spans), x.codec)
	f = binary.AppendUvarint(f, x.base)
	f = binary.AppendUvarint(f, uint64(len(x.params)))
	f = binary.LittleEndian.AppendUint32(f, checksum(x.params))
	f = binary.AppendUvarint(f, uint64(len(x.body)))
	f = binary.LittleEndian.AppendUint64(f, x.hash)
	return appendTwisted(dst, 'B', f, slices.Concat(x.params, x.body), x.twist)
}

func appendTwisted(dst []byte, kind byte, f, payload []byte, twist func(*byte, *[]byte, *[]byte)) ([]byte, uint32) {
	if twist != nil {
		twist(&kind, &f, &payload)
	}
	return appendRecord(dst, kind, f, payload)
}

func appendPacked(dst []byte, kind byte, f, payload []byte, twist func(*byte, *[]byte, *[]byte)) ([]byte, uint32) {
	f = binary.AppendUvarint(f, uint64(len(payload)))
	f = binary.AppendUvarint(f, uint64(len(payload)))
	f = binary.LittleEndian.AppendUint32(f, checksum(payload))
	return appendTwisted(dst, kind, f, payload, twist)
}

func appendEntries(dst []byte, list []container.Entry) []byte {
	for _, e := range list {
		dst = binary.AppendUvarint(append(dst, byte(e.Kind)), uint64(len(e.Data)))
		dst = append(dst, e.Data...)
	}
	return dst
}

func appendSpans(dst []byte, spans []container.Span) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(spans)))
	for i, s := range spans {
		if i > 0 {
			dst = binary.AppendUvarint(dst, s.Count<<1) // of the next member
			continue
		}
		dst = binary.AppendUvarint(dst, s.Member)
		dst = binary.AppendUvarint(dst, s.First)
		dst = binary.AppendUvarint(dst, s.Count)
	}
	return dst
}

// small is the header of a file of small blocks.
var small = container.Header{BlockTokens: 100}

// seal writes a file of the records, whose index lists others.
func seal(h container.Header, records, listed []record, content int) []byte {
	var head bytes.Buffer
	_, err := container.NewWriter(&head, h)
	must(err)
	return sealed(head.Bytes(), records, listed, nil, content)
}

// sealed is seal behind the bytes of a header, with an index that is twisted.
func sealed(file []byte, records, listed []record, index func(*byte, *[]byte, *[]byte), content int) []byte {
	id := xxh3.Hash(file[:len(file)-4])
	for i := range records {
		file, _ = records[i].append(file, id)
	}
	list, entries := []byte(nil), []byte(nil)
	for i := range listed {
		x := &listed[i]
		raw, sum := x.append(nil, id)
		kind := byte('B')
		if x.spans == nil {
			kind = 'L'
			for _, e := range x.entries {
				if e.Kind != container.EntryFraming {
					entries = appendEntries(entries, []container.Entry{e})
				}
			}
		}
		list = binary.AppendUvarint(append(list, kind), uint64(len(raw)))
		list = binary.LittleEndian.AppendUint32(list, sum)
		if x.spans != nil {
			list = appendSpans(list, x.spans)
		}
	}
	payload := binary.AppendUvarint(nil, uint64(len(listed)))
	payload = append(binary.AppendUvarint(payload, uint64(len(list))), list...)
	start := len(file)
	file, _ = appendPacked(file, 'I', append(binary.LittleEndian.AppendUint64(nil, id), 0), append(payload, entries...), index)
	tail := xxh3.Hash128(make([]byte, content)).Bytes()
	t := binary.LittleEndian.AppendUint64(tail[:], uint64(content))
	t = binary.LittleEndian.AppendUint64(t, uint64(len(file)-start))
	t = binary.LittleEndian.AppendUint32(t, checksum(t))
	return append(append(file, t...), "\x1aFOR"...)
}
