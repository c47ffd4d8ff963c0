package testkit

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/symbols"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/adaptive"
	"github.com/foretell/foretell/model/lz"
	"github.com/foretell/foretell/model/plain"
	"github.com/foretell/foretell/model/static"
	"github.com/foretell/foretell/tokens"
	"github.com/zeebo/xxh3"
)

// roomOf returns a codec by its name in a vector.
func roomOf(t *testing.T, name string) model.Codec {
	t.Helper()
	var c model.Codec
	var err error
	switch name {
	case "stored":
		c = plain.Stored{}
	case "zstd":
		c, err = plain.NewZstd(1)
	case "adaptive":
		c = adaptive.New()
	case "static":
		c = static.NewRANS()
	case "static-tans":
		c = static.NewTANS()
	case "lz":
		c, err = lz.New(7)
	default:
		t.Fatalf("no codec %q", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sumOf returns the xxh3 of symbols as u32.
func sumOf(symbols []uint32) string {
	var raw []byte
	for _, s := range symbols {
		raw = binary.LittleEndian.AppendUint32(raw, s)
	}
	return fmt.Sprintf("%016x", xxh3.Hash(raw))
}

// checkCodec runs a vector of a block's body.
func checkCodec(t *testing.T, v vector) {
	size, err := strconv.Atoi(v.one("alphabet"))
	if err != nil {
		t.Fatal(err)
	}
	b := &model.Block{Size: size}
	count := 0
	for _, line := range v["span"] {
		n := numbers(t, strings.Fields(line), 10)
		s := model.Span{First: int64(n[0]), Count: int(n[1])}
		for _, axis := range n[2:] {
			s.Shape = append(s.Shape, int(axis))
		}
		b.Spans = append(b.Spans, s)
		count += s.Count
	}
	b.Symbols = make([]uint32, count)
	b.Params = unhex(t, v.one("parameters"))
	if v["base"] != nil {
		b.Base = unhex(t, v.one("base"))
	}
	err = roomOf(t, v.one("codec")).Decode(b, unhex(t, v.one("body")))
	if v["refused"] != nil {
		if !errors.Is(err, fault.ErrCorrupt) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("got %v, want a refusal", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if sum := sumOf(b.Symbols); sum != v.one("sum") {
		t.Fatalf("symbols with the hash %s, want %s", sum, v.one("sum"))
	}
}

// A shape of an array and what a vector takes of it.
type part struct {
	first int64
	shape []int
}

// block writes a record of a body, as foretell makes it, and returns the parameters
// and the body.
func (f *file) block(name, codec string, size int, list []uint32, p part, base []byte) ([]byte, []byte) {
	f.t.Helper()
	return f.spans(name, codec, size, list, base, model.Span{First: p.first, Count: len(list), Shape: p.shape})
}

// spans is block for one of several spans.
func (f *file) spans(name, codec string, size int, list []uint32, base []byte, spans ...model.Span) ([]byte, []byte) {
	f.t.Helper()
	b := &model.Block{Size: size, Symbols: slices.Clone(list), Spans: spans}
	c := roomOf(f.t, codec)
	params, leans, err := c.Plan(b, base)
	if err != nil {
		f.t.Fatal(err)
	}
	b.Params = params
	if leans {
		b.Base = base
	}
	body, err := c.Encode(nil, b)
	if err != nil {
		f.t.Fatal(err)
	}
	f.body(name, codec, size, spans, params, b.Base, body, "sum: "+sumOf(list))
	return params, body
}

func (f *file) body(name, codec string, size int, spans []model.Span, params, base, body []byte, outcome string) {
	fmt.Fprintf(&f.b, "\nname: %s, %s\ncodec: %s\nalphabet: %d\n", codec, name, codec, size)
	for _, s := range spans {
		fmt.Fprint(&f.b, "span: ", s.First, " ", s.Count)
		for _, n := range s.Shape {
			fmt.Fprint(&f.b, " ", n)
		}
		fmt.Fprintln(&f.b)
	}
	fmt.Fprintf(&f.b, "parameters: %x\n", params)
	if base != nil {
		fmt.Fprintf(&f.b, "base: %x\n", base)
	}
	fmt.Fprintf(&f.b, "body: %x\n%s\n", body, outcome)
}

// table returns the stored table of counts, of 8 bits.
func (f *file) table(counts ...uint64) []byte {
	f.t.Helper()
	table, err := ans.NewTable(counts, 8)
	if err != nil {
		f.t.Fatal(err)
	}
	stored, _ := table.AppendTable(nil, nil)
	return stored
}

// refuse writes a record of a body that no encoder writes.
func (f *file) refuse(name, codec string, size, count int, params, body []byte) {
	f.body(name, codec, size, []model.Span{{Count: count, Shape: []int{count}}}, params, nil, body, "refused: corrupt")
}

func wide(x []uint16) []uint32 {
	var out []uint32
	for _, v := range x {
		out = append(out, uint32(v))
	}
	return out
}

// each returns count symbols that a function of their number says.
func each(count int, of func(i int, w *walk) int) []uint32 {
	w := walk(count)
	out := make([]uint32, count)
	for i := range out {
		out[i] = uint32(of(i, &w))
	}
	return out
}

// periods returns count symbols in rows, the first of which lacks so many; each place of
// a row has a period of its own.
func periods(count, row, lacks int) []uint32 {
	return each(count, func(i int, _ *walk) int {
		place, at := (i+lacks)%row, (i+lacks)/row
		w := walk(1000*place + at%(5+2*place))
		return w.below(400)
	})
}

// frames writes vectors of frames of codec zstd: a raw block of four bytes, as they may be
// and as they may not.
func (f *file) frames() {
	const magic, content = "\x28\xb5\x2f\xfd", "\x21\x00\x00\x01\x02\x03\x04"
	const single, skipped = magic + "\x20\x04" + content, "\x50\x2a\x4d\x18\x01\x00\x00\x00x"
	span := []model.Span{{Count: 4, Shape: []int{4}}}
	good := func(name, frame string) {
		f.body(name, "zstd", 9, span, nil, nil, []byte("\x01"+frame), "sum: "+sumOf([]uint32{1, 2, 3, 4}))
	}
	good("a single segment", single)
	good("a window of 4 MiB", magic+"\x00\x60"+content)
	bad := func(name, frame string) { f.refuse(name, "zstd", 9, 4, nil, []byte("\x01"+frame)) }
	bad("a larger window", magic+"\x00\x61"+content)
	bad("two frames", magic+"\x20\x02\x11\x00\x00\x01\x02"+magic+"\x20\x02\x11\x00\x00\x03\x04")
	bad("an empty frame behind it", single+magic+"\x20\x00\x01\x00\x00")
	bad("a skipped frame behind it", single+skipped)
	bad("a skipped frame before it", skipped+single)
	bad("a dictionary", magic+"\x21\x01\x04"+content)
	bad("a dictionary of number 0", magic+"\x21\x00\x04"+content)
	bad("too few symbols", magic+"\x20\x03\x19\x00\x00\x01\x02\x03")
	f.refuse("an unknown layout", "zstd", 9, 4, nil, []byte("\x03"+single))
	f.refuse("a symbol beyond", "zstd", 4, 4, nil, []byte("\x01"+single))
}

// writeBlocks writes the vectors of bodies.
func writeBlocks(t *testing.T) {
	f := &file{t: t}
	flat := func(n int) part { return part{0, []int{n}} }
	for _, size := range []int{1, 2, 3, 256, 257, 1 << 16, 1<<16 + 1, 1 << 24} {
		any := each(20, func(i int, w *walk) int { return w.below(size) })
		f.block(fmt.Sprintf("%d symbols", size), "stored", size, any, flat(20), nil)
		f.block(fmt.Sprintf("%d symbols that repeat", size), "zstd", size, slices.Repeat(any, 6), flat(120), nil)
	}
	f.refuse("filling bits", "stored", 3, 3, nil, []byte{0x40})
	f.refuse("a symbol beyond", "stored", 3, 1, nil, []byte{3})
	f.refuse("too long", "stored", 2, 8, nil, []byte{1, 0})
	f.frames()

	// Each set of contexts has its own kind of array.
	f.block("no rows", "adaptive", 40, each(300, func(i int, w *walk) int { return i % 5 * w.below(9) }), flat(300), nil)
	rows := part{0, []int{100, 8}}
	f.block("the row above, and columns", "adaptive", 64, wide(grown(800, 64, 8)), rows, nil)
	above := each(60, func(_ int, w *walk) int { return w.below(30) })
	for w := walk(5); len(above) < 900; {
		above = append(above, (above[len(above)-60]*7+uint32(w.below(10)/9))%30)
	}
	f.block("the row above", "adaptive", 30, above, part{0, []int{15, 60}}, nil)
	f.block("columns", "adaptive", 100, each(800, func(i int, w *walk) int { return i%8*12 + w.below(3) }), rows, nil)
	f.block("rows", "adaptive", 100, each(800, func(i int, w *walk) int { return i/80*10%97 + w.below(3) }), part{0, []int{10, 80}}, nil)
	f.block("columns, and the token before", "adaptive", 64, each(1200, func(i int, w *walk) int { return (i%6*i/6%7*9 + w.below(2)) % 64 }), part{0, []int{200, 6}}, nil)
	f.block("from within a row", "adaptive", 64, wide(grown(500, 64, 10)), part{7, []int{60, 10}}, nil)
	f.block("one symbol", "adaptive", 1, make([]uint32, 9), flat(9), nil)
	f.block("counts that are halved", "adaptive", 3, each(3000, func(i int, w *walk) int { return max(0, w.below(40)-37) }), flat(3000), nil)
	params, body := f.block("a few", "adaptive", 9, each(30, func(i int, w *walk) int { return w.below(9) }), flat(30), nil)
	f.refuse("a set that is none", "adaptive", 9, 30, params, append([]byte{5}, body[1:]...))
	f.refuse("too long", "adaptive", 9, 30, params, append(slices.Clone(body), 0))

	for _, codec := range []string{"static", "static-tans"} {
		f.block("one symbol of many", codec, 9, slices.Repeat([]uint32{4}, 30), flat(30), nil)
		f.block("equal shares", codec, 100, each(60, func(i int, w *walk) int { return w.below(100) }), flat(60), nil)
		skew := func(size int) func(int, *walk) int {
			return func(_ int, w *walk) int { return min(w.below(size), w.below(size), w.below(size)) }
		}
		f.block("one lane", codec, 50, each(900, skew(50)), flat(900), nil)
		f.block("a larger alphabet", codec, 300, each(4000, skew(300)), flat(4000), nil)
		f.block("four lanes, or eight", codec, 300, each(9000, skew(300)), flat(9000), nil)
		many := each(40000, skew(300))
		base, _, err := roomOf(t, codec).Plan(&model.Block{Size: 300, Symbols: many, Spans: []model.Span{{Count: len(many)}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.block("a table that leans", codec, 300, each(9000, func(_ int, w *walk) int { return min(skew(300)(0, w), 250+w.below(50)) }), flat(9000), base)
		f.block("the table of the base", codec, 300, each(200, skew(300)), flat(200), base)
		f.block("the base's bytes for more symbols", codec, 310, each(200, skew(300)), flat(200), base)
		f.refuse("code of what is certain", codec, 1, 8, []byte{0}, []byte{7, 0})
		f.refuse("no table", codec, 8, 8, nil, []byte{7, 0, 0, 0})
		f.refuse("a packed symbol of no share", codec, 3, 4, f.table(0, 1, 1), []byte{7, 0x19})
		f.refuse("fewer slots than symbols", codec, 257, 1, []byte{0}, []byte{7, 0, 0})
		f.refuse("a table of 21 bits", codec, 2, 8, []byte{13}, []byte{7, 0})
		f.refuse("a table of an unknown kind", codec, 2, 8, []byte{0x30}, []byte{7, 0})
		f.refuse("a table that leans on none", codec, 2, 8, []byte{0x20}, []byte{7, 0})
		f.refuse("bytes after a table", codec, 2, 8, []byte{0, 0}, []byte{7, 0})
		f.refuse("packed, filling bits", codec, 2, 7, []byte{0}, []byte{7, 0x80})
		span := []model.Span{{Count: 8, Shape: []int{8}}}
		f.body("a table that leans on one that leans", codec, 2, span, nil, []byte{0x20, 0}, []byte{7, 0}, "refused: corrupt")
	}
	f.block("eight lanes", "static", 300, each(30000, func(_ int, w *walk) int { return w.below(2) * w.below(300) }), flat(30000), nil)
	f.block("four lanes and a table of 20 bits", "static", 60000, each(4000, func(_ int, w *walk) int { return w.below(60000) }), flat(4000), nil)
	f.lanes()

	f.block("no repetitions", "lz", 5, each(10, func(_ int, w *walk) int { return w.below(5) }), flat(10), nil)
	_, repeated := f.block("repetitions", "lz", 70000, each(900, func(i int, w *walk) int { return i % 90 * 777 }), flat(900), nil)
	f.block("words", "lz", 5000, wide(grown(2000, 5000, 1, 40, 41)), flat(2000), nil)
	f.block("place by place", "lz", 400, periods(1200, 8, 0), part{0, []int{150, 8}}, nil)
	f.block("place by place from within a row", "lz", 400, periods(1100, 8, 3), part{3, []int{150, 8}}, nil)
	lines := each(1200, func(i int, _ *walk) int { return i % 97 * 4 })
	f.spans("place by place where rows get longer", "lz", 400, append(periods(1200, 8, 0), lines...), nil,
		model.Span{Count: 1200, Shape: []int{150, 8}}, model.Span{Count: 1200, Shape: []int{4, 300}})
	few := func(i int, w *walk) int { return i * i / 7 % 11 * w.below(3) }
	f.block("literals that are codes", "lz", 21, each(1500, few), flat(1500), nil)
	f.block("literals that are codes, nearly all", "lz", 9000, each(2000, func(i int, w *walk) int {
		if i%97 == 0 {
			return w.below(9000)
		}
		return few(i, w)
	}), flat(2000), nil)
	f.block("one symbol", "lz", 1, make([]uint32, 100), flat(100), nil)
	f.refuse("an order that is none", "lz", 5, 10, nil, []byte{4, 0, 0, 0})
	// One step of a token, which takes no bits; then the alphabet of no literals.
	step := func(token int) []byte {
		counts := make([]uint64, 256)
		counts[token] = 1
		table := f.table(counts...)
		return slices.Concat([]byte{1, 1, 0, byte(len(table))}, table, []byte{0, 0, 0, 0})
	}
	f.refuse("a match before the block", "lz", 5, 1, nil, step(0))
	f.refuse("a match beyond the block", "lz", 5, 1, nil, step(1<<2))
	f.refuse("a run beyond the literals", "lz", 5, 2, nil, step(1<<5))
	f.refuse("places that are none", "lz", 70000, 900, nil, append([]byte{2}, repeated[1:]...))
	f.refuse("longer rows that are none", "lz", 70000, 900, nil, append([]byte{3}, repeated[1:]...))
	f.refuse("too long", "lz", 70000, 900, nil, append(slices.Clone(repeated), 0))
	f.refuse("a long number of steps", "lz", 5, 10, nil, []byte{1, 0x80, 0, 0, 0, 0, 0})
	f.refuse("codes without literals", "lz", 5, 0, nil, []byte{1, 0, 0, 1})
	f.refuse("codes of more than there are symbols", "lz", 5, 1, nil, []byte{1, 0, 1, 6})
	f.refuse("literals that are missing", "lz", 5, 1, nil, []byte{1, 0, 0, 0, 0, 0})
	f.save("blocks.txt", "Bodies of blocks.")
}

// checkMap runs a vector of a value map.
func checkMap(t *testing.T, v vector) {
	m, rest, err := symbols.ParseValueMap(unhex(t, v.one("map")), symbols.MaxSymbols)
	if err == nil && len(rest) > 0 {
		err = fault.ErrCorrupt
	}
	var raw []byte
	if err == nil && v["symbols"] != nil {
		typ, big := typeOf(t, v.one("type"))
		var list []uint32
		for _, s := range numbers(t, strings.Fields(v.one("symbols")), 10) {
			list = append(list, uint32(s))
		}
		raw = make([]byte, len(list)/m.PerElement(typ)*typ.Size())
		err = m.Values(raw, list, typ, big)
	}
	if v["refused"] != nil {
		if !errors.Is(err, fault.ErrCorrupt) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("got %v, want a refusal", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(raw); got != v.one("tokens") {
		t.Fatalf("tokens %s, want %s", got, v.one("tokens"))
	}
}

// typeOf reads a type of elements, such as "int16 big-endian".
func typeOf(t *testing.T, s string) (tokens.Type, bool) {
	name, big, _ := strings.Cut(s, " ")
	for typ := tokens.Type(1); typ.Valid(); typ++ {
		if typ.String() == name {
			return typ, big == "big-endian"
		}
	}
	t.Fatalf("no type %q", s)
	return 0, false
}

// writeMaps writes the vectors of value maps.
func writeMaps(t *testing.T) {
	f := &file{t: t}
	add := func(name, typ string, raw string) {
		data := unhex(t, strings.ReplaceAll(raw, " ", ""))
		var fit symbols.Fitter
		k, big := typeOf(t, typ)
		if err := fit.Add(data, k, big); err != nil {
			t.Fatal(err)
		}
		m := fit.Fit()
		list := make([]uint32, len(data)/k.Size()*m.PerElement(k))
		if err := m.Symbols(list, data, k, big); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&f.b, "\nname: %s\nmap: %x\ntype: %s\nsymbols: %s\ntokens: %x\n", name, m.AppendTo(nil), typ, strings.Trim(fmt.Sprint(list), "[]"), data)
	}
	add("from zero", "uint8", "00 03 02 01")
	add("from five", "uint16", "0500 0700 0600 0500")
	add("below zero", "int16", "feff 0000 fcff")
	add("big-endian, below zero", "int32 big-endian", "fffffffe 00000000 00000001")
	add("truth", "bool", "00 01 01 00")
	var sparse, far strings.Builder
	for i := range 40 {
		fmt.Fprintf(&sparse, "%08x", uint32(i%8)*1000003)
		fmt.Fprintf(&far, "%016x", uint64(i%8)*0x2468ace013579bd)
	}
	add("few, far apart", "uint32 big-endian", sparse.String())
	add("few of 64 bits, far apart", "int64 big-endian", far.String())
	var planes strings.Builder
	w := walk(1)
	for range 12 {
		fmt.Fprintf(&planes, "%08x%08x", w.wide(1<<32), w.wide(1<<32))
	}
	add("any of 64 bits", "uint64", planes.String())
	add("any of 64 bits, big-endian", "uint64 big-endian", planes.String())
	for _, c := range []struct{ name, value, typ, list string }{
		{"an unknown kind", "030001", "uint8", "0"},
		{"no symbols", "000000", "uint8", "0"},
		{"too many symbols", "000081808008", "uint8", "0"},
		{"a long number", "00800001", "uint8", "0"},
		{"bytes after it", "00000100", "uint8", "0"},
		{"cut off", "0000", "uint8", "0"},
		{"a value beyond the type", "00d80402", "uint8", "0"},
		{"a value below the type", "00010a", "uint8", "0"},
		{"a value below a signed type", "00ff0306", "int8", "0"},
		{"gaps that are not there", "010005", "uint8", "0"},
		{"a gap in its longer form", "010002ffffff00", "uint8", "0"},
		{"bits after the gaps", "01000282", "uint8", "0"},
		{"values that go round", "010002ffffffffffffffffffffff1f", "uint64", "0"},
	} {
		fmt.Fprintf(&f.b, "\nname: %s\nmap: %s\ntype: %s\nsymbols: %s\nrefused: corrupt\n", c.name, c.value, c.typ, c.list)
	}
	f.save("maps.txt", "Value maps.")
}
