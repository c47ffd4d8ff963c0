package lz

import "math/bits"

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

// A bucket is the numbers that a code stands for: base and the 2^bits - 1 after it.
type bucket struct {
	base uint32
	bits uint8
}

var buckets = func() (b [256]bucket) {
	for c := range b {
		if c >= numCodes {
			b[c].base = 1 << 29 // more than anything has: corruption is noticed
			continue
		}
		b[c].base = uint32(c)
		if c >= direct {
			k := uint(c-direct)>>mantissa + 4
			b[c].bits = uint8(k - mantissa)
			b[c].base = (1<<mantissa | uint32(c-direct)&(1<<mantissa-1)) << b[c].bits
		}
	}
	return b
}()
