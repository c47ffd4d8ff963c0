package mix

// A trail knows what followed each symbol the last two times, and where the
// latest lines began: a line goes from one delimiter, a symbol that the encoder
// chooses, to the next. It is for streams.
type trail struct {
	next   [2][]uint32 // what followed a symbol last, and before that; plus 1
	ends   uint32      // the delimiter
	line   int         // where the latest line begins
	before int         // where the one before it did
	starts [2]uint32   // hash of the first tokens of both
	done   int         // tokens taken in
}

// startTokens is how many tokens the start of a line has.
const startTokens = 2

const maxColumn = 255

func (t *trail) init(size int) {
	t.next = [2][]uint32{make([]uint32, size), make([]uint32, size)}
}

func (t *trail) reset(delimiter uint32) {
	clear(t.next[0])
	clear(t.next[1])
	*t = trail{next: t.next, ends: delimiter}
}

// advance takes in sym[:i], of which a part may be known already.
func (t *trail) advance(sym []uint32, i int) {
	for ; t.done < i; t.done++ {
		x := sym[t.done]
		if t.done > 0 {
			a := sym[t.done-1]
			t.next[1][a] = t.next[0][a]
			t.next[0][a] = x + 1
		}
		if x == t.ends {
			t.before, t.line = t.line, t.done+1
			t.starts = [2]uint32{0, t.starts[0]}
		} else if t.done-t.line < startTokens {
			t.starts[0] = (t.starts[0]+x+1)*0x9E3779B1 | 1
		}
	}
}

// load sets the values for the token at position i.
func (t *trail) load(v []uint32, sym []uint32, i int) {
	v[valueNext1], v[valueNext2], v[valueAbove] = 0, 0, 0
	if i > 0 {
		v[valueNext1], v[valueNext2] = t.next[0][sym[i-1]], t.next[1][sym[i-1]]
	}
	if above := t.before + i - t.line; above < t.line {
		v[valueAbove] = sym[above] + 1
	}
	v[valueStart], v[valueStartAbove] = t.starts[0], t.starts[1]
	v[valueColumn] = uint32(min(i-t.line, maxColumn))
	v[valueReach] = uint32(min(i-t.line, maxReach))
}
