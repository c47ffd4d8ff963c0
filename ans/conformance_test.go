package ans_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/rangecoder"
	"pgregory.net/rapid"
)

func TestConformance(t *testing.T) {
	for _, c := range coders() {
		t.Run(c.name, func(t *testing.T) {
			t.Run("round trip", func(t *testing.T) { rapid.Check(t, func(t *rapid.T) { roundTrip(t, c) }) })
			t.Run("sizes", func(t *testing.T) { sizes(t, c) })
			t.Run("random access", func(t *testing.T) { randomAccess(t, c) })
			t.Run("corruption", func(t *testing.T) { corruption(t, c) })
			t.Run("emptiness", func(t *testing.T) { emptiness(t, c) })
			t.Run("one symbol", func(t *testing.T) { oneSymbol(t, c) })
			t.Run("unseen", func(t *testing.T) { unseen(t, c) })
			t.Run("precision edges", func(t *testing.T) { precisionEdges(t, c) })
		})
	}
}

func must(t interface {
	Helper()
	Fatal(...any)
}, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// draw returns n symbols drawn from tables, and which table each is drawn from.
func draw(r *rand.Rand, tables []*ans.Table, n int) (symbols []uint32, index []uint16) {
	symbols = make([]uint32, n)
	if len(tables) > 1 {
		index = make([]uint16, n)
	}
	for i := range symbols {
		if index != nil {
			index[i] = uint16(r.IntN(len(tables)))
		}
		symbols[i], _ = choose(tables, index, i).Find(r.Uint32())
	}
	return symbols, index
}

// someTables returns tables of one precision whose shares are as skewed as can be.
func someTables(t interface {
	Helper()
	Fatal(...any)
}, r *rand.Rand, n, size, precision int) []*ans.Table {
	t.Helper()
	tables := make([]*ans.Table, n)
	for i := range tables {
		counts := make([]uint64, 1+r.IntN(min(size, 1<<precision)))
		for s := range counts {
			counts[s] = r.Uint64N(1 << r.IntN(20))
		}
		counts[r.IntN(len(counts))]++
		var err error
		tables[i], err = ans.NewTable(counts, precision)
		must(t, err)
	}
	return tables
}

func content(tables []*ans.Table, symbols []uint32, index []uint16) float64 {
	bits := 0.0
	costs := make(map[*ans.Table][]float32)
	for i, s := range symbols {
		t := choose(tables, index, i)
		if costs[t] == nil {
			costs[t] = t.Costs()
		}
		bits += float64(costs[t][s])
	}
	return bits / 8
}

func roundTrip(t *rapid.T, c coder) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	precision := rapid.IntRange(ans.MinPrecision, 16).Draw(t, "precision")
	n := rapid.IntRange(1, 4).Draw(t, "tables")
	length := rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 5000)).Draw(t, "length")
	tables := someTables(t, r, n, 300, precision)
	symbols, index := draw(r, tables, length)
	code, err := c.encode(tables, symbols, index)
	must(t, err)
	out := make([]uint32, length)
	must(t, c.decode(tables, out, index, code))
	if !slices.Equal(out, symbols) {
		t.Fatal("other symbols came back")
	}
	if again, err := c.encode(tables, symbols, index); err != nil || !slices.Equal(again, code) {
		t.Fatal("coding twice gives other bytes")
	}
	if most := content(tables, symbols, index)*1.01 + 24; float64(len(code)) > most {
		t.Fatalf("%d bytes, more than %.0f", len(code), most)
	}
}

// sizes codes blocks of all sizes at which something changes.
func sizes(t *testing.T, c coder) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, precision := range []int{12, 16} {
		tables := someTables(t, r, 1, 256, precision)
		for _, n := range []int{1, 2, 3, 7, 8, 31, 32, 63, 64, 65, 127, 128, 129, 1000, 5000, 12000, 20000, 60000, 131072, 200001} {
			symbols, index := draw(r, tables, n)
			code, err := c.encode(tables, symbols, index)
			must(t, err)
			out := make([]uint32, n)
			must(t, c.decode(tables, out, index, code))
			if !slices.Equal(out, symbols) {
				t.Fatalf("%d symbols: others came back", n)
			}
			if most := content(tables, symbols, index)*1.005 + 24; float64(len(code)) > most {
				t.Errorf("%d symbols: %d bytes, more than %.0f", n, len(code), most)
			}
		}
	}
}

func randomAccess(t *testing.T, c coder) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 50 {
		tables := someTables(t, r, 1+r.IntN(3), 100, 12)
		symbols, index := draw(r, tables, r.IntN(600))
		at := r.IntN(len(symbols) + 1)
		out, err := c.seek(tables, symbols, index, at)
		must(t, err)
		if !slices.Equal(out, symbols[at:]) {
			t.Fatalf("other symbols from %d of %d on", at, len(symbols))
		}
	}
}

// corruption changes, cuts and lengthens codes. Some changes give other symbols,
// which is for checksums to find, but none may go wrong otherwise, and a code
// that is too short or too long must be refused.
func corruption(t *testing.T, c coder) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 40 {
		tables := someTables(t, r, 1+r.IntN(2), 100, 8+r.IntN(9))
		symbols, index := draw(r, tables, 100+r.IntN(3000))
		code, err := c.encode(tables, symbols, index)
		must(t, err)
		out := make([]uint32, len(symbols))
		verdict := func(what string, bad []byte, must bool) {
			t.Helper()
			err := c.decode(tables, out, index, bad)
			switch {
			case err == nil && must:
				t.Fatalf("%s: no error", what)
			case err != nil && !errors.Is(err, fault.ErrCorrupt) && !errors.Is(err, io.ErrUnexpectedEOF):
				t.Fatalf("%s: %v", what, err)
			}
			for i, s := range out {
				if err == nil && choose(tables, index, i).Slots(s) == 0 {
					t.Fatalf("%s: symbol %d is not in its table", what, i)
				}
			}
		}
		verdict("a byte more", append(slices.Clone(code), 0), true)
		verdict("a byte more", append(slices.Clone(code), 1), true)
		if len(code) == 0 {
			continue
		}
		for range 20 {
			bad := slices.Clone(code)
			bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			verdict("a changed bit", bad, false)
			verdict("cut", code[:r.IntN(len(code))], !c.loose)
		}
	}
}

func emptiness(t *testing.T, c coder) {
	r := rand.New(rand.NewPCG(11, 12))
	tables := someTables(t, r, 1, 100, 12)
	code, err := c.encode(tables, nil, nil)
	must(t, err)
	if len(code) != 0 {
		t.Errorf("no symbols take %d bytes", len(code))
	}
	must(t, c.decode(tables, nil, nil, code))
	for _, code := range [][]byte{{0}, {1}, {7}, {0x13, 0}, make([]byte, 40)} {
		if c.decode(tables, nil, nil, code) == nil && !(c.block && len(code) == 1) {
			t.Errorf("%x decodes to nothing", code)
		}
	}
}

func oneSymbol(t *testing.T, c coder) {
	for _, size := range []int{1, 5} {
		counts := make([]uint64, size)
		counts[size/2] = 3
		tab, err := ans.NewTable(counts, 8)
		must(t, err)
		symbols := slices.Repeat([]uint32{uint32(size / 2)}, 5000)
		code, err := c.encode([]*ans.Table{tab}, symbols, nil)
		must(t, err)
		if len(code) != 0 {
			t.Errorf("a certain symbol takes %d bytes", len(code))
		}
		out := make([]uint32, len(symbols))
		must(t, c.decode([]*ans.Table{tab}, out, nil, code))
		if !slices.Equal(out, symbols) {
			t.Error("other symbols came back")
		}
	}
}

func unseen(t *testing.T, c coder) {
	tab, err := ans.NewTable([]uint64{5, 0, 3, 1}, 10)
	must(t, err)
	for _, n := range []int{1, 10, 200, 100000} {
		for _, bad := range []uint32{1, 4, 1 << 16, 1<<32 - 1} {
			for _, at := range []int{0, n / 2, n - 1} {
				symbols := make([]uint32, n)
				for i := range symbols {
					symbols[i] = uint32(i%2) * 2
				}
				symbols[at] = bad
				if _, err := c.encode([]*ans.Table{tab}, symbols, nil); !errors.Is(err, fault.ErrSymbol) {
					t.Fatalf("symbol %d at %d of %d: %v", bad, at, n, err)
				}
			}
		}
	}
}

func precisionEdges(t *testing.T, c coder) {
	r := rand.New(rand.NewPCG(13, 14))
	for _, precision := range []int{8, 14, 15, 16, 20} {
		total := 1 << precision
		for name, counts := range map[string][]uint64{
			"one slot against all": {1, 1 << 40 >> 1},
			"all against one slot": {1 << 40 >> 1, 1},
			"a slot each":          slices.Repeat([]uint64{1}, min(total, ans.MaxSize)),
			"halves":               {1, 1},
			"with gaps":            {0, 0, 1, 0, 1, 0, 3, 0},
		} {
			tab, err := ans.NewTable(counts, precision)
			must(t, err)
			tables := []*ans.Table{tab}
			symbols, _ := draw(r, tables, 2000)
			for s := range counts {
				if counts[s] != 0 && s < 100 {
					symbols = append(symbols, uint32(s)) // the rarest, too
				}
			}
			code, err := c.encode(tables, symbols, nil)
			must(t, err)
			out := make([]uint32, len(symbols))
			if err := c.decode(tables, out, nil, code); err != nil || !slices.Equal(out, symbols) {
				t.Fatal(name, precision, "other symbols came back", err)
			}
		}
	}
}

// TestOneLine shows that a caller of intervals changes coder by changing one line.
func TestOneLine(t *testing.T) {
	tab, err := ans.NewTable([]uint64{70, 20, 10}, 12)
	must(t, err)
	for name, e := range map[string]intervalEncoder{"queue": rangecoder.NewEncoder(nil), "stack": ans.NewEncoder(nil)} {
		for range 1000 {
			iv, err := tab.Interval(0)
			must(t, err)
			e.Put(iv)
		}
		if n := len(e.Finish()); n < 60 || n > 75 {
			t.Error(name, fmt.Sprintf("%d bytes", n))
		}
	}
}
