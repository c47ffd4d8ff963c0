package model

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// A Predictor is a caller's own model: it predicts one symbol after another and
// learns which one came. It may keep what it likes, but what it predicts must be
// the same when decoding as it was when encoding, bit for bit, so it may depend
// on nothing but what Reset and Update told it.
type Predictor interface {
	// Reset begins a block. spans says where its tokens stand, and size that
	// its symbols are 0..size-1.
	Reset(spans []Span, size int) error

	// Predict returns the distribution of the next symbol, over at least
	// size symbols. It is used until Update is called.
	Predict() (prob.Distribution, error)

	// Update tells which symbol came.
	Update(symbol uint32) error
}

// external is the codec External: a Predictor and the range coder.
type external struct {
	predictor Predictor
	enc       rangecoder.Encoder
	dec       rangecoder.Decoder
}

func newExternal(cfg Config) (Codec, error) {
	if cfg.Predictor == nil {
		return nil, fmt.Errorf("%w: it takes a predictor of yours, and none is given", fault.ErrModel)
	}
	p, err := cfg.Predictor()
	if err != nil {
		return nil, err
	}
	return &external{predictor: p}, nil
}

func (e *external) EncodeBlock(dst []byte, b *Block) ([]byte, error) {
	if err := checkEncode(b); err != nil {
		return dst, err
	}
	if err := e.predictor.Reset(b.Spans, b.Size); err != nil {
		return dst, err
	}
	sheet := newCostSheet()
	e.enc.Reset(dst)
	for i, s := range b.Symbols {
		d, err := e.predict(b)
		if err != nil {
			return dst, err
		}
		iv, err := d.Interval(s)
		if err != nil {
			return dst, err
		}
		if err := checkInterval(iv); err != nil {
			return dst, err
		}
		e.enc.Put(iv)
		if b.Costs != nil {
			b.Costs[i] = sheet.of(iv)
		}
		if err := e.predictor.Update(s); err != nil {
			return dst, err
		}
	}
	return e.enc.Finish(), nil
}

func (e *external) DecodeBlock(b *Block, src []byte) error {
	if err := checkSize(b); err != nil {
		return err
	}
	if err := e.predictor.Reset(b.Spans, b.Size); err != nil {
		return err
	}
	e.dec.Reset(src)
	for i := range b.Symbols {
		d, err := e.predict(b)
		if err != nil {
			return err
		}
		point, err := e.dec.Point()
		if err != nil {
			return err
		}
		s, iv := d.Find(point)
		if err := checkInterval(iv); err != nil {
			return err
		}
		if uint64(point)-iv.Low >= iv.Width {
			return &prob.DistributionError{Index: int(s), Reason: "an interval without the point that it was asked for"}
		}
		if uint64(s) >= uint64(b.Size) {
			return fmt.Errorf("%w: symbol %d of an alphabet of %d", fault.ErrCorrupt, s, b.Size)
		}
		e.dec.Take(iv)
		b.Symbols[i] = s
		if err := e.predictor.Update(s); err != nil {
			return err
		}
	}
	return e.dec.Finish()
}

// predict asks for the next distribution.
func (e *external) predict(b *Block) (prob.Distribution, error) {
	d, err := e.predictor.Predict()
	if err != nil {
		return nil, err
	}
	if d.Len() < b.Size {
		return nil, &prob.DistributionError{Index: -1, Reason: fmt.Sprintf("%d symbols are predicted for an alphabet of %d", d.Len(), b.Size)}
	}
	return d, nil
}

// checkInterval keeps a wrong Distribution from misleading the coder.
func checkInterval(iv prob.Interval) error {
	if iv.Width < 1 || iv.Width > prob.Total || iv.Low > prob.Total-iv.Width {
		return &prob.DistributionError{Index: -1, Reason: fmt.Sprintf("an interval of %d from %d on", iv.Width, iv.Low)}
	}
	return nil
}
