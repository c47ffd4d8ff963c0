//go:build amd64 && !purego

package matches

import (
	"slices"
	"unsafe"

	"github.com/foretell/foretell/internal/simd"
)

// A waysJob is what the loop of Advance works on.
type waysJob struct {
	ways     unsafe.Pointer
	s        unsafe.Pointer
	pairs    unsafe.Pointer
	fours    unsafe.Pointer // nil if there are none
	prices   unsafe.Pointer
	literals unsafe.Pointer
	offers   unsafe.Pointer
	start    int
	limit    int // place of the stretch where the loop ends
	last     int // place of s from which on there are no 8 symbols
	count    int // of offers

	at      int
	known   int // 1 if what follows is known of the node, 2 if it is not to be passed by
	price   int32
	run     uint32
	origin  uint32
	slack   int32
	history [4]uint32
}

//go:noescape
func advanceAVX2(j *waysJob)

// offersOfPlace is the most offers of a place: of all last offsets, a pair and four.
const offersOfPlace = NewOffset + 2

func (w *Ways) advanceFast(s []uint32, start, n int, pairs, fours []uint32, p *Prices, slack int32) int {
	if simd.Level() == "purego" || !hasAVX2 {
		return n
	}
	// The last offsets do not go beyond the beginning from there on.
	if start+w.At < len(w.History) {
		return min(n, len(w.History)-start)
	}
	last := len(s) - 8
	limit := min(n, last+1-start)
	if w.At >= limit {
		return n
	}
	w.Offers = slices.Grow(w.Offers, (n-w.At)*offersOfPlace)
	j := waysJob{
		ways:     unsafe.Pointer(w),
		s:        unsafe.Pointer(unsafe.SliceData(s)),
		pairs:    unsafe.Pointer(unsafe.SliceData(pairs)),
		fours:    unsafe.Pointer(unsafe.SliceData(fours)),
		prices:   unsafe.Pointer(p),
		literals: unsafe.Pointer(unsafe.SliceData(p.Literals)),
		offers:   unsafe.Pointer(unsafe.SliceData(w.Offers)),
		start:    start,
		limit:    limit,
		last:     last,
		count:    len(w.Offers),
		at:       w.At,
		price:    w.Price,
		run:      w.Run,
		origin:   w.Origin,
		slack:    slack,
		history:  [4]uint32{w.History[0], w.History[1], w.History[2]},
	}
	if w.Known {
		j.known = 1
	} else {
		j.price = w.Least[w.At]
	}
	advanceAVX2(&j)
	w.Offers = w.Offers[:j.count]
	w.Node = Node{At: j.at, Known: j.known > 0, Stay: j.known > 1, Price: j.price, Run: j.run, Origin: j.origin, History: History(j.history[:])}
	if w.At >= limit {
		return n
	}
	return w.At + 1
}
