package lz

import "github.com/foretell/foretell/model"

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

// A tile is the places and rows that are turned together: as many tokens as a
// line of a cache holds, of as many rows as a cache has room for at any distance.
const (
	tilePlaces = 16
	tileRows   = 32
)

// do orders tokens by rows that are ordered by place, or the other way round.
func (t *turn) do(rows, places []uint32, toRows bool) {
	var columns [tilePlaces][]uint32
	for j := 0; j < t.row; j += tilePlaces {
		group := columns[:min(tilePlaces, t.row-j)]
		for k := range group {
			group[k] = t.column(places, j+k)
		}
		n := len(group[len(group)-1]) // the others may have one more
		for i := 0; i < n; i += tileRows {
			t.tile(rows[j+i*t.row:], group, i, min(i+tileRows, n), toRows)
		}
		for k, c := range group {
			switch {
			case len(c) == n:
			case toRows:
				rows[j+k+n*t.row] = c[n]
			default:
				c[n] = rows[j+k+n*t.row]
			}
		}
	}
}

// tile does from to end of each column, the first of which is at rows[0].
func (t *turn) tile(rows []uint32, columns [][]uint32, from, end int, toRows bool) {
	for ; len(columns) >= 4; columns = columns[4:] {
		d := columns[3][from:end]
		a, b, c := columns[0][from:end][:len(d)], columns[1][from:end][:len(d)], columns[2][from:end][:len(d)]
		if toRows {
			for i, v := range d {
				x := (*[4]uint32)(rows[i*t.row:])
				x[0], x[1], x[2], x[3] = a[i], b[i], c[i], v
			}
		} else {
			for i := range d {
				x := (*[4]uint32)(rows[i*t.row:])
				a[i], b[i], c[i], d[i] = x[0], x[1], x[2], x[3]
			}
		}
		if len(columns) > 4 {
			rows = rows[4:]
		}
	}
	for k, c := range columns {
		for i := range c[from:end] {
			if toRows {
				rows[k+i*t.row] = c[from+i]
			} else {
				c[from+i] = rows[k+i*t.row]
			}
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
