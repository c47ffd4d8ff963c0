// Package fenwick keeps cumulative counts that change: sums of a prefix and
// updates both take a number of steps that grows with the logarithm of the number
// of counts (P. M. Fenwick, A new data structure for cumulative frequency tables,
// 1994).
package fenwick

import "math/bits"

// A Tree holds the counts 0..len-2. The sums must stay below 2^32. Element i > 0
// is the sum of the counts i-lowbit(i)..i-1, so that a search can descend.
type Tree []uint32

// New returns a tree of n counts, all of them 0.
func New(n int) Tree { return make(Tree, n+1) }

// Len returns the number of counts.
func (t Tree) Len() int { return len(t) - 1 }

// Sum returns the sum of the first i counts, i <= Len.
func (t Tree) Sum(i int) uint32 {
	s := uint32(0)
	for ; i > 0; i &= i - 1 {
		s += t[i]
	}
	return s
}

// Count returns count i.
func (t Tree) Count(i int) uint32 {
	// The sums of i and i+1 share what lies before their common ancestor.
	c := t[i+1]
	for j, end := i, (i+1)&i; j > end; j &= j - 1 {
		c -= t[j]
	}
	return c
}

// Add adds n to count i.
func (t Tree) Add(i int, n uint32) {
	for i++; i < len(t); i += i & -i {
		t[i] += n
	}
}

// Fill sets every count to 1.
func (t Tree) Fill() {
	for i := range t {
		t[i] = uint32(i & -i)
	}
}

// Halve makes every count n into n - floor(n/2), which leaves none that was
// positive at 0, and returns the new sum of all.
func (t Tree) Halve() uint32 {
	for i := len(t) - 1; i > 0; i-- {
		if up := i + i&-i; up < len(t) {
			t[up] -= t[i]
		}
	}
	total := uint32(0)
	for i := 1; i < len(t); i++ {
		t[i] -= t[i] / 2
		total += t[i]
	}
	for i := 1; i < len(t); i++ {
		if up := i + i&-i; up < len(t) {
			t[up] += t[i]
		}
	}
	return total
}

// Top returns the size of the first step of a descent: the largest power of two
// that is at most Len.
func (t Tree) Top() int { return 1 << (bits.Len(uint(t.Len())) - 1) }
