package model

import (
	"math/bits"
	"sync"

	"github.com/foretell/foretell/internal/info"
	"github.com/foretell/foretell/prob"
)

// Costs are counted in integers, in units of 2^-costBits bits, because an
// encoder decides by them.
const (
	costBits  = 24
	costOne   = 1 << costBits
	logIndex  = 12
	costWhole = 32 * costOne // of an interval of width 1
)

// logs holds log2(1 + i/2^logIndex) in units of 2^-costBits.
var logs = sync.OnceValue(func() *[1<<logIndex + 1]uint32 {
	t := new([1<<logIndex + 1]uint32)
	for i := range t {
		t[i] = uint32((info.Log2(1<<logIndex+uint64(i)) - logIndex*info.One) >> (48 - costBits))
	}
	return t
})

// log2 returns the base-2 logarithm of x > 0 in units of 2^-costBits, with an
// error below 3 of them.
func log2(t *[1<<logIndex + 1]uint32, x uint64) uint64 {
	exp := bits.Len64(x) - 1
	m := x << (63 - exp) << 1
	i := m >> (64 - logIndex)
	rest := m << logIndex >> 32
	low := uint64(t[i])
	return uint64(exp)*costOne + low + (uint64(t[i+1])-low)*rest>>32
}

// A costSheet turns widths into costs of symbols in bits.
type costSheet struct{ logs *[1<<logIndex + 1]uint32 }

func newCostSheet() costSheet { return costSheet{logs()} }

// of returns the information content of an interval, in bits.
func (c costSheet) of(iv prob.Interval) float32 {
	return float32(costWhole-int64(log2(c.logs, iv.Width))) / costOne
}

// spreadCosts gives every symbol of the block the same share of n bytes.
func spreadCosts(b *Block, n int) {
	if len(b.Symbols) == 0 {
		return
	}
	share := float32(float64(n) * 8 / float64(len(b.Symbols)))
	for i := range b.Costs {
		b.Costs[i] = share
	}
}
