package mix

// A matcher follows the longest earlier repetition of the latest tokens, one
// for each least length; the token that came next then is a candidate. Streams that
// are coded side by side are followed side by side, and each finds what any of them
// has had so far.
type matcher struct {
	least []int
	heads [][]uint32 // by hash of the last tokens: position after them, plus 1; 0 if none
	at    [][]int    // position of the predicted token, for each stream
	len   [][]int    // tokens matched, 0: no match
}

const matchBits = 18

func (m *matcher) init(least []int, streams int) {
	m.least = least
	m.heads = make([][]uint32, len(least))
	m.at, m.len = make([][]int, len(least)), make([][]int, len(least))
	for k := range m.heads {
		m.heads[k] = make([]uint32, 1<<matchBits)
		m.at[k], m.len[k] = make([]int, streams), make([]int, streams)
	}
}

func (m *matcher) reset() {
	for k := range m.heads {
		clear(m.heads[k])
		clear(m.at[k])
		clear(m.len[k])
	}
}

// follow takes in sym[i], which has just been coded, as the next token of a stream.
// Streams are long tokens each, or there is only one and long is 0.
func (m *matcher) follow(stream int, sym []uint32, i, long int) {
	for k := range m.least {
		m.step(k, stream, sym, i, long)
	}
}

func (m *matcher) step(k, stream int, sym []uint32, i, long int) {
	at, length := &m.at[k][stream], &m.len[k][stream]
	if *length > 0 && sym[*at] == sym[i] {
		*length = min(*length+1, maxMatch)
		*at++
	} else {
		*length = 0
	}
	n := m.least[k]
	have := before(i+1, long)
	if have < n {
		return
	}
	h := uint32(0)
	for _, s := range sym[i+1-n : i+1] {
		h = (h ^ s) * 0x9E3779B1
		h ^= h >> 15
	}
	head := &m.heads[k][h*0x85EBCA6B>>(32-matchBits)]
	if p := int(*head); *length == 0 && p > 0 {
		most := min(maxMatch, before(p, long), have)
		l := 0
		for l < most && sym[p-1-l] == sym[i-l] {
			l++
		}
		if l >= n {
			*length, *at = l, p
		}
	}
	if *at >= len(sym) {
		*length = 0 // the last stream may be shorter than the others
	}
	*head = uint32(i + 1)
}

// before returns how many tokens of its stream stand before position p, the end of
// a stream included.
func before(p, long int) int {
	if long == 0 {
		return p
	}
	return (p-1)%long + 1
}
