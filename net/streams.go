package net

import (
	"fmt"
	"math/bits"
	"runtime"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/internal/layer"
)

// LogitFrac is the number of fraction bits of a logit: a logit n stands for n / 2^16.
const LogitFrac = layer.LogitFrac

// Options say how streams are run. Window and Sinks change the logits, the others
// do not.
type Options struct {
	// Window is how many positions a token can look back on, its own included, and
	// Sinks how many of the first positions it can see besides; 0 stands for 1024
	// and 4. A negative number of Sinks stands for none.
	Window, Sinks int

	// Positions is the most tokens that a stream will be given. 0 stands for as
	// many as the network was trained for, up to 65,536. More than it was trained
	// for are refused.
	Positions int

	// Block is how many tokens of one stream Feed works on together; 0 stands for
	// 128.
	Block int

	// Threads is how many goroutines share the work; 0 stands for GOMAXPROCS.
	Threads int

	// Memory is the most bytes that the streams may take; 0 stands for no limit.
	Memory int64
}

// withDefaults returns o with every field set, for a network that was trained for so
// many positions.
func (o Options) withDefaults(context int) (Options, error) {
	for _, d := range []struct {
		field *int
		value int
	}{
		{&o.Window, 1024}, {&o.Sinks, 4}, {&o.Positions, min(context, 1<<16)}, {&o.Block, 128}, {&o.Threads, runtime.GOMAXPROCS(0)},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	o.Sinks = max(o.Sinks, 0)
	if o.Window < 1 || o.Positions < 1 || o.Block < 1 || o.Threads < 1 || o.Threads > 1024 {
		return o, fmt.Errorf("%w: an option of streams is below zero", fault.ErrLimit)
	}
	if o.Positions > context {
		return o, fmt.Errorf("%w: streams of %d tokens under a network for %d", fault.ErrLimit, o.Positions, context)
	}
	o.Window, o.Block = min(o.Window, o.Positions), min(o.Block, o.Positions)
	o.Sinks = min(o.Sinks, o.Positions)
	return o, nil
}

// Streams are token sequences that a network predicts, each with its keys and values.
// They belong to one goroutine at a time.
type Streams struct {
	decoder  *decoder
	options  Options
	caches   [][]*layer.Cache // of each stream, one a layer
	position []int            // of the next token
	pass     *pass
	chunk    int // rows that logits are made of at a time
}

// feedChunk is how many tokens Feed makes logits of at a time.
const feedChunk = 64

// newStreams returns n streams without tokens.
func newStreams(d *decoder, n int, o Options) (*Streams, error) {
	o, err := o.withDefaults(d.context)
	if err != nil {
		return nil, err
	}
	if n < 1 || n > 1<<16 {
		return nil, fmt.Errorf("%w: %d streams; 1 to 65536 can be run together", fault.ErrLimit, n)
	}
	s := &Streams{decoder: d, options: o, position: make([]int, n), chunk: o.chunk(n)}
	rows := max(n, o.Block)
	if need := d.streamsBytes(n, o); o.Memory > 0 && need > float64(o.Memory) {
		return nil, fmt.Errorf("%w: %d streams take %.0f bytes of memory, more than the %d that are allowed; ask for fewer or a smaller window",
			fault.ErrLimit, n, need, o.Memory)
	}
	s.caches = make([][]*layer.Cache, n)
	for i := range s.caches {
		for range d.blocks {
			s.caches[i] = append(s.caches[i], layer.NewCache(d.kvHeads, d.dim, o.Sinks, o.Window, o.Block, o.Positions))
		}
	}
	s.pass = newPass(d, rows, s.chunk, o.Threads, s.caches[0][0].Seen())
	if d.rope != nil {
		s.pass.table = d.rope.Table(o.Positions)
	}
	return s, nil
}

// chunk returns how many rows logits are made of at a time, for n streams.
func (o *Options) chunk(n int) int { return max(n, min(o.Block, feedChunk)) }

// streamsBytes returns about how much memory newStreams takes for n streams, under
// options with every field set.
func (d *decoder) streamsBytes(n int, o Options) float64 {
	cache := layer.CacheBytes(d.kvHeads, d.dim, o.Sinks, o.Window, o.Block, o.Positions)
	need := float64(cache)*float64(n)*float64(len(d.blocks)) + float64(d.passBytes(max(n, o.Block), o.chunk(n)))
	if d.rope != nil {
		need += float64(d.rope.Bytes(o.Positions))
	}
	return need
}

// Len returns the number of streams.
func (s *Streams) Len() int { return len(s.position) }

// Position returns how many tokens a stream has been given.
func (s *Streams) Position(stream int) int { return s.position[stream] }

// Positions returns how many tokens a stream can be given.
func (s *Streams) Positions() int { return s.options.Positions }

// Reset makes all streams empty again.
func (s *Streams) Reset() { clear(s.position) }

// check refuses tokens that stream cannot be given.
func (s *Streams) check(stream int, tokens []uint32) error {
	if len(tokens) > s.options.Positions-s.position[stream] {
		return fmt.Errorf("%w: more than %d tokens in a stream", fault.ErrLimit, s.options.Positions)
	}
	for _, t := range tokens {
		if vocabulary := s.decoder.embedding.Rows(); t >= uint32(vocabulary) {
			return fmt.Errorf("%w: token %d of a network of %d", fault.ErrSymbol, t, vocabulary)
		}
	}
	return nil
}

// Step gives each of the first len(tokens) streams a token. It returns their
// predictions of what comes next: for each stream a logit for every token of the
// vocabulary, with LogitFrac fraction bits. They are there until the next call.
//
// Errors, before which nothing has changed, are prob.ErrSymbol and foretell.ErrLimit
// (the end of what the streams were made for).
func (s *Streams) Step(tokens []uint32) ([]int32, error) {
	if len(tokens) > len(s.position) {
		return nil, fmt.Errorf("%w: %d tokens for %d streams", fault.ErrLimit, len(tokens), len(s.position))
	}
	for i := range tokens {
		if err := s.check(i, tokens[i:i+1]); err != nil {
			return nil, err
		}
	}
	if len(tokens) == 0 {
		return nil, nil
	}
	p := s.pass
	p.seats = p.seats[:0]
	for i, t := range tokens {
		p.seats = append(p.seats, seat{s.caches[i], s.position[i], t})
		s.position[i]++
	}
	p.gang.start()
	defer p.gang.stop()
	p.run()
	p.gang.do(p.phases.final)
	return p.makeLogits(0, len(tokens)), nil
}

// Feed gives a stream many tokens. It calls yield, unless that is nil, with the
// predictions of what comes after them, some at a time and in order: those of
// tokens[first:], a logit for every token of the vocabulary each, which are there
// until yield returns. They are the same bits as those that Step gives. An error of
// yield is passed on, with the tokens of its block and those before in the stream.
//
// Other errors, before which nothing has changed, are prob.ErrSymbol and
// foretell.ErrLimit (the end of what the streams were made for).
func (s *Streams) Feed(stream int, tokens []uint32, yield func(first int, logits []int32) error) error {
	if err := s.check(stream, tokens); err != nil {
		return err
	}
	p := s.pass
	p.gang.start()
	defer p.gang.stop()
	for first := 0; first < len(tokens); first += s.options.Block {
		block := tokens[first:min(first+s.options.Block, len(tokens))]
		p.seats = p.seats[:0]
		for _, t := range block {
			p.seats = append(p.seats, seat{s.caches[stream], s.position[stream], t})
			s.position[stream]++
		}
		p.run()
		if yield == nil {
			continue
		}
		p.gang.do(p.phases.final)
		for i := 0; i < len(block); i += s.chunk {
			logits := p.makeLogits(i, min(s.chunk, len(block)-i))
			if err := yield(first+i, logits); err != nil {
				return err
			}
		}
	}
	return nil
}

// Float32 sets dst to logits as numbers: exactly for those within 256 of zero, and the
// nearest float32, ties to even, for others.
func Float32(dst []float32, logits []int32) {
	const exact = 1 << 24
	dst = dst[:len(logits)]
	for i, n := range logits {
		if -exact < n && n < exact {
			dst[i] = float32(n) / (1 << LogitFrac)
		} else {
			dst[i] = float32(significant(n)) / (1 << LogitFrac)
		}
	}
}

// significant rounds n, of more than 24 bits, to 24 significant bits, ties to even. It
// does what the conversion to a float32 does under the usual rounding mode, which the
// thread need not be in.
func significant(n int32) int64 {
	x := max(int64(n), -int64(n))
	cut := bits.Len64(uint64(x)) - 24
	half := int64(1) << (cut - 1)
	x = (x + half - 1 + x>>cut&1) >> cut << cut
	if n < 0 {
		return -x
	}
	return x
}
