package mix

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/rangecoder"
)

// partOf returns a run of a block of one span.
func partOf(b *model.Block, first, count int) *model.Block {
	return &model.Block{Size: b.Size, Symbols: b.Symbols[first : first+count],
		Spans: []model.Span{{First: int64(first), Count: count, Shape: b.Spans[0].Shape}}}
}

func TestPrior(t *testing.T) {
	for _, b := range []*model.Block{synthetic(64, 80, 6, 8), synthetic(1000, 5000), synthetic(64, 900, 4)} {
		n := len(b.Symbols)
		sample, rest := partOf(b, 0, n*3/4), partOf(b, n*3/4, n/8)
		p, err := Train(TrainConfig{}, sample)
		if err != nil {
			t.Fatal(err)
		}
		data, err := p.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		q, err := ParsePrior(data, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		if p.Size() != b.Size || q.Size() != b.Size {
			t.Error("size of the prior:", p.Size(), q.Size())
		}
		with := roundTrip(t, Config{Prior: p}, rest)
		if again := roundTrip(t, Config{Prior: q}, rest); !slices.Equal(with, again) {
			t.Error("a prior that was stored gives other bytes")
		}
		if without := roundTrip(t, Config{}, rest); len(with) >= len(without) {
			t.Errorf("%d bytes with a prior, %d without", len(with), len(without))
		}
		if err := New(Config{}).Decode(emptyOf(rest), with); !errors.Is(err, fault.ErrModel) {
			t.Error("without the prior:", err)
		}
		small, err := Train(TrainConfig{MaxBytes: len(data) / 2}, sample)
		if err != nil {
			t.Fatal(err)
		}
		if short, _ := small.MarshalBinary(); len(short) > len(data)/2 {
			t.Errorf("a prior of %d bytes, not %d", len(short), len(data)/2)
		}
		roundTrip(t, Config{Prior: small}, rest)
	}
}

func TestPriorRefusals(t *testing.T) {
	b := synthetic(64, 60, 6, 8)
	p, err := Train(TrainConfig{}, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []*model.Block{synthetic(65, 60, 6, 8), synthetic(64, 60, 6, 9)} {
		if _, err := New(Config{Prior: p}).Encode(nil, other); !errors.Is(err, fault.ErrModel) {
			t.Error(err)
		}
	}
	body := roundTrip(t, Config{Prior: p}, b)
	r, err := Train(TrainConfig{}, synthetic(64, 60, 7, 8))
	if err != nil {
		t.Fatal(err)
	}
	if err := New(Config{Prior: r}).Decode(emptyOf(b), body); !errors.Is(err, fault.ErrModel) {
		t.Error("another prior:", err)
	}
	if _, err := Train(TrainConfig{MaxBytes: 100}, b); !errors.Is(err, fault.ErrLimit) {
		t.Error("too small a limit:", err)
	}
	if _, err := Train(TrainConfig{}, &model.Block{Size: 4}); err == nil {
		t.Error("trained on nothing")
	}
	constant := &model.Block{Size: 1, Symbols: make([]uint32, 5000), Spans: []model.Span{{Count: 5000, Shape: []int{5000}}}}
	if _, err := Train(TrainConfig{}, constant); !errors.Is(err, fault.ErrUnsupported) || errors.Is(err, fault.ErrCorrupt) {
		t.Error("trained on a constant:", err)
	}
	data, _ := p.MarshalBinary()
	if _, err := ParsePrior(data, 1000); !errors.Is(err, fault.ErrLimit) {
		t.Error("memory:", err)
	}
	for n := range len(data) {
		if n > 50 && n%3000 != 0 {
			continue
		}
		if _, err := ParsePrior(data[:n], 0); err == nil {
			t.Fatalf("parsed %d of %d bytes", n, len(data))
		}
		bad := bytes.Clone(data)
		bad[n] ^= 1
		if _, err := ParsePrior(bad, 0); err == nil {
			t.Fatalf("parsed with byte %d changed", n)
		}
	}
}

// TestPriorEnd checks that an input which ends is not read on, however large the
// state is that it claims to be.
// TestPriorNumbers reads states that begin with numbers that no state has.
func TestPriorNumbers(t *testing.T) {
	p, err := Train(TrainConfig{}, synthetic(16, 60, 4, 4))
	if err != nil {
		t.Fatal(err)
	}
	entries := 0
	for e, k := p.engine, 0; k < len(e.cands); k++ {
		entries += len(e.history) / len(e.cands)
		for _, m := range e.cands[k].entries {
			entries += len(m)
		}
	}
	for name, write := range map[string]func(a *archive){
		"a count of 11 bits": func(a *archive) { a.number(&a.counts, 32, 11) },
		"an integer of 41 bits": func(a *archive) {
			for range entries {
				a.number(&a.counts, 32, 0)
			}
			a.number(&a.counts, 32, 1) // of a weight vector
			a.number(&a.weights, 64, 41)
		},
	} {
		a := archive{enc: rangecoder.NewEncoder(nil)}
		p.trees.put(a.enc)
		write(&a)
		_, err := ParsePrior(p.marshal(0, 0, append(a.enc.Finish(), make([]byte, 4096)...)), 0)
		if !errors.Is(err, fault.ErrCorrupt) || !strings.Contains(err.Error(), "impossible numbers") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPriorEnd(t *testing.T) {
	for _, s := range []setup{
		{geometry: geometryStream, rows: 1, cols: 1},
		{geometry: geometryGrid, rows: 30, cols: 40},
		{geometry: geometryBooks, rows: 1, cols: 32},
	} {
		p, err := s.draw(2048, 0, maxPriorTokens)
		if err != nil {
			t.Fatal(err)
		}
		p.tableBits, p.runBits = leastLines, min(p.runBits, leastRuns)
		e := p.build()
		in := bytes.Repeat([]byte{0xAA}, 12)
		dec := rangecoder.NewDecoder(in)
		a := archive{dec: dec}
		a.engine(e)
		if !errors.Is(dec.Err(), io.ErrUnexpectedEOF) {
			t.Fatal(dec.Err())
		}
		// The decoder says how far it was read: 4 bytes take a few bits at least.
		if read := dec.State().Offset; read > 1000 {
			t.Errorf("%+v: %d bytes were read of %d", s, read, len(in))
		}
		lines := make([]line, 100*often)
		a.lines(lines)
		if read := dec.State().Offset; read > 1000 || lines[often][0] != 0 {
			t.Errorf("%+v: %d bytes were read of %d", s, read, len(in))
		}
		runs := make([]run, 100*often)
		a.runs(runs, natural(2048))
		if read := dec.State().Offset; read > 1000 || runs[often] != (run{}) {
			t.Errorf("%+v: %d bytes were read of %d", s, read, len(in))
		}
		data := binary.AppendUvarint(s.append([]byte(priorMagic)), 2048)
		data = binary.AppendUvarint(data, maxPriorTokens)
		data = append(data, 0) // lines
		if geometries[s.geometry].runs {
			data = append(data, 0)
		}
		data = sealed(append(data, in...))
		// Such bytes begin with a count that none can be.
		if _, err := ParsePrior(data, 1<<30); !errors.Is(err, fault.ErrCorrupt) {
			t.Error(err)
		}
	}
}

// sealed gives a prior's bytes their checksum.
func sealed(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(bytes.Clone(b), crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

func FuzzPrior(f *testing.F) {
	for _, b := range []*model.Block{synthetic(8, 30, 3, 4), synthetic(20, 3000), synthetic(16, 800, 3)} {
		p, err := Train(TrainConfig{}, b)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p.data[:len(p.data)-4])
	}
	rest := synthetic(8, 30, 3, 4)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePrior(sealed(data), 1<<24)
		if err != nil {
			return
		}
		c := New(Config{Prior: p, MaxMemory: 1 << 26})
		body, err := c.Encode(nil, rest)
		if err != nil {
			return
		}
		back := emptyOf(rest)
		if err := c.Decode(back, body); err != nil || !slices.Equal(back.Symbols, rest.Symbols) {
			t.Fatal("what a parsed prior encodes does not come back:", err)
		}
	})
}

// chained returns a book whose classes hang on a chain, so that codes are long:
// symbol s is in class s modulo their number. Below the last one, the symbols'
// scales are as uneven as can be.
func chained(size, classes int) *book {
	b := &book{class: make([]uint16, size), scale: make([]uint8, size), inner: []bool{true}, count: classes}
	for range classes - 2 {
		b.inner = append(b.inner, true, false)
	}
	b.inner = append(b.inner, false)
	for s := range b.class {
		b.class[s] = uint16(s % classes)
		b.scale[s] = uint8(s / classes % (maxScale + 1))
	}
	return b
}

// encodeChained encodes a block with such trees.
func encodeChained(tb testing.TB, b *model.Block, s setup, classes int) []byte {
	tb.Helper()
	enc := rangecoder.NewEncoder(s.append([]byte{formMixed}))
	var forest []*tree
	for range s.cols {
		k := chained(b.Size, classes)
		k.put(enc)
		t, err := k.tree()
		if err != nil {
			tb.Fatal(err)
		}
		forest = append(forest, t)
	}
	r, err := New(Config{}).runner(b, s, forest)
	if err != nil {
		tb.Fatal(err)
	}
	if err := r.encode(enc); err != nil {
		tb.Fatal(err)
	}
	return enc.Finish()
}

// TestDeep codes with trees of the greatest depth there may be.
func TestDeep(t *testing.T) {
	for _, s := range []setup{
		{geometry: geometryStream, rows: 1, cols: 1, learned: treeClasses},
		{geometry: geometryGrid, rows: 4, cols: 5, learned: treeKin},
		{geometry: geometryBooks, rows: 1, cols: 5, learned: treeKin},
		{geometry: geometryBooks, rows: 1, cols: 5, transposed: true, learned: treeKin},
	} {
		for _, s.level = range []Level{Fast, Best} {
			b := synthetic(250, 5, 100)
			most, classes := 0, 2
			for ; classes <= maxClasses; classes++ {
				tree, err := chained(b.Size, classes).tree()
				if err != nil {
					break
				}
				most = int(slices.Max(tree.depth))
			}
			if most != maxCode {
				t.Fatalf("codes of up to %d bits, not %d", most, maxCode)
			}
			body := encodeChained(t, b, s, classes-1)
			back := emptyOf(b)
			if err := New(Config{}).Decode(back, body); err != nil || !slices.Equal(back.Symbols, b.Symbols) {
				t.Errorf("%+v: %v", s, err)
			}
		}
	}
}

// TestTooDeep checks that a tree that may not be stored is not.
func TestTooDeep(t *testing.T) {
	s := setup{geometry: geometryStream, rows: 1, cols: 1, learned: treeClasses}
	for _, c := range []struct {
		classes int
		learned uint8
	}{{20, treeClasses}, {200, treeNatural}} {
		l := learned{books: []*book{chained(250, c.classes)}}
		l, got := l.grown(250, s)
		if got.learned != c.learned || len(l.forest) != 1 || len(l.books) != b2i(c.learned == treeClasses) {
			t.Errorf("%d classes: a tree of kind %d", c.classes, got.learned)
		}
		if most := slices.Max(l.forest[0].depth); most > maxCode {
			t.Errorf("%d classes: codes of %d bits", c.classes, most)
		}
	}
}

func FuzzDecode(f *testing.F) {
	shapes := []struct {
		size  int
		shape []int
	}{{30, []int{600}}, {30, []int{40, 3, 5}}, {30, []int{200, 3}}, {30, []int{3, 200}}, {250, []int{400}}, {250, []int{3, 130}}}
	for k, c := range shapes {
		b := synthetic(c.size, c.shape...)
		for learned := range uint8(treePrior) {
			s := arrange(b)
			s.learned = learned
			body, err := New(Config{}).encodeMixed(nil, b, s)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(body, uint8(k))
			if learned == treeClasses && s.cols == 1 || learned == treeKin {
				f.Add(encodeChained(f, b, s, 28), uint8(k))
				if c.size > 60 {
					f.Add(encodeChained(f, b, s, 60), uint8(k))
				}
			}
		}
		f.Add(encodePlain(nil, b), uint8(k))
	}
	const several, tokens = 255, 254
	if body, err := New(Config{}).Encode(nil, spelledBlock(300)); err != nil {
		f.Fatal(err)
	} else {
		f.Add(body, uint8(tokens))
	}
	if body, err := New(Config{}).Encode(nil, ofKinds()); err != nil {
		f.Fatal(err)
	} else {
		f.Add(body, uint8(several))
	}
	f.Fuzz(func(t *testing.T, body []byte, k uint8) {
		c := shapes[int(k)%len(shapes)]
		b := synthetic(c.size, c.shape...)
		if k == several {
			b = ofKinds()
		} else if k == tokens {
			b = spelledBlock(300)
		}
		first := emptyOf(b)
		if New(Config{MaxMemory: 1 << 26}).Decode(first, body) != nil {
			return
		}
		second := emptyOf(b)
		if err := New(Config{}).Decode(second, body); err != nil || !slices.Equal(first.Symbols, second.Symbols) {
			t.Fatal("decoding depends on more than the body:", err)
		}
		for _, x := range first.Symbols {
			if x >= uint32(b.Size) {
				t.Fatal("symbol out of range")
			}
		}
	})
}

// TestPriorAxes checks that a prior fits arrays of the shape that it was trained on,
// however many axes they have.
func TestPriorAxes(t *testing.T) {
	for _, shape := range [][]int{{2400}, {300, 8}, {150, 4, 4}, {30, 5, 4, 4}, {6, 5, 5, 4, 4}} {
		b := &model.Block{Spans: []model.Span{{Count: 2400, Shape: shape}}, Size: 50, Symbols: make([]uint32, 2400)}
		for i := range b.Symbols {
			// Frames of 16 repeat, but for noise.
			b.Symbols[i] = uint32(i*7%16*3 + i*i%11%2)
		}
		p, err := Train(TrainConfig{MaxBytes: 1 << 20}, b)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.check(b); err != nil {
			t.Errorf("%v: %v", shape, err)
		}
	}
}
