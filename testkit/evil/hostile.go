package evil

import (
	"bytes"

	"github.com/foretell/foretell/internal/container"
	"github.com/zeebo/xxh3"
)

// A Case is a small file that no encoder writes, with every checksum right.
type Case struct {
	Name string
	Data []byte

	// Random says that it is refused on reading at random, too: what is wrong stands
	// in the index or in a block.
	Random bool
}

// zeros is a block of zeros of uint8, all stored under an alphabet of one symbol.
func zeros(ordinal uint64, spans ...container.Span) record {
	n := uint64(0)
	for _, s := range spans {
		n += s.Count
	}
	return record{ordinal: ordinal, spans: spans, params: []byte{3, 0, 0, 1}, hash: xxh3.Hash(make([]byte, n))}
}

func layout(ordinal uint64, entries ...container.Entry) record {
	return record{ordinal: ordinal, entries: entries}
}

// data is an entry of any bytes.
func data(kind container.EntryKind, d ...byte) container.Entry {
	return container.Entry{Kind: kind, Data: d}
}

// setups are the first bytes of bodies of codec mix that there is no model for, and their
// numbers of symbols.
var setups = []struct{ name, symbols, body string }{
	{"form", "\x02", "\x03"},
	{"level", "\x02", "\x01\x02\x00\x00\x00\x01\x01\x00"},
	{"geometry", "\x02", "\x01\x00\x08\x00\x00\x01\x01\x00"},
	{"trees", "\x02", "\x01\x00\x00\x07\x00\x01\x01\x00"},
	{"flags", "\x02", "\x01\x00\x01\x00\x02\x01\x01\x00"},
	{"long-rows", "\x02", "\x01\x00\x01\x00\x00\x81\x00\x01\x00"},
	{"no-rows", "\x02", "\x01\x00\x01\x00\x00\x00\x01\x00"},
	{"too-many-places", "\x02", "\x01\x00\x01\x00\x00\x80\x02\x81\x02\x00"},
	{"too-many-books", "\x02", "\x01\x00\x02\x00\x00\x01\x21\x00"},
	{"too-many-transposed", "\x02", "\x01\x00\x01\x00\x01\x01\x21\x00"},
	{"delimiter", "\x02", "\x01\x00\x00\x00\x00\x01\x01\x80\x80\x40"},
	{"stream-of-columns", "\x02", "\x01\x00\x00\x00\x00\x01\x02\x00"},
	{"stream-transposed", "\x02", "\x01\x00\x00\x00\x01\x01\x01\x00"},
	{"stream-of-letters", "\x02", "\x01\x00\x00\x05\x00\x01\x01\x00"},
	{"stream-of-a-vocabulary", "\x02", "\x01\x00\x00\x06\x00\x01\x01\x00"},
	{"long-record", "\x02", "\x01\x00\x06\x00\x00\x01\x81\x02\x00"},
	{"spelt-of-natural-trees", "\x02", "\x01\x00\x07\x00\x00\x01\x01\x00"},
	{"spelt-of-no-vocabulary", "\x02", "\x01\x00\x07\x06\x00\x01\x02\x00"},
	{"spelt-of-more-symbols", "\xd2\x88\x03", "\x01\x00\x07\x06\x00\x01\x01\x00"},
	{"halves-of-many-symbols", "\x81\x20", "\x01\x00\x01\x01\x00\x01\x01\x00"},
	{"classes-of-many-columns", "\x02", "\x01\x00\x01\x03\x00\x01\x21\x00"},
	{"too-many-symbols", "\x81\x80\x40", "\x00"},
	{"parts-in-a-part", "\x02", "\x02\x01\x00\x02\x01\x00\x02"},
	{"no-parts", "\x02", "\x02\x00\x00"},
}

// Cases returns files that are wrong in one way each.
func Cases() []Case {
	var all []Case
	whole := func(name string, random bool, content int, records ...record) {
		all = append(all, Case{name, seal(small, records, records, content), random})
	}
	one := func(name string, random bool, entries ...container.Entry) {
		whole(name, random, 4, layout(0, entries...), zeros(0, Span(0, 0, 4)))
	}
	block := func(name string, change func(*record)) {
		b := zeros(0, Span(0, 0, 4))
		change(&b)
		whole(name, true, 4, layout(0, Name("a"), Member(0, 0, 4)), b)
	}
	four := Member(0, 0, 4)

	whole("layout-out-of-turn", false, 4, layout(1, Name("a"), four), zeros(0, Span(0, 0, 4)))
	whole("block-out-of-turn", true, 4, layout(0, Name("a"), four), zeros(1, Span(0, 0, 4)))
	whole("base-not-the-last", false, 12, layout(0, Name("a"), Member(0, 0, 12)),
		zeros(0, Span(0, 0, 4)), zeros(1, Span(0, 4, 4)), record{ordinal: 2, spans: []container.Span{Span(0, 8, 4)}, base: 2, params: []byte{0}, hash: xxh3.Hash(make([]byte, 4))})
	whole("framing-before-file", false, 5, layout(0, data(container.EntryFraming, 0), Name("a"), four), zeros(0, Span(0, 0, 4)))
	one("entry-of-unknown-kind", true, Name("a"), four, data(5))
	whole("layout-after-block", false, 4, zeros(0, Span(0, 0, 4)), layout(0, Name("a"), four))
	one("no-file", true, four)
	one("name-not-utf8", true, Name("\xff"), four)
	one("file-flags", true, data(container.EntryFile, 2, 'a'), four)
	one("member-flags", true, Name("a"), data(container.EntryMember, 1, 6, 16, 1, 5, 'm'))
	one("member-type", true, Name("a"), data(container.EntryMember, 1, 10, 0, 1, 5, 'm'))
	one("member-number", true, Name("a"), Member(1, 0, 4))
	one("member-without-number", true, Name("a"), data(container.EntryMember, 0, 6, 0, 1, 5, 'm'))
	one("member-name", true, Name("a"), data(container.EntryMember, 1, 6, 0, 1, 5, 0xff))
	one("long-number", true, Name("a"), data(container.EntryMember, 0x81, 0, 6, 0, 1, 5, 'm'))
	one("long-rank", true, Name("a"), data(container.EntryMember, 1, 6, 0, 0x81, 0, 5, 'm'))
	one("long-axis", true, Name("a"), data(container.EntryMember, 1, 6, 0, 1, 0x85, 0, 'm'))
	one("open-axis-behind", true, Name("a"), data(container.EntryMember, 1, 6, 0, 2, 5, 0, 'm'))
	one("huge-member", true, Name("a"), four, Member(1, 0, 1<<61, 1<<61))
	one("end-of-none", true, Name("a"), four, End(4))
	one("end-missing", true, Name("a"), Member(0, 0, Open))
	open := func(name string, random bool, flags byte, behind ...container.Entry) {
		whole(name, random, 4, layout(0, Name("a"), Member(0, flags, Open)), zeros(0, Span(0, 0, 4)), layout(1, behind...))
	}
	open("end-disagrees", true, 0, End(5))
	open("end-long", true, 0, data(container.EntryEnd, 0x84, 0))
	open("end-late", false, 0, data(container.EntryFraming), End(4))
	open("open-fortran", true, Fortran, End(4))
	whole("tokens-missing", true, 4, layout(0, Name("a"), Member(0, 0, 5)), zeros(0, Span(0, 0, 4)))
	whole("tokens-too-many", true, 4, layout(0, Name("a"), Member(0, 0, 3)), zeros(0, Span(0, 0, 4)))
	two := layout(0, Name("a"), four, Member(1, 0, 4))
	whole("members-swapped", true, 8, two, zeros(0, Span(1, 0, 4)), zeros(1, Span(0, 0, 4)))
	whole("tokens-repeated", true, 8, two, zeros(0, Span(0, 0, 4)), zeros(1, Span(0, 0, 4)))
	whole("tokens-skipped", true, 3, layout(0, Name("a"), four), zeros(0, Span(0, 1, 3)))
	whole("content-size", false, 5, layout(0, Name("a"), four), zeros(0, Span(0, 0, 4)))

	block("block-hash", func(b *record) { b.hash++ })
	block("block-of-unknown-codec", func(b *record) { b.codec = 2 })
	block("base-missing", func(b *record) { b.base, b.params = 1, []byte{0} })
	block("map-missing", func(b *record) { b.params = []byte{0} })
	block("map-of-unknown-kind", func(b *record) { b.params[1] = 3 })
	block("map-of-no-symbols", func(b *record) { b.params[3] = 0 })
	block("map-of-too-many-symbols", func(b *record) { b.params = []byte{6, 0, 0, 0x81, 0x80, 0x80, 8} })
	block("table-of-too-many-symbols", func(b *record) {
		b.codec, b.params, b.body = 4, []byte{5, 0, 0, 0x81, 0x80, 4, 12}, append([]byte{7}, make([]byte, 9)...)
	})
	block("map-too-long", func(b *record) { b.params = []byte{4, 0, 0, 1, 0} })
	block("map-goes-round", func(b *record) {
		gap := append(bytes.Repeat([]byte{0xff}, 3), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f)
		b.params = append([]byte{byte(3 + len(gap)), 1, 0, 2}, gap...)
	})
	block("long-map-size", func(b *record) { b.params = []byte{0x83, 0, 0, 0, 1} })
	block("parameters-of-none", func(b *record) { b.params = append(b.params, 0) })
	block("value-too-large", func(b *record) { b.params = []byte{4, 0, 0xd8, 4, 1} })
	block("body-too-long", func(b *record) { b.body = []byte{0} })
	block("body-missing", func(b *record) { b.params[3] = 2 })
	block("filling-bits", func(b *record) { b.params[3], b.body = 2, []byte{0x10} })
	block("symbol-beyond", func(b *record) { b.params[3], b.body = 3, []byte{3} })
	for _, c := range setups {
		block("mix-"+c.name, func(b *record) {
			b.codec, b.body = 6, append([]byte(c.body), 0, 0, 0, 0, 0, 0, 0, 0)
			b.params = append([]byte{byte(2 + len(c.symbols)), 0, 0}, c.symbols...)
		})
	}
	leans := zeros(1, Span(0, 4, 4))
	leans.base, leans.params = 1, []byte{0}
	last := zeros(2, Span(0, 8, 4))
	last.base, last.params = 1, []byte{0}
	whole("base-that-leans", true, 12, layout(0, Name("a"), Member(0, 0, 12)), zeros(0, Span(0, 0, 4)), leans, last)

	records := []record{two, zeros(0, Span(0, 0, 4), Span(1, 0, 4))}
	apart := small
	apart.Apart = true
	all = append(all, Case{"apart-together", seal(apart, records, records, 8), true})
	records = []record{layout(0, Name("a"), four), zeros(0, Span(0, 0, 4))}
	other := []record{records[0], zeros(0, Span(0, 0, 4))}
	other[1].hash++
	all = append(all,
		Case{"index-of-others", seal(small, records, other, 4), true},
		Case{"index-of-fewer", seal(small, records, records[:1], 4), true},
		Case{"no-spans", NoSpans(), true},
		Case{"empty-span", EmptySpan(), true},
		Case{"block-too-large", LargeBlock(), true},
	)
	return append(all, outside()...)
}
