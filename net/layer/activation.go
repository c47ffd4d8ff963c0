package layer

// at returns S(x), with 30 fraction bits, of x with frac.
func at(table *[curveSize]int32, x int32, frac int) int64 {
	n := frac - curveIn
	a := uint64(max(int64(x), -int64(x)))
	switch {
	case n > 0:
		n = min(n, 62)
		a = (a + 1<<(n-1)) >> n
	case n < 0:
		a <<= min(-n, 32)
	}
	a = min(a, (curveSize-1)<<curveInner-1)
	i := a >> curveInner
	s := table[i] + ((table[i+1]-table[i])*int32(a&(1<<curveInner-1))+1<<(curveInner-1))>>curveInner
	if x < 0 {
		return 1<<curveFrac - int64(s)
	}
	return int64(s)
}

// Apply sets dst to the activations of x, which has frac fraction bits, as dst then.
func (c *Curve) Apply(dst []int64, x []int32, frac int) {
	table := c.table()
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] = round(int64(v)*at(table, v, frac), curveFrac)
	}
}

// Gate sets dst to the activations of x, times y (a gated unit, Shazeer 2020). x has
// frac fraction bits; those of dst are those of x and y together.
func (c *Curve) Gate(dst []int64, x []int32, frac int, y []int32) {
	table := c.table()
	x, y = x[:len(dst)], y[:len(dst)]
	for i, v := range x {
		dst[i] = round(int64(v)*at(table, v, frac), curveFrac) * int64(y[i])
	}
}
