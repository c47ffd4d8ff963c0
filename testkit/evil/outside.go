package evil

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/foretell/foretell/internal/container"
)

// header returns the bytes of a header whose fields are those, and what it embeds.
func header(fields []byte, embedded string) []byte {
	head := append([]byte(container.Magic), container.Version)
	head = append(binary.AppendUvarint(head, uint64(len(fields))), fields...)
	return append(binary.LittleEndian.AppendUint32(head, checksum(head)), embedded...)
}

// need returns the fields of a header with needs of those kinds, all flagged alike.
func need(flags byte, sum [32]byte, size byte, name string, kinds ...byte) []byte {
	f := []byte{0, 6, 0, 0, 100, byte(len(kinds))}
	for _, k := range kinds {
		f = append(append(append(f, k, flags), sum[:]...), size, byte(len(name)))
		f = append(f, name...)
	}
	return f
}

// outside returns files that are wrong in their headers, in how records are written, or
// in their trailers.
func outside() []Case {
	var all []Case
	records := []record{layout(0, Name("a"), Member(0, 0, 4)), zeros(0, Span(0, 0, 4))}
	head := func(name string, fields []byte) {
		all = append(all, Case{name, sealed(header(fields, ""), records, records, nil, 4), true})
	}
	head("header-too-long", []byte{0, 6, 0, 0, 100, 0, 0})
	head("header-flags", []byte{3, 6, 0, 0, 100, 0})
	head("header-long-number", []byte{0, 6, 0, 0x80, 0, 100, 0})
	head("preset-not-utf8", []byte{0, 6, 1, 0xff, 0, 100, 0})
	head("preset-too-long", slices.Concat([]byte{0, 6, 0x80, 2}, make([]byte, 256), []byte{0, 100, 0}))
	head("too-many-needs", need(0, [32]byte{}, 0, "", bytes.Repeat([]byte{1}, 17)...))
	head("two-priors", need(0, [32]byte{}, 0, "", 1, 1))
	head("need-flags", need(2, [32]byte{}, 0, "", 1))
	head("need-name-not-utf8", need(0, [32]byte{}, 0, "\xff", 1))
	head("need-of-unknown-kind", need(0, [32]byte{}, 0, "", 5))
	head("tokenizer", need(0, [32]byte{}, 0, "", 4))
	head("own-unnamed", []byte{0, 7, 0, 0, 100, 0})
	all = append(all,
		Case{"weights-embedded", sealed(header(need(1, sha256.Sum256([]byte("w")), 1, "", 3), "w"), records, records, nil, 4), true},
		Case{"prior-of-another-hash", sealed(header(need(1, [32]byte{}, 1, "", 1), "p"), records, records, nil, 4), true},
		Case{"format-blocks-too-large", LargeBlocks(), true},
	)

	twisted := func(name string, random bool, at int, twist func(kind *byte, fields, payload *[]byte)) {
		list := slices.Clone(records)
		list[at].twist = twist
		all = append(all, Case{name, seal(small, list, list, 4), random})
	}
	twisted("record-of-unknown-kind", false, 0, func(kind *byte, _, _ *[]byte) { *kind = 'X' })
	twisted("record-of-another-file", true, 1, func(_ *byte, fields, _ *[]byte) { (*fields)[0]++ })
	twisted("record-too-long", true, 1, func(_ *byte, fields, _ *[]byte) { *fields = append(*fields, 0) })
	twisted("layout-checksum", false, 0, func(_ *byte, fields, _ *[]byte) { (*fields)[len(*fields)-1]++ })
	twisted("layout-stored-larger", false, 0, func(_ *byte, fields, payload *[]byte) {
		(*fields)[10]++
		*payload = append(*payload, 0)
	})
	for _, c := range frames {
		all = append(all, Case{c.name, Packed(c.change), false})
	}
	index := func(name string, change func(kind *byte, fields, payload *[]byte)) {
		head := sealed(header([]byte{0, 6, 0, 0, 100, 0}, ""), records, records, change, 4)
		all = append(all, Case{name, head, true})
	}
	index("index-ordinal", func(_ *byte, fields, _ *[]byte) { (*fields)[8] = 1 })
	index("index-checksum", func(_ *byte, fields, _ *[]byte) { (*fields)[len(*fields)-1]++ })

	trailer := func(name string, random bool, change func(trailer []byte)) {
		file := seal(small, records, records, 4)
		t := file[len(file)-40:]
		change(t)
		binary.LittleEndian.PutUint32(t[32:], checksum(t[:32]))
		all = append(all, Case{name, file, random})
	}
	trailer("content-hash", false, func(t []byte) { t[0]++ })
	trailer("content-too-large", true, func(t []byte) { t[23] = 0x80 })
	trailer("index-size", true, func(t []byte) { t[24]-- })
	trailer("end-mark", true, func(t []byte) { t[39]++ })
	return all
}

// Packed is a file whose layout is packed by hand: 200 zeros of framing are one byte that
// is repeated. change changes the frame.
func Packed(change func(frame []byte) []byte) []byte {
	list := []record{
		layout(0, Name("a"), data(container.EntryFraming, make([]byte, 200)...), Member(0, 0, 4)),
		zeros(0, Span(0, 0, 4)),
	}
	list[0].twist = func(_ *byte, fields, payload *[]byte) {
		raw := *payload
		at := bytes.Index(raw, make([]byte, 200))
		frame := append([]byte("\x28\xb5\x2f\xfd\x21\x01"), byte(len(raw)))
		frame = append(frame, block(raw[:at], 0)...)
		frame = append(frame, 200<<3&0xff|2, 200>>5, 0, 0)
		frame = change(append(frame, block(raw[at+200:], 1)...))
		f := binary.AppendUvarint(slices.Clone((*fields)[:9]), uint64(len(raw)))
		f = binary.AppendUvarint(f, uint64(len(frame)))
		*fields, *payload = binary.LittleEndian.AppendUint32(f, checksum(raw)), frame
	}
	return seal(small, list, list, 204)
}

// block is a raw block of a Zstandard frame.
func block(b []byte, last byte) []byte {
	return append([]byte{byte(len(b))<<3 | last, byte(len(b) >> 5), 0}, b...)
}

// frames are the ways in which the frame of a layout can be another than the format has.
var frames = []struct {
	name   string
	change func(frame []byte) []byte
}{
	{"layout-of-two-frames", func(f []byte) []byte { return append(f, "\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00"...) }},
	{"layout-and-a-skipped-frame", func(f []byte) []byte { return append(f, "\x50\x2a\x4d\x18\x00\x00\x00\x00"...) }},
	{"layout-behind-a-skipped-frame", func(f []byte) []byte { return append([]byte("\x50\x2a\x4d\x18\x00\x00\x00\x00"), f...) }},
	{"layout-of-another-dictionary", func(f []byte) []byte { f[5] = 2; return f }},
	{"layout-of-no-dictionary", func(f []byte) []byte { f[4] = 0x20; return slices.Delete(f, 5, 6) }},
	{"layout-with-a-window", func(f []byte) []byte { f[4] = 0x01; return slices.Concat(f[:5], []byte{0, 1}, f[7:]) }},
	{"layout-frame-cut-off", func(f []byte) []byte { return f[:len(f)-1] }},
	{"layout-frame-of-another-size", func(f []byte) []byte { f[6]--; return f }},
}
