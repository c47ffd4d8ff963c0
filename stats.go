package foretell

import (
	"cmp"
	"context"
	"io"
	"slices"

	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/tokens"
)

// MemberStats describes the tokens of a member. Entropies are in bits per token,
// of the observed frequencies.
type MemberStats struct {
	Info        tokens.Info // with its shape complete
	Tokens      int64
	Frequencies []Frequency // of each distinct value, the most frequent first

	// Order0 is the entropy of the values: what a static table comes to,
	// itself not counted.
	Order0 float64

	// GivenPrevious is the entropy of a token when the one before it, in
	// storage order, is known. GivenStepBack is that when the one at the same
	// place one step earlier along the slowest axis is known; it is there for
	// arrays of more than one axis. Both are -1 if there were too many
	// different pairs to count, the latter also for steps of more than 2^24
	// tokens.
	GivenPrevious, GivenStepBack float64
}

// A Frequency says how often a value occurs.
type Frequency struct {
	Value uint64 // as a bit pattern; of signed types, sign-extended
	Count int64
}

// maxPairs bounds the memory of counting pairs, about 40 bytes each.
const maxPairs = 1 << 24

// CollectStats reads all members of src and counts their values. The memory it
// takes grows with the number of distinct values and, up to a bound, pairs. It ends
// with the error of ctx when that is done; a Read of the caller's that blocks is not
// interrupted.
func CollectStats(ctx context.Context, src tokens.Parts) ([]MemberStats, error) {
	var all []MemberStats
	for p, err := range tokens.All(src) {
		if err != nil {
			return nil, err
		}
		if p.Kind != tokens.Member {
			continue
		}
		c := newCounter(&p.Info)
		if err := c.read(ctx, p.Data); err != nil {
			return nil, err
		}
		all = append(all, c.stats())
	}
	return all, nil
}

// A statsCounter counts the values of one member and the pairs they make.
type statsCounter struct {
	info     tokens.Info
	ids      map[uint64]uint32 // of each value, in order of appearance
	values   []uint64          // by id
	counts   []int64           // by id
	previous pairs
	back     pairs
	last     []uint32 // ids of the last step along the slowest axis
	wide     bool     // that step is too long to look back over
	at       int      // place in last
	prev     uint32   // id of the last token
	n        int64
}

// pairs counts how often an id comes after another.
type pairs struct {
	counts map[uint64]int64
	given  map[uint32]int64
	full   bool
}

func newPairs() pairs {
	return pairs{counts: map[uint64]int64{}, given: map[uint32]int64{}}
}

func (p *pairs) add(given, id uint32) {
	if p.full {
		return
	}
	p.counts[uint64(given)<<32|uint64(id)]++
	p.given[given]++
	if len(p.counts) > maxPairs {
		*p = pairs{full: true}
	}
}

// entropy returns the mean information content of the second of a pair when the
// first is known.
func (p *pairs) entropy() float64 {
	if p.full {
		return -1
	}
	var joint, given []int64
	n := int64(0)
	for _, c := range p.counts {
		joint = append(joint, c)
		n += c
	}
	for _, c := range p.given {
		given = append(given, c)
	}
	if n == 0 {
		return 0
	}
	return (weighted(given) - weighted(joint)) / float64(n)
}

// weighted returns the sum of c * log2(c), which is the same in every order.
func weighted(counts []int64) float64 {
	slices.Sort(counts)
	sum := 0.0
	for i := 0; i < len(counts); {
		same := i
		for same < len(counts) && counts[same] == counts[i] {
			same++
		}
		bits := float64(surprisal.Log2(uint64(counts[i]))) / surprisal.One
		sum += float64(float64(same-i) * float64(counts[i]) * bits)
		i = same
	}
	return sum
}

// maxStep is the longest step along the slowest axis that is looked back over.
const maxStep = 1 << 24

func newCounter(in *tokens.Info) *statsCounter {
	c := &statsCounter{info: *in, ids: map[uint64]uint32{}, previous: newPairs(), back: newPairs()}
	shape := in.StorageShape()
	if len(shape) < 2 {
		return c
	}
	step := int64(1)
	for _, n := range shape[1:] {
		step *= int64(n)
	}
	if c.wide = step > maxStep; step > 0 && !c.wide {
		c.last = make([]uint32, step)
	}
	return c
}

func (c *statsCounter) read(ctx context.Context, data io.Reader) error {
	size := c.info.Type.Size()
	raw := make([]byte, size<<15)
	values := make([]uint64, 1<<15)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(data, raw)
		if err == io.ErrUnexpectedEOF && n%size == 0 || err == io.EOF {
			c.add(values[:n/size], raw[:n])
			return nil
		}
		if err != nil {
			return err
		}
		c.add(values, raw)
	}
}

func (c *statsCounter) add(values []uint64, raw []byte) {
	decodeArray(values, raw, &c.info)
	for _, v := range values {
		id, ok := c.ids[v]
		if !ok {
			id = uint32(len(c.values))
			c.ids[v] = id
			c.values = append(c.values, v)
			c.counts = append(c.counts, 0)
		}
		c.counts[id]++
		if c.n > 0 {
			c.previous.add(c.prev, id)
		}
		if c.last != nil {
			if c.n >= int64(len(c.last)) {
				c.back.add(c.last[c.at], id)
			}
			c.last[c.at] = id
			if c.at++; c.at == len(c.last) {
				c.at = 0
			}
		}
		c.prev = id
		c.n++
	}
}

// stats returns what was counted.
func (c *statsCounter) stats() MemberStats {
	s := MemberStats{Info: c.info, Tokens: c.n, GivenPrevious: c.previous.entropy()}
	if c.last != nil {
		s.GivenStepBack = c.back.entropy()
	} else if c.wide {
		s.GivenStepBack = -1
	}
	if s.Info.Open() {
		row := int64(1)
		for _, n := range s.Info.Shape[1:] {
			row *= int64(n)
		}
		s.Info.Shape = append([]int{int(c.n / max(row, 1))}, s.Info.Shape[1:]...)
	}
	for id, v := range c.values {
		s.Frequencies = append(s.Frequencies, Frequency{v, c.counts[id]})
	}
	signed := c.info.Type.Signed()
	slices.SortFunc(s.Frequencies, func(a, b Frequency) int {
		switch {
		case a.Count != b.Count:
			return cmp.Compare(b.Count, a.Count)
		case signed:
			return cmp.Compare(int64(a.Value), int64(b.Value))
		}
		return cmp.Compare(a.Value, b.Value)
	})
	if c.n > 0 {
		n := float64(c.n)
		s.Order0 = float64(surprisal.Log2(uint64(c.n)))/surprisal.One - weighted(slices.Clone(c.counts))/n
	}
	return s
}
