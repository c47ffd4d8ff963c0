// Package codectest holds the tests that every codec has to pass, and the blocks
// that they are made of.
package codectest

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
)

// A Codec says what is to be tested.
type Codec struct {
	New func() (model.Codec, error)

	// Allocs is how often a block may allocate; Slack how many bytes a body
	// may be longer than packed symbols, 16 if 0; Excess the part by which a
	// body may be longer than the costs of its symbols say.
	Allocs float64
	Slack  int
	Excess float64

	// Refuses says that Plan or Encode refuses alphabets of more symbols than
	// this; 0 means none.
	Refuses int

	// Foreign says that what the codec keeps is not its own affair.
	Foreign bool
}

type fataler interface {
	Fatal(...any)
	Fatalf(string, ...any)
}

func (c *Codec) make(t fataler) model.Codec {
	codec, err := c.New()
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

// encode plans and encodes b, and says whether it leans on base.
func encode(t fataler, c model.Codec, b *model.Block, base []byte) (body []byte, leans bool) {
	var err error
	b.Base = nil
	if b.Params, leans, err = c.Plan(b, base); err != nil {
		t.Fatal(err)
	}
	if leans {
		b.Base = base
	}
	if body, err = c.Encode(nil, b); err != nil {
		t.Fatal(err)
	}
	return body, leans
}

// Empty returns b with room for its symbols to be decoded.
func Empty(b *model.Block) *model.Block {
	d := *b
	d.Symbols = make([]uint32, len(b.Symbols))
	for i := range d.Symbols {
		d.Symbols[i] = 0xdeadbeef
	}
	d.Costs = nil
	return &d
}

// Random returns n symbols of an alphabet, of one of several kinds.
func Random(r *rand.Rand, size, n int) []uint32 {
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

// Shapes returns spans for n tokens.
func Shapes(r *rand.Rand, n int) []model.Span {
	var spans []model.Span
	for n > 0 {
		s := model.Span{Member: len(spans), Count: 1 + r.IntN(n), First: int64(r.IntN(100)), Shape: []int{-1}}
		for range r.IntN(3) {
			s.Shape = append(s.Shape, 1+r.IntN(20))
		}
		spans = append(spans, s)
		n -= s.Count
	}
	return spans
}

// Test runs all tests but the golden ones and the fuzzing.
func (c Codec) Test(t *testing.T) {
	t.Run("RoundTrip", c.roundTrip)
	t.Run("Largest", c.largest)
	t.Run("Refuse", c.refuse)
	t.Run("Damage", c.damage)
	t.Run("Truncation", c.truncation)
	t.Run("NoAllocation", c.noAllocation)
	t.Run("Need", c.need)
}

func (c *Codec) roundTrip(t *testing.T) {
	codec := c.make(t)
	var base []byte
	size := 1
	slack := max(c.Slack, 16)
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		// Much is used again where a block differs from the last one in its length alone.
		longer := rapid.Bool().Draw(t, "longer")
		if !longer {
			size = rapid.IntRange(1, 1<<rapid.IntRange(0, 17).Draw(t, "log size")).Draw(t, "size")
		}
		if c.Refuses > 0 {
			size = min(size, c.Refuses)
		}
		n := rapid.IntRange(0, 1<<rapid.IntRange(0, 11).Draw(t, "log count")).Draw(t, "count")
		b := &model.Block{Size: size, Symbols: Random(r, size, n), Costs: make([]float32, n), Spans: Shapes(r, n)}
		if longer {
			b.Spans = []model.Span{{Count: n, Shape: []int{n}}}
		}
		body, leans := encode(t, codec, b, base)
		if !leans {
			base = b.Params
		}
		// A fresh codec decodes what one that has seen other blocks wrote,
		// and the other way round.
		for _, d := range []model.Codec{c.make(t), codec} {
			got := Empty(b)
			if err := d.Decode(got, body); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Symbols, b.Symbols) {
				t.Fatal("wrong symbols")
			}
		}
		fresh := *b
		if again, _ := encode(t, c.make(t), &fresh, b.Base); !slices.Equal(again, body) {
			t.Fatal("bytes depend on earlier blocks")
		}
		c.checkCosts(t, b, body)
		if limit := plainLen(size, n) + slack; !c.Foreign && len(body) > limit {
			t.Fatalf("%d bytes for %d symbols of %d", len(body), n, size)
		}
		if err := c.make(t).Decode(Empty(b), append(body, 0)); err == nil && len(body) > 0 {
			t.Fatal("a byte after the end goes unseen")
		}
	})
}

// plainLen returns the bytes of n packed symbols below size.
func plainLen(size, n int) int {
	width := 0
	for 1<<width < size {
		width++
	}
	return (n*width + 7) / 8
}

// checkCosts holds the costs of symbols against the body's size.
func (c *Codec) checkCosts(t *rapid.T, b *model.Block, body []byte) {
	sum := 0.0
	for _, c := range b.Costs {
		if c < 0 || c > 33 {
			t.Fatalf("a symbol costs %v bits", c)
		}
		sum += float64(c)
	}
	slack := 20 + 8*float64(max(c.Slack, 16)) + sum*c.Excess
	if math.Abs(sum-8*float64(len(body))) > slack+1e-4*sum && len(b.Symbols) > 0 {
		t.Fatalf("%d symbols cost %v bits in %d bytes", len(b.Symbols), sum, len(body))
	}
}

// largest codes a few symbols of the largest alphabet.
func (c *Codec) largest(t *testing.T) {
	size := model.MaxSize
	if c.Refuses > 0 {
		b := &model.Block{Size: c.Refuses + 1, Symbols: []uint32{1}, Spans: []model.Span{{Count: 1}}}
		codec := c.make(t)
		_, _, err := codec.Plan(b, nil)
		if err == nil {
			_, err = codec.Encode(nil, b)
		}
		if !errors.Is(err, fault.ErrUnsupported) && !errors.Is(err, fault.ErrLimit) {
			t.Errorf("an alphabet of %d symbols: %v", b.Size, err)
		}
		size = c.Refuses
	}
	if testing.Short() && size > 1<<20 {
		t.Skip("takes a few hundred megabytes")
	}
	last := uint32(size - 1)
	b := &model.Block{Size: size, Symbols: []uint32{0, last, 7, 7, last / 2, 7, 7, 7, last, last}, Spans: []model.Span{{Count: 10, Shape: []int{10}}}}
	body, _ := encode(t, c.make(t), b, nil)
	got := Empty(b)
	if err := c.make(t).Decode(got, body); err != nil || !slices.Equal(got.Symbols, b.Symbols) {
		t.Error(err)
	}
}

func (c *Codec) refuse(t *testing.T) {
	codec := c.make(t)
	one := []model.Span{{Count: 2, Shape: []int{2}}}
	for _, b := range []*model.Block{
		{Size: 0}, {Size: model.MaxSize + 1}, {Size: 3, Symbols: []uint32{1, 3}, Spans: one},
		{Size: 3, Symbols: []uint32{1, 2}, Costs: make([]float32, 1), Spans: one},
	} {
		var err error
		if b.Params, _, err = codec.Plan(b, nil); err != nil {
			continue
		}
		if out, err := codec.Encode([]byte("kept"), b); err == nil || string(out) != "kept" {
			t.Errorf("%+v is encoded", b)
		}
	}
	b := &model.Block{Size: 3, Symbols: []uint32{3}, Spans: []model.Span{{Count: 1}}}
	_, _, err := codec.Plan(b, nil)
	if err == nil {
		_, err = codec.Encode(nil, b)
	}
	if !errors.Is(err, fault.ErrSymbol) {
		t.Error(err)
	}
	for _, size := range []int{0, model.MaxSize + 1, -1} {
		if err := codec.Decode(&model.Block{Size: size}, nil); !errors.Is(err, fault.ErrUnsupported) {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

// allowed reports whether a decoder may return err.
func allowed(err error) bool {
	return errors.Is(err, fault.ErrCorrupt) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, fault.ErrLimit) || errors.Is(err, fault.ErrDrift)
}

// checkDecode decodes what may be damaged.
func checkDecode(t fataler, c model.Codec, b *model.Block, body []byte) {
	got := Empty(b)
	switch err := c.Decode(got, body); {
	case err == nil:
		for _, s := range got.Symbols {
			if int64(s) >= int64(b.Size) {
				t.Fatalf("symbol %d of an alphabet of %d", s, b.Size)
			}
		}
	case !allowed(err):
		t.Fatal(err)
	}
}

// sizes draws the size of an alphabet that the codec takes.
func (c *Codec) size(r *rand.Rand) int {
	size := 2 + r.IntN(1<<r.IntN(13))
	if c.Refuses > 0 {
		size = min(size, c.Refuses)
	}
	return size
}

func (c *Codec) damage(t *testing.T) {
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
	codec, decoder := c.make(t), c.make(t)
	for range 60 {
		size, n := c.size(r), 1+r.IntN(400)
		other := &model.Block{Size: size, Symbols: Random(r, size, n), Spans: Shapes(r, n)}
		var base []byte
		if _, leans := encode(t, codec, other, nil); !leans {
			base = other.Params
		}
		b := &model.Block{Size: size, Symbols: Random(r, size, n), Spans: Shapes(r, n)}
		body, _ := encode(t, codec, b, base)
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
			checkDecode(t, decoder, &wrong, body)
		}
	}
}

// truncation cuts bodies. What is left may be a body of other symbols, which is for
// a checksum to notice, but mostly it is none.
func (c *Codec) truncation(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	size := 1000
	if c.Refuses > 0 {
		size = min(size, c.Refuses)
	}
	b := &model.Block{Size: size, Symbols: make([]uint32, 500), Spans: []model.Span{{Count: 500, Shape: []int{500}}}}
	for i := range b.Symbols {
		b.Symbols[i] = uint32(min(r.IntN(size), r.IntN(size), r.IntN(size), r.IntN(size)))
	}
	codec := c.make(t)
	body, _ := encode(t, codec, b, nil)
	missed := 0
	for n := range len(body) {
		got := Empty(b)
		err := codec.Decode(got, body[:n])
		switch {
		case err == nil && slices.Equal(got.Symbols, b.Symbols):
			t.Errorf("%d of %d bytes are enough", n, len(body))
		case err == nil:
			missed++
		case !allowed(err):
			t.Error(err)
		}
	}
	if limit := len(body) / 20; missed > limit {
		t.Errorf("%d of %d truncations go unseen", missed, len(body))
	}
}

func (c *Codec) noAllocation(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	b := &model.Block{Size: 1000, Symbols: make([]uint32, 5000), Costs: make([]float32, 5000)}
	for i := range b.Symbols {
		b.Symbols[i] = uint32(r.IntN(1000)) &^ 15
	}
	b.Spans = []model.Span{{Count: 5000, Shape: []int{50, 100}}}
	codec := c.make(t)
	body, _ := encode(t, codec, b, nil)
	got := Empty(b)
	out := make([]byte, 0, 1<<20)
	encodes := testing.AllocsPerRun(5, func() {
		if _, err := codec.Encode(out, b); err != nil {
			t.Fatal(err)
		}
	})
	decodes := testing.AllocsPerRun(5, func() {
		if err := codec.Decode(got, body); err != nil {
			t.Fatal(err)
		}
	})
	if encodes > c.Allocs || decodes > c.Allocs {
		t.Errorf("%v allocations encoding, %v decoding", encodes, decodes)
	}
}

// need holds what a codec keeps against what Need says.
func (c *Codec) need(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC() // twice, for what a sync.Pool keeps outlives one
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, k := range []struct{ size, count int }{{2, 1000}, {1 << 16, 1 << 17}, {1 << 20, 1000}} {
		if c.Foreign || c.Refuses > 0 && k.size > c.Refuses {
			continue
		}
		b := &model.Block{Size: k.size, Symbols: make([]uint32, k.count), Spans: []model.Span{{Count: k.count, Shape: []int{k.count}}}}
		for i := range b.Symbols {
			b.Symbols[i] = uint32(min(r.IntN(k.size), r.IntN(k.size)))
		}
		encoder := c.make(t)
		body, _ := encode(t, encoder, b, nil)
		before := heap()
		codec := c.make(t)
		limit, err := codec.Need(k.size, k.count, body)
		if err != nil {
			t.Fatal(err)
		}
		if err := codec.Decode(b, body); err != nil {
			t.Fatal(err)
		}
		if kept := heap() - before; kept > limit+1<<16 {
			t.Errorf("it keeps %d bytes for %d of %d symbols, not %d", kept, k.count, k.size, limit)
		}
		runtime.KeepAlive(codec)
		runtime.KeepAlive(encoder)
		runtime.KeepAlive(b)
	}
}
