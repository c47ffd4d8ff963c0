package layer

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/foretell/foretell/internal/simd/attend"
	"github.com/foretell/foretell/internal/simd/fixedpoint"
)

// An Attention weighs values by how well their keys match a query (Vaswani et al.
// 2017). It is the working space of one goroutine.
type Attention struct {
	scale     int64 // log2(e) / sqrt(dim), with scaleFrac fraction bits, 30 bits long
	scaleFrac int

	query  []int16
	frac   int
	scores []int32
	exps   []uint32
	shares []int16
	sums   []int32
}

const (
	shareBits = 15 // the most bits of a share
	totalBits = 24 // the most bits of the sum of all shares, before rounding
)

// NewAttention returns working space for queries of dim numbers that see up to seen
// keys. dim is at most 256.
func NewAttention(dim, seen int) *Attention {
	a := &Attention{
		query:  make([]int16, padded(dim)),
		scores: make([]int32, seen), exps: make([]uint32, seen), shares: make([]int16, seen),
		sums: make([]int32, padded(dim)),
	}
	// log2(e) = 1 / ln 2
	root := new(big.Int).Sqrt(new(big.Int).Lsh(big.NewInt(int64(dim)), 2*precision))
	x := over(over(one, logarithm(2)), root)
	a.scaleFrac = precision - (x.BitLen() - 30)
	if top := roundBig(new(big.Int).Set(x), uint(precision-a.scaleFrac)); top.BitLen() > 30 {
		a.scaleFrac--
	}
	a.scale = roundBig(x, uint(precision-a.scaleFrac)).Int64()
	return a
}

// SetQuery sets the query: dim numbers with frac fraction bits.
func (a *Attention) SetQuery(x []int64, frac int) {
	a.frac = frac - fixedpoint.Quantize(a.query[:len(x)], x)
}

// Attend sets dst to what the query at a position gets from a head of a cache: dim
// numbers with 24 fraction bits.
func (a *Attention) Attend(dst []int64, c *Cache, head, position int) {
	spans, n := c.spans(position)
	base := head * (c.sinks + c.ring)
	seen := 0
	top := int32(math.MinInt32)
	least := int32(math.MaxInt32) // fraction bits of the value with the fewest
	for _, s := range spans[:n] {
		at, count := base+s.from, s.to-s.from
		top = attend.Scores(a.scores[seen:][:count], a.query, c.keys[at*c.stride:], c.keyFrac[at:], a.scale,
			a.frac+a.scaleFrac-attend.ScoreFrac, top)
		least = attend.Least(c.valueFrac[at:][:count], least)
		seen += count
	}
	total := attend.Powers(a.exps[:seen], a.scores[:seen], top)
	seen = 0
	var largest uint32
	var aligned uint64
	for _, s := range spans[:n] {
		at, count := base+s.from, s.to-s.from
		l, t := attend.Align(a.exps[seen:][:count], c.valueFrac[at:], least)
		largest, aligned = max(largest, l), aligned+t
		seen += count
	}
	// The least number of bits to take off for which no share has more than shareBits
	// then, and their sum no more than totalBits.
	cut := max(bits.Len32(largest)-shareBits, bits.Len64(aligned)-totalBits, 0)
	attend.Share(a.shares[:seen], a.exps[:seen], cut)
	clear(a.sums)
	seen = 0
	for _, s := range spans[:n] {
		at, count := base+s.from, s.to-s.from
		attend.Weigh(a.sums, a.shares[seen:][:count], c.values[at*c.stride:])
		seen += count
	}
	length := bits.Len64(total) // at most 41: 20 bits a power, 2^20 keys
	inverse, _ := bits.Div64(1<<(length+30-32)>>32, 1<<(length+30), total)
	shift := int(least) + length + 30 - cut - ResidualFrac
	for i, s := range a.sums[:len(dst)] {
		dst[i] = roundWide(int64(s)*int64(inverse), shift)
	}
}
