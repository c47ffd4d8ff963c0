package prob

import (
	"math/bits"
)

// A Family is a shape of density, with a mean and a scale.
type Family uint8

// The families. Each is symmetric about its mean.
const (
	GaussianFamily Family = iota // exp(-z^2/2), the scale being the standard deviation
	LaplaceFamily                // exp(-|z|)
	LogisticFamily               // 1/(exp(z/2)+exp(-z/2))^2
)

// A Component is one density of a Parametric, z being (x-Mean)/Scale.
type Component struct {
	Family Family
	Mean   float64 // finite; values beyond 2^62 either way count as 2^62
	Scale  float64 // finite, above zero
	Weight float64 // finite, not negative: its share of the whole in proportion to the others
}

// Gaussian returns a normal density.
func Gaussian(mean, deviation float64) Component {
	return Component{GaussianFamily, mean, deviation, 1}
}

// Laplace returns a two-sided exponential density; its standard deviation is
// sqrt(2) times the scale.
func Laplace(mean, scale float64) Component {
	return Component{LaplaceFamily, mean, scale, 1}
}

// Logistic returns a logistic density; its standard deviation is pi/sqrt(3)
// times the scale.
func Logistic(mean, scale float64) Component {
	return Component{LogisticFamily, mean, scale, 1}
}

// A Range is the integers that a Parametric is over.
type Range struct {
	Lo, Hi int64 // the least and the greatest, within 2^61 of zero; at most MaxSymbols symbols

	// Escape adds a symbol below Lo and one above Hi. Without it the mass
	// outside the range goes to Lo and Hi; with it these symbols have the
	// mass, and AppendIntervals and ReadValue code any int64.
	Escape bool
}

// Parametric is a density, or a mixture of them, over a range of integers, as
// learned image, audio and video codecs have it for their quantised latents: the
// integer x has the mass between x-1/2 and x+1/2. The cumulative function is
// evaluated where it is needed, in integers: twice to encode, a few times to
// decode, whatever the range. Its error is below 2^-35; docs/exactness.md,
// section 8, defines every bit.
//
// The zero value has no symbols; Set comes first.
type Parametric struct {
	n      int   // number of symbols
	origin int64 // the integer of symbol 0, which with Escape is below the range
	escape bool
	parts  []part
	first  uint32 // where Find looks first
	step   uint32
}

// Set makes p the mixture of the components over r, where a single one may have
// any weight above zero. Symbol 0 is r.Lo, or with r.Escape whatever is below it.
// A component that is refused is a *DistributionError with its index, and
// leaves p as it was.
func (p *Parametric) Set(r Range, components ...Component) error {
	const bound = 1 << 61
	extra := 0
	if r.Escape {
		extra = 1
	}
	switch {
	case r.Lo < -bound || r.Hi > bound || r.Lo > r.Hi || r.Hi-r.Lo >= int64(MaxSymbols-2*extra):
		return &DistributionError{Index: -1, Reason: "the range is empty, above 2^24 symbols or not within 2^61 of zero"}
	case len(components) == 0 || len(components) > maxComponents:
		return &DistributionError{Index: -1, Reason: "the number of components is not 1 to 256"}
	}
	heaviest := 0
	for i := range components {
		if reason := components[i].check(); reason != "" {
			return &DistributionError{Index: i, Reason: reason}
		}
		if components[i].heavier(&components[heaviest]) {
			heaviest = i
		}
	}
	top := floatOf(components[heaviest].Weight)
	if top.mantissa == 0 {
		return &DistributionError{Index: -1, Reason: "nothing above zero"}
	}

	p.n = int(r.Hi-r.Lo) + 1 + 2*extra
	p.origin, p.escape = r.Lo-int64(extra), r.Escape
	total := uint64(0)
	for i := range components {
		total += shareWeight(components[i].Weight, top)
	}
	p.parts = p.parts[:0]
	sum, end := uint64(0), uint64(0)
	for i := range components {
		w := shareWeight(components[i].Weight, top)
		if w == 0 {
			continue
		}
		sum += w
		next, _ := bits.Div64(sum>>32, sum<<32, total)
		p.parts = append(p.parts, newPart(&components[i], next-end))
		end = next
	}
	p.aim(&components[heaviest])
	return nil
}

const maxComponents = 256

// aim sets where Find begins: at the mean, in steps of half the scale.
func (p *Parametric) aim(c *Component) {
	last := float64(p.n - 1)
	p.first = uint32(max(0, min(c.Mean-float64(p.origin), last)))
	p.step = uint32(max(1, min(c.Scale/2, last)))
}

// Len returns the number of symbols: r.Hi-r.Lo+1, and 2 more with r.Escape.
func (p *Parametric) Len() int { return p.n }

// Interval returns the interval of symbol.
func (p *Parametric) Interval(symbol uint32) (Interval, error) {
	if int64(symbol) >= int64(p.n) {
		return Interval{}, &SymbolError{Symbol: symbol, Len: p.n}
	}
	low := p.low(symbol)
	return Interval{low, p.low(symbol+1) - low}, nil
}

// low returns the lower end of the interval of symbol, and Total for p.n.
func (p *Parametric) low(symbol uint32) uint64 {
	switch symbol {
	case 0:
		return 0
	case uint32(p.n):
		return Total
	}
	x := p.origin + int64(symbol)
	mass := uint64(0)
	for i := range p.parts {
		mass += p.parts[i].below(x)
	}
	hi, lo := bits.Mul64(mass, Total-uint64(p.n))
	return hi<<(64-massBits) | lo>>massBits + uint64(symbol)
}

// Find returns the symbol whose interval holds point, and the interval.
func (p *Parametric) Find(point uint32) (uint32, Interval) {
	if p.n == 0 {
		return 0, Interval{Width: Total}
	}
	// The symbol is first or after it, and before end. Steps from the mean
	// outwards double until they enclose it.
	first, end := uint32(0), uint32(p.n)
	low, high := uint64(0), uint64(Total)
	probe := func(i uint32) {
		if l := p.low(i); l <= uint64(point) {
			first, low = i, l
		} else {
			end, high = i, l
		}
	}
	step := p.step
	for i := max(p.first, 1); first < i && i < end; step *= 2 {
		probe(i)
		if first == i {
			i = min(i+step, end)
		} else {
			i -= min(step, i)
		}
	}
	for end-first > 1 {
		probe((first + end) / 2)
	}
	return first, Interval{low, high - low}
}
