package model

import (
	"math/bits"
	"sync"

	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/prob"
)

// Costs are worked out in integers, in units of 2^-costBits bits, from a table of
// logarithms that is interpolated.
const (
	costBits = 24
	costOne  = 1 << costBits
	logIndex = 12
)

// logs holds log2(1 + i/2^logIndex) in units of 2^-costBits.
var logs = sync.OnceValue(func() *[1<<logIndex + 1]uint32 {
	t := new([1<<logIndex + 1]uint32)
	for i := range t {
		t[i] = uint32((surprisal.Log2(1<<logIndex+uint64(i)) - logIndex*surprisal.One) >> (48 - costBits))
	}
	return t
})

// A CostSheet turns intervals into the costs of symbols, for Block.Costs.
type CostSheet struct{ logs *[1<<logIndex + 1]uint32 }

// NewCostSheet returns a CostSheet. All share one table.
func NewCostSheet() CostSheet { return CostSheet{logs()} }

// Of returns the information content of an interval in bits, with an error below
// 2^-22 of one.
func (c CostSheet) Of(iv prob.Interval) float32 {
	exp := bits.Len64(iv.Width) - 1
	m := iv.Width << (63 - exp) << 1
	i := m >> (64 - logIndex)
	rest := m << logIndex >> 32
	low := uint64(c.logs[i])
	log := uint64(exp)*costOne + low + (uint64(c.logs[i+1])-low)*rest>>32
	return float32(32*costOne-int64(log)) / costOne
}

// SpreadCosts gives every symbol of the block the same share of n bytes.
func SpreadCosts(b *Block, n int) {
	if len(b.Symbols) == 0 {
		return
	}
	share := float32(float64(n) * 8 / float64(len(b.Symbols)))
	for i := range b.Costs {
		b.Costs[i] = share
	}
}
