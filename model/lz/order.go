package lz

import "github.com/foretell/foretell/model"

// transpose copies the symbols of a block from src to dst place by place: of each
// span first the tokens at the first place of a row, as they follow one another,
// then those at the second. A row is what lies behind an array's first axis; a span
// without rows stays as it is. It reports whether any span has rows. With back set
// it does the reverse.
func transpose(dst, src []uint32, spans []model.Span, back bool) bool {
	any := false
	at := 0
	for i := range spans {
		n := spans[i].Count
		d, s := dst[at:at+n], src[at:at+n]
		at += n
		r := rowLen(&spans[i])
		if r < 2 || r >= n {
			copy(d, s)
			continue
		}
		any = true
		// Place p of the rows stands at the first index that is p - First modulo r.
		k := 0
		first := int(spans[i].First % int64(r))
		for p := range r {
			for j := (p - first + r) % r; j < n; j += r {
				if back {
					d[j] = s[k]
				} else {
					d[k] = s[j]
				}
				k++
			}
		}
	}
	return any
}

// rowLen returns the number of tokens in a row of a span, 0 if it has no rows.
func rowLen(s *model.Span) int {
	if len(s.Shape) < 2 {
		return 0
	}
	n := 1
	for _, d := range s.Shape[1:] {
		if d <= 0 || n > s.Count/d {
			return 0 // not even two rows
		}
		n *= d
	}
	return n
}
