package mix

import (
	"math/bits"

	"github.com/foretell/foretell/internal/surprisal"
)

// The logistic domain: a probability p of bit 1 in 16 bits stands for
// ln(p / (1-p)), held in units of 1/256 ("stretched").
const (
	unit       = 256
	maxStretch = 2838 // ln(65535) in units
)

var (
	stretchTable [4096]int16              // by the upper 12 of 16 bits of a probability
	squashTable  [2*maxStretch + 2]uint16 // by stretched value + maxStretch
)

func makeLogistic() {
	for i := range stretchTable {
		stretchTable[i] = int16(logit(uint64(2*i+1), 8192))
	}
	p := uint64(1)
	for i := range 2*maxStretch + 1 {
		for p < 65535 && logit(p, 65536) < int64(i-maxStretch) {
			p++
		}
		squashTable[i] = uint16(p)
	}
	squashTable[2*maxStretch+1] = 65535
}

// logit returns ln(p / (total-p)) in units, rounded to nearest.
func logit(p, total uint64) int64 {
	const ln2 = 0xb17217f7d1cf79ab // ln 2 in 64 bits after the point
	a, b := surprisal.Log2(p), surprisal.Log2(total-p)
	neg := a < b
	if neg {
		a, b = b, a
	}
	hi, _ := bits.Mul64(a-b, ln2)
	v := int64((hi + 1<<(47-8)) >> (48 - 8))
	if neg {
		return -v
	}
	return v
}

// stretch returns the stretched value of a 16-bit probability.
func stretch(p uint32) int32 { return int32(stretchTable[(p>>4)&4095]) }

// squash is its inverse for a value with 4 more bits after the point; the
// result is in 1..65535.
func squash(x int32) int32 {
	const limit = maxStretch << 4
	x = min(max(x, -limit), limit) + limit
	i := uint32(x >> 4)
	f := x & 15
	if i >= uint32(len(squashTable)-1) {
		return 65535
	}
	a, b := int32(squashTable[i]), int32(squashTable[i+1])
	return a + ((b-a)*f)>>4
}
