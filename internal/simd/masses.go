package simd

import "math"

// Exponentials for masses in floating point, as steps under a tolerance need them:
// each within 2^-22 of its value down to e^-35, where the weights of logits are
// cut off. They are e^x / 2^base with
//
//	n = round(x * log2(e)), r = x - n*ln(2), e^x = 2^n * e^r,
//
// and e^r from a polynomial of degree 6. The error of ln(2) in single precision, 2^-29
// of n, is one factor for all but for the differences of n. Every operation is a fused multiply-add of
// single precision or exact, so that all levels give the same bits; sums are made in
// one order.

// MassBlock is how many numbers a sum of Masses has.
const MassBlock = 256

const (
	massLog2e = 0x1.715476p+0
	massMagic = 0x1.8p+23 // adding it rounds to a whole number
	massLn2   = 0x1.62e43p-1
	massC2    = 0x1.fffffcp-2
	massC3    = 0x1.555492p-3
	massC4    = 0x1.5558f2p-5
	massC5    = 0x1.1239e2p-7
	massC6    = 0x1.6a2434p-10

	// massReach is how far below the largest logit the others are taken to lie at
	// most: e^-70 is nothing to a mass.
	massReach = 70
)

// A MassScale is what Masses are relative to. NewMassScale makes one.
type MassScale struct {
	floor float32 // logits below count as this
	magic float32 // massMagic less n of the largest logit
}

// NewMassScale returns the scale for logits of which the largest is given, between
// -LogitLimit and LogitLimit: its mass is about 1.
func NewMassScale(largest float32) MassScale {
	n := fma32(largest, massLog2e, massMagic) - massMagic
	return MassScale{floor: largest - massReach, magic: massMagic - n}
}

// MassSums sets sums to those of the masses e^x of blocks of MassBlock logits. No
// logit may be a NaN or above the largest that s was made for.
func MassSums(sums []float64, x []float32, s MassScale) {
	check(len(x), MassBlock*len(sums))
	if len(sums) > 0 {
		massSums(sums, x, s)
	}
}

// Masses sets dst to the masses of the logits x, of the same length, on the terms of
// MassSums.
func Masses(dst, x []float32, s MassScale) {
	check(len(dst), len(x))
	n := len(x) &^ (Chunk - 1)
	if n > 0 {
		masses(dst[:n], x[:n], s)
	}
	massesGo(dst[n:], x[n:], s)
}

// Sums sets sums to those of blocks of MassBlock numbers p, which are finite.
func Sums(sums []float64, p []float32) {
	check(len(p), MassBlock*len(sums))
	if len(sums) > 0 {
		sumBlocks(sums, p)
	}
}

// SumInOrder returns the sum of up to MassBlock numbers, made as MassSums makes those
// of its blocks.
func SumInOrder(p []float32) float64 {
	var lanes [8]float64
	for i, x := range p {
		lanes[i%8] += Float64(x)
	}
	return fold(&lanes)
}

// fold adds up the lanes as the vector kernels do.
func fold(l *[8]float64) float64 {
	return ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]))
}

// Float64 returns a number that is not negative as a float64, also where the thread
// takes denormal numbers for zero.
func Float64(x float32) float64 {
	if b := math.Float32bits(x); b < 1<<23 {
		return float64(b) * 0x1p-149
	}
	return float64(x)
}

func massSumsGo(sums []float64, x []float32, s MassScale) {
	var m [MassBlock]float32
	for i := range sums {
		massesGo(m[:], x[i*MassBlock:(i+1)*MassBlock], s)
		sums[i] = SumInOrder(m[:])
	}
}

func sumBlocksGo(sums []float64, p []float32) {
	for i := range sums {
		sums[i] = SumInOrder(p[i*MassBlock : (i+1)*MassBlock])
	}
}

func massesGo(dst, x []float32, s MassScale) {
	for i, v := range x {
		if !(v > s.floor) {
			v = s.floor
		}
		t := fma32(v, massLog2e, s.magic)
		n := t - s.magic
		r := fma32(n, -massLn2, v)
		p := fma32(massC6, r, massC5)
		p = fma32(p, r, massC4)
		p = fma32(p, r, massC3)
		p = fma32(p, r, massC2)
		p = fma32(p, r, 1)
		p = fma32(p, r, 1)
		// The low bits of t are those of n less that of the largest.
		dst[i] = math.Float32frombits(math.Float32bits(p) + math.Float32bits(t)<<23)
	}
}

// fma32 returns a*b + c, rounded once. The product is exact in double precision. Its
// sum with c is rounded there first, which matters only if that gives a number
// halfway between two of single precision.
func fma32(a, b, c float32) float32 {
	p, d := float64(a)*float64(b), float64(c)
	s := p + d
	if math.Float64bits(s)&(1<<29-1) == 1<<28 {
		// What the first rounding left out, exactly.
		q := s - p
		rest := (p - (s - q)) + (d - q)
		if rest != 0 {
			up := (rest > 0) == (s > 0)
			if up {
				s = math.Float64frombits(math.Float64bits(s) + 1)
			} else {
				s = math.Float64frombits(math.Float64bits(s) - 1)
			}
		}
	}
	return float32(s)
}
