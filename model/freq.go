package model

import (
	"fmt"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// The models of the table coder. A count's class is coded under the class before
// it, a level that differs little from its base by the difference under the class
// of the base, and all other numbers as a bit length and plain bits.
const (
	numClasses = maxClass + 2 // no count, and the classes 0..maxClass
	afterRun   = numClasses   // the context after a run of zeros or at the start
	maxDelta   = 10           // differences -maxDelta..maxDelta; one more value escapes
	maxRunBits = 24           // runs are at most MaxSize long
)

// freqCoder encodes and decodes frequency tables as levels. Its zero value is
// ready; it keeps its memory.
type freqCoder struct {
	class [numClasses + 1]*prob.Adaptive
	delta [numClasses]*prob.Adaptive
	run   *prob.Adaptive
	enc   rangecoder.Encoder
	dec   rangecoder.Decoder
}

func (f *freqCoder) reset() error {
	models := make([]**prob.Adaptive, 0, len(f.class)+len(f.delta))
	for i := range f.class {
		models = append(models, &f.class[i])
	}
	for i := range f.delta {
		models = append(models, &f.delta[i])
	}
	models = append(models, &f.run)
	for i, m := range models {
		if *m != nil {
			(*m).Reset()
			continue
		}
		n := numClasses
		switch {
		case i == len(models)-1:
			n = maxRunBits + 1
		case i >= len(f.class):
			n = 2*maxDelta + 2
		}
		a, err := prob.NewAdaptive(n, 24, 1<<12)
		if err != nil {
			return err
		}
		*m = a
	}
	return nil
}

// encode appends the table levels to dst. base holds as many levels, or is nil.
func (f *freqCoder) encode(dst []byte, levels, base []level) ([]byte, error) {
	if err := f.reset(); err != nil {
		return dst, err
	}
	f.enc.Reset(dst)
	for i, b := range base {
		if b != 0 {
			f.putDelta(levels[i], b)
		}
	}
	context := afterRun
	for i := 0; i < len(levels); i++ {
		if base != nil && base[i] != 0 {
			continue
		}
		if levels[i] != 0 {
			context = f.putLevel(context, levels[i])
			continue
		}
		f.put(f.class[context], 0)
		run := 0
		last := i
		for j := i + 1; j < len(levels); j++ {
			if base != nil && base[j] != 0 {
				continue
			}
			if levels[j] != 0 {
				break
			}
			run++
			last = j
		}
		f.putNumber(f.run, uint32(run)+1)
		i, context = last, afterRun
	}
	return f.enc.Finish(), nil
}

// putDelta encodes l, whose base is b > 0.
func (f *freqCoder) putDelta(l, b level) {
	c := 1 + b.class()
	if d := int(l) - int(b); d >= -maxDelta && d <= maxDelta {
		f.put(f.delta[c], uint32(d+maxDelta))
		return
	}
	f.put(f.delta[c], 2*maxDelta+1)
	if l == 0 {
		f.put(f.class[c], 0)
		return
	}
	f.putLevel(c, l)
}

// putLevel encodes l > 0 and returns the context that it makes.
func (f *freqCoder) putLevel(context int, l level) int {
	k := l.class()
	f.put(f.class[context], uint32(k+1))
	f.putBits(uint32(l-firstLevels[k]), detail(k))
	return k + 1
}

// putNumber encodes n > 0.
func (f *freqCoder) putNumber(m *prob.Adaptive, n uint32) {
	k := bits.Len32(n) - 1
	f.put(m, uint32(k))
	f.putBits(n-1<<k, k)
}

func (f *freqCoder) put(m *prob.Adaptive, symbol uint32) {
	iv, _ := m.Interval(symbol)
	f.enc.Put(iv)
	m.Update(symbol)
}

func (f *freqCoder) putBits(v uint32, n int) {
	if n > 0 {
		f.enc.Put(prob.Interval{Low: uint64(v) << (32 - n), Width: 1 << (32 - n)})
	}
}

// decode fills levels from the table src. With part, src may hold more levels.
func (f *freqCoder) decode(levels, base []level, src []byte, part bool) error {
	if err := f.reset(); err != nil {
		return err
	}
	f.dec.Reset(src)
	clear(levels)
	for i, b := range base {
		if b != 0 {
			l, err := f.takeDelta(b)
			if err != nil {
				return err
			}
			levels[i] = l
		}
	}
	context := afterRun
	run := uint32(0)
	for i := range levels {
		if base != nil && base[i] != 0 {
			continue
		}
		if run > 0 {
			run--
			continue
		}
		c, err := f.take(f.class[context])
		if err != nil {
			return err
		}
		if c == 0 {
			n, err := f.takeNumber(f.run)
			if err != nil {
				return err
			}
			run, context = n-1, afterRun
			continue
		}
		if levels[i], err = f.takeDetail(c); err != nil {
			return err
		}
		context = int(c)
	}
	if part {
		return f.dec.Err()
	}
	if run > 0 {
		return fmt.Errorf("%w: a frequency table of too many symbols", fault.ErrCorrupt)
	}
	return f.dec.Finish()
}

func (f *freqCoder) takeDelta(b level) (level, error) {
	c := 1 + b.class()
	d, err := f.take(f.delta[c])
	if err != nil {
		return 0, err
	}
	if d <= 2*maxDelta {
		l := int(b) + int(d) - maxDelta
		if l < 0 || l >= numLevels {
			return 0, fmt.Errorf("%w: a frequency out of range", fault.ErrCorrupt)
		}
		return level(l), nil
	}
	k, err := f.take(f.class[c])
	if err != nil || k == 0 {
		return 0, err
	}
	return f.takeDetail(k)
}

// takeDetail decodes the rest of a level of class k-1.
func (f *freqCoder) takeDetail(k uint32) (level, error) {
	v, err := f.takeBits(detail(int(k - 1)))
	return firstLevels[k-1] + level(v), err
}

func (f *freqCoder) takeNumber(m *prob.Adaptive) (uint32, error) {
	k, err := f.take(m)
	if err != nil {
		return 0, err
	}
	v, err := f.takeBits(int(k))
	return 1<<k + v, err
}

func (f *freqCoder) take(m *prob.Adaptive) (uint32, error) {
	point, err := f.dec.Point()
	if err != nil {
		return 0, err
	}
	symbol, iv := m.Find(point)
	f.dec.Take(iv)
	m.Update(symbol)
	return symbol, nil
}

func (f *freqCoder) takeBits(n int) (uint32, error) {
	if n == 0 {
		return 0, nil
	}
	point, err := f.dec.Point()
	if err != nil {
		return 0, err
	}
	v := point >> (32 - n)
	f.dec.Take(prob.Interval{Low: uint64(v) << (32 - n), Width: 1 << (32 - n)})
	return v, nil
}
