package model

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/foretell/foretell/internal/fault"
)

// allIDs are the codecs that New makes.
var allIDs = []ID{Stored, Zstd, Static, Adaptive, StaticRANS, StaticTANS, External}

func newCodec(t interface{ Fatal(...any) }, id ID) Codec {
	c, err := New(id, Config{Predictor: newCounter})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// encode plans and encodes b and returns the codec that its body is to be decoded
// with.
func encode(t interface{ Fatal(...any) }, id ID, c Codec, b *Block, base []byte) (ID, []byte, bool) {
	leans := false
	b.Params, b.Base = nil, nil
	if p, ok := c.(Planner); ok {
		var err error
		if b.Params, leans, err = p.Plan(b, base); err != nil {
			t.Fatal(err)
		}
		if leans {
			b.Base = base
		}
	}
	body, id, err := Encode(id, c, nil, b)
	if err != nil {
		t.Fatal(err)
	}
	return id, body, leans
}

// empty returns b with room for its symbols to be decoded.
func empty(b *Block) *Block {
	d := *b
	d.Symbols = make([]uint32, len(b.Symbols))
	for i := range d.Symbols {
		d.Symbols[i] = 0xdeadbeef
	}
	d.Costs = nil
	return &d
}

// random returns n symbols of an alphabet, of one of several kinds.
func random(r *rand.Rand, size, n int) []uint32 {
	s := make([]uint32, n)
	kind := r.IntN(5)
	for i := range s {
		switch kind {
		case 0:
			s[i] = uint32(r.IntN(size))
		case 1:
			s[i] = uint32(min(r.IntN(size), r.IntN(size), r.IntN(size), r.IntN(size)))
		case 2:
			s[i] = uint32(size - 1)
		case 3:
			s[i] = uint32(i * i % size)
		case 4:
			if s[i] = uint32(r.IntN(size)); i > 9 && r.IntN(8) > 0 {
				s[i] = s[i-8]
			}
		}
	}
	return s
}

// shapes returns spans for n tokens.
func shapes(r *rand.Rand, n int) []Span {
	var spans []Span
	for n > 0 {
		s := Span{Member: len(spans), Count: 1 + r.IntN(n), First: int64(r.IntN(100)), Shape: []int{-1}}
		for range r.IntN(3) {
			s.Shape = append(s.Shape, 1+r.IntN(20))
		}
		spans = append(spans, s)
		n -= s.Count
	}
	return spans
}

func TestRoundTrip(t *testing.T) {
	codecs := map[ID]Codec{}
	bases := map[ID][]byte{}
	for _, id := range allIDs {
		codecs[id] = newCodec(t, id)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		id := rapid.SampledFrom(allIDs).Draw(t, "codec")
		size := rapid.IntRange(1, 1<<rapid.IntRange(0, 17).Draw(t, "log size")).Draw(t, "size")
		n := rapid.IntRange(0, 1<<rapid.IntRange(0, 11).Draw(t, "log count")).Draw(t, "count")
		b := &Block{Size: size, Symbols: random(r, size, n), Costs: make([]float32, n)}
		if rapid.Bool().Draw(t, "spans") {
			b.Spans = shapes(r, n)
		}
		used, body, leans := encode(t, id, codecs[id], b, bases[id])
		if !leans {
			bases[id] = b.Params
		}
		// A fresh codec decodes what one that has seen other blocks wrote,
		// and the other way round.
		for _, c := range []Codec{newCodec(t, used), codecs[used]} {
			got := empty(b)
			if err := c.DecodeBlock(got, body); err != nil {
				t.Fatalf("%v: %v", used, err)
			}
			if !slices.Equal(got.Symbols, b.Symbols) {
				t.Fatalf("%v: wrong symbols", used)
			}
		}
		fresh := *b
		if _, again, _ := encode(t, id, newCodec(t, id), &fresh, b.Base); !slices.Equal(again, body) {
			t.Fatalf("%v: bytes depend on earlier blocks", id)
		}
		checkCosts(t, used, b, body)
		if limit := packedLen(n, width(size)) + 10; int64(len(body)) > limit {
			t.Fatalf("%v: %d bytes for %d symbols of %d", used, len(body), n, size)
		}
		if err := newCodec(t, used).DecodeBlock(empty(b), append(body, 0)); err == nil && len(body) > 0 {
			t.Fatalf("%v: a byte after the end goes unseen", used)
		}
	})
}

// checkCosts holds the costs of symbols against the body's size.
func checkCosts(t *rapid.T, id ID, b *Block, body []byte) {
	sum := 0.0
	for _, c := range b.Costs {
		if c < 0 || c > 33 {
			t.Fatalf("%v: a symbol costs %v bits", id, c)
		}
		sum += float64(c)
	}
	// tANS may take a little more than the content of its intervals.
	slack := 100.0
	if id == StaticTANS {
		slack += sum / 50
	}
	if math.Abs(sum-8*float64(len(body))) > slack+1e-4*sum && len(b.Symbols) > 0 {
		t.Fatalf("%v: %d symbols cost %v bits in %d bytes", id, len(b.Symbols), sum, len(body))
	}
}

// TestLargest codes a few symbols of the largest alphabet.
func TestLargest(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a few hundred megabytes")
	}
	for _, id := range []ID{Stored, Zstd, Static, Adaptive, StaticRANS} {
		b := &Block{Size: MaxSize, Symbols: []uint32{0, MaxSize - 1, 7, 7, 1 << 23, 7, 7, 7, MaxSize - 1, MaxSize - 1}}
		used, body, _ := encode(t, id, newCodec(t, id), b, nil)
		got := empty(b)
		if err := newCodec(t, used).DecodeBlock(got, body); err != nil || !slices.Equal(got.Symbols, b.Symbols) {
			t.Errorf("%v: %v", id, err)
		}
	}
}

func TestRefuse(t *testing.T) {
	for _, id := range allIDs {
		c := newCodec(t, id)
		for _, b := range []*Block{
			{Size: 0}, {Size: MaxSize + 1}, {Size: 3, Symbols: []uint32{1, 3}},
			{Size: 3, Symbols: []uint32{1, 2}, Costs: make([]float32, 1)},
		} {
			if p, ok := c.(Planner); ok {
				if _, _, err := p.Plan(b, nil); err == nil {
					t.Errorf("%v plans %+v", id, b)
				}
			}
			if out, err := c.EncodeBlock([]byte("kept"), b); err == nil || string(out) != "kept" {
				t.Errorf("%v encodes %+v", id, b)
			}
		}
		if _, err := c.EncodeBlock(nil, &Block{Size: 3, Symbols: []uint32{3}}); !errors.Is(err, fault.ErrSymbol) {
			t.Errorf("%v: %v", id, err)
		}
		for _, size := range []int{0, MaxSize + 1, -1} {
			if err := c.DecodeBlock(&Block{Size: size}, nil); !errors.Is(err, fault.ErrUnsupported) {
				t.Errorf("%v: size %d: %v", id, size, err)
			}
		}
	}
	c := newCodec(t, Adaptive)
	for _, spans := range [][]Span{{{Count: 1}}, {{Count: 3}}, {{Count: -1}, {Count: 3}}, {{Count: 2, First: -1}}} {
		b := &Block{Size: 3, Symbols: []uint32{1, 2}, Spans: spans}
		if _, err := c.EncodeBlock(nil, b); err == nil {
			t.Errorf("%+v is encoded", spans)
		}
		if err := c.DecodeBlock(b, []byte{0}); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("%+v: %v", spans, err)
		}
	}
}

// allowed reports whether a decoder may return err.
func allowed(err error) bool {
	return errors.Is(err, fault.ErrCorrupt) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, fault.ErrLimit)
}

// checkDecode decodes what may be damaged.
func checkDecode(t interface{ Fatalf(string, ...any) }, c Codec, b *Block, body []byte) error {
	got := empty(b)
	err := c.DecodeBlock(got, body)
	if err != nil && !allowed(err) {
		t.Fatalf("%v", err)
	}
	if err == nil {
		if s, ok := over(got); ok {
			t.Fatalf("symbol %d of an alphabet of %d", s, b.Size)
		}
	}
	return err
}

func TestDamage(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	damage := func(p []byte) []byte {
		p = slices.Clone(p)
		switch at := r.IntN(len(p) + 1); {
		case at == len(p) || r.IntN(5) == 0:
			return append(p, byte(r.Uint32()))
		case r.IntN(4) == 0:
			return p[:at]
		default:
			p[at] ^= 1 << r.IntN(8)
			return p
		}
	}
	for _, id := range allIDs {
		c, d := newCodec(t, id), newCodec(t, id)
		for range 60 {
			size := 2 + r.IntN(1<<r.IntN(13))
			n := 1 + r.IntN(400)
			var base []byte
			if _, ok := c.(Planner); ok {
				other := &Block{Size: size, Symbols: random(r, size, n)}
				if _, _, leans := encode(t, id, c, other, nil); !leans {
					base = other.Params
				}
			}
			b := &Block{Size: size, Symbols: random(r, size, n), Spans: shapes(r, n)}
			body, err := []byte(nil), error(nil)
			if p, ok := c.(Planner); ok {
				if b.Params, _, err = p.Plan(b, base); err != nil {
					t.Fatal(err)
				}
				b.Base = base
			}
			if body, err = c.EncodeBlock(nil, b); err != nil {
				t.Fatal(err)
			}
			for range 20 {
				wrong, body := *b, body
				switch r.IntN(3) {
				case 0:
					body = damage(body)
				case 1:
					wrong.Params = damage(b.Params)
				case 2:
					wrong.Base = damage(b.Base)
				}
				checkDecode(t, d, &wrong, body)
			}
		}
	}
}

// TestTruncation cuts bodies. What is left may be a body of other symbols, which
// is for a checksum to notice, but mostly it is none.
func TestTruncation(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, id := range allIDs {
		b := &Block{Size: 1000, Symbols: make([]uint32, 500)}
		for i := range b.Symbols {
			b.Symbols[i] = uint32(min(r.IntN(1000), r.IntN(1000), r.IntN(1000), r.IntN(1000)))
		}
		c := newCodec(t, id)
		_, body, _ := encode(t, id, c, b, nil)
		missed := 0
		for n := range len(body) {
			got := empty(b)
			err := c.DecodeBlock(got, body[:n])
			switch {
			case err == nil && slices.Equal(got.Symbols, b.Symbols):
				t.Errorf("%v: %d of %d bytes are enough", id, n, len(body))
			case err == nil:
				missed++
			case !allowed(err):
				t.Errorf("%v: %v", id, err)
			}
		}
		if limit := len(body) / 20; missed > limit || missed > 0 && (id == Stored || id == Zstd) {
			t.Errorf("%v: %d of %d truncations go unseen", id, missed, len(body))
		}
	}
}

func TestNoAllocation(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	b := &Block{Size: 1000, Symbols: make([]uint32, 5000), Costs: make([]float32, 5000)}
	for i := range b.Symbols {
		b.Symbols[i] = uint32(r.IntN(1000)) &^ 15
	}
	b.Spans = []Span{{Count: 5000, Shape: []int{50, 100}}}
	for _, id := range allIDs {
		c := newCodec(t, id)
		used, body, _ := encode(t, id, c, b, nil)
		if used != id {
			t.Fatalf("%v instead of %v", used, id)
		}
		got := empty(b)
		out := make([]byte, 0, 1<<20)
		encodes := testing.AllocsPerRun(5, func() {
			if _, err := c.EncodeBlock(out, b); err != nil {
				t.Fatal(err)
			}
		})
		decodes := testing.AllocsPerRun(5, func() {
			if err := c.DecodeBlock(got, body); err != nil {
				t.Fatal(err)
			}
		})
		// zstd and the table coders allocate a few times a block.
		limit := map[ID]float64{Zstd: 20, StaticRANS: 4, StaticTANS: 4}[id]
		if encodes > limit || decodes > limit {
			t.Errorf("%v: %v allocations encoding, %v decoding", id, encodes, decodes)
		}
	}
}
