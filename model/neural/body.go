package neural

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/uvarint"
	"github.com/foretell/foretell/net"
)

// A plan is what a body says before its code: how a block is cut into streams and how
// the network is run over them.
type plan struct {
	kind    uint8
	sum     uint32 // of the model's identity
	count   int    // tokens, which text has fewer of than bytes
	streams int    // that are coded side by side
	segment int    // tokens after which all streams begin anew, for the network
	window  int    // positions that a token sees
	sinks   int    // and the first ones that it sees besides
}

// Kinds of bodies.
const (
	kindTokens = 0 // the symbols are tokens
	kindText   = 1 // the symbols are bytes, cut into tokens
	kindFrames = 2 // the symbols are tokens of frames, and there are no streams
	kindCount  = 3
)

const (
	mostStreams = 16
	mostSegment = 4096
	window      = 1024
	sinks       = 4
)

// newPlan returns the plan for so many tokens, under a network for streams of
// positions tokens.
func newPlan(kind uint8, count, positions int) plan {
	p := plan{kind: kind, count: count, streams: 1, segment: 1, window: window, sinks: sinks}
	most := min(mostSegment, positions)
	p.streams = min(max((count+most-1)/most, 1), mostStreams)
	if long := p.long(); long > 0 {
		parts := (long + most - 1) / most
		p.segment = (long + parts - 1) / parts
	}
	return p
}

// long returns how many tokens the streams have; the last may have fewer.
func (p *plan) long() int { return (p.count + p.streams - 1) / p.streams }

func (p *plan) options(threads, block int) net.Options {
	return net.Options{
		Window: min(p.window, p.segment), Sinks: min(p.sinks, p.segment), Positions: p.segment,
		Block: min(block, p.segment), Threads: threads,
	}
}

func (p *plan) append(dst []byte) []byte {
	dst = append(dst, p.kind)
	dst = binary.LittleEndian.AppendUint32(dst, p.sum)
	for _, v := range []int{p.count, p.streams, p.segment, p.window, p.sinks} {
		dst = binary.AppendUvarint(dst, uint64(v))
	}
	return dst
}

// parsePlan reads the plan of a block of count symbols, under a network for streams of
// positions tokens, and returns it with the code.
func parsePlan(src []byte, count, positions int) (p plan, code []byte, err error) {
	if len(src) < 5 {
		return p, nil, io.ErrUnexpectedEOF
	}
	p.kind, p.sum = src[0], binary.LittleEndian.Uint32(src[1:])
	src = src[5:]
	for _, f := range []struct {
		field *int
		most  int
	}{{&p.count, count}, {&p.streams, mostStreams}, {&p.segment, positions}, {&p.window, 1 << 20}, {&p.sinks, 1 << 20}} {
		v, n := uvarint.Parse(src)
		if n <= 0 {
			return p, nil, io.ErrUnexpectedEOF
		}
		if v > uint64(f.most) {
			return p, nil, errPlan
		}
		*f.field, src = int(v), src[n:]
	}
	if p.kind >= kindCount || p.kind != kindText && p.count != count || p.streams < 1 || p.segment < 1 || p.window < 1 {
		return p, nil, errPlan
	}
	return p, src, nil
}

var errPlan = fmt.Errorf("%w: impossible parameters of a block under a network", fault.ErrCorrupt)
