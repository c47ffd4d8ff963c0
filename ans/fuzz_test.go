package ans

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
)

// fuzzBlock makes a small block of the fuzzer's bytes.
func fuzzBlock(data []byte, precision byte) (*Table, []uint32) {
	symbols := make([]uint32, min(len(data), 1500))
	counts := make([]uint64, 256)
	for i := range symbols {
		symbols[i] = uint32(data[i])
		counts[data[i]]++
	}
	if len(symbols) == 0 {
		counts[0] = 1
	}
	t, err := NewTable(counts, MinPrecision+int(precision%10))
	if err != nil {
		panic(err)
	}
	return t, symbols
}

// FuzzReference compares the block coders with the reference.
func FuzzReference(f *testing.F) {
	f.Add([]byte("abracadabra"), byte(0))
	f.Add(bytes.Repeat([]byte("the quick brown fox "), 40), byte(6))
	f.Add(bytes.Repeat([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 120), byte(9))
	f.Fuzz(func(t *testing.T, data []byte, precision byte) {
		tab, symbols := fuzzBlock(data, precision)
		checkReference(t, tab, symbols)
	})
}

// FuzzStack compares the stack with the reference.
func FuzzStack(f *testing.F) {
	f.Add(uint64(1), byte(10))
	f.Fuzz(func(t *testing.T, seed uint64, n byte) {
		ivs := randomIntervals(rand.New(rand.NewPCG(seed, 0)), int(n))
		var s Stack
		for _, iv := range ivs {
			s.Push(iv)
		}
		code := s.Append(nil)
		if !bytes.Equal(code, referenceStack(ivs)) {
			t.Fatalf("%x, want %x", code, referenceStack(ivs))
		}
		for i := len(ivs) - 1; i >= 0; i-- {
			if err := s.Pop(ivs[i]); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func refused(err error) bool {
	return errors.Is(err, fault.ErrCorrupt) || errors.Is(err, io.ErrUnexpectedEOF)
}

// FuzzDecode decodes any bytes as bodies of all kinds.
func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 10, 300, 9000} {
		tab, symbols := randomBlock(r, 60, n, 10)
		rb, _ := NewBlock[uint32](tab)
		tb, _ := NewTBlock[uint32](tab)
		rc, err := rb.Encode(nil, symbols, nil)
		if err != nil {
			f.Fatal(err)
		}
		tc, err := tb.Encode(nil, symbols, nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(rc, uint16(n), byte(2))
		f.Add(tc, uint16(n), byte(2))
	}
	f.Fuzz(func(t *testing.T, body []byte, n uint16, precision byte) {
		one, _ := randomBlock(rand.New(rand.NewPCG(3, uint64(precision))), 60, 900, MinPrecision+int(precision%10))
		symbols := make([]uint32, n)
		for _, tables := range [][]*Table{{one}, {one, one}} {
			var index []uint16
			if len(tables) == 2 {
				index = make([]uint16, n)
				for i := range index {
					index[i] = uint16(i % 2)
				}
			}
			rb, _ := NewBlock[uint32](tables...)
			tb, _ := NewTBlock[uint32](tables...)
			for _, err := range []error{rb.Decode(symbols, index, body), tb.Decode(symbols, index, body)} {
				if err != nil && !refused(err) {
					t.Fatal(err)
				}
				if err != nil {
					continue
				}
				for _, s := range symbols {
					if one.Slots(s) == 0 {
						t.Fatalf("symbol %d is not in the table", s)
					}
				}
			}
		}
	})
}

// FuzzParseTable parses any bytes as tables: what is taken is what would have been
// stored.
func FuzzParseTable(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	base, _ := randomBlock(r, 100, 1000, 12)
	for _, prec := range []int{0, 8, 12, 16} {
		tab, _ := randomBlock(r, 100, 500, prec)
		alone, _ := tab.AppendTable(nil, nil)
		leaning, _ := tab.AppendTable(nil, base)
		f.Add(alone, uint16(100))
		f.Add(leaning, uint16(100))
	}
	f.Fuzz(func(t *testing.T, src []byte, size uint16) {
		tab, err := ParseTable(src, int(size), base)
		if err != nil {
			if !refused(err) && !errors.Is(err, fault.ErrModel) && size != 0 {
				t.Fatal(err)
			}
			return
		}
		sum := uint32(0)
		for _, x := range tab.freq {
			sum += x
		}
		if sum != 1<<tab.prec || len(tab.freq) != int(size) {
			t.Fatalf("%d slots, precision %d", sum, tab.prec)
		}
		again := tab.appendAs(src[0]>>4, base)
		if !bytes.Equal(again, src) {
			t.Fatalf("%x would be stored as %x", src, again)
		}
	})
}

// appendAs stores the table in one of the forms.
func (t *Table) appendAs(kind byte, base *Table) []byte {
	head := []byte{t.head(kind)}
	switch kind {
	case storedFlat:
		return head
	case storedAlone:
		return t.appendSlots(head, nil)
	}
	return t.appendSlots(head, base)
}

// FuzzLoadStack loads any bytes and pops whatever is there.
func FuzzLoadStack(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 2})
	f.Add([]byte("any bytes are a stack"))
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := LoadStack(src)
		if err != nil {
			if !refused(err) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(s.Append(nil), src) {
			t.Fatalf("%x becomes %x", src, s.Append(nil))
		}
		var popped []prob.Interval
		for {
			iv := prob.Interval{Low: uint64(s.Point()) &^ 0xffff, Width: 1 << 16}
			if err := s.Pop(iv); err != nil {
				break
			}
			popped = append(popped, iv)
		}
		slices.Reverse(popped)
		for _, iv := range popped {
			s.Push(iv)
		}
		if !bytes.Equal(s.Append(nil), src) {
			t.Fatal("pushing does not undo popping")
		}
	})
}
