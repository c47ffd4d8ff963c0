package step

import "math"

// Elementary functions of float64 numbers above zero, good to about 2^-50. Unlike
// those of package math they are the same on every machine, so that what an encoder
// chooses by them is too.

// logarithm returns the natural logarithm of x, which is a normal number.
func logarithm(x float64) float64 {
	b := math.Float64bits(x)
	e := int(b>>52) - 1022
	m := math.Float64frombits(b&(1<<52-1) | 1022<<52) // 1/2..1
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	s := (m - 1) / (m + 1)
	q := s * s
	p := 0.0
	for n := 23; n > 0; n -= 2 {
		p = float64(p*q) + 1/float64(n)
	}
	return float64(2*s*p) + float64(float64(e)*math.Ln2)
}

// cubeRoot returns the cube root of x, which is a normal number.
func cubeRoot(x float64) float64 {
	g := math.Float64frombits(math.Float64bits(x)/3 + 682<<52)
	for range 3 {
		c := float64(g*g) * g
		g *= (c + 2*x) / (2*c + x)
	}
	return g
}

// exponential returns e^x for x of 0 to 1.3.
func exponential(x float64) float64 {
	p := 1.0
	for n := 20; n > 0; n-- {
		p = float64(p*x)/float64(n) + 1
	}
	return p
}
