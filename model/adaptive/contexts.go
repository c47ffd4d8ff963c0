package adaptive

import (
	"math/bits"
	"slices"
)

// contexts remembers which symbols came after a context, in bounded memory: a
// hash table of contexts, each with a list of symbols and counts. A context that
// finds its place taken drives out the one with the fewest counts; when the room
// for lists is used up, everything is forgotten. Contexts are known by 32 bits of
// a hash, so that two may, rarely, be taken for one.
type contexts struct {
	slots []slot
	shift uint // of a hash to the number of its group
	lists *lists
}

// A slot is one context.
type slot struct {
	check uint32 // 0 for none
	total uint32 // sum of the counts
	at    uint32 // of the list in lists.room
	size  uint16 // number of symbols in the list
	class uint8  // the list has an array for 1<<(class-1), or none if 0
}

// Slots stand in groups that a context may take any slot of; a group is one
// cache line.
const groupSize = 4

// reset forgets everything and takes slots slots, a power of two.
func (c *contexts) reset(slots int, l *lists) {
	groups := bits.Len(uint(slots/groupSize)) - 1
	c.slots = slices.Grow(c.slots[:0], slots)[:slots]
	clear(c.slots)
	c.shift = 64 - uint(groups)
	c.lists = l
}

// find returns the slot of the context with the hash h. If it is new its list is
// empty.
func (c *contexts) find(h uint64) *slot {
	group := c.slots[h>>c.shift*groupSize:][:groupSize]
	check := uint32(h) | 1
	worst := &group[0]
	for i := range group {
		s := &group[i]
		if s.check == check {
			return s
		}
		if s.total < worst.total {
			worst = s
		}
	}
	c.lists.release(worst)
	*worst = slot{check: check}
	return worst
}

// An entry of a list is a symbol and, in the lowest 8 bits, its count, 1..255.
// Lists are sorted.
type entry uint32

const (
	maxCount  = 255
	maxLists  = 11 // classes of lists are 0..maxLists
	maxList   = 1 << (maxLists - 1)
	firstStep = 1 // what a symbol counts when it comes first,
	nextStep  = 2 // and later: the difference is what a first time is worth less
)

// lists holds the lists of contexts, in arrays of powers of two.
type lists struct {
	room []entry
	used int
	free [maxLists + 1]entry // first free array of each class, plus one; its first entry tells the next
	full bool                // an array was not to be had
}

func (l *lists) reset(n int) {
	l.room = slices.Grow(l.room[:0], n)[:n]
	l.used, l.full = 0, false
	clear(l.free[:])
}

// of returns the list of s.
func (l *lists) of(s *slot) []entry { return l.room[s.at:][:s.size] }

// alloc returns the place of an array of a class above 0.
func (l *lists) alloc(class uint8) (at uint32, ok bool) {
	if f := l.free[class]; f != 0 {
		l.free[class] = l.room[f-1]
		return uint32(f - 1), true
	}
	size := 1 << (class - 1)
	if len(l.room)-l.used < size {
		l.full = true
		return 0, false
	}
	at = uint32(l.used)
	l.used += size
	return at, true
}

// release gives the array of s back, if it has one.
func (l *lists) release(s *slot) {
	if s.class > 0 {
		l.room[s.at] = l.free[s.class]
		l.free[s.class] = entry(s.at + 1)
	}
}

// place returns where symbol is in a list or would have to be put.
func place(list []entry, symbol uint32) (at int, found bool) {
	first := entry(symbol << 8)
	end := len(list)
	for at < end {
		if mid := int(uint(at+end) / 2); list[mid] < first {
			at = mid + 1
		} else {
			end = mid
		}
	}
	return at, at < len(list) && list[at]>>8 == first>>8
}

// sum returns the sum of the counts before at, where total is that of the list.
func sum(list []entry, total uint32, at int) uint32 {
	s := uint32(0)
	if at <= len(list)/2 {
		for _, e := range list[:at] {
			s += uint32(e & maxCount)
		}
		return s
	}
	for _, e := range list[at:] {
		s += uint32(e & maxCount)
	}
	return total - s
}

// count counts entry i of the list of s once more.
func (l *lists) count(s *slot, i int) {
	list := l.of(s)
	if list[i]&maxCount > maxCount-nextStep {
		i = l.halve(s, i)
	}
	list[i] += nextStep
	s.total += nextStep
}

// add puts symbol, which is not in the list of s, at the place i.
func (l *lists) add(s *slot, symbol uint32, i int) {
	if s.size == maxList {
		for s.size == maxList {
			l.halve(s, 0)
		}
		i, _ = place(l.of(s), symbol)
	}
	if int(s.size) == 1<<s.class>>1 {
		at, ok := l.alloc(s.class + 1)
		if !ok {
			return
		}
		copy(l.room[at:], l.of(s))
		l.release(s)
		s.at = at
		s.class++
	}
	s.size++
	list := l.of(s)
	copy(list[i+1:], list[i:])
	list[i] = entry(symbol<<8 | firstStep)
	s.total += firstStep
}

// halve halves the counts of s, drops the symbols that have none left, and
// returns where entry i, whose count is above 1, has moved.
func (l *lists) halve(s *slot, i int) int {
	list := l.of(s)
	n := 0
	s.total = 0
	for j, e := range list {
		if j == i {
			i = n
		}
		if c := e & maxCount / 2; c > 0 {
			list[n] = e&^maxCount | c
			s.total += uint32(c)
			n++
		}
	}
	s.size = uint16(n)
	return i
}
