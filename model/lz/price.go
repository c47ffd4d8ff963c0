package lz

import (
	"math/bits"

	"github.com/foretell/foretell/internal/simd/matches"
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
	matches.Prices
	long [numCodes]int32
	bias int32 // what a match has to save
}

// set derives all prices but those of literals from statistics, in which whatever did not come counts as
// half a time.
func (p *prices) set(s *statistics) {
	var tokens [numTokens]int32
	setPrices(tokens[:], s.token[:])
	setPrices(p.Offsets[:], s.offset[:])
	setPrices(p.long[:], s.long[:])
	for i := range p.long {
		p.Offsets[i] += int32(buckets[i].Bits()) << priceBits
		p.long[i] += int32(buckets[i].Bits()) << priceBits
	}
	for t, v := range tokens {
		run, length, kind := t/(longLength*numKinds), t/numKinds%longLength, t%numKinds
		p.Steps[run][kind][length] = v
	}
	for run := range p.Steps {
		for kind := range p.Steps[run] {
			p.Steps[run][kind][longLength-1] += p.long[0]
		}
		p.Steps[run][newOffset][0] = matches.Never
	}
	for n := range p.Longer {
		p.Longer[n] = p.long[code(uint32(n))] - p.long[0]
	}
	var counts [longRun + 1]uint32
	for t, n := range s.token {
		counts[t/(longLength*numKinds)] += n
	}
	var shares [longRun + 1]int32
	setPrices(shares[:], counts[:])
	run := func(n uint32) int32 {
		if n < longRun {
			return shares[n]
		}
		return shares[longRun] + p.long[code(n-longRun)]
	}
	for n := range uint32(matches.MaxRun) {
		p.More[n] = run(n+1) - run(n)
	}
	for n := range p.After {
		p.After[n] = p.bias + shares[0] - shares[min(n, longRun)]
	}
}

// longer returns what a match of length n+longLength costs more than one of longLength.
func (p *prices) longer(n int) int32 {
	if n < len(p.Longer) {
		return p.Longer[n]
	}
	return p.long[code(uint32(n))] - p.long[0]
}

// setLiterals derives the prices of literals.
func (p *prices) setLiterals(s *statistics) {
	p.Literals = resize(p.Literals, len(s.lit))
	setPrices(p.Literals, s.lit)
}

func setPrices[P uint16 | int32](p []P, counts []uint32) {
	total := uint64(1)
	for _, n := range counts {
		total += uint64(n)
	}
	all := log2(total)
	for i, n := range counts {
		if n > 0 {
			p[i] = P((all - log2(uint64(n))) >> (16 - priceBits))
		} else {
			p[i] = P(all>>(16-priceBits)) + 1<<priceBits
		}
	}
}
