package step

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"sort"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/simd"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// A lattice is how a stream under a tolerance rounds the probabilities of its
// decisions; docs/stream.md specifies it. What is here is in integers and the same on
// both sides.
type lattice struct {
	spacing uint64  // of cells, in units of 2^-16
	risk    uint64  // that an even decision lies near an edge, in units of 2^-16
	spread  float64 // of the dither of the likeliest symbol, in units of logits
	most    int     // steps in a chunk
	bound   float64 // on the movement of the logarithm of a decision's odds
}

const (
	minTolerance = 0x1p-24
	maxTolerance = 0.1

	chunkRisk   = 363408 // 8 bits, in units of 2^-16 of a nat
	chunkSteps  = 1024
	maxCut      = 16
	cutContexts = 4
	seedBits    = 24

	logTheta  = -2.2072749131897207 // ln(0.11)
	thetaSpan = 0.8
)

// newLattice returns the lattice for a bound on the difference of each logit.
func newLattice(tolerance float64) (*lattice, error) {
	if !(tolerance >= minTolerance && tolerance <= maxTolerance) {
		return nil, fmt.Errorf("%w: a tolerance of %v, not 2^-24 to 0.1", fault.ErrLimit, tolerance)
	}
	f := simd.BitsFloat64(2 * tolerance)
	bound := math.Float32frombits(f)
	// bound is m * 2^-k. Integers, for a thread may round otherwise.
	m, k := uint64(f&(1<<23-1)|1<<23), uint(150-f>>23)
	spacing := latticeSpacing(m, k)
	part := 3 * spacing << k
	return &lattice{
		spacing: spacing,
		risk:    (m<<33 + part - 1) / part,
		spread:  float64(max(min(8*bound, 1), min(64*bound, 0.25))),
		most:    chunkSteps,
		bound:   float64(bound),
	}, nil
}

// latticeSpacing returns the spacing for a bound of m * 2^-k, about what costs least:
// the largest whole number whose 16th power is at most 7 * 2^256 * bound^5.
func latticeSpacing(m uint64, k uint) uint64 {
	most := new(big.Int).Exp(new(big.Int).SetUint64(m), big.NewInt(5), nil)
	most.Lsh(most.Mul(most, big.NewInt(7)), 256)
	most.Rsh(most, 5*k)
	return uint64(sort.Search(1<<16-1, func(i int) bool {
		power := new(big.Int).Exp(big.NewInt(int64(i+1)), big.NewInt(16), nil)
		return power.Cmp(most) > 0
	}))
}

// latticeSize is how many bytes append adds.
const latticeSize = 2 + 4 + 4 + 4 + 4

// append adds the lattice to the header of a stream.
func (l *lattice) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(l.spacing))
	b = binary.LittleEndian.AppendUint32(b, uint32(l.risk))
	b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(l.spread)))
	b = binary.LittleEndian.AppendUint32(b, uint32(l.most))
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(l.bound)))
}

// parseLattice returns the lattice that append added.
func parseLattice(b []byte) (*lattice, error) {
	number := func(at int) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b[at:]))) }
	l := &lattice{
		spacing: uint64(binary.LittleEndian.Uint16(b)),
		risk:    uint64(binary.LittleEndian.Uint32(b[2:])),
		spread:  number(6),
		most:    int(binary.LittleEndian.Uint32(b[10:])),
		bound:   number(14),
	}
	if l.spacing == 0 || !(l.spread >= 0 && l.spread <= 1) || l.most < 1 || l.most > 1<<16 || !(l.bound > 0 && l.bound <= 1) {
		return nil, fmt.Errorf("%w: an impossible tolerance in the stream's header", fault.ErrCorrupt)
	}
	return l, nil
}

// limit returns the most steps in a chunk that was cut so many times.
func (l *lattice) limit(cut int) int { return max(1, l.most>>cut) }

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// A dither is the pseudo-random numbers of a step under a seed.
type dither struct {
	key   uint64
	word  uint64
	group int // of lanes that word holds
}

func newDither(step int64, seed uint64) dither {
	return dither{key: uint64(step)*0x9e3779b97f4a7c15 + seed*0xd1342543de82ef95, group: -1}
}

// lane returns the dither of a decision, 16 bits.
func (d *dither) lane(q int) uint64 {
	if q>>2 != d.group {
		d.group = q >> 2
		d.word = mix(d.key + uint64(d.group))
	}
	return d.word >> (16 * (q & 3)) & 0xffff
}

// symbol returns the dither of symbol i as the likeliest, 0..1.
func (d *dither) symbol(i uint32) float64 {
	return float64(mix(d.key^(uint64(i)+1)*0xa0761d6478bd642f)>>40) * (1.0 / (1 << 24))
}

// Lanes of a step: whether a symbol is likely enough to be asked for first, whether
// it is the one, and the levels of the tree from the root.
const (
	laneLikely = 0
	laneFirst  = 1
	laneTree   = 2
)

// cell returns the ends of cell k in units of 2^-32 of z, cut off at -1 and 1.
func (l *lattice) cell(k int64, offset uint64) (lo, hi int64) {
	at := (k<<16 - int64(offset)) * int64(l.spacing)
	return max(at, -1<<32), min(at+int64(l.spacing)<<16, 1<<32)
}

const zoneFraction = 8 // bits of a place beyond those of the dither

// place returns where the cube root of odds lies, in units of 2^-24 of a cell.
func (l *lattice) place(root float64) float64 {
	z := root - 1
	if root >= 1 {
		z = 1 - 1/root
	}
	return z * ((1 << (32 + zoneFraction)) / float64(l.spacing))
}

// middle returns the cube root of the smaller odds in the middle of a cell, and those
// odds, in units of 2^-16 and 2^-48.
func middle(lo, hi int64) (t, odds uint64) {
	if lo < 0 && hi > 0 {
		t = (1<<32 - uint64(max(lo+hi, -lo-hi))>>1) >> 16
		return t, t * t * t
	}
	a, b := uint64(lo), uint64(hi)
	if hi <= 0 {
		a, b = uint64(-hi), uint64(-lo)
	}
	ta, tb := (1<<32-a)>>16, (1<<32-b)>>16
	return (ta + tb) >> 1, (ta + tb) * (ta*ta + tb*tb) >> 2
}

// zeroWidth returns the width of a zero in a cell.
func zeroWidth(lo, hi int64) uint64 {
	_, odds := middle(lo, hi)
	r := min(max(odds>>16, 256), 1<<32-1)
	w := r << 32 / (1<<32 + r)
	if lo+hi > 0 {
		return w
	}
	return prob.Total - w
}

// cellRisk returns what a decision in a cell adds to the risk of a chunk.
func (l *lattice) cellRisk(lo, hi int64) uint64 {
	t, _ := middle(lo, hi)
	return l.rootRisk(t)
}

// rootRisk is cellRisk for the cube root of the smaller odds in the middle of the cell.
func (l *lattice) rootRisk(t uint64) uint64 {
	x := l.risk * t >> 16
	return x + x*x>>17
}

// A chunkCoder codes what chunks begin with, under adaptive bits.
type chunkCoder struct {
	cut  [cutContexts]adaptiveBit
	seed [seedBits]adaptiveBit
}

func newChunkCoder() chunkCoder {
	var c chunkCoder
	for i := range c.cut {
		c.cut[i].zero = 64225
	}
	for i := range c.seed {
		c.seed[i].zero = firstSeed[min(i, len(firstSeed)-1)]
	}
	return c
}

// firstSeed is what the bits of a seed begin with: about what they come to where
// chunks end by their risk, but for the first, since others often have seed 0.
var firstSeed = [...]uint16{13107, 6554, 6554, 6554, 6554, 7864, 14418, 25559, 41288, 55706}

// An adaptiveBit is the probability of a zero, in units of 2^-16, and how many bits it
// was made from.
type adaptiveBit struct {
	zero uint16
	seen uint8
}

// adapt takes in a bit: the first ones move the probability by a half, a third and so
// on, later ones by a sixteenth.
func (a *adaptiveBit) adapt(bit int) {
	if bit == 0 {
		a.zero += uint16((1<<16 - uint32(a.zero)) / uint32(a.seen+2))
	} else {
		a.zero -= a.zero / uint16(a.seen+2)
	}
	a.zero = min(max(a.zero, minAdaptive), maxAdaptive)
	a.seen = min(a.seen+1, mostSeen)
}

const (
	minAdaptive = 256
	maxAdaptive = 65280
	mostSeen    = 14
)

// chunkCoderSize is how many bytes append adds.
const chunkCoderSize = 3 * (cutContexts + seedBits)

// append adds the adaptive bits to a position.
func (c *chunkCoder) append(b []byte) []byte {
	for _, part := range [][]adaptiveBit{c.cut[:], c.seed[:]} {
		for _, a := range part {
			b = append(binary.LittleEndian.AppendUint16(b, a.zero), a.seen)
		}
	}
	return b
}

// parse is the inverse of append. It reports whether b can be what it added.
func (c *chunkCoder) parse(b []byte) bool {
	for _, part := range [][]adaptiveBit{c.cut[:], c.seed[:]} {
		for i := range part {
			a := adaptiveBit{binary.LittleEndian.Uint16(b), b[2]}
			if a.zero < minAdaptive || a.zero > maxAdaptive || a.seen > mostSeen {
				return false
			}
			part[i], b = a, b[3:]
		}
	}
	return true
}

// put codes what a chunk begins with: how often it was cut, and its seed.
func (c *chunkCoder) put(rc *rangecoder.Encoder, cut int, seed uint64) {
	putUnary(rc, c.cut[:], maxCut, cut)
	n := bits.Len64(seed+1) - 1
	putUnary(rc, c.seed[:], seedBits, n)
	for i := n - 1; i >= 0; i-- {
		rc.PutBit(int((seed+1)>>i&1), prob.Total/2)
	}
}

// get is the inverse of put.
func (c *chunkCoder) get(rc *rangecoder.Decoder) (cut int, seed uint64) {
	cut = getUnary(rc, c.cut[:], maxCut)
	seed = 1
	for range getUnary(rc, c.seed[:], seedBits) {
		seed = seed<<1 | uint64(rc.Bit(prob.Total/2))
	}
	return cut, seed - 1
}

// putUnary codes n, at most most, as that many ones and, if it is less, a zero.
func putUnary(rc *rangecoder.Encoder, all []adaptiveBit, most, n int) {
	for i := range most {
		a := &all[min(i, len(all)-1)]
		bit := 1
		if i == n {
			bit = 0
		}
		rc.PutBit(bit, uint64(a.zero)<<16)
		a.adapt(bit)
		if bit == 0 {
			return
		}
	}
}

func getUnary(rc *rangecoder.Decoder, all []adaptiveBit, most int) int {
	for i := range most {
		a := &all[min(i, len(all)-1)]
		bit := rc.Bit(uint64(a.zero) << 16)
		a.adapt(bit)
		if bit == 0 {
			return i
		}
	}
	return most
}
