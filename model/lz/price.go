package lz

import (
	"math/bits"

	"github.com/foretell/foretell/internal/surprisal"
)

// log2 returns the binary logarithm of x > 0 in units of 2^-16, of its highest
// bits: enough for what is decided by it.
func log2(x uint64) uint64 {
	if x < uint64(len(logs)) {
		return uint64(logs[x])
	}
	k := bits.Len64(x) - logBits
	return uint64(k)<<16 + uint64(logs[x>>k])
}

const logBits = 12

var logs = func() (t [1 << logBits]uint32) {
	for i := 1; i < len(t); i++ {
		t[i] = uint32(surprisal.Log2(uint64(i)) >> 32)
	}
	return t
}()

// Prices are in units of 2^-8 bit.
const priceBits = 8

// statistics are what prices are made of: how often each code came.
type statistics struct {
	token  [numTokens]uint32
	offset [numCodes]uint32
	long   [numCodes]uint32
	lit    []uint32 // by symbol
}

// prices say what coding something is expected to cost.
type prices struct {
	token  [numTokens]int32
	offset [numCodes]int32
	long   [numCodes]int32
	lit    []int32
	run    [longRun + 1]int32 // of a run alone: a share of what its token costs
}

// set derives all prices but those of literals from statistics, in which whatever did not come counts as
// half a time.
func (p *prices) set(s *statistics) {
	setPrices(p.token[:], s.token[:])
	setPrices(p.offset[:], s.offset[:])
	setPrices(p.long[:], s.long[:])
	for i := range p.offset {
		p.offset[i] += int32(buckets[i].Bits()) << priceBits
		p.long[i] += int32(buckets[i].Bits()) << priceBits
	}
	var run [longRun + 1]uint32
	for t, n := range s.token {
		run[t/(longLength*numKinds)] += n
	}
	setPrices(p.run[:], run[:])
}

// setLiterals derives the prices of literals.
func (p *prices) setLiterals(s *statistics) {
	p.lit = resize(p.lit, len(s.lit))
	setPrices(p.lit, s.lit)
}

func setPrices(p []int32, counts []uint32) {
	total := uint64(1)
	for _, n := range counts {
		total += uint64(n)
	}
	all := log2(total)
	for i, n := range counts {
		if n > 0 {
			p[i] = int32((all - log2(uint64(n))) >> (16 - priceBits))
		} else {
			p[i] = int32(all>>(16-priceBits)) + 1<<priceBits
		}
	}
}

// runOf returns the share of a run of n literals.
func (p *prices) runOf(n uint32) int32 {
	if n < longRun {
		return p.run[n]
	}
	return p.run[longRun] + p.long[code(n-longRun)]
}
