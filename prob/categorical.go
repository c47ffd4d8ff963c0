package prob

import (
	"math/bits"

	"github.com/foretell/foretell/internal/simd"
)

// A Categorical is the distribution that a model hands over as an array: a
// probability, or a logit, for each of 1 to 2^24 symbols. Set and SetLogits read
// the array once; Interval and Find then look again at a few hundred numbers at
// most.
//
// The zero value is ready for Set or SetLogits. A Categorical that has none set,
// or whose last one was refused, has no symbols: Interval gives an error and
// Find the whole line. It keeps a reference to the array, which must not change
// until the next Set: a changed one gives wrong intervals, though no panic.
// Nothing is allocated once the largest number of symbols has been seen.
type Categorical struct {
	values numbers
	line   line
	cum    []uint64 // weight of the symbols before each block

	// How a number becomes a weight: a probability is multiplied by 2^k; a
	// logit has shift subtracted and goes by offset.
	logits bool
	k      int
	shift  float32
	offset int64
}

const (
	// blockSize is the number of symbols between two stored partial sums.
	blockSize = 512

	// pieceSize is how many weights a search computes at once in the end.
	pieceSize = 64

	// firstScale is the k that most distributions get by with. Their weights
	// add up to about 2^31; below minTotal they are scaled up.
	firstScale = 31
	minTotal   = 1 << 30

	minusZero = 1 << 31
	floatOne  = 127 << 23
	maxFinite = 0x7f7fffff
)

// Set makes c the distribution with probabilities p, which need not add up to
// one. Values that are equal as float32 give equal intervals whatever their
// type; a float64 is rounded to the nearest float32 first.
//
// A NaN, a value below zero, one that is infinite, also once it is rounded, no
// value above zero, no values and more than MaxSymbols are a
// *DistributionError.
func Set[T Float](c *Categorical, p []T) error {
	return c.setProbabilities(numbersOf(p))
}

// SetLogits makes c the softmax of x, in natural units: probabilities that are
// proportional to e^x. Minus infinity is a probability of zero, and so is a
// float64 that rounds to it. Otherwise it is like Set.
func SetLogits[T Float](c *Categorical, x []T) error {
	return c.setLogits(numbersOf(x))
}

// Len returns the number of symbols.
func (c *Categorical) Len() int { return c.values.n }

// Weight returns the total weight of all symbols, a fingerprint of sorts: nearly
// any change to the values changes it. It is zero if nothing is set.
func (c *Categorical) Weight() uint64 { return c.line.total }

// Release empties c and lets go of the array, whose memory may then be freed where
// it is not Go's.
func (c *Categorical) Release() { *c = Categorical{cum: c.cum[:0]} }

// Interval returns the interval of symbol.
func (c *Categorical) Interval(symbol uint32) (Interval, error) {
	if int64(symbol) >= int64(c.values.n) {
		return Interval{}, &SymbolError{Symbol: symbol, Len: c.values.n}
	}
	i := int(symbol)
	from := i &^ (blockSize - 1)
	before := c.cum[from/blockSize]
	if ahead := (i - from) &^ (simd.Chunk - 1); ahead > 0 {
		before, _ = c.sum(from, ahead, before)
		from += ahead
	}
	var buf [simd.Chunk]uint32
	weights := c.weights(from, buf[:])
	for _, w := range weights[:i-from] {
		before += uint64(w)
	}
	return c.line.interval(before, uint64(weights[i-from]), uint64(i)), nil
}

// Find returns the symbol whose interval holds point, and the interval.
func (c *Categorical) Find(point uint32) (symbol uint32, iv Interval) {
	if c.values.n == 0 {
		return 0, Interval{Width: Total}
	}
	block, beyond := 0, len(c.cum)
	for beyond-block > 1 {
		mid := (block + beyond) / 2
		if c.line.begins(c.cum[mid], uint64(mid)*blockSize, point) {
			block = mid
		} else {
			beyond = mid
		}
	}
	i := block * blockSize
	end := min(i+blockSize, c.values.n)
	before := c.cum[block]
	if pieces := (end - i) / pieceSize; pieces > 1 {
		var buf [blockSize / pieceSize]uint64
		cum := buf[:pieces]
		c.sums(i, pieceSize, before, cum)
		j := 1
		for j < pieces && c.line.begins(cum[j], uint64(i+j*pieceSize), point) {
			j++
		}
		before = cum[j-1]
		i += (j - 1) * pieceSize
	}
	for {
		var buf [pieceSize]uint32
		weights := c.weights(i, buf[:])
		reach := c.line.reach(uint64(i+pieceSize), point)
		for _, w := range weights {
			after := before + uint64(w)
			if i+1 == end || after >= reach && !c.line.begins(after, uint64(i+1), point) {
				return uint32(i), c.line.interval(before, uint64(w), uint64(i))
			}
			before = after
			i++
		}
	}
}

// begin empties c and makes room for the partial sums of v.
func (c *Categorical) begin(v numbers, logits bool) error {
	c.Release()
	switch {
	case v.n == 0:
		return &DistributionError{Index: -1, Reason: "no symbols"}
	case v.n > MaxSymbols:
		return &DistributionError{Index: -1, Reason: "more than 2^24 symbols"}
	}
	blocks := (v.n + blockSize - 1) / blockSize
	if cap(c.cum) < blocks {
		c.cum = make([]uint64, blocks)
	}
	c.cum = c.cum[:blocks]
	c.values, c.logits = v, logits
	return nil
}

func (c *Categorical) setProbabilities(v numbers) error {
	if err := c.begin(v, false); err != nil {
		return err
	}
	c.k = firstScale
	total, stop := c.pass()
	if stop >= 0 || total < minTotal {
		largest, err := c.largest()
		if err != nil {
			c.Release()
			return err
		}
		c.k = firstScale - 1 - floorLog2(largest)
		if total, _ = c.pass(); total == 0 {
			c.Release()
			return errChanged
		}
	}
	c.line = newLine(total, v.n)
	return nil
}

var errChanged = &DistributionError{Index: -1, Reason: "the values changed while they were read"}

// floorLog2 returns the whole part of the base-2 logarithm of a float32 above
// zero.
func floorLog2(b uint32) int {
	if b>>23 != 0 {
		return int(b>>23) - 127
	}
	return bits.Len32(b) - 150
}

// largest returns the bits of the largest probability, after checking all.
func (c *Categorical) largest() (uint32, error) {
	v := &c.values
	var buf [blockSize]float32
	var m uint32
	for from, step := 0, v.step(); from < v.n; from += step {
		m = max(m, simd.MaxBits(v.float32s(from, min(from+step, v.n), buf[:])))
	}
	if m > maxFinite {
		m = 0
		for i := range v.n {
			b := v.bits(i)
			if reason := refusal(b); reason != "" {
				return 0, &DistributionError{Index: i, Reason: reason}
			}
			m = max(m, b&^minusZero)
		}
	}
	if m == 0 {
		return 0, &DistributionError{Index: -1, Reason: "no value above zero"}
	}
	return m, nil
}

// refusal says what is wrong with a probability, if anything.
func refusal(b uint32) string {
	switch {
	case b&^minusZero > maxFinite+1:
		return "not a number"
	case b > minusZero:
		return "negative value"
	case b == maxFinite+1:
		return "infinite value"
	}
	return ""
}

// pass computes the partial sums and the total. It stops at a number that has no
// weight at this scale, and returns its index; otherwise stop is -1.
func (c *Categorical) pass() (total uint64, stop int) {
	full := c.values.n / blockSize
	for b := 0; b < full; b++ {
		var done int
		done, total = c.weigh(b*blockSize, blockSize, total, c.cum[b:full])
		b += done
		if b == full {
			break
		}
		var buf [blockSize / simd.Chunk]uint64
		c.cum[b] = total
		if total, stop = c.sums(b*blockSize, simd.Chunk, total, buf[:]); stop >= 0 {
			return total, stop
		}
	}
	from := full * blockSize
	if from == c.values.n {
		return total, -1
	}
	c.cum[full] = total
	if whole := (c.values.n - from) &^ (simd.Chunk - 1); whole > 0 {
		if total, stop = c.sum(from, whole, total); stop >= 0 {
			return total, stop
		}
		from += whole
	}
	return c.single(from, c.values.n, total)
}

// sum adds the weights of n numbers, at most a block and a multiple of
// simd.Chunk, to total.
func (c *Categorical) sum(from, n int, total uint64) (sum uint64, stop int) {
	var buf [blockSize / simd.Chunk]uint64
	if done, sum := c.weigh(from, n, total, buf[:1]); done == 1 {
		return sum, -1
	}
	return c.sums(from, simd.Chunk, total, buf[:n/simd.Chunk])
}

// sums sets cum to the weights before each of len(cum) runs of per numbers, also
// where the kernels leave a number to us: a one, a minus zero.
func (c *Categorical) sums(from, per int, total uint64, cum []uint64) (sum uint64, stop int) {
	for i := 0; i < len(cum); i++ {
		var done int
		done, total = c.weigh(from+i*per, per, total, cum[i:])
		i += done
		if i == len(cum) {
			break
		}
		cum[i] = total
		at := from + i*per
		if total, stop = c.single(at, at+per, total); stop >= 0 {
			return total, stop
		}
	}
	return total, -1
}

// single adds the weights of the numbers from..to to total, one by one.
func (c *Categorical) single(from, to int, total uint64) (sum uint64, stop int) {
	for i := from; i < to; i++ {
		b := c.values.bits(i)
		switch {
		case c.logits:
			total += uint64(simd.LogitWeight(c.logit(b), c.offset) / 2)
		case b == minusZero:
		case b > maxFinite || b > floatOne && c.k == firstScale:
			return total, i
		default:
			total += uint64(simd.Weight(b, c.k))
		}
	}
	return total, -1
}

// weigh adds up the weights of len(cum) runs of per numbers as far as a kernel
// can; see simd.WeighFloat32.
func (c *Categorical) weigh(from, per int, total uint64, cum []uint64) (done int, sum uint64) {
	if c.logits {
		return len(cum), c.weighLogits(from, per, total, cum)
	}
	return c.values.weigh(from, c.k, per, total, cum)
}

// weights sets dst to the weights of as many numbers as it holds, or as there
// are, and returns those.
func (c *Categorical) weights(from int, dst []uint32) []uint32 {
	dst = dst[:min(len(dst), c.values.n-from)]
	if c.values.kind == kindFloat32 && c.shift == 0 {
		c.convert(dst, c.values.f32[from:from+len(dst)])
		return dst
	}
	var buf [pieceSize]float32
	if c.logits {
		c.convert(dst, c.shifted(from, from+len(dst), buf[:]))
	} else {
		c.convert(dst, c.values.float32s(from, from+len(dst), buf[:]))
	}
	return dst
}

func (c *Categorical) convert(dst []uint32, p []float32) {
	if c.logits {
		simd.WeightsLogits(dst, p, c.offset)
	} else {
		simd.WeightsFloat32(dst, p, c.k)
	}
}
