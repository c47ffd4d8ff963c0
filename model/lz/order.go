package lz

import (
	"github.com/foretell/foretell/internal/simd/tile"
	"github.com/foretell/foretell/model"
)

// The orders of a body: its first byte.
const (
	packedOrder  = iota // no matches: the symbols at their width
	storageOrder        // as they are stored
	placeOrder          // place by place
	longOrder           // place by place where that makes longer rows
	numOrders
)

// turns returns the tokens of a row of a span if an order turns the span, else 0.
func turns(s *model.Span, order int) int {
	r := rowLen(s)
	if r < 2 || r >= s.Count || order == storageOrder || order == longOrder && r >= s.Count/r {
		return 0
	}
	return r
}

// distinct reports for each order whether it turns any span, and not those that an
// order before it does.
func distinct(spans []model.Span) (yes [numOrders]bool) {
	place, long := 0, 0
	for i := range spans {
		place += min(1, turns(&spans[i], placeOrder))
		long += min(1, turns(&spans[i], longOrder))
	}
	yes[placeOrder] = place > 0
	yes[longOrder] = long > 0 && long < place
	return yes
}

// transpose copies the symbols of a block from src to dst in an order. Of each span
// that is turned come first the tokens at the first place of a row, as they follow
// one another, then those at the second. A row is what lies behind an array's first
// axis.
func transpose(dst, src []uint32, spans []model.Span, order int) {
	at := 0
	for i := range spans {
		end := at + spans[i].Count
		if t, ok := turnOf(&spans[i], order); ok {
			t.do(src[at:end], dst[at:end], false)
		} else {
			copy(dst[at:end], src[at:end])
		}
		at = end
	}
}

// transposeBack undoes transpose in place, and returns scratch, which it may have made
// longer.
func transposeBack(s, scratch []uint32, spans []model.Span, order int) []uint32 {
	at := 0
	for i := range spans {
		end := at + spans[i].Count
		if t, ok := turnOf(&spans[i], order); ok {
			scratch = resize(scratch, end-at)
			copy(scratch, s[at:end])
			t.do(s[at:end], scratch, true)
		}
		at = end
	}
	return scratch
}

// turnOf returns how an order turns the tokens of a span, if it does.
func turnOf(s *model.Span, order int) (turn, bool) {
	r := turns(s, order)
	if r == 0 {
		return turn{}, false
	}
	return turn{row: r, first: int(s.First % int64(r))}, true
}

// A turn is how the tokens of a span are ordered.
type turn struct {
	row   int // tokens of a row
	first int // the place that the first token has in its row
}

// column returns of tokens that are ordered by place those that are row apart from
// index j < row on when they are in rows.
func (t *turn) column(places []uint32, j int) []uint32 {
	n, more := len(places)/t.row, len(places)%t.row
	place := (t.first + j) % t.row
	// One more token have the places from the first on, as many as are left, round
	// the end of a row.
	end := t.first + more
	at := place*n + max(0, min(place, end)-t.first) + max(0, min(place, end-t.row))
	if j < more {
		n++
	}
	return places[at : at+n]
}

// tileRows is how many rows are turned together: as many as a cache has room for at
// any distance from one another.
const tileRows = 32

// do orders tokens by rows that are ordered by place, or the other way round.
func (t *turn) do(rows, places []uint32, toRows bool) {
	// Twice what is turned at a time fills a line of a cache.
	var columns [2][tile.Width][]uint32
	j := 0
	for ; j+tile.Width <= t.row; j += 2 * tile.Width {
		n := len(places) / t.row // some places may have one more
		pair := columns[:min(2, (t.row-j)/tile.Width)]
		for g := range pair {
			for k := range pair[g] {
				pair[g][k] = t.column(places, j+g*tile.Width+k)
			}
		}
		for i := 0; i < n; i += tileRows {
			for g := range pair {
				r := rows[j+g*tile.Width+i*t.row:]
				if toRows {
					tile.ToRows(r, t.row, &pair[g], i, min(i+tileRows, n))
				} else {
					tile.ToColumns(&pair[g], r, t.row, i, min(i+tileRows, n))
				}
			}
		}
		for g := range pair {
			for k, c := range pair[g] {
				t.single(rows[j+g*tile.Width+k:], c, n, toRows)
			}
		}
	}
	j = t.row &^ (tile.Width - 1)
	for ; j+2 <= t.row; j += 2 {
		t.double(rows[j:], t.column(places, j), t.column(places, j+1), toRows)
	}
	if j < t.row {
		t.single(rows[j:], t.column(places, j), 0, toRows)
	}
}

// double does two columns side by side. The second may have one element less.
func (t *turn) double(rows, first, second []uint32, toRows bool) {
	n := len(second)
	a := first[:n]
	at := 0
	if toRows {
		for i, v := range second {
			p := (*[2]uint32)(rows[at:])
			p[0], p[1] = a[i], v
			at += t.row
		}
	} else {
		for i := range second {
			p := (*[2]uint32)(rows[at:])
			a[i], second[i] = p[0], p[1]
			at += t.row
		}
	}
	t.single(rows, first, n, toRows)
}

// single does a column from an element on.
func (t *turn) single(rows, column []uint32, from int, toRows bool) {
	at := from * t.row
	column = column[min(from, len(column)):]
	if toRows {
		for _, v := range column {
			rows[at] = v
			at += t.row
		}
		return
	}
	for i := range column {
		column[i] = rows[at]
		at += t.row
	}
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
