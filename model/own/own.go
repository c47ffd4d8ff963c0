// Package own has the codecs of a caller's own model, a [model.Predictor]: one that
// codes under what it says, and one that mixes that with what package mix says.
package own

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/step"
)

// A Codec codes each symbol under what the predictor says. The body is a CRC-32C of
// the rest in four bytes, lowest first, and a bare stream of package step with a
// check against drift after every step.DefaultGuard symbols. A body whose checksum
// is right and that still does not decode was written under other predictions,
// which is a *step.DriftError; the steps it names are symbols of the block.
type Codec struct {
	model.Unplanned
	predictor model.Predictor
	enc       *step.Encoder
	dec       *step.Decoder
}

const sumSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// New returns a codec of a predictor, which is kept as long as the codec.
func New(p model.Predictor) (*Codec, error) {
	c := &Codec{predictor: p, enc: step.NewEncoder(nil), dec: step.NewDecoder(nil)}
	return c, errors.Join(c.enc.SetGuard(step.DefaultGuard), c.dec.SetGuard(step.DefaultGuard))
}

// Encode appends the body.
func (c *Codec) Encode(dst []byte, b *model.Block) ([]byte, error) {
	if err := model.CheckEncode(b); err != nil {
		return dst, err
	}
	if err := c.predictor.Reset(b.Spans, b.Size); err != nil {
		return dst, err
	}
	start := len(dst)
	c.enc.Reset(append(dst, make([]byte, sumSize)...))
	spent := 0.0
	for i, s := range b.Symbols {
		if err := worked(b, i); err != nil {
			return dst, err
		}
		d, err := predict(c.predictor, b.Size)
		if err != nil {
			return dst, err
		}
		if err := c.enc.Encode(d, s); err != nil {
			return dst, err
		}
		if b.Costs != nil {
			now := c.enc.Information()
			b.Costs[i], spent = float32(now-spent), now
		}
		if err := c.predictor.Update(s); err != nil {
			return dst, err
		}
	}
	out, err := c.enc.Finish()
	if err != nil {
		return dst, err
	}
	binary.LittleEndian.PutUint32(out[start:], crc32.Checksum(out[start+sumSize:], castagnoli))
	return out, nil
}

// Need returns 0: what a predictor takes is its owner's affair.
func (c *Codec) Need(size, count int, src []byte) (int64, error) { return 0, nil }

// Decode reads what Encode wrote.
func (c *Codec) Decode(b *model.Block, src []byte) error {
	if err := model.CheckSize(b); err != nil {
		return err
	}
	if len(src) < sumSize {
		return io.ErrUnexpectedEOF
	}
	if crc32.Checksum(src[sumSize:], castagnoli) != binary.LittleEndian.Uint32(src) {
		return errSum
	}
	if err := c.predictor.Reset(b.Spans, b.Size); err != nil {
		return err
	}
	c.dec.Reset(src[sumSize:])
	for i := range b.Symbols {
		if err := worked(b, i); err != nil {
			return err
		}
		d, err := predict(c.predictor, b.Size)
		if err != nil {
			return err
		}
		s, err := c.dec.Decode(d)
		if err != nil {
			return c.drift(err)
		}
		if uint64(s) >= uint64(b.Size) {
			return c.drift(fault.ErrCorrupt)
		}
		b.Symbols[i] = s
		if err := c.predictor.Update(s); err != nil {
			return err
		}
	}
	return c.drift(c.dec.Finish())
}

var errSum = fmt.Errorf("%w: the code of the block does not match its checksum", fault.ErrCorrupt)

// damaged reports whether err is of code that makes no sense.
func damaged(err error) bool { return errors.Is(err, fault.ErrCorrupt) || err == io.ErrUnexpectedEOF }

// drift turns what a stream that is known to be whole ends with into drift.
func (c *Codec) drift(err error) error {
	if !damaged(err) {
		return err
	}
	steps := c.dec.Steps()
	from := steps - steps%step.DefaultGuard
	return &step.DriftError{From: from, To: max(steps, from+1)}
}

// worked tells the block how many symbols have been coded. A predictor may take its
// time, so that is often.
func worked(b *model.Block, i int) error {
	if i%16 != 0 {
		return nil
	}
	return b.Worked(i)
}

// predict asks for the next distribution, of at least size symbols.
func predict(p model.Predictor, size int) (prob.Distribution, error) {
	d, err := p.Predict()
	if err != nil {
		return nil, err
	}
	if d.Len() < size {
		return nil, &prob.DistributionError{Index: -1, Reason: fmt.Sprintf("%d symbols are predicted for an alphabet of %d", d.Len(), size)}
	}
	return d, nil
}
