package lz

import "math/bits"

// greedy takes the first match that it meets: at the last offset, or at the last
// place with the same pair of symbols.
func (p *parser) greedy(s []uint32) {
	p.steps = p.steps[:0]
	b := min(max(bits.Len(uint(len(s))), 8), 16)
	shift := uint(64 - b)
	head := resize(p.pair.head, 1<<b)
	clear(head)
	p.pair.head = head
	last := firstHistory
	missed := 0
	for i := 0; i+2 <= len(s); {
		h := hash2(s[i:]) >> shift
		j := int(head[h]) - 1
		head[h] = uint32(i + 1)
		t := step{place: uint32(i)}
		if k := i - int(last[0]); k >= 0 && s[k] == s[i] && s[k+1] == s[i+1] {
			t.length = uint32(common(s[k:], s[i:]))
		} else if j >= 0 && s[j] == s[i] && s[j+1] == s[i+1] {
			t.length = uint32(common(s[j:], s[i:]))
			t.offset = uint32(i-j) + numReps - 1
		}
		if t.length == 0 {
			// Where nothing is found for long, fewer places are looked at.
			missed++
			i += 1 + missed>>6
			continue
		}
		missed = 0
		p.steps = append(p.steps, t)
		last = use(last, t.offset)
		i += int(t.length)
	}
}
