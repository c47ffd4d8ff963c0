package model

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
)

// CheckSize checks the size of a block's alphabet.
func CheckSize(b *Block) error {
	if b.Size < 1 || b.Size > MaxSize {
		return fmt.Errorf("%w: an alphabet of %d symbols: give 1 to 2^24", fault.ErrUnsupported, b.Size)
	}
	return nil
}

// CheckEncode checks what every codec asks of a block that it encodes.
func CheckEncode(b *Block) error {
	if err := CheckSize(b); err != nil {
		return err
	}
	if b.Costs != nil && len(b.Costs) != len(b.Symbols) {
		return fmt.Errorf("%d costs for %d symbols: give as many", len(b.Costs), len(b.Symbols))
	}
	if s := largest(b); uint64(s) >= uint64(b.Size) {
		return &prob.SymbolError{Symbol: s, Len: b.Size}
	}
	return nil
}

// CheckDecoded makes sure that decoding gave symbols of the alphabet.
func CheckDecoded(b *Block) error {
	if s := largest(b); uint64(s) >= uint64(b.Size) {
		return fmt.Errorf("%w: symbol %d of an alphabet of %d", fault.ErrCorrupt, s, b.Size)
	}
	return nil
}

// largest returns the largest symbol of a block, 0 if it has none.
func largest(b *Block) uint32 {
	var m0, m1, m2, m3 uint32 // none waits for another
	s := b.Symbols
	for ; len(s) >= 4; s = s[4:] {
		m0, m1, m2, m3 = max(m0, s[0]), max(m1, s[1]), max(m2, s[2]), max(m3, s[3])
	}
	for _, x := range s {
		m0 = max(m0, x)
	}
	return max(m0, m1, m2, m3)
}

// CheckSpans checks that the spans of a block, if it has any, add up to its
// symbols.
func CheckSpans(b *Block) error {
	if len(b.Spans) == 0 {
		return nil
	}
	rest := len(b.Symbols)
	for _, s := range b.Spans {
		if s.Count < 0 || s.Count > rest || s.First < 0 {
			return errSpans
		}
		rest -= s.Count
	}
	if rest != 0 {
		return errSpans
	}
	return nil
}

var errSpans = fmt.Errorf("%w: the spans of a block do not add up to its symbols", fault.ErrCorrupt)
