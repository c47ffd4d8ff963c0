package ans

import (
	"container/heap"
	"math/bits"
	"sync"

	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/prob"
)

const fraction = 48 // bits after the point of surprisal.Log2

// MaxCount is the largest sum of counts that a table is made from.
const MaxCount = 1 << 40

// logs holds surprisal.Log2 of small numbers, which tables are full of.
var logs = sync.OnceValue(func() *[4096]uint64 {
	l := new([4096]uint64)
	for i := 1; i < len(l); i++ {
		l[i] = surprisal.Log2(uint64(i))
	}
	return l
})

func log2(f uint32) uint64 {
	if l := logs(); f < uint32(len(l)) {
		return l[f]
	}
	return surprisal.Log2(uint64(f))
}

// NewTable returns the table that codes a block in which symbol s occurs
// counts[s] times in the fewest bytes. Symbols that do not occur get no slot.
//
// precision is 8 to 20 bits, or 0 for the one at which the information content
// of the block and a third of the table, which may serve several blocks, come out
// smallest, or for a lower one if that loses less than 2^-12 of it. At a given
// precision
// the slots are shared out optimally: of all ways to give every symbol that
// occurs at least one slot, none has a smaller sum of
// counts[s] * -log2(slots[s] / 2^precision), logarithms being taken with 48 bits
// after the point.
//
// If that does not pay for storing the table, or if all counts are zero and no
// precision is asked for, the result is the table of equal shares.
//
// An empty or oversized alphabet, counts that add up to more than MaxCount and a
// precision with fewer slots than symbols are errors that wrap
// prob.ErrDistribution.
func NewTable(counts []uint64, precision int) (*Table, error) {
	if err := checkSize(len(counts)); err != nil {
		return nil, err
	}
	total, used := uint64(0), 0
	for s, c := range counts {
		if total += c; c > MaxCount || total > MaxCount {
			return nil, &prob.DistributionError{Index: s, Reason: "the counts add up to more than 2^40"}
		}
		if c != 0 {
			used++
		}
	}
	switch {
	case precision == 0:
		return choose(counts, total, used), nil
	case precision < MinPrecision || precision > MaxPrecision:
		return nil, &prob.DistributionError{Index: -1, Reason: "a table's precision is 8 to 20 bits"}
	case used == 0:
		return nil, &prob.DistributionError{Index: -1, Reason: "no symbol occurs"}
	case used > 1<<precision:
		return nil, &prob.DistributionError{Index: -1, Reason: "more symbols occur than the table has slots"}
	}
	return newTable(share(counts, total, uint(precision)), uint(precision), false), nil
}

// A table is stored once and may serve several blocks, so that its size counts
// for a third; and of precisions that are less than 2^-12 of the whole apart the
// smallest is best, since it is fastest.
const (
	tableShare = 3
	closeBits  = 12
)

// choose returns the table of the precision at which block and table come out
// smallest. It estimates the sizes from slots that are rounded but not yet made
// to add up; only the winner is shared out exactly.
func choose(counts []uint64, total uint64, used int) *Table {
	flat := flatTable(len(counts), flatPrecision(len(counts)))
	if used == 0 {
		return flat
	}
	var bodies, tables [MaxPrecision + 1]uint64
	least := ^uint64(0)
	for prec := uint(MinPrecision); prec <= MaxPrecision; prec++ {
		if used <= 1<<prec {
			bodies[prec], tables[prec] = estimate(counts, total, prec)
			least = min(least, bodies[prec]+tables[prec]/tableShare)
		}
	}
	best := uint(bits.Len(uint(used - 1)))
	for best = max(best, MinPrecision); bodies[best]+tables[best]/tableShare > least+least>>closeBits; {
		best++
	}
	limit, _ := flat.Bits(counts)
	if bodies[best]+tables[best]/2 >= limit {
		return flat
	}
	t := newTable(share(counts, total, best), best, false)
	if bodies[best]+2*(tables[best]+uint64(len(counts))) >= limit {
		// It may be close: see what the table really takes.
		body, _ := t.Bits(counts)
		stored, _ := t.AppendTable(nil, nil)
		if body+8*uint64(len(stored)) >= limit {
			return flat
		}
	}
	return t
}

// estimate returns about how many bits a block and its table take.
func estimate(counts []uint64, total uint64, prec uint) (body, table uint64) {
	var slots uint64
	for _, c := range counts {
		if c == 0 {
			continue
		}
		f := nearest(c, total, prec)
		slots += uint64(f)
		l := log2(f) >> (fraction - 16)
		body += c * (uint64(prec)<<16 - l)
		// About what AppendTable makes of it: the magnitude is coded with
		// one to two bits, what is below the leading one as it is.
		table += l + 3<<15
	}
	// The slots that are too many or too few shift all symbols alike.
	l := surprisal.Log2(slots) >> (fraction - 16)
	if l >= uint64(prec)<<16 {
		body += total * (l - uint64(prec)<<16)
	} else {
		body -= total * (uint64(prec)<<16 - l)
	}
	return body >> 16, table >> 16
}

// nearest returns c/total of 2^prec slots, rounded to nearest and at least 1.
func nearest(c, total uint64, prec uint) uint32 {
	return uint32(max(1, (c<<prec+total/2)/total))
}

// share shares 2^prec slots out over the symbols that occur so that the
// information content of the block is smallest.
//
// The content is a sum of convex functions, one a symbol, under one constraint
// on the sum of their arguments. There, slots are shared optimally exactly when
// moving any one slot from a symbol to another gains nothing. So it starts near
// the proportional shares, gives or takes slots where that gains most or costs
// least until they add up, and then moves single slots while that gains.
func share(counts []uint64, total uint64, prec uint) []uint32 {
	freq := make([]uint32, len(counts))
	sum := 0
	takers := make([]int32, 0, len(counts))
	for s, c := range counts {
		if c != 0 {
			freq[s] = nearest(c, total, prec)
			sum += int(freq[s])
			takers = append(takers, int32(s))
		}
	}
	if len(takers) == 1 {
		freq[takers[0]] = 1 << prec
		return freq
	}
	m := &market{counts: counts, freq: freq}
	m.open(takers)
	for ; sum < 1<<prec; sum++ {
		m.give()
	}
	for ; sum > 1<<prec; sum-- {
		m.take()
	}
	for m.gain.top().moreThan(m.loss.top()) {
		m.give()
		m.take()
	}
	return freq
}

// An amount is a number of bits with 48 after the point: a count times a
// difference of logarithms.
type amount struct{ hi, lo uint64 }

func (a amount) moreThan(b amount) bool {
	return a.hi > b.hi || a.hi == b.hi && a.lo > b.lo
}

// A market knows which symbol gains most from one more slot, and which loses
// least from one fewer.
type market struct {
	counts     []uint64
	freq       []uint32
	gain, loss *queue
}

func (m *market) open(symbols []int32) {
	m.gain = newQueue(m, symbols, true)
	m.loss = newQueue(m, symbols, false)
}

// give gives a slot to the symbol that gains most.
func (m *market) give() {
	s := m.gain.symbols[0]
	m.freq[s]++
	m.gain.update(s)
	m.loss.update(s)
}

// take takes a slot from the symbol that loses least.
func (m *market) take() {
	s := m.loss.symbols[0]
	m.freq[s]--
	m.gain.update(s)
	m.loss.update(s)
}

// price returns what symbol s gains from one more slot, or loses from one fewer.
// The last slot is not to be had.
func (m *market) price(s int32, more bool) amount {
	f := m.freq[s]
	if !more {
		f--
	}
	if f == 0 {
		return amount{^uint64(0), 0}
	}
	hi, lo := bits.Mul64(m.counts[s], log2(f+1)-log2(f))
	return amount{hi, lo}
}

// A queue is a heap of symbols: by gain with the largest on top, or by loss with
// the smallest; among equals the lowest symbol comes first.
type queue struct {
	market  *market
	symbols []int32
	price   []amount // by place in the heap
	place   []int32  // by symbol
	more    bool
}

func newQueue(m *market, symbols []int32, more bool) *queue {
	q := &queue{market: m, more: more, price: make([]amount, len(symbols)), place: make([]int32, len(m.counts))}
	q.symbols = append(q.symbols, symbols...)
	for i, s := range symbols {
		q.price[i] = m.price(s, more)
		q.place[s] = int32(i)
	}
	heap.Init(q)
	return q
}

func (q *queue) top() amount { return q.price[0] }

func (q *queue) update(s int32) {
	i := int(q.place[s])
	q.price[i] = q.market.price(s, q.more)
	heap.Fix(q, i)
}

// Len, Less, Swap, Push and Pop are for package heap.
func (q *queue) Len() int { return len(q.symbols) }

func (q *queue) Less(i, j int) bool {
	a, b := q.price[i], q.price[j]
	if a == b {
		return q.symbols[i] < q.symbols[j]
	}
	return a.moreThan(b) == q.more
}

func (q *queue) Swap(i, j int) {
	q.symbols[i], q.symbols[j] = q.symbols[j], q.symbols[i]
	q.price[i], q.price[j] = q.price[j], q.price[i]
	q.place[q.symbols[i]], q.place[q.symbols[j]] = int32(i), int32(j)
}

func (q *queue) Push(any) {}
func (q *queue) Pop() any { return nil }
