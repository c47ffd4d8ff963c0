package mix

import (
	"slices"

	"github.com/foretell/foretell/rangecoder"
)

// A stored tree of halves tells, for each node, which of its symbols, in rising
// order, go left. Where the halves are equal the first goes left, for nothing.

// canonical swaps halves of an order of leaves so that it can be stored.
func canonical(order []uint32) {
	n := len(order)
	if n < 2 {
		return
	}
	mid := (n + 1) / 2
	if n%2 == 0 && slices.Min(order[mid:]) < slices.Min(order[:mid]) {
		for i := range mid {
			order[i], order[mid+i] = order[mid+i], order[i]
		}
	}
	canonical(order[:mid])
	canonical(order[mid:])
}

// putHalves stores a canonical order of leaves.
func putHalves(enc *rangecoder.Encoder, order []uint32) {
	if len(order) < 2 {
		return
	}
	mid := (len(order) + 1) / 2
	sorted := slices.Sorted(slices.Values(order))
	left := slices.Sorted(slices.Values(order[:mid]))
	l, r := mid, len(order)-mid
	for _, s := range sorted {
		bit := 1
		if len(left) > 0 && left[0] == s {
			bit, left = 0, left[1:]
		}
		if l > 0 && r > 0 && (l != r || l+r != len(order)) {
			enc.PutBit(bit, uint64(l)<<32/uint64(l+r))
		}
		l, r = l-1+bit, r-bit
	}
	putHalves(enc, order[:mid])
	putHalves(enc, order[mid:])
}

// readHalves puts symbols, which are in rising order, into a stored order. It works
// in scratch, which is as long.
func readHalves(dec *rangecoder.Decoder, order, scratch []uint32) {
	if len(order) < 2 {
		return
	}
	mid := (len(order) + 1) / 2
	l, r := mid, len(order)-mid
	right := scratch[:0]
	for i, s := range order {
		bit := 0
		switch {
		case l == 0:
			bit = 1
		case r > 0 && (l != r || i > 0):
			bit = dec.Bit(uint64(l) << 32 / uint64(l+r))
		}
		if bit == 0 {
			order[mid-l] = s
		} else {
			right = append(right, s)
		}
		l, r = l-1+bit, r-bit
	}
	copy(order[mid:], right)
	readHalves(dec, order[:mid], scratch[:mid])
	readHalves(dec, order[mid:], scratch[mid:])
}
