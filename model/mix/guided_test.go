package mix

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/rangecoder"
)

// A follower is a guide that knows what follows a token in the block. It checks that
// it is asked in the right order and sees what was coded before.
type follower struct {
	t       *testing.T
	symbols []uint32 // the block's
	whole   []uint32 // what they are, or will be
	size    int
	long    int // tokens of a stream
	asked   int
	mute    int // a position of which it knows nothing; -1 for none
	weights []uint32
}

func newFollower(t *testing.T, whole, symbols []uint32, size, streams int) *follower {
	return &follower{t: t, symbols: symbols, whole: whole, size: size, long: max(1, (len(whole)+streams-1)/streams), mute: -1, weights: make([]uint32, size)}
}

func (g *follower) Weights(i int) ([]uint32, error) {
	for j := range g.whole[:min(len(g.whole), 1000)] {
		earlier := j%g.long < i%g.long || j%g.long == i%g.long && j < i
		if j%97 == i%97 && earlier && g.symbols[j] != g.whole[j] {
			g.t.Fatalf("asked for %d before %d is known", i, j)
		}
	}
	g.asked++
	if i == g.mute {
		return nil, nil
	}
	for k := range g.weights {
		g.weights[k] = uint32(k % 3)
	}
	if i%g.long > 0 {
		g.weights[(g.symbols[i-1]*7+3)%uint32(g.size)] += 1 << 20
	}
	return g.weights, nil
}

func TestGuided(t *testing.T) {
	const size = 300
	whole := synthetic(size, 5000).Symbols
	rank := slices.Clone(whole[:0])
	for i := range uint32(size) {
		rank = append(rank, i*7%size)
	}
	v, err := NewVocabulary(rank, rank, func(symbol uint32) string { return "some\nTEXT, \xff"[symbol%7 : 7+symbol%6] })
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 2, 17, 1000} {
		for _, streams := range []int{1, 2, 3, 16, 32} {
			for _, v := range []*Vocabulary{nil, v} {
				symbols := whole[:n]
				g := newFollower(t, symbols, symbols, size, streams)
				g.mute = n / 2
				c := New(Config{})
				body, err := c.EncodeGuided([]byte("x"), &model.Block{Size: size, Symbols: symbols}, streams, v, g)
				if err != nil || g.asked != n {
					t.Fatal(n, streams, err, g.asked)
				}
				if v != nil {
					known := &foretold{Guide: silent{}, mute: n / 2}
					f := v.NewForecast()
					g := newFollower(t, symbols, symbols, size, streams)
					for i := range symbols {
						w, _ := g.Weights(i)
						known.paths = append(known.paths, f.AppendPath(nil, w, symbols[i]))
					}
					again, err := c.EncodeGuided([]byte("x"), &model.Block{Size: size, Symbols: symbols}, streams, v, known)
					if err != nil || !bytes.Equal(again, body) {
						t.Fatal(n, streams, "what is worked out before gives another body", err)
					}
				}
				back := make([]uint32, n)
				h := newFollower(t, symbols, back, size, streams)
				h.mute = n / 2
				if err := New(Config{}).DecodeGuided(&model.Block{Size: size, Symbols: back}, body[1:], streams, v, h); err != nil {
					t.Fatal(n, streams, err)
				}
				if !slices.Equal(back, symbols) {
					t.Fatalf("%d tokens in %d streams come back changed", n, streams)
				}
			}
		}
	}
}

// TestGuideHelps checks that what a guide knows makes a block smaller.
func TestGuideHelps(t *testing.T) {
	const size = 300
	symbols := synthetic(size, 20000).Symbols
	b := &model.Block{Size: size, Symbols: symbols}
	for _, streams := range []int{1, 16} {
		plain, err := New(Config{}).EncodeGuided(nil, b, streams, nil, silent{})
		if err != nil {
			t.Fatal(err)
		}
		body, err := New(Config{}).EncodeGuided(nil, b, streams, nil, newFollower(t, symbols, symbols, size, streams))
		if err != nil {
			t.Fatal(err)
		}
		if len(body)*100 > len(plain)*99 {
			t.Errorf("%d streams: %d bytes with a guide, %d without", streams, len(body), len(plain))
		}
	}
}

func TestGuidedRefusals(t *testing.T) {
	const size = 50
	symbols := synthetic(size, 300).Symbols
	b := &model.Block{Size: size, Symbols: symbols}
	g := newFollower(t, symbols, symbols, size, 4)
	c := New(Config{})
	body, err := c.EncodeGuided(nil, b, 4, nil, g)
	if err != nil {
		t.Fatal(err)
	}
	decode := func(body []byte, streams int, v *Vocabulary, g Guide) error {
		return c.DecodeGuided(&model.Block{Size: size, Symbols: make([]uint32, len(symbols))}, body, streams, v, g)
	}
	fresh := func(size int) *follower {
		g := newFollower(t, nil, make([]uint32, len(symbols)), size, 4)
		g.long = 75
		return g
	}
	if err := c.Decode(&model.Block{Size: size, Symbols: symbols, Spans: []model.Span{{Count: 300, Shape: []int{4, 75}}}}, body); !errors.Is(err, fault.ErrModel) {
		t.Errorf("without a guide: %v", err)
	}
	if err := decode(body, 5, nil, fresh(size)); !errors.Is(err, fault.ErrCorrupt) {
		t.Errorf("other streams: %v", err)
	}
	if err := decode(body, 4, nil, fresh(size-1)); !errors.Is(err, fault.ErrModel) {
		t.Errorf("a guide of fewer symbols: %v", err)
	}
	if err := decode(body[:len(body)-3], 4, nil, fresh(size)); err == nil {
		t.Error("a truncated body is accepted")
	}
	few, err := NewVocabulary([]uint32{1, 0}, []uint32{0, 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := decode(body, 4, few, fresh(size)); !errors.Is(err, fault.ErrModel) {
		t.Errorf("a vocabulary of fewer symbols: %v", err)
	}
	for _, bad := range [][2][]uint32{{nil, nil}, {{0, 0}, {0, 1}}, {{0, 2}, {0, 1}}, {{0, 1}, {0}}} {
		if _, err := NewVocabulary(bad[0], bad[1], nil); err == nil {
			t.Errorf("a vocabulary of %v and %v", bad[0], bad[1])
		}
	}
	for _, streams := range []int{0, MaxStreams + 1} {
		if _, err := c.EncodeGuided(nil, b, streams, nil, g); !errors.Is(err, fault.ErrUnsupported) {
			t.Errorf("%d streams: %v", streams, err)
		}
	}
	b.Symbols = append(slices.Clone(symbols), size)
	if _, err := c.EncodeGuided(nil, b, 4, nil, g); err == nil {
		t.Error("a symbol beyond the alphabet")
	}
}

func FuzzDecodeGuided(f *testing.F) {
	const size, n = 40, 200
	symbols := synthetic(size, n).Symbols
	body, err := New(Config{}).EncodeGuided(nil, &model.Block{Size: size, Symbols: symbols}, 3, nil, silent{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add(body[:len(body)/2])
	f.Fuzz(func(t *testing.T, body []byte) {
		b := &model.Block{Size: size, Symbols: make([]uint32, n)}
		c := New(Config{MaxMemory: 1 << 28})
		if c.DecodeGuided(b, body, 3, nil, silent{}) != nil {
			return
		}
		again, err := c.EncodeGuided(nil, b, 3, nil, silent{})
		if err != nil {
			t.Fatal(err)
		}
		if body[1] == byte(Fast) && !bytes.Equal(again, body) {
			t.Error("two bodies for the same tokens")
		}
	})
}

// A foretold guide has been asked before.
type foretold struct {
	Guide
	paths [][]int16
	mute  int
}

func (f *foretold) Path(i int) []int16 {
	if i == f.mute {
		return nil
	}
	return f.paths[i]
}

// silent is a guide without opinions.
type silent struct{}

func (silent) Weights(int) ([]uint32, error) { return nil, nil }

// TestWeighed checks that common symbols have short codes and all have one.
func TestWeighed(t *testing.T) {
	for _, n := range []int{1, 2, 3, 1000, 1 << 16} {
		order := ascending(n)
		tr := weighed(order, order)
		if tr == nil {
			t.Fatal(n)
		}
		for s, d := range tr.depth {
			if n > 1 && (d == 0 || d > maxCode) {
				t.Fatalf("%d: symbol %d has a code of %d bits", n, s, d)
			}
		}
		if n == 1<<16 && tr.depth[0] >= 16 {
			t.Errorf("the commonest symbol has a code of %d bits", tr.depth[0])
		}
	}
}

// A repeater is a guide of frames: it says that a place keeps its symbol, and knows
// nothing of the first frame.
type repeater struct {
	symbols []uint32
	places  int
	weights []uint32
}

func (g *repeater) Weights(i int) ([]uint32, error) {
	if i < g.places {
		return nil, nil
	}
	for k := range g.weights {
		g.weights[k] = 1
	}
	g.weights[g.symbols[i-g.places]] = 200
	return g.weights, nil
}

func TestGuidedFrames(t *testing.T) {
	for _, c := range []struct{ size, n, places int }{{64, 4800, 48}, {64, 4803, 48}, {300, 900, 7}, {2, 100, 5}, {64, 10, 48}, {1, 30, 4}} {
		symbols := synthetic(c.size, (c.n+c.places-1)/c.places, c.places).Symbols[:c.n]
		body, err := New(Config{}).EncodeFrames([]byte("x"), &model.Block{Size: c.size, Symbols: symbols}, c.places,
			&repeater{symbols, c.places, make([]uint32, c.size)})
		if err != nil {
			t.Fatal(c, err)
		}
		back := make([]uint32, c.n)
		b := &model.Block{Size: c.size, Symbols: back}
		if err := New(Config{}).DecodeFrames(b, body[1:], c.places, &repeater{back, c.places, make([]uint32, c.size)}); err != nil {
			t.Fatal(c, err)
		}
		if !slices.Equal(back, symbols) {
			t.Fatalf("%v: symbols come back changed", c)
		}
		if err := New(Config{}).DecodeFrames(b, body[1:], c.places+1, silent{}); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("%v: frames of another size: %v", c, err)
		}
		if err := New(Config{}).Decode(&model.Block{Size: c.size, Symbols: back, Spans: []model.Span{{Count: c.n}}}, body[1:]); !errors.Is(err, fault.ErrModel) {
			t.Errorf("%v: without a guide: %v", c, err)
		}
	}
	if _, err := New(Config{}).EncodeFrames(nil, &model.Block{Size: 4, Symbols: []uint32{1}}, 0, silent{}); !errors.Is(err, fault.ErrUnsupported) {
		t.Errorf("frames of nothing: %v", err)
	}
}

// TestFramesOfClasses reads frames under a tree that frames do not have.
func TestFramesOfClasses(t *testing.T) {
	symbols := synthetic(64, 100, 4).Symbols
	b, err := framed(&model.Block{Size: 64, Symbols: symbols}, 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, trees := range []uint8{treeHalves, treeClasses, treeKin} {
		l, s, err := learnTrees(b, setup{geometry: geometryFrames, rows: 1, cols: 4, learned: trees})
		if err != nil {
			t.Fatal(err)
		}
		enc := rangecoder.NewEncoder(s.append([]byte{formMixed}))
		l.put(enc)
		r, err := New(Config{}).runner(b, s, l.forest)
		if err != nil {
			t.Fatal(err)
		}
		r.opinion.guide = silent{}
		if err := r.encode(enc); err != nil {
			t.Fatal(err)
		}
		err = New(Config{}).DecodeFrames(&model.Block{Size: 64, Symbols: make([]uint32, len(symbols))}, enc.Finish(), 4, silent{})
		if (trees == treeHalves) != (err == nil) || err != nil && !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("trees of kind %d: %v", trees, err)
		}
	}
}

// TestSpelling: what is known of a text does not hang on how it is cut into tokens.
func TestSpelling(t *testing.T) {
	text := "The words of two lines, in CAPITALS\nand é."
	var want [valueCount]uint32
	for cut := 1; cut < 9; cut++ {
		s := speller{text: func(symbol uint32) string { return text[symbol:min(int(symbol)+cut, len(text))] }}
		s.reset(2)
		for i := 0; i < len(text); i += cut {
			s.follow(1, uint32(i))
		}
		var got, other [valueCount]uint32
		s.load(got[:], 1)
		s.load(other[:], 0)
		if cut == 1 {
			want = got
		}
		if got != want || other[valueColumn] != 0 || got[valueColumn] != 7 || got[valueWord] != 0 || got[valueWord1] == 0 {
			t.Errorf("cut by %d: %d, want %d", cut, got, want)
		}
	}
	s := speller{bytes: true}
	s.reset(1)
	for i := range len(text) {
		s.follow(0, uint32(text[i]))
	}
	var got [valueCount]uint32
	if s.load(got[:], 0); got != want {
		t.Errorf("byte by byte: %d, want %d", got, want)
	}
}
