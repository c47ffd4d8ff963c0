// Package adaptive is the codec of counts that adapt, of orders 0 to 2, under the
// range coder. docs/codecs.md specifies it.
package adaptive

import (
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/rangecoder"
)

// A Codec codes each symbol under a blend of what came in its contexts, by the
// range coder. The body is a byte, which says what the contexts are, and the
// coder's stream.
type Codec struct {
	model.Unplanned
	model blend
	enc   rangecoder.Encoder
	dec   rangecoder.Decoder
}

// New returns a codec.
func New() *Codec { return new(Codec) }

// The most memory that contexts take.
const (
	minSlots = 1 << 4
	maxSlots = 1 << 20 // for each order
	maxRoom  = 1 << 22 // entries of lists
)

// slotCount returns the number of slots for n contexts: so many that groups
// seldom overflow, while that is not too many.
func slotCount(n int) int {
	if n >= maxSlots/4 {
		return maxSlots
	}
	return max(minSlots, 1<<bits.Len(uint(4*n-1)))
}

// listRoom returns the number of entries of all lists, for count tokens.
func listRoom(count int) int {
	if count >= maxRoom/4 {
		return maxRoom
	}
	return max(4*count, 1<<12)
}

// Encode appends the body, under the contexts that suit the block.
func (a *Codec) Encode(dst []byte, b *model.Block) ([]byte, error) {
	if err := model.CheckEncode(b); err != nil {
		return dst, err
	}
	if err := model.CheckSpans(b); err != nil {
		return dst, err
	}
	return a.encode(dst, b, a.choose(b))
}

// workEvery is after how many symbols a block is told of them.
const workEvery = 1 << 12

func (a *Codec) encode(dst []byte, b *model.Block, g geometry) ([]byte, error) {
	sheet := model.NewCostSheet()
	a.enc.Reset(append(dst, g.pack()))
	a.model.reset(g.set, b.Size, len(b.Symbols))
	w := walk{geometry: g, block: b, end: len(b.Symbols)}
	var h [maxOrders]uint64
	for i := 0; ; i++ {
		if i%workEvery == 0 {
			if err := b.Worked(i); err != nil {
				return dst, err
			}
		}
		s := w.next(&h)
		if s == nil {
			return a.enc.Finish(), nil
		}
		a.model.begin(&h)
		iv := a.model.interval(*s)
		a.enc.Put(iv)
		a.model.update(*s)
		if b.Costs != nil {
			b.Costs[i] = sheet.Of(iv)
		}
	}
}

// choose returns the contexts that make the first symbols of the block cheapest:
// it looks for the best rows, and then for the best set with them.
func (a *Codec) choose(b *model.Block) geometry {
	best, least := geometry{setSequence, 1}, math.Inf(1)
	consider := func(g geometry) {
		if cost := a.try(g, b); cost < least {
			best, least = g, cost
		}
	}
	for axes := 1; axes <= maxAxes; axes++ {
		// Along an axis of length 1 there is but one row.
		if slices.ContainsFunc(b.Spans, func(s model.Span) bool { return len(s.Shape) > axes && s.Shape[axes-1] != 1 }) {
			consider(geometry{setLast, axes})
		}
	}
	if best.set == setSequence {
		return best
	}
	rows := best.axes
	for set := setLast + 1; set < numSets; set++ {
		consider(geometry{set, rows})
	}
	consider(geometry{setSequence, 1})
	return best
}

// try returns what the first symbols of the block take, in bits.
func (a *Codec) try(g geometry, b *model.Block) float64 {
	n := min(len(b.Symbols), max(1<<14, len(b.Symbols)/8), 1<<17)
	var sum surprisal.Sum
	a.model.reset(g.set, b.Size, n)
	w := walk{geometry: g, block: b, end: n}
	var h [maxOrders]uint64
	for s := w.next(&h); s != nil; s = w.next(&h) {
		a.model.begin(&h)
		sum.Add(a.model.interval(*s).Width)
		a.model.update(*s)
	}
	return sum.Bits()
}

// Need returns the size of the counts and of the contexts.
func (a *Codec) Need(size, count int, src []byte) (int64, error) {
	return 1<<18 + 4*int64(size) + 4*int64(listRoom(count)) + maxOrders*16*int64(slotCount(count)), nil
}

// Decode reads what Encode wrote.
func (a *Codec) Decode(b *model.Block, src []byte) error {
	if err := model.CheckSize(b); err != nil {
		return err
	}
	if err := model.CheckSpans(b); err != nil {
		return err
	}
	if len(src) == 0 {
		return io.ErrUnexpectedEOF
	}
	g, ok := parseGeometry(src[0])
	if !ok {
		return fmt.Errorf("%w: set of contexts %d", fault.ErrCorrupt, g.set)
	}
	a.dec.Reset(src[1:])
	a.model.reset(g.set, b.Size, len(b.Symbols))
	w := walk{geometry: g, block: b, end: len(b.Symbols)}
	var h [maxOrders]uint64
	i := 0
	for s := w.next(&h); s != nil; s = w.next(&h) {
		if i++; i%workEvery == 0 {
			if err := b.Worked(i); err != nil {
				return err
			}
		}
		point, err := a.dec.Point()
		if err != nil {
			return err
		}
		a.model.begin(&h)
		*s = a.model.find(point)
		a.dec.Take(a.model.interval(*s))
		a.model.update(*s)
	}
	return a.dec.Finish()
}
