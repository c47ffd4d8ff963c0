package adaptive

import (
	"math/bits"

	"github.com/foretell/foretell/internal/fenwick"
	"github.com/foretell/foretell/prob"
)

// A blend predicts symbols from what came in several contexts, all at once. Order
// 0 counts all symbols; order k > 0 those that came in the k-th context. From the
// highest order down, each takes the share of what is left that its predictions
// have lately deserved, and the last rest is spread over all symbols evenly. The
// shares are learned as mixture weights are by expectation maximisation, one for
// each order, sum of counts and number of symbols seen, and stand for the escapes
// of other methods (J. G. Cleary and I. H. Witten, Data compression using adaptive
// coding and partial string matching, 1984).
//
// The line is divided in units of 2^-48, of which each symbol has at least 2^16,
// so that no division is needed to place an interval.
type blend struct {
	counts fenwick.Tree // order 0
	total  uint32       // sum of counts
	seen   uint32       // number of symbols with a count
	shares [maxOrders + 1][shareBuckets][shareBuckets]share
	tables [maxOrders]contexts
	lists  lists
	orders int

	// Of the symbol to be coded:
	found  [maxOrders]*slot
	unit   [maxOrders + 1]uint64 // what one count of each order takes
	even   uint64                // what every symbol takes
	share  [maxOrders + 1]*share
	mass   [maxOrders + 1]uint64 // what the symbol takes by each order
	where  [maxOrders]int        // the symbol is in the lists, or would have to be put
	listed [maxOrders]bool       // whether it is
}

// A share is how much of the rest an order takes, in units of 2^-32, and how often
// that has been learned from.
type share struct {
	p uint32
	n uint32
}

const (
	lineBits     = 48
	pointBits    = lineBits - 32
	shareBuckets = 32
	shareLimit   = 62      // after so many updates a share moves by the same rate
	minShare     = 1 << 20 // shares stay from 2^-12 to 1 - 2^-12
	maxTotal     = 1 << 26 // of the counts of order 0
)

// rates[n] is 2^16/(n+1.5).
var rates = func() (r [shareLimit + 1]int64) {
	for n := range r {
		r[n] = 2 << 16 / (2*int64(n) + 3)
	}
	return r
}()

// bucket returns the half-logarithmic class of a count, 0 for 0.
func bucket(n uint32) int {
	return min(shareBuckets-1, bits.Len64(uint64(n)*uint64(n)))
}

// reset forgets everything. Blocks are count tokens of 0..size-1.
func (m *blend) reset(set contextSet, size, count int) {
	if m.counts.Len() != size {
		m.counts = fenwick.New(size)
	} else {
		clear(m.counts)
	}
	m.total, m.seen = 0, 0
	for i := range m.shares {
		for j := range m.shares[i] {
			for k := range m.shares[i][j] {
				m.shares[i][j][k] = share{p: 1 << 31}
			}
		}
	}
	m.orders = set.orders()
	m.lists.reset(listRoom(count))
	for k := range m.orders {
		m.tables[k].reset(slotCount(set.bound(k, size, count)), &m.lists)
	}
}

// forget empties the contexts.
func (m *blend) forget() {
	m.lists.reset(len(m.lists.room))
	for k := range m.orders {
		clear(m.tables[k].slots)
	}
}

// begin prepares for a symbol whose contexts have the hashes h.
func (m *blend) begin(h *[maxOrders]uint64) {
	size := uint64(m.counts.Len())
	rest := uint64(1)<<lineBits - size<<pointBits
	for k := m.orders; k > 0; k-- {
		s := m.tables[k-1].find(h[k-1])
		m.found[k-1] = s
		rest = m.take(k, rest, s.total, uint32(s.size))
	}
	rest = m.take(0, rest, m.total, m.seen)
	m.even = rest/size + 1<<pointBits
}

// take gives order k its share of rest and returns what remains.
func (m *blend) take(k int, rest uint64, total, seen uint32) uint64 {
	m.unit[k] = 0
	if total == 0 {
		return rest
	}
	m.share[k] = &m.shares[k][bucket(total)][bucket(seen)]
	m.unit[k] = rest >> 16 * uint64(m.share[k].p>>16) / uint64(total)
	return rest - m.unit[k]*uint64(total)
}

// interval returns the interval of symbol, which is to be coded next.
func (m *blend) interval(symbol uint32) prob.Interval {
	count := m.counts.Count(int(symbol))
	low := uint64(m.counts.Sum(int(symbol)))*m.unit[0] + uint64(symbol)*m.even
	m.mass[0] = uint64(count) * m.unit[0]
	width := m.mass[0] + m.even
	for k := range m.orders {
		slot := m.found[k]
		list := m.lists.of(slot)
		at, ok := place(list, symbol)
		m.where[k], m.listed[k], m.mass[k+1] = at, ok, 0
		low += uint64(sum(list, slot.total, at)) * m.unit[k+1]
		if ok {
			m.mass[k+1] = uint64(list[at]&maxCount) * m.unit[k+1]
			width += m.mass[k+1]
		}
	}
	end := (low + width) >> pointBits
	if int(symbol) == m.counts.Len()-1 {
		end = prob.Total
	}
	low >>= pointBits
	return prob.Interval{Low: low, Width: end - low}
}

// find returns the symbol whose interval holds point.
func (m *blend) find(point uint32) uint32 {
	var lists [maxOrders][]entry
	var totals [maxOrders]uint32
	for k := range m.orders {
		lists[k], totals[k] = m.lists.of(m.found[k]), m.found[k].total
	}
	// Symbol i begins at low, at or before the point; lists and totals are cut
	// to those that may be sought.
	i, low := 0, uint64(0)
	for size := m.counts.Top(); size > 0; size >>= 1 {
		next := i + size
		if next >= m.counts.Len() {
			continue
		}
		end := low + uint64(m.counts[next])*m.unit[0] + uint64(size)*m.even
		var at [maxOrders]int
		var sums [maxOrders]uint32
		for k := range m.orders {
			if totals[k] > 0 {
				at[k], _ = place(lists[k], uint32(next))
				sums[k] = sum(lists[k], totals[k], at[k])
				end += uint64(sums[k]) * m.unit[k+1]
			}
		}
		if end>>pointBits <= uint64(point) {
			i, low = next, end
			for k := range m.orders {
				lists[k] = lists[k][at[k]:]
				totals[k] -= sums[k]
			}
		} else {
			for k := range m.orders {
				lists[k] = lists[k][:at[k]]
				totals[k] = sums[k]
			}
		}
	}
	return uint32(i)
}

// update learns from symbol, whose interval was just asked for.
func (m *blend) update(symbol uint32) {
	// An order's part in the prediction is what its share should have been.
	all := m.even
	for k := range m.orders + 1 {
		if m.unit[k] == 0 {
			continue
		}
		all += m.mass[k]
		m.share[k].learn(m.mass[k] << 16 / all)
	}
	known := m.remember(symbol)
	if m.lists.full {
		m.forget()
	}
	if !known {
		m.count(symbol)
	}
}

// remember counts symbol in the contexts, from the highest order down to the first
// that knew it, because the lower ones are for what the higher ones do not know. It
// reports whether there was one.
func (m *blend) remember(symbol uint32) bool {
	for k := m.orders - 1; k >= 0; k-- {
		if m.listed[k] {
			m.lists.count(m.found[k], m.where[k])
			return true
		}
		m.lists.add(m.found[k], symbol, m.where[k])
	}
	return false
}

// count counts symbol in order 0.
func (m *blend) count(symbol uint32) {
	step := uint32(nextStep)
	if m.mass[0] == 0 && m.counts.Count(int(symbol)) == 0 {
		step = firstStep
		m.seen++
	}
	m.counts.Add(int(symbol), step)
	m.total += step
	if m.total > maxTotal {
		m.total = m.counts.Halve()
	}
}

// learn moves the share towards part, in units of 2^-16.
func (s *share) learn(part uint64) {
	p := int64(s.p)
	p += (int64(part)<<16 - p) >> 16 * rates[s.n]
	s.p = uint32(min(max(p, minShare), 1<<32-minShare))
	if s.n < shareLimit {
		s.n++
	}
}
