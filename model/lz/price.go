package lz

import (
	"math/bits"

	"github.com/foretell/foretell/internal/info"
)

// log2 returns the binary logarithm of x > 0 in units of 2^-16.
func log2(x uint64) uint64 {
	if x < uint64(len(logs)) {
		return uint64(logs[x])
	}
	// The first bits are enough for what is decided by it.
	k := bits.Len64(x) - logBits
	return uint64(k)<<16 + uint64(logs[x>>k])
}

const logBits = 12

var logs = func() (t [1 << logBits]uint32) {
	for i := 1; i < len(t); i++ {
		t[i] = uint32(info.Log2(uint64(i)) >> 32)
	}
	return t
}()

// Prices are in units of 2^-8 bit.
const priceBits = 8

func price(count, total uint32) int32 {
	return int32((log2(uint64(total)) - log2(uint64(count))) >> (16 - priceBits))
}

// Contexts of codes.
const (
	numClasses     = 4 // of lengths of matches: 1, 2, 3 and more
	offsetContexts = 2 * numClasses
	numOffsets     = numReps + numCodes
	numReps        = 3
)

func class(length uint32) int { return int(min(length, numClasses)) - 1 }

// statistics are what prices are made of: how often each code came.
type statistics struct {
	run    [numClasses][numCodes]uint32
	length [numCodes]uint32
	offset [offsetContexts][numOffsets]uint32
	lit    []uint32 // by symbol
}

// prices say what coding something is expected to cost.
type prices struct {
	run    [numClasses][cheap]int32 // by length of the run up to cheap
	length [cheap]int32
	offset [offsetContexts][numOffsets]int32
	lit    []int32

	runCode    [numClasses][numCodes]int32
	lengthCode [numCodes]int32
}

// cheap bounds the lengths whose prices are looked up at once.
const cheap = 64

func (p *prices) runPrice(c int, n uint32) int32 {
	if n < cheap {
		return p.run[c][n]
	}
	return p.runCode[c][code(n)]
}

func (p *prices) lengthPrice(n uint32) int32 {
	if n < cheap {
		return p.length[n]
	}
	return p.lengthCode[code(n)]
}

// set derives prices from statistics, in which whatever did not come counts as
// half a time.
func (p *prices) set(s *statistics) {
	for c := range s.run {
		codePrices(p.runCode[c][:], s.run[c][:], 0)
		for n := range p.run[c] {
			p.run[c][n] = p.runCode[c][code(uint32(n))]
		}
	}
	codePrices(p.lengthCode[:], s.length[:], 0)
	for n := range p.length {
		p.length[n] = p.lengthCode[code(uint32(n))]
	}
	for c := range s.offset {
		codePrices(p.offset[c][:], s.offset[c][:], numReps)
	}
	p.lit = resize(p.lit, len(s.lit))
	total := uint32(1)
	for _, n := range s.lit {
		total += n
	}
	floor := price(1, 2*total)
	for i, n := range s.lit {
		p.lit[i] = floor
		if n > 0 {
			p.lit[i] = price(n, total)
		}
	}
}

// codePrices sets the prices of codes, of which those from first on have bits
// below them.
func codePrices(p []int32, counts []uint32, first int) {
	total := uint32(1)
	for _, n := range counts {
		total += n
	}
	for i, n := range counts {
		if n > 0 {
			p[i] = price(n, total)
		} else {
			p[i] = price(1, 2*total)
		}
		if i >= first {
			p[i] += int32(buckets[i-first].bits) << priceBits
		}
	}
}
