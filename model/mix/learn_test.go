package mix

import (
	"errors"
	"slices"
	"testing"

	"github.com/foretell/foretell/model"
)

// Learning asks whether to go on, of trees of every kind, and ends with the answer.
func TestLearningEnds(t *testing.T) {
	ended := errors.New("ended")
	for name, shape := range map[string][]int{"stream": {1 << 13}, "grid": {128, 8, 8}, "books": {1024, 8}} {
		n := product(shape[0], 1<<13/shape[0])
		b := &model.Block{Size: 512, Symbols: make([]uint32, n), Spans: []model.Span{{Count: n, Shape: shape}}}
		x := uint32(1)
		for i := range b.Symbols {
			x = x*1664525 + 1013904223
			b.Symbols[i] = x >> 24 * (x >> 16 & 3) % 512
		}
		asked := 0 // before any symbol was coded
		for _, s := range choose(b, Fast) {
			b.Work = func(int) error { asked++; return nil }
			if _, _, err := learnTrees(b, s); err != nil {
				t.Fatal(err)
			}
		}
		if asked < 5 {
			t.Errorf("%s: asked %d times", name, asked)
		}
		for _, last := range []int{0, 2, asked - 1} {
			calls := 0
			b.Work = func(int) error {
				if calls++; calls > last {
					return ended
				}
				return nil
			}
			if _, err := New(Config{}).Encode(nil, b); err != ended || calls != last+1 {
				t.Fatalf("%s: %v after %d calls, not %d", name, err, calls, last+1)
			}
			if calls = 0; last == 2 {
				if _, err := Train(TrainConfig{}, b); err != ended || calls != last+1 {
					t.Fatalf("%s: training: %v after %d calls, not %d", name, err, calls, last+1)
				}
			}
		}
	}
}

// Sorting in pieces gives the order of sorting at once, and asks in between.
func TestPairsSort(t *testing.T) {
	const n = 3 * sortAtOnce
	x := uint32(1)
	for name, next := range map[string]func(i int) uint64{
		"any":     func(int) uint64 { x = x*1664525 + 1013904223; return uint64(x) << 8 },
		"few":     func(int) uint64 { x = x*1664525 + 1013904223; return uint64(x >> 30) },
		"same":    func(int) uint64 { return 7 },
		"rising":  func(i int) uint64 { return uint64(i) },
		"falling": func(i int) uint64 { return uint64(n - i) },
		"uneven":  func(i int) uint64 { return uint64(max(i-n/2, 0)) + uint64(b2i(i == (n-1)/2)) },
	} {
		p := make(pairs, n)
		for i := range p {
			p[i] = next(i)
		}
		want, asked := slices.Clone(p), 0
		slices.Sort(want)
		p.sort(&pulse{b: &model.Block{Work: func(int) error { asked++; return nil }}})
		if !slices.Equal(p, want) || asked == 0 {
			t.Errorf("%s: asked %d times, in order: %v", name, asked, slices.IsSorted(p))
		}
	}
}
