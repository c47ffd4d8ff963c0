package model

import "math/bits"

// A frequency table is stored at no more precision than pays. A count n with k =
// floor(log2 n) keeps the detail(k) bits below its highest one, since being off
// by half of what they leave costs the body less than another bit costs the
// table. The counts that look alike then make one level; level 0 is no count.
type level uint16

const (
	maxClass  = 30 // of counts below 2^31, which no block reaches
	numLevels = 24579
)

// detail returns the number of bits kept below the highest bit of a count of
// class k.
func detail(k int) int { return max(0, (k-4)/2) }

// firstLevels[k] is the lowest level of class k; one more for the end.
var firstLevels = func() (first [maxClass + 2]level) {
	first[0] = 1
	for k := range maxClass + 1 {
		first[k+1] = first[k] + 1<<detail(k)
	}
	return first
}()

// levelOf returns the level of the count n < 2^31.
func levelOf(n uint32) level {
	if n == 0 {
		return 0
	}
	k := bits.Len32(n) - 1
	m := detail(k)
	return firstLevels[k] + level(n>>(k-m)) - 1<<m
}

// class returns the class of a level above 0: the k of its counts.
func (l level) class() int {
	k := 0
	for l >= firstLevels[k+1] {
		k++
	}
	return k
}

// weight returns twice the mean count of the level.
func (l level) weight() uint32 {
	if l == 0 {
		return 0
	}
	k := l.class()
	m := detail(k)
	low := (uint32(1)<<m + uint32(l-firstLevels[k])) << (k - m)
	return low + low + 1<<(k-m) - 1
}
