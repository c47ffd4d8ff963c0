package mix

// An apm corrects a probability by what came of it before under a small
// context: for each context 33 points along the stretched axis, read by linear
// interpolation (an adaptive probability map, as in PAQ's final stage).
type apm struct {
	t    []uint16
	near int // the point that is trained
}

const (
	apmPoints = 33
	apmStep   = 177 << 4
	apmRate   = 6
)

func newAPM(contexts int) apm { return apm{t: make([]uint16, contexts*apmPoints)} }

func (a *apm) reset() {
	for i := range a.t {
		a.t[i] = uint16(apmFirst(i))
	}
}

// apmFirst returns what point i of a map is at first: what it stands for.
func apmFirst(i int) int64 { return int64(squash(int32(i%apmPoints-apmPoints/2) * apmStep)) }

func (a *apm) predict(st int32, context int) int32 {
	const top = apmPoints / 2 * apmStep
	x := min(max(st, -top), top-1) + top
	j, f := x/apmStep, x%apmStep
	i := context*apmPoints + int(j)
	a.near = i
	if f > apmStep/2 {
		a.near++
	}
	return (int32(a.t[i])*(apmStep-f) + int32(a.t[i+1])*f) / apmStep
}

func (a *apm) update(bit int32) {
	v := int32(a.t[a.near])
	a.t[a.near] = uint16(v + (bit<<16-bit-v)>>apmRate)
}
