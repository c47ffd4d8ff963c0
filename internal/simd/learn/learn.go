// Package learn holds the inner loops of what model/mix trains: weighted sums of
// 32-bit integers and the steps that follow a prediction. Each has a portable
// version, which is the reference, and on amd64 a twin with AVX2 that gives the same
// results for all inputs: integers wrap, shifts of negative numbers round down.
//
// Slices of one call are as long as the first; others may be longer.
package learn

// lanes is what lengths must be a multiple of for the vector loops.
const lanes = 8

// Dots sets out[k] to the sum of (w[k][i]>>6*x[i])>>8, for all k.
func Dots(out []int32, w [][]int32, x []int32) {
	out = out[:len(w)]
	for k := range w {
		w[k] = w[k][:len(x)]
	}
	if fast(len(x)) && len(w) > 0 {
		dotsAVX2(&out[0], &w[0], len(w), &x[0], len(x))
		return
	}
	dots(out, w, x)
}

func dots(out []int32, w [][]int32, x []int32) {
	for k, w := range w {
		sum := int32(0)
		for i, v := range x {
			sum += (w[i] >> 6 * v) >> 8
		}
		out[k] = sum
	}
}

// Train adds (x[i]*e[k] + 512)>>10 to w[k][i], and keeps it between -limit and limit, for
// all k.
func Train(w [][]int32, x, e []int32, limit int32) {
	e = e[:len(w)]
	for k := range w {
		w[k] = w[k][:len(x)]
	}
	if fast(len(x)) && len(w) > 0 {
		trainAVX2(&w[0], len(w), &x[0], len(x), &e[0], limit)
		return
	}
	train(w, x, e, limit)
}

func train(w [][]int32, x, e []int32, limit int32) {
	for k, w := range w {
		for i, v := range x {
			w[i] = min(max(w[i]+(v*e[k]+1<<9)>>10, -limit), limit)
		}
	}
}

// Sum sets sum to the sum of all v.
func Sum(sum []int32, v [][]int32) {
	for k := range v {
		v[k] = v[k][:len(sum)]
	}
	if fast(len(sum)) && len(v) > 0 {
		sumAVX2(&sum[0], len(sum), &v[0], len(v))
		return
	}
	add(sum, v)
}

func add(sum []int32, v [][]int32) {
	clear(sum)
	for _, v := range v {
		for i, x := range v {
			sum[i] += x
		}
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

// Learn adds v[i]*err>>16 to g[i], and then x[i]*e>>24 to v[i], of which it keeps 32 bits
// each, and keeps v[i] between -limit and limit.
func Learn(g, v, x []int32, err, e, limit int32) {
	v, x = v[:len(g)], x[:len(g)]
	if fast(len(g)) {
		learnAVX2(&g[0], &v[0], &x[0], len(g), err, e, limit)
		return
	}
	learn(g, v, x, err, e, limit)
}

func learn(g, v, x []int32, err, e, limit int32) {
	for i, y := range v {
		g[i] += int32(int64(y) * int64(err) >> 16)
	}
	step(v, x, e, limit)
}
