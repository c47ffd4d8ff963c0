package lz

import (
	"math/bits"

	"github.com/foretell/foretell/internal/simd/matches"
)

// Numbers are coded as a code, which an entropy coder takes, and bits below it,
// which are stored as they are. Numbers below direct are their own codes; above,
// a code stands for the place of the highest one bit and the two bits after it.
const (
	direct   = 16
	mantissa = 2
	numCodes = direct + (maxBits-4)<<mantissa // numbers are below 2^maxBits
	maxBits  = 27
)

// code returns the code of v, below 2^maxBits.
func code(v uint32) uint32 {
	if v < direct {
		return v
	}
	k := uint32(bits.Len32(v)) - 1
	return direct + (k-4)<<mantissa + v>>(k-mantissa)&(1<<mantissa-1)
}

// buckets is what each code stands for, and offsetBuckets one more than that.
var (
	buckets       = makeBuckets(0)
	offsetBuckets = makeBuckets(1)
)

func makeBuckets(more uint32) (b [256]matches.Bucket) {
	for c := range b {
		base, bits := uint32(c), uint8(0)
		switch {
		case c >= numCodes:
			base = 1 << 29 // more than anything has: corruption is noticed
		case c >= direct:
			bits = uint8(c-direct)>>mantissa + 4 - mantissa
			base = (1<<mantissa | uint32(c-direct)&(1<<mantissa-1)) << bits
		}
		b[c] = matches.NewBucket(base+more, bits)
	}
	return b
}
