package fixedpoint

// A Curve holds S(i / 2^CurveStep) with CurveFrac fraction bits, from 0 to 1, of a
// function S with S(-x) = 1 - S(x).
type Curve [16<<CurveStep + 1]int32

// CurveStep is the binary logarithm of how many entries there are to one, CurveFrac
// the number of fraction bits of an entry.
const (
	CurveStep = 8
	CurveFrac = 30

	curveIn    = 18                  // fraction bits of what is looked up
	curveInner = curveIn - CurveStep // bits between two entries
	curveMax   = 16<<curveIn - 1     // the most that is looked up
)

// at returns S(x), with CurveFrac fraction bits, of x with frac: x is rounded to
// curveIn of them, by shifts as those of round, and entries are interpolated.
func (c *Curve) at(x int32, left, right int, half uint64) int64 {
	a := uint64(max(int64(x), -int64(x)))
	a = min((a<<(left&63)+half)>>(right&63), curveMax)
	i := a >> curveInner
	s := int64(c[i] + ((c[i+1]-c[i])*int32(a&(1<<curveInner-1))+1<<(curveInner-1))>>curveInner)
	// One less s for x < 0, without a branch, which would often be foreseen wrong.
	sign := int64(x) >> 63
	return (s ^ sign) - sign + 1<<CurveFrac&sign
}

// curveShifts returns how numbers with frac fraction bits get curveIn of them.
func curveShifts(frac int) (left, right int, half uint64) {
	left, right = min(max(curveIn-frac, 0), 32), min(max(frac-curveIn, 0), 62)
	return left, right, 1 << right >> 1
}

// fastCurve returns how many of n numbers the vector loops take, and how far numbers
// with frac fraction bits are to be shifted, the first way only if the second is 0.
func fastCurve(n, frac int) (done, left, right int) {
	left, right = max(curveIn-frac, 0), max(frac-curveIn, 0)
	if left > 22 || right > 31 {
		return 0, 0, 0
	}
	return fast(n), left, right
}

// Activate sets dst to x * S(x), rounded. x has frac fraction bits, as dst then.
func (c *Curve) Activate(dst []int64, x []int32, frac int) {
	dst = dst[:len(x)]
	if done, left, right := fastCurve(len(x), frac); done > 0 {
		activateFast(&dst[0], c, &x[0], done, left, right)
		dst, x = dst[done:], x[done:]
	}
	c.activate(dst, x, frac)
}

func (c *Curve) activate(dst []int64, x []int32, frac int) {
	left, right, half := curveShifts(frac)
	for i, v := range x {
		dst[i] = round(int64(v)*c.at(v, left, right, half), CurveFrac)
	}
}

// Gate sets dst to x * S(x), rounded, times y (a gated unit, Shazeer 2020). x has frac
// fraction bits; those of dst are those of x and y together.
func (c *Curve) Gate(dst []int64, x []int32, frac int, y []int32) {
	dst, y = dst[:len(x)], y[:len(x)]
	if done, left, right := fastCurve(len(x), frac); done > 0 {
		gateFast(&dst[0], c, &x[0], &y[0], done, left, right)
		dst, x, y = dst[done:], x[done:], y[done:]
	}
	c.gate(dst, x, frac, y)
}

func (c *Curve) gate(dst []int64, x []int32, frac int, y []int32) {
	left, right, half := curveShifts(frac)
	for i, v := range x {
		dst[i] = round(int64(v)*c.at(v, left, right, half), CurveFrac) * int64(y[i])
	}
}
