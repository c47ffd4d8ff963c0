package adaptive

import (
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/internal/codectest"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/prob"
)

// TestBlend holds the prediction to the contract of a distribution: intervals in
// order over the whole line, and find in agreement.
func TestBlend(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{1, 2, 7, 64, 300} {
		var m blend
		b := &model.Block{Size: size, Symbols: codectest.Random(r, size, 600), Spans: codectest.Shapes(r, 600)}
		set := contextSet(r.IntN(int(numSets)))
		m.reset(set, size, 600)
		w := walk{geometry: geometry{set, 1}, block: b, end: 600}
		var h [maxOrders]uint64
		for i := 0; ; i++ {
			s := w.next(&h)
			if s == nil {
				break
			}
			m.begin(&h)
			if i%37 == 0 {
				low := uint64(0)
				for x := range uint32(size) {
					iv := m.interval(x)
					if iv.Low != low || iv.Width < 1 {
						t.Fatalf("symbol %d of %d at %d+%d, not %d", x, size, iv.Low, iv.Width, low)
					}
					for _, point := range []uint64{iv.Low, iv.Low + iv.Width/2, iv.Low + iv.Width - 1} {
						if got := m.find(uint32(point)); got != x {
							t.Fatalf("point %d in symbol %d, not %d", point, got, x)
						}
					}
					low += iv.Width
				}
				if low != prob.Total {
					t.Fatalf("the intervals end at %d", low)
				}
			}
			m.interval(*s)
			m.update(*s)
		}
	}
}

// TestContexts holds the store of contexts against a map, in room that is too
// small for all of them.
func TestContexts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, room := range []int{1 << 11, 1 << 16} {
		var l lists
		var c contexts
		l.reset(room)
		c.reset(64, &l)
		known := map[uint64]map[uint32]uint32{}
		forgot := 0
		for range 30000 {
			// Few contexts, so that most find a place; one gets all symbols.
			key := uint64(r.IntN(20))
			symbol := uint32(min(r.IntN(3000), r.IntN(3000)))
			if key > 0 {
				symbol %= uint32(key * 3)
			}
			s := c.find(hash(key, 0))
			list := l.of(s)
			if s.size == 0 {
				known[key] = map[uint32]uint32{}
			}
			total := uint32(0)
			for i, e := range list {
				total += uint32(e & maxCount)
				if i > 0 && list[i-1]>>8 >= e>>8 {
					t.Fatal("a list is not sorted")
				}
				if known[key][uint32(e>>8)] == 0 {
					t.Fatalf("symbol %d came in another context", e>>8)
				}
			}
			if total != s.total || len(list) > maxList {
				t.Fatalf("%d symbols count %d, not %d", len(list), total, s.total)
			}
			known[key][symbol] = 1
			if at, ok := place(list, symbol); ok {
				l.count(s, at)
			} else {
				l.add(s, symbol, at)
			}
			if l.full {
				forgot++
				l.reset(room)
				clear(c.slots)
			}
		}
		if (forgot > 0) != (room == 1<<11) {
			t.Errorf("%d entries were used up %d times", room, forgot)
		}
	}
}

// TestForget uses up the room for lists again and again.
func TestForget(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	b := &model.Block{Size: 1 << 10, Symbols: codectest.Random(r, 1<<10, 20000)}
	for i := range b.Symbols {
		b.Symbols[i] = r.Uint32() & 1023
	}
	var enc, dec blend
	for _, m := range []*blend{&enc, &dec} {
		m.reset(setSequence, b.Size, len(b.Symbols))
		m.lists.reset(1 << 11)
	}
	w := walk{geometry: geometry{setSequence, 1}, block: b, end: len(b.Symbols)}
	var h [maxOrders]uint64
	forgot, used := 0, 0
	for s := w.next(&h); s != nil; s = w.next(&h) {
		enc.begin(&h)
		dec.begin(&h)
		iv := enc.interval(*s)
		if got := dec.find(uint32(iv.Low)); got != *s || dec.interval(got) != iv {
			t.Fatalf("symbol %d at %v is found as %d", *s, iv, got)
		}
		enc.update(*s)
		dec.update(*s)
		if enc.lists.full {
			t.Fatal("the lists stay full")
		}
		if enc.lists.used < used {
			forgot++
		}
		used = enc.lists.used
	}
	if forgot < 3 {
		t.Errorf("everything was forgotten %d times only", forgot)
	}
}

// TestCountsAreHalved drives the counts of order 0 past their limit.
func TestCountsAreHalved(t *testing.T) {
	var m blend
	m.reset(setSequence, 3, 10)
	m.total = maxTotal - 1
	m.counts.Add(1, maxTotal-1)
	m.count(2)
	m.count(2)
	if m.total > maxTotal/2+2 || m.counts.Sum(3) != m.total || m.counts.Count(2) == 0 {
		t.Errorf("a total of %d, counts %d", m.total, m.counts)
	}
}

// TestContextSets holds the choice of contexts to the data that they are for.
func TestContextSets(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const rows, columns, size = 300, 40, 200
	n := rows * columns
	array := make([]uint32, n)
	spans := []model.Span{{Count: n, Shape: []int{-1, columns}}}
	noise := func() uint32 { return uint32(r.IntN(size)) }
	fill := func(f func(row, column int, left, last uint32) uint32) {
		for i := range array {
			left, last := noise(), noise()
			if i > 0 {
				left = array[i-1]
			}
			if i >= columns {
				last = array[i-columns]
			}
			if array[i] = f(i/columns, i%columns, left, last); r.IntN(10) == 0 {
				array[i] = noise()
			}
		}
	}
	for _, c := range []struct {
		want contextSet
		f    func(row, column int, left, last uint32) uint32
	}{
		{setSequence, func(_, _ int, left, _ uint32) uint32 { return (left*7 + 3) % size }},
		{setLast, func(_, _ int, _, last uint32) uint32 { return (last*7 + 3) % size }},
		{setPlaceLast, func(_, column int, _, last uint32) uint32 {
			if r.IntN(2) == 0 {
				return uint32(column)
			}
			return last
		}},
		{setPlace, func(_, column int, left, _ uint32) uint32 { return (left + uint32(column*column)) % 7 }},
		{setRow, func(row, _ int, _, _ uint32) uint32 { return uint32(row*5+r.IntN(4)) % size }},
	} {
		fill(c.f)
		body, err := New().Encode(nil, &model.Block{Size: size, Symbols: array, Spans: spans})
		if err != nil {
			t.Fatal(err)
		}
		if got := contextSet(body[0]); got != c.want {
			t.Errorf("set %d instead of %d", got, c.want)
		}
	}
	// An array of one array, and one of several, has the rows of what is in it.
	fill(func(_, _ int, _, last uint32) uint32 { return (last*7 + 3) % size })
	for _, shape := range [][]int{{1, rows, columns}, {rows / 50, 50, 8, columns / 8}} {
		body, err := New().Encode(nil, &model.Block{Size: size, Symbols: array, Spans: []model.Span{{Count: n, Shape: shape}}})
		if g, _ := parseGeometry(body[0]); err != nil || g != (geometry{setLast, 2}) {
			t.Errorf("shape %v: %+v, %v", shape, g, err)
		}
	}
	body, err := New().Encode(nil, &model.Block{Size: size, Symbols: array})
	if err != nil || body[0] != byte(setSequence) {
		t.Errorf("set %d without a shape, %v", body[0], err)
	}
}

// TestAdaptiveSizes holds the sizes of real data to what they were when the model
// was made, of which docs/benchmarks.md tells: no change may lose them unseen.
func TestAdaptiveSizes(t *testing.T) {
	want := map[string]int{
		"taco-bell": 114517, "taco-bell-flat": 169051, "enwik-gpt2": 879090,
		"encodec-fine": 97154, "encodec-semantic": 8550,
	}
	for _, c := range codectest.RealData(t) {
		body, err := New().Encode(nil, c.Block)
		if err != nil {
			t.Fatal(err)
		}
		if len(body) != want[c.Name] {
			t.Errorf("%s: %d bytes, not %d", c.Name, len(body), want[c.Name])
		}
	}
}
