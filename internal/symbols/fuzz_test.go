package symbols

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
)

// known reports whether an error is of the kinds that damaged input may give.
func known(err error) bool {
	for _, e := range []error{fault.ErrCorrupt, fault.ErrUnsupported, fault.ErrLimit, io.ErrUnexpectedEOF} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func FuzzParseValueMap(f *testing.F) {
	for _, values := range [][]int64{{0, 5}, {-7}, repeated([]int64{-1 << 62, 1, 2, 9, 1 << 60}, 50), {1 << 60, 3 << 58, -7 << 55, 1 << 33}} {
		m, err := fit(elements(tokens.Int64, false, values...), tokens.Int64, false)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(m.AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, rest, err := ParseValueMap(b, 1<<20)
		if err != nil {
			if !known(err) {
				t.Fatal(err)
			}
			return
		}
		if own := m.AppendTo(nil); !bytes.Equal(own, b[:len(b)-len(rest)]) {
			t.Fatalf("%x is written as %x", b[:len(b)-len(rest)], own)
		}
		if m.Kind() == PlanesMap {
			return
		}
		symbols := make([]uint32, min(m.Size(), 1000))
		for i := range symbols {
			symbols[i] = uint32(i)
		}
		raw, back := make([]byte, 8*len(symbols)), make([]uint32, len(symbols))
		if err := m.Values(raw, symbols, tokens.Int64, true); err != nil {
			t.Fatal(err)
		}
		if err := m.Symbols(back, raw, tokens.Int64, true); err != nil {
			t.Fatal(err)
		}
		for i, s := range back {
			if s != uint32(i) {
				t.Fatalf("symbol %d comes back as %d", i, s)
			}
		}
		for typ := tokens.Bool; typ <= tokens.Uint64; typ++ {
			if err := m.Values(raw[:len(symbols)*typ.Size()], symbols, typ, false); err != nil && !errors.Is(err, fault.ErrCorrupt) {
				t.Fatal(err)
			}
		}
	})
}
