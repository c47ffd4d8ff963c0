package mix

// A matcher follows the longest earlier repetition of the latest tokens, one
// for each least length; the token that came next then is a candidate.
type matcher struct {
	least []int
	heads [][]uint32 // by hash of the last tokens: position after them, plus 1; 0 if none
	at    []int      // position of the predicted token
	len   []int      // tokens matched, 0: no match
	done  int        // positions of sym taken in
}

const matchBits = 18

func (m *matcher) init(least []int) {
	m.least = least
	m.heads = make([][]uint32, len(least))
	for k := range m.heads {
		m.heads[k] = make([]uint32, 1<<matchBits)
	}
	m.at, m.len = make([]int, len(least)), make([]int, len(least))
}

func (m *matcher) reset() {
	for k := range m.heads {
		clear(m.heads[k])
		m.at[k], m.len[k] = 0, 0
	}
	m.done = 0
}

// advance takes in sym[:i], of which a part may be known already.
func (m *matcher) advance(sym []uint32, i int) {
	for ; m.done < i; m.done++ {
		for k := range m.least {
			m.step(k, sym, m.done)
		}
	}
}

// step takes in sym[i].
func (m *matcher) step(k int, sym []uint32, i int) {
	if m.len[k] > 0 && sym[m.at[k]] == sym[i] {
		m.len[k] = min(m.len[k]+1, maxMatch)
		m.at[k]++
	} else {
		m.len[k] = 0
	}
	n := m.least[k]
	if i+1 < n {
		return
	}
	h := uint32(0)
	for _, s := range sym[i+1-n : i+1] {
		h = (h ^ s) * 0x9E3779B1
		h ^= h >> 15
	}
	head := &m.heads[k][h*0x85EBCA6B>>(32-matchBits)]
	if p := int(*head); m.len[k] == 0 && p > 0 {
		l := 0
		for l < maxMatch && l < p && sym[p-1-l] == sym[i-l] {
			l++
		}
		if l >= n {
			m.len[k], m.at[k] = l, p
		}
	}
	*head = uint32(i + 1)
}
