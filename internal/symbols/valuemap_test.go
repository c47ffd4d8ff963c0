package symbols

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/tokens"
	"pgregory.net/rapid"
)

// fit returns the map for the elements in raw, as a Fitter chooses it.
func fit(raw []byte, t tokens.Type, bigEndian bool) (*ValueMap, error) {
	var f Fitter
	if err := f.Add(raw, t, bigEndian); err != nil {
		return nil, err
	}
	return f.Fit(), nil
}

// elements returns values as elements of a type.
func elements(t tokens.Type, bigEndian bool, values ...int64) []byte {
	wide := make([]uint64, len(values))
	for i, v := range values {
		wide[i] = uint64(v)
	}
	raw := make([]byte, len(values)*t.Size())
	narrow(raw, wide, t, bigEndian)
	return raw
}

func upTo(from, to, step int64) []int64 {
	var list []int64
	for v := from; v < to; v += step {
		list = append(list, v)
	}
	return list
}

// hashes returns n values without any structure.
func hashes(n int) []int64 {
	r := rand.New(rand.NewPCG(3, 4))
	list := make([]int64, n)
	for i := range list {
		list[i] = int64(r.Uint64())
	}
	return list
}

func repeated(values []int64, n int) []int64 {
	var list []int64
	for range n {
		list = append(list, values...)
	}
	return list
}

// TestFitRule holds the documented choice of maps.
func TestFitRule(t *testing.T) {
	sparse := []int64{-1 << 62, -5, 3, 1 << 40, 1 << 61}
	tests := []struct {
		what   string
		t      tokens.Type
		values []int64
		kind   MapKind
		size   int
		offset int64
	}{
		{"nothing", tokens.Int64, nil, OffsetMap, 1, 0},
		{"tokens", tokens.Int64, upTo(0, 1024, 1), OffsetMap, 1024, 0},
		{"tokens without the first", tokens.Uint16, upTo(100, 1024, 1), OffsetMap, 1024, 0},
		{"few tokens of a large vocabulary", tokens.Uint32, []int64{5, 128255}, OffsetMap, 128256, 0},
		{"high values", tokens.Uint16, upTo(60000, 60010, 1), OffsetMap, 10, 60000},
		{"one value", tokens.Int64, repeated([]int64{50256}, 9), OffsetMap, 1, 50256},
		{"negative values", tokens.Int8, upTo(-128, 128, 1), OffsetMap, 256, -128},
		{"all of a byte", tokens.Uint8, upTo(0, 256, 1), OffsetMap, 256, 0},
		{"all of 16 bits", tokens.Int16, upTo(-32768, 32768, 1), OffsetMap, 65536, -32768},
		{"times", tokens.Int64, upTo(1e18, 1e18+100, 1), OffsetMap, 100, 1e18},
		{"smallest values", tokens.Int64, []int64{math.MinInt64, math.MinInt64 + 1}, OffsetMap, 2, math.MinInt64},
		{"a large dense range", tokens.Uint32, upTo(0, 1<<20, 16), OffsetMap, 1<<20 - 15, 0},
		{"a large sparse range", tokens.Uint32, repeated(upTo(0, 1<<20, 1<<14), 100), DictionaryMap, 64, 0},
		{"sparse ids", tokens.Int64, repeated(sparse, 100), DictionaryMap, 5, -1 << 62},
		{"a range of more than 2^24", tokens.Uint32, repeated([]int64{0, 1 << 24}, 1000), DictionaryMap, 2, 0},
		{"ids that do not repeat", tokens.Int64, hashes(1000), PlanesMap, 256, 0},
		{"32-bit ids that do not repeat", tokens.Uint32, hashes(100000), PlanesMap, 256, 0},
		{"ids that repeat 4 times", tokens.Int64, repeated(hashes(1000), 4), DictionaryMap, 1000, slices.Min(hashes(1000))},
		{"times that do not repeat", tokens.Int64, upTo(1e18, 2e18, 1e13+1), PlanesMap, 256, 0},
	}
	for _, test := range tests {
		for _, bigEndian := range []bool{false, true} {
			m, err := fit(elements(test.t, bigEndian, test.values...), test.t, bigEndian)
			if err != nil {
				t.Fatal(err)
			}
			if m.Kind() != test.kind || m.Size() != test.size || m.offset != uint64(test.offset) {
				t.Errorf("%s: %v of %d symbols from %d, want %v of %d from %d",
					test.what, m.Kind(), m.Size(), int64(m.offset), test.kind, test.size, test.offset)
			}
		}
	}
}

// A span is elements of one type.
type span struct {
	t         tokens.Type
	bigEndian bool
	raw       []byte
}

// checkMap sends spans through a map, and through one that was written and read.
func checkMap(t interface{ Fatalf(string, ...any) }, m *ValueMap, spans []span) {
	b := m.AppendTo([]byte("before"))
	parsed, rest, err := ParseValueMap(append(b, "rest"...)[6:], MaxSymbols)
	if err != nil || string(rest) != "rest" {
		t.Fatalf("%v of %d symbols is read with rest %q, %v", m.Kind(), m.Size(), rest, err)
	}
	if again := parsed.AppendTo([]byte("before")); !bytes.Equal(again, b) || parsed.Kind() != m.Kind() || parsed.Size() != m.Size() {
		t.Fatalf("%v of %d symbols is read as %v of %d", m.Kind(), m.Size(), parsed.Kind(), parsed.Size())
	}
	for _, s := range spans {
		n := len(s.raw) / s.t.Size() * m.PerElement(s.t)
		symbols, other := make([]uint32, n), make([]uint32, n)
		if err := m.Symbols(symbols, s.raw, s.t, s.bigEndian); err != nil {
			t.Fatalf("symbols of %v: %v", s.t, err)
		}
		if err := parsed.Symbols(other, s.raw, s.t, s.bigEndian); err != nil || !slices.Equal(symbols, other) {
			t.Fatalf("symbols of %v differ after parsing, %v", s.t, err)
		}
		for _, x := range symbols {
			if int(x) >= m.Size() {
				t.Fatalf("symbol %d of %d", x, m.Size())
			}
		}
		back := make([]byte, len(s.raw))
		if err := parsed.Values(back, symbols, s.t, s.bigEndian); err != nil || !bytes.Equal(back, s.raw) {
			t.Fatalf("%v in %v does not come back: %v", s.t, m.Kind(), err)
		}
	}
}

func TestValueMapRoundTrip(t *testing.T) {
	kinds := map[MapKind]int{}
	rapid.Check(t, func(rt *rapid.T) {
		var f Fitter
		var spans []span
		// A few values that repeat make dictionaries, others make planes.
		pool := rapid.SliceOfN(rapid.Uint64(), 1, 20).Draw(rt, "pool")
		for range rapid.IntRange(0, 4).Draw(rt, "spans") {
			s := span{t: tokens.Type(rapid.IntRange(int(tokens.Bool), int(tokens.Uint64)).Draw(rt, "type")), bigEndian: rapid.Bool().Draw(rt, "big")}
			n := rapid.IntRange(0, 700).Draw(rt, "n")
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
			wide := make([]uint64, n)
			style := rapid.IntRange(0, 3).Draw(rt, "style")
			for i := range wide {
				switch style {
				case 0:
					wide[i] = pool[r.IntN(len(pool))]
				case 1:
					wide[i] = r.Uint64()
				case 2:
					wide[i] = pool[0] + r.Uint64N(1000)
				case 3:
					wide[i] = r.Uint64N(300) - 100
				}
			}
			s.raw = make([]byte, n*s.t.Size())
			narrow(s.raw, wide, s.t, s.bigEndian)
			if err := f.Add(s.raw, s.t, s.bigEndian); err != nil {
				rt.Fatal(err)
			}
			spans = append(spans, s)
		}
		m := f.Fit()
		kinds[m.Kind()]++
		checkMap(rt, m, spans)
	})
	if len(kinds) < 3 {
		t.Errorf("only maps of kinds %v were made", kinds)
	}
}

// TestFitterReset checks that nothing of a block is left for the next.
func TestFitterReset(t *testing.T) {
	var f Fitter
	first := elements(tokens.Int64, false, repeated([]int64{-9e18, 0, 9e18}, 50)...)
	second := elements(tokens.Uint8, false, 3, 1, 2)
	for range 2 {
		if err := f.Add(first, tokens.Int64, false); err != nil {
			t.Fatal(err)
		}
		if m := f.Fit(); m.Kind() != DictionaryMap || m.Size() != 3 {
			t.Errorf("%v of %d", m.Kind(), m.Size())
		}
		f.Reset()
		if err := f.Add(second, tokens.Uint8, false); err != nil {
			t.Fatal(err)
		}
		if m := f.Fit(); m.Kind() != OffsetMap || m.Size() != 4 || m.offset != 0 {
			t.Errorf("%v of %d", m.Kind(), m.Size())
		}
		f.Reset()
	}
	if err := f.Add(first[1:], tokens.Int64, false); err == nil {
		t.Error("half elements can be added")
	}
	if err := f.Add(first, 0, false); err == nil {
		t.Error("elements of no type can be added")
	}
}

func TestValuesRefusesWhatTypesDoNotHold(t *testing.T) {
	tests := []struct {
		values []int64 // fitted as int64
		t      tokens.Type
		good   func(v int64) bool
	}{
		{upTo(-300, 300, 1), tokens.Int8, func(v int64) bool { return v >= -128 && v < 128 }},
		{upTo(-300, 300, 1), tokens.Uint8, func(v int64) bool { return v >= 0 && v < 256 }},
		{upTo(-300, 300, 1), tokens.Bool, func(v int64) bool { return v >= 0 && v < 256 }},
		{upTo(-300, 300, 1), tokens.Int64, func(int64) bool { return true }},
		{upTo(32700, 32800, 1), tokens.Int16, func(v int64) bool { return v < 32768 }},
		{upTo(65500, 65600, 1), tokens.Uint16, func(v int64) bool { return v < 65536 }},
		{upTo(-10, 10, 1), tokens.Uint32, func(v int64) bool { return v >= 0 }},
		{upTo(-1<<31-10, -1<<31+10, 1), tokens.Int32, func(v int64) bool { return v >= -1<<31 }},
		{repeated([]int64{-1 << 40, -1, 0, 100, 1 << 40}, 100), tokens.Int8, func(v int64) bool { return v >= -1 && v <= 100 }},
		{upTo(1000, 1100, 1), tokens.Uint8, func(int64) bool { return false }},
	}
	for _, test := range tests {
		m, err := fit(elements(tokens.Int64, false, test.values...), tokens.Int64, false)
		if err != nil {
			t.Fatal(err)
		}
		symbols := make([]uint32, len(test.values))
		if err := m.Symbols(symbols, elements(tokens.Int64, false, test.values...), tokens.Int64, false); err != nil {
			t.Fatal(err)
		}
		for i, v := range test.values {
			raw := make([]byte, test.t.Size())
			err := m.Values(raw, symbols[i:i+1], test.t, false)
			if test.good(v) {
				if err != nil || !bytes.Equal(raw, elements(test.t, false, v)) {
					t.Errorf("%d as %v is %x, %v", v, test.t, raw, err)
				}
			} else if !errors.Is(err, fault.ErrCorrupt) {
				t.Errorf("%d as %v is %x, %v", v, test.t, raw, err)
			}
		}
		beyond := []uint32{uint32(m.Size())}
		if err := m.Values(make([]byte, 8), beyond, tokens.Int64, false); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("symbol %d of %d: %v", beyond[0], m.Size(), err)
		}
	}
	planes := &ValueMap{kind: PlanesMap, size: 256}
	if err := planes.Values(make([]byte, 1), []uint32{256}, tokens.Uint8, false); !errors.Is(err, fault.ErrCorrupt) {
		t.Errorf("plane symbol 256: %v", err)
	}
}

func TestValueMapMisuse(t *testing.T) {
	for _, m := range []*ValueMap{{kind: OffsetMap, size: 9}, {kind: PlanesMap, size: 256}} {
		for _, typ := range []tokens.Type{0, tokens.Uint16, 99} {
			if m.Symbols(make([]uint32, 2), make([]byte, 3), typ, false) == nil {
				t.Errorf("%v of type %v: wrong lengths are accepted", m.Kind(), typ)
			}
			if m.Values(make([]byte, 3), make([]uint32, 2), typ, false) == nil {
				t.Errorf("%v of type %v: wrong lengths are accepted", m.Kind(), typ)
			}
		}
	}
	m, err := fit([]byte{1, 2, 3}, tokens.Uint8, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Symbols(make([]uint32, 1), []byte{9}, tokens.Uint8, false); !errors.Is(err, fault.ErrSymbol) {
		t.Errorf("a value that is not in the map: %v", err)
	}
}

func TestParseValueMapRefuses(t *testing.T) {
	large := binary.AppendUvarint([]byte{byte(DictionaryMap), 0}, MaxSymbols)
	tests := []struct {
		what string
		src  []byte
		max  int
		err  error
	}{
		{"nothing", nil, MaxSymbols, io.ErrUnexpectedEOF},
		{"unknown kind", []byte{3}, MaxSymbols, fault.ErrCorrupt},
		{"no offset", []byte{0}, MaxSymbols, io.ErrUnexpectedEOF},
		{"half an offset", []byte{0, 0x80}, MaxSymbols, io.ErrUnexpectedEOF},
		{"a long zero", []byte{0, 0x80, 0, 1}, MaxSymbols, fault.ErrCorrupt},
		{"an offset beyond 64 bits", []byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 1}, MaxSymbols, fault.ErrCorrupt},
		{"no size", []byte{0, 0}, MaxSymbols, io.ErrUnexpectedEOF},
		{"no symbols", []byte{0, 0, 0}, MaxSymbols, fault.ErrCorrupt},
		{"too many symbols", binary.AppendUvarint([]byte{0, 0}, MaxSymbols+1), MaxSymbols, fault.ErrCorrupt},
		{"more than allowed", []byte{0, 0, 11}, 10, fault.ErrLimit},
		{"planes where 255 are allowed", []byte{2}, 255, fault.ErrLimit},
		{"large dictionary of nothing", large, MaxSymbols, io.ErrUnexpectedEOF},
		{"bits after the end", []byte{1, 0, 2, 2}, MaxSymbols, fault.ErrCorrupt},
		{"half a gap", []byte{1, 0, 2, 0xff}, MaxSymbols, io.ErrUnexpectedEOF},
		{"a longer form", []byte{1, 0, 2, 0xff, 0xff, 0xff, 0, 0}, MaxSymbols, fault.ErrCorrupt},
		{"values beyond 64 bits", appendGaps([]byte{1, 0, 3}, []uint64{0, math.MaxUint64, 5}), MaxSymbols, fault.ErrCorrupt},
		{"a gap beyond 64 bits", appendGaps([]byte{1, 0, 2}, []uint64{0, 0}), MaxSymbols, fault.ErrCorrupt},
	}
	for _, test := range tests {
		if m, _, err := ParseValueMap(test.src, test.max); !errors.Is(err, test.err) {
			t.Errorf("%s: %+v, %v, want %v", test.what, m, err, test.err)
		}
	}
}

// TestGoldenMaps holds the bytes that docs/format.md specifies.
func TestGoldenMaps(t *testing.T) {
	tests := []struct {
		values []int64
		want   string
	}{
		{upTo(0, 1024, 1), "00008008"},                                           // offset 0, 1024 symbols
		{[]int64{-3, 0, 2}, "000506"},                                            // offset -3, 6 symbols
		{repeated([]int64{7, 8, 11, 1 << 40}, 40), "010e04f6ffff7fd2ffffffff01"}, // a short form, another, a long one
		{append(hashes(500), -1, 0), "02"},                                       // planes
	}
	for _, test := range tests {
		m, err := fit(elements(tokens.Int64, false, test.values...), tokens.Int64, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(m.AppendTo(nil)); got != test.want {
			t.Errorf("%v of %d symbols is written as %s, want %s", m.Kind(), m.Size(), got, test.want)
		}
	}
}

// TestDictionaryCost compares stored dictionaries with the information in a
// random choice of values, log2 of the binomial of range and number.
func TestDictionaryCost(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	logFactorial := func(x float64) float64 {
		l, _ := math.Lgamma(x + 1)
		return l / math.Ln2
	}
	for _, density := range []float64{0.5, 0.1, 0.01, 0.0001} {
		const n = 20000
		span := uint64(n / density)
		var dict []uint64
		for v := range span {
			if r.Float64() < density {
				dict = append(dict, v)
			}
		}
		got := float64(len(appendGaps(nil, dict)) * 8)
		if float64(gapBits(dict)) > got || float64(gapBits(dict)) < got-7.5 {
			t.Errorf("%d bits counted, %v written", gapBits(dict), got)
		}
		k := float64(len(dict))
		want := logFactorial(float64(span)) - logFactorial(k) - logFactorial(float64(span)-k)
		t.Logf("density %v: %.3f bits a value, %.3f at least", density, got/k, want/k)
		if got > want*1.15 {
			t.Errorf("density %v: %.3f bits a value, %.3f at least", density, got/k, want/k)
		}
	}
}

func TestRealValueMaps(t *testing.T) {
	root := realdata.Dir(t)
	for name, want := range map[string]int{"commavq/taco-bell.npy": 1024, "llm/enwik-1M.gpt2.u16": 50257} {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		source, err := tokens.NewSource(name, bytes.NewReader(b), tokens.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var a tokens.Part
		for a.Kind != tokens.Member {
			if a, err = source.Next(); err != nil {
				t.Fatal(err)
			}
		}
		raw, err := io.ReadAll(a.Data)
		if err != nil {
			t.Fatal(err)
		}
		m, err := fit(raw, a.Info.Type, a.Info.BigEndian)
		if err != nil {
			t.Fatal(err)
		}
		if m.Kind() != OffsetMap || m.Size() > want || m.offset != 0 {
			t.Errorf("%s: %v of %d", name, m.Kind(), m.Size())
		}
		checkMap(t, m, []span{{a.Info.Type, a.Info.BigEndian, raw}})
	}
}

// TestMapsDoNotAllocate holds the loops over blocks.
func TestMapsDoNotAllocate(t *testing.T) {
	var f Fitter
	raw := elements(tokens.Int64, false, repeated(upTo(-500, 500, 1), 10)...)
	m, err := fit(raw, tokens.Int64, false)
	if err != nil {
		t.Fatal(err)
	}
	wide := elements(tokens.Int64, false, repeated([]int64{-1 << 62, 0, 1 << 62}, 100)...)
	dict, err := fit(wide, tokens.Int64, false)
	if err != nil || dict.Kind() != DictionaryMap {
		t.Fatal(dict.Kind(), err)
	}
	planes := &ValueMap{kind: PlanesMap, size: 256}
	symbols, back := make([]uint32, len(raw)), make([]byte, len(raw))
	if n := testing.AllocsPerRun(10, func() {
		for _, test := range []struct {
			m   *ValueMap
			raw []byte
		}{{m, raw}, {dict, wide}, {planes, raw}} {
			s := symbols[:len(test.raw)/8*test.m.PerElement(tokens.Int64)]
			if test.m.Symbols(s, test.raw, tokens.Int64, false) != nil || test.m.Values(back[:len(test.raw)], s, tokens.Int64, false) != nil {
				t.Error("no symbols")
			}
		}
	}); n != 0 {
		t.Errorf("Symbols and Values allocate %v times", n)
	}
	if n := testing.AllocsPerRun(10, func() {
		f.Reset()
		if f.Add(raw, tokens.Int64, false) != nil || f.Fit() == nil {
			t.Error("no map")
		}
	}); n > 1 {
		t.Errorf("fitting allocates %v times, not only its map", n)
	}
}
