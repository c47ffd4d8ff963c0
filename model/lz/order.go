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
// axis. With back set it does the reverse.
func transpose(dst, src []uint32, spans []model.Span, order int, back bool) {
	at := 0
	for i := range spans {
		n := spans[i].Count
		d, s := dst[at:at+n], src[at:at+n]
		at += n
		r := turns(&spans[i], order)
		if r == 0 {
			copy(d, s)
			continue
		}
		t := turn{row: r, first: int(spans[i].First % int64(r))}
		if back {
			t.do(d, s, true)
		} else {
			t.do(s, d, false)
		}
	}
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
	for j = t.row &^ (tile.Width - 1); j < t.row; j++ {
		t.single(rows[j:], t.column(places, j), 0, toRows)
	}
}

// single does a column from an element on.
func (t *turn) single(rows, column []uint32, from int, toRows bool) {
	for i := from; i < len(column); i++ {
		if toRows {
			rows[i*t.row] = column[i]
		} else {
			column[i] = rows[i*t.row]
		}
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
