// Package learn holds the inner loops of what model/mix trains: weighted sums of
// 32-bit integers and the steps that follow a prediction. Each has a portable
// version, which is the reference, and on amd64 a twin with AVX2 that gives the same
// results for all inputs: integers wrap, shifts of negative numbers round down.
//
// Slices of one call are as long as the first; others may be longer.
package learn

// lanes is what lengths must be a multiple of for the vector loops.
const lanes = 8

// Dot returns the sum of (w[i]>>6*x[i])>>8.
func Dot(w, x []int32) int32 {
	x = x[:len(w)]
	if fast(len(w)) {
		return dotAVX2(&w[0], &x[0], len(w))
	}
	return dot(w, x)
}

func dot(w, x []int32) (sum int32) {
	for i, v := range x {
		sum += (w[i] >> 6 * v) >> 8
	}
	return sum
}

// Train adds (x[i]*e + 512)>>10 to w[i], and keeps it between -limit and limit.
func Train(w, x []int32, e, limit int32) {
	x = x[:len(w)]
	if fast(len(w)) {
		trainAVX2(&w[0], &x[0], len(w), e, limit)
		return
	}
	train(w, x, e, limit)
}

func train(w, x []int32, e, limit int32) {
	for i, v := range x {
		w[i] = min(max(w[i]+(v*e+1<<9)>>10, -limit), limit)
	}
}

// Add adds v to sum.
func Add(sum, v []int32) {
	v = v[:len(sum)]
	if fast(len(sum)) {
		addAVX2(&sum[0], &v[0], len(sum))
		return
	}
	add(sum, v)
}

func add(sum, v []int32) {
	for i, x := range v {
		sum[i] += x
	}
}

// Product returns the sum of x[i]*v[i].
func Product(x, v []int32) int64 {
	v = v[:len(x)]
	if fast(len(x)) {
		return productAVX2(&x[0], &v[0], len(x))
	}
	return product(x, v)
}

func product(x, v []int32) (sum int64) {
	for i, y := range v {
		sum += int64(x[i]) * int64(y)
	}
	return sum
}

// Energy returns the sum of x[i]*x[i]>>12.
func Energy(x []int32) uint64 {
	if fast(len(x)) {
		return energyAVX2(&x[0], len(x))
	}
	return energy(x)
}

func energy(x []int32) (sum uint64) {
	for _, y := range x {
		sum += uint64(int64(y)*int64(y)) >> 12
	}
	return sum
}

// Step adds x[i]*e>>24, of which it keeps 32 bits, to v[i], and keeps that between
// -limit and limit.
func Step(v, x []int32, e, limit int32) {
	x = x[:len(v)]
	if fast(len(v)) {
		stepAVX2(&v[0], &x[0], len(v), e, limit)
		return
	}
	step(v, x, e, limit)
}

func step(v, x []int32, e, limit int32) {
	for i, y := range x {
		v[i] = min(max(v[i]+int32(int64(y)*int64(e)>>24), -limit), limit)
	}
}

// Back adds v[i]*e>>16, of which it keeps 32 bits, to g[i].
func Back(g, v []int32, e int32) {
	v = v[:len(g)]
	if fast(len(g)) {
		backAVX2(&g[0], &v[0], len(g), e)
		return
	}
	back(g, v, e)
}

func back(g, v []int32, e int32) {
	for i, y := range v {
		g[i] += int32(int64(y) * int64(e) >> 16)
	}
}
