package mix

import (
	"cmp"
	"slices"

	"github.com/foretell/foretell/model"
)

// encodeBlock returns the smaller body of those that a block is worth trying: whole,
// or in parts.
func (c *Codec) encodeBlock(b *model.Block) ([]byte, error) {
	d, clear := divide(b)
	if d == nil || c.config.Prior != nil {
		return c.encodeWhole(b)
	}
	if clear {
		return c.encodeParts(b, d)
	}
	first, second := *b, *b
	if b.Work != nil {
		first.Work, second.Work = shifted(b, 0, 2), shifted(b, len(b.Symbols), 2)
	}
	if b.Costs != nil {
		second.Costs = make([]float32, len(b.Costs))
	}
	parts, err := c.encodeParts(&first, d)
	if err != nil {
		return nil, err
	}
	whole, err := c.encodeWhole(&second)
	if err == nil && len(whole) < len(parts) {
		copy(b.Costs, second.Costs)
		return whole, nil
	}
	return parts, err
}

// divide says in which parts a block might be coded, or nil; and whether they are
// surely smaller than the whole. Spans are alike if they have the same axes, but for the
// length of time.
func divide(b *model.Block) (d *division, clear bool) {
	n := len(b.Spans)
	if n < 2 || n > len(b.Symbols)/fewTokens {
		return nil, false
	}
	d = &division{part: make([]int, n), from: make([]int, n)}
	saved := d.findCopies(b)
	type kind struct {
		shape  []int
		tokens int
		part   int
	}
	var kinds []*kind
	of := make([]*kind, n)
	for k := range b.Spans {
		if b.Spans[k].Count == 0 {
			return nil, false
		}
		if d.part[k] >= copied {
			continue
		}
		shape := timeless(b.Spans[k].Shape)
		i := slices.IndexFunc(kinds, func(x *kind) bool { return slices.Equal(x.shape, shape) })
		if i < 0 {
			i = len(kinds)
			kinds = append(kinds, &kind{shape: shape})
		}
		if len(kinds) > 4*maxParts {
			return nil, false
		}
		of[k] = kinds[i]
		of[k].tokens += b.Spans[k].Count
	}
	// Those of few tokens are coded together, and so are those beyond the last part.
	large := slices.Clone(kinds)
	slices.SortStableFunc(large, func(x, y *kind) int { return cmp.Compare(y.tokens, x.tokens) })
	for i, x := range large {
		x.part = min(i, maxParts-1)
		if i > 0 && x.tokens < leastTokens {
			x.part = min(x.part, large[i-1].part+b2i(large[i-1].tokens >= leastTokens))
		}
		d.of = x.part + 1
	}
	for k, x := range of {
		if x != nil {
			d.part[k] = x.part
		}
	}
	if d.of == 1 && saved < len(b.Symbols)/64 {
		return nil, false
	}
	return d, len(b.Symbols) >= clearTokens
}

// timeless returns the shape of an array less the length of time: of the longer axis if
// there are two, else of the first.
func timeless(shape []int) []int {
	if len(shape) == 0 {
		return nil
	}
	x := slices.Clone(shape)
	t := 0
	if len(x) == 2 && x[0] >= 0 && x[1] > x[0] {
		t = 1
	}
	x[t] = -1
	return x
}

// findCopies finds spans that are corners of others near them, and returns how many
// tokens that saves.
func (d *division) findCopies(b *model.Block) int {
	order := make([]int, len(b.Spans))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(b.Spans[y].Count, b.Spans[x].Count) })
	at, saved := starts(b), 0
	done := make([]bool, len(order)) // and coded
	for _, k := range order {
		for off := 1; off < reach && d.part[k] < copied; off++ {
			for _, o := range []int{k - off, k + off} {
				if o < 0 || o >= len(done) || !done[o] || d.part[k] >= copied {
					continue
				}
				for _, how := range []int{copied, turned} {
					if d.isCorner(b, at, k, o, how == turned) {
						d.part[k], d.from[k] = how, o
						saved += b.Spans[k].Count
						break
					}
				}
			}
		}
		done[k] = d.part[k] < copied
	}
	return saved
}

// isCorner reports whether a span holds the first rows and columns of another.
func (d *division) isCorner(b *model.Block, at []int, k, o int, turn bool) bool {
	s, other := &b.Spans[k], &b.Spans[o]
	row, col, fits := corner(s, other, turn)
	if !fits {
		return false
	}
	_, cols, _ := matrix(s)
	x, y := b.Symbols[at[k]:][:s.Count], b.Symbols[at[o]:][:other.Count]
	for i, v := range x {
		if v != y[i/cols*row+i%cols*col] {
			return false
		}
	}
	return true
}
