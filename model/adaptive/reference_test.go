package adaptive

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/codectest"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// A reference is the adaptive model word for word as docs/codecs.md has it, with
// maps and sums where the codec has trees and bookkeeping.
type reference struct {
	set, axes   int
	size, n     int
	counts      []uint64
	total, seen uint64
	shares      map[[3]int]*[2]int64 // p and n
	tables      [][]refSlot
	never       int         // entries of room never used
	back        map[int]int // arrays given back, by size
	full        bool
	forgot      int // times that the room was used up
}

type refSlot struct {
	check  uint32
	counts map[uint32]uint64
	array  int // its size
}

func (s *refSlot) total() (t uint64) {
	for _, c := range s.counts {
		t += c
	}
	return t
}

func (s *refSlot) halve() {
	for x, c := range s.counts {
		if s.counts[x] = c / 2; c < 2 {
			delete(s.counts, x)
		}
	}
}

func newReference(g byte, size, n int) *reference {
	f := &reference{set: int(g & 15), axes: 1 + int(g>>4), size: size, n: n}
	f.counts = make([]uint64, size)
	f.shares = map[[3]int]*[2]int64{}
	f.empty()
	return f
}

func (f *reference) empty() {
	f.tables, f.back, f.full = nil, map[int]int{}, false
	if f.never = max(4*f.n, 4096); f.n >= 1<<20 {
		f.never = 1 << 22
	}
	alone := [][]bool{{true, false}, {true, false}, {false, true, false}, {false, false, false}, {false, false, false}}
	for _, one := range alone[f.set] {
		b := f.n
		if one {
			b = min(f.n, f.size+1)
		}
		slots := 16
		for slots < 4*b && slots < 1<<20 {
			slots *= 2
		}
		f.tables = append(f.tables, make([]refSlot, slots))
	}
}

func (f *reference) take(size int) bool {
	switch {
	case f.back[size] > 0:
		f.back[size]--
	case f.never >= size:
		f.never -= size
	default:
		f.full = true
		return false
	}
	return true
}

func (f *reference) hash(a, b uint64) uint64 {
	h := a ^ b<<39
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// contexts returns the hashes of the contexts of token i of a span.
func (f *reference) contexts(span model.Span, s []uint32, i int) []uint64 {
	row := uint64(1)
	for _, d := range span.Shape[min(f.axes, len(span.Shape)):] {
		row *= uint64(d)
	}
	if len(span.Shape) <= f.axes {
		row = 0
	}
	at := func(j int) uint64 {
		if j < 0 {
			return 1 << 24
		}
		return uint64(s[j])
	}
	left, before, last := at(i-1), at(i-2), uint64(1<<24)
	place, number := uint64(0), uint64(0)
	if row > 0 {
		last = at(i - int(row))
		place, number = (uint64(span.First)+uint64(i))%row, (uint64(span.First)+uint64(i))/row
	}
	switch f.set {
	case 0:
		return []uint64{f.hash(left, 0), f.hash(left, before+1)}
	case 1:
		return []uint64{f.hash(last, 0), f.hash(last, left+1)}
	case 2:
		return []uint64{f.hash(place, 0), f.hash(last, 0), f.hash(last, left+1)}
	case 3:
		return []uint64{f.hash(place, 0), f.hash(place, left+1), f.hash(place, last+1)}
	}
	return []uint64{f.hash(number, 0), f.hash(number, left+1), f.hash(number, last+1)}
}

func (f *reference) find(k int, h uint64) *refSlot {
	table := f.tables[k]
	group, _ := bits.Mul64(h, uint64(len(table)/4))
	slots := table[group*4:][:4]
	check := uint32(h) | 1
	if i := slices.IndexFunc(slots, func(s refSlot) bool { return s.check == check }); i >= 0 {
		return &slots[i]
	}
	worst := 0
	for i := range slots {
		if slots[i].total() < slots[worst].total() {
			worst = i
		}
	}
	if a := slots[worst].array; a > 0 {
		f.back[a]++
	}
	slots[worst] = refSlot{check: check, counts: map[uint32]uint64{}}
	return &slots[worst]
}

// step returns the interval of symbol and learns from it.
func (f *reference) step(hashes []uint64, symbol uint32) prob.Interval {
	top := len(hashes)
	counts := make([]func(uint32) uint64, top+1)
	totals, numbers := make([]uint64, top+1), make([]uint64, top+1)
	slots := make([]*refSlot, top+1)
	for k := top; k > 0; k-- {
		slots[k] = f.find(k-1, hashes[k-1])
		counts[k] = func(x uint32) uint64 { return slots[k].counts[x] }
		totals[k], numbers[k] = slots[k].total(), uint64(len(slots[k].counts))
	}
	counts[0] = func(x uint32) uint64 { return f.counts[x] }
	totals[0], numbers[0] = f.total, f.seen

	class := func(x uint64) int {
		if x == 0 {
			return 0
		}
		return min(31, bits.Len64(x*x))
	}
	units, shares := make([]uint64, top+1), make([]*[2]int64, top+1)
	rest := uint64(1<<48) - uint64(f.size)<<16
	for k := top; k >= 0; k-- {
		if totals[k] == 0 {
			continue
		}
		key := [3]int{k, class(totals[k]), class(numbers[k])}
		if f.shares[key] == nil {
			f.shares[key] = &[2]int64{1 << 31, 0}
		}
		shares[k] = f.shares[key]
		units[k] = (rest / 65536) * uint64(shares[k][0]/65536) / totals[k]
		rest -= units[k] * totals[k]
	}
	even := rest/uint64(f.size) + 65536
	low, mass := uint64(0), uint64(0)
	for x := range symbol + 1 {
		low += mass
		mass = even
		for k := range units {
			mass += counts[k](x) * units[k]
		}
	}
	iv := prob.Interval{Low: low / 65536, Width: (low+mass)/65536 - low/65536}
	if int(symbol) == f.size-1 {
		iv.Width = prob.Total - iv.Low
	}

	a := even
	for k := range units {
		if m := counts[k](symbol) * units[k]; units[k] > 0 {
			a += m
			r := int64(m << 16 / a)
			s := shares[k]
			s[0] = min(max(s[0]+(r<<16-s[0])>>16*(1<<17/(2*s[1]+3)), 1<<20), 1<<32-1<<20)
			s[1] = min(s[1]+1, 62)
		}
	}
	known := false
	for k := top; k > 0 && !known; k-- {
		s := slots[k]
		if known = s.counts[symbol] > 0; known {
			if s.counts[symbol] > 253 {
				s.halve()
			}
			s.counts[symbol] += 2
			continue
		}
		for len(s.counts) == 1024 {
			s.halve()
		}
		if len(s.counts) == s.array {
			if !f.take(max(1, 2*s.array)) {
				continue
			}
			if s.array > 0 {
				f.back[s.array]++
			}
			s.array = max(1, 2*s.array)
		}
		s.counts[symbol] = 1
	}
	if f.full {
		f.empty()
		f.forgot++
	}
	if !known {
		step := uint64(2)
		if f.counts[symbol] == 0 {
			step = 1
			f.seen++
		}
		f.counts[symbol] += step
		f.total += step
	}
	return iv
}

// TestReference encodes blocks by the document, and wants the codec's bytes.
func TestReference(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	check := func(g geometry, b *model.Block) *reference {
		want, err := New().encode(nil, b, g)
		if err != nil {
			t.Fatal(err)
		}
		f := newReference(want[0], b.Size, len(b.Symbols))
		e := rangecoder.NewEncoder(want[:1:1])
		rest := b.Symbols
		for _, span := range b.Spans {
			for i, s := range rest[:span.Count] {
				e.Put(f.step(f.contexts(span, rest, i), s))
			}
			rest = rest[span.Count:]
		}
		if got := e.Finish(); !slices.Equal(got, want) {
			t.Fatalf("%d symbols of %d, %+v: other bytes than the document's", len(b.Symbols), b.Size, g)
		}
		return f
	}
	for range 60 {
		size, n := 1+r.IntN(1<<r.IntN(8)), r.IntN(1500)
		g := geometry{contextSet(r.IntN(int(numSets))), 1 + r.IntN(3)}
		check(g, &model.Block{Size: size, Symbols: codectest.Random(r, size, n), Spans: codectest.Shapes(r, n)})
	}
	// Lists run over, and their room as well.
	b := &model.Block{Size: 1100, Symbols: make([]uint32, 5000), Spans: []model.Span{{Count: 5000, Shape: []int{-1, 2}}}}
	for i := range b.Symbols {
		b.Symbols[i] = uint32(i&1) * uint32(r.IntN(b.Size))
	}
	check(geometry{setPlace, 1}, b)
	b.Size, b.Spans[0].Shape[1] = 600, 513
	for i := range b.Symbols {
		b.Symbols[i] = uint32(i % 599)
	}
	if f := check(geometry{setRow, 1}, b); f.forgot == 0 {
		t.Errorf("the room was never used up: %d entries are left", f.never)
	}
}
