package pages

import (
	"slices"
	"testing"
)

// TestLarge takes arrays of all sizes, which it must give back as they are.
func TestLarge(t *testing.T) {
	for _, n := range []int{0, 1, 1000, least / 8, least/8 + 1, least} {
		s := make([]uint64, n)
		for i := range s {
			s[i] = uint64(i)
		}
		want := slices.Clone(s)
		if got := Large(s); !slices.Equal(got, want) || n > 0 && &got[0] != &s[0] {
			t.Errorf("%d numbers have changed", n)
		}
	}
	if Large[byte](nil) != nil {
		t.Error("there is an array of nothing")
	}
}
