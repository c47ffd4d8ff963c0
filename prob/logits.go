package prob

import (
	"math"

	"github.com/foretell/foretell/internal/simd"
)

func (c *Categorical) setLogits(v numbers) error {
	if err := c.begin(v, true); err != nil {
		return err
	}
	largest, err := c.largestLogit()
	if err != nil {
		c.Release()
		return err
	}
	if largest <= -simd.LogitLimit || largest >= simd.LogitLimit {
		c.shift = largest
		largest = 0
	}
	c.offset = simd.LogitOffset(largest)
	total, _ := c.pass()
	if total == 0 {
		c.Release()
		return errChanged
	}
	c.line = newLine(total, v.n)
	return nil
}

// largestLogit returns the largest logit, after checking all.
func (c *Categorical) largestLogit() (float32, error) {
	v := &c.values
	var buf [blockSize]float32
	largest := float32(math.Inf(-1))
	suspect := false
	for from, step := 0, v.step(); from < v.n; from += step {
		var nan bool
		largest, nan = simd.MaxLogit(v.float32s(from, min(from+step, v.n), buf[:]), largest)
		suspect = suspect || nan
	}
	if suspect || largest > math.MaxFloat32 {
		for i := range v.n {
			switch b := v.bits(i); {
			case b&^minusZero > maxFinite+1:
				return 0, &DistributionError{Index: i, Reason: "not a number"}
			case b == maxFinite+1:
				return 0, &DistributionError{Index: i, Reason: "infinite value"}
			}
		}
	}
	if largest < -math.MaxFloat32 {
		return 0, &DistributionError{Index: -1, Reason: "no value above minus infinity"}
	}
	return largest, nil
}

// weighLogits adds up the weights of len(cum) chunks of per logits.
func (c *Categorical) weighLogits(from, per int, total uint64, cum []uint64) (sum uint64) {
	if c.values.kind == kindFloat32 && c.shift == 0 {
		return simd.WeighLogits(c.values.f32[from:from+per*len(cum)], c.offset, per, total, cum)
	}
	var buf [blockSize]float32
	for len(cum) > 0 {
		n := min(len(cum), blockSize/per)
		x := c.shifted(from, from+n*per, buf[:])
		total = simd.WeighLogits(x, c.offset, per, total, cum[:n])
		cum = cum[n:]
		from += n * per
	}
	return total
}

// shifted returns the logits from..to less shift, in buf unless that changes
// nothing.
func (c *Categorical) shifted(from, to int, buf []float32) []float32 {
	x := c.values.float32s(from, to, buf)
	if c.shift == 0 {
		return x
	}
	buf = buf[:len(x)]
	for i, v := range x {
		buf[i] = v - c.shift
	}
	return buf
}

// logit returns the logit with the float32 bits b, less shift.
func (c *Categorical) logit(b uint32) float32 {
	if x := math.Float32frombits(b); c.shift == 0 {
		return x
	} else {
		return x - c.shift
	}
}
