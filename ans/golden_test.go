package ans

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/foretell/foretell/prob"
)

var update = flag.Bool("update", false, "write the golden file")

// TestGolden holds every byte that the package writes to what it was: short codes
// in full, long ones by their hash.
func TestGolden(t *testing.T) {
	var out bytes.Buffer
	show := func(what string, code []byte) {
		if len(code) <= 48 {
			fmt.Fprintf(&out, "%-40s %4d %x\n", what, len(code), code)
			return
		}
		fmt.Fprintf(&out, "%-40s %4d sha256 %x\n", what, len(code), sha256.Sum256(code))
	}
	// A generator of our own, so that no library can change the symbols.
	state := uint64(1)
	next := func(n uint64) uint64 {
		state = state*6364136223846793005 + 1442695040888963407
		return state >> 33 % n
	}
	for _, c := range []struct{ size, n, skew, precision int }{
		{2, 0, 0, 8}, {2, 1, 0, 8}, {3, 10, 1, 8}, {20, 40, 1, 10}, {256, 127, 2, 11},
		{256, 128, 2, 14}, {256, 3000, 3, 15}, {1024, 9000, 1, 14}, {1024, 30000, 2, 15},
		{1024, 90000, 1, 16}, {5000, 140000, 2, 0}, {65536, 30000, 3, 20}, {65536, 100, 0, 0},
	} {
		what := fmt.Sprintf("%d of %d, skew %d, precision %d", c.n, c.size, c.skew, c.precision)
		symbols := make([]uint32, c.n)
		counts := make([]uint64, c.size)
		for i := range symbols {
			x := next(uint64(c.size))
			for range c.skew {
				x = next(x + 1)
			}
			symbols[i] = uint32(x)
			counts[x]++
		}
		if c.n == 0 {
			counts[0], counts[1] = 3, 1
		}
		tab, err := NewTable(counts, c.precision)
		if err != nil {
			t.Fatal(err)
		}
		stored, _ := tab.AppendTable(nil, nil)
		show(what+", table", stored)
		for i := range counts {
			counts[i] += uint64(i) % 3
		}
		other, err := NewTable(counts, 0)
		if err != nil {
			t.Fatal(err)
		}
		stored, _ = other.AppendTable(nil, tab)
		show(what+", changed", stored)
		rb, err := NewBlock[uint32](tab, tab)
		if err != nil {
			t.Fatal(err)
		}
		tb, err := NewTBlock[uint32](tab, tab)
		if err != nil {
			t.Fatal(err)
		}
		// An index that always says the same changes nothing.
		code, err := rb.Encode(nil, symbols, make([]uint16, c.n))
		if err != nil {
			t.Fatal(err)
		}
		if err := rb.Reset(tab); err != nil {
			t.Fatal(err)
		}
		if plain, err := rb.Encode(nil, symbols, nil); err != nil || !bytes.Equal(plain, code) {
			t.Fatalf("%s: an index changes the bytes (%v)", what, err)
		}
		show(what+", rans", code)
		if code, err = tb.Encode(nil, symbols, make([]uint16, c.n)); err != nil {
			t.Fatal(err)
		}
		if err := tb.Reset(tab); err != nil {
			t.Fatal(err)
		}
		if plain, err := tb.Encode(nil, symbols, nil); err != nil || !bytes.Equal(plain, code) {
			t.Fatalf("%s: an index changes the bytes (%v)", what, err)
		}
		show(what+", tans", code)
	}
	for _, n := range []int{0, 1, 2, 3, 20, 1000} {
		var s Stack
		for range n {
			width := 1 + next(1<<20)<<next(12)
			s.Push(prob.Interval{Low: next(prob.Total - width + 1), Width: width})
		}
		show(fmt.Sprintf("stack of %d", n), s.Append(nil))
	}
	const name = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("the bytes differ from %s; got\n%s", name, out.Bytes())
	}
}
