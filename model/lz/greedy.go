package lz

import (
	"math/bits"

	"github.com/foretell/foretell/internal/simd/matches"
)

// greedyBits is how many places greedy knows, as a power of two.
const greedyBits = 16

// greedy takes the first match that it meets: at the last offset, or at the last
// place with the same pair of symbols.
func (p *parser) greedy(s []uint32) {
	p.steps = p.steps[:0]
	c := &p.pair
	c.empty(min(max(bits.Len(uint(len(s))), 8), greedyBits))
	heads, mask := c.heads, c.mask
	last := firstHistory
	missed := 0
	for i := 0; i+2 <= len(s); {
		x, y := s[i], s[i+1]
		head, tag := heads.At(matches.HashPair(x, y), mask)
		old := *head
		*head = uint32(i)<<matches.TagBits | tag
		t := step{place: uint32(i)}
		if k := i - int(last[0]); k >= 0 && s[k] == x && s[k+1] == y {
			t.length = uint32(2 + common(s[k+2:], s[i+2:]))
		} else if j := int(old >> matches.TagBits); uint8(old^tag) == 0 && j < i && s[j] == x && s[j+1] == y {
			t.length = uint32(2 + common(s[j+2:], s[i+2:]))
			t.offset = uint32(i-j) + numReps - 1
			last = history{uint32(i - j), last[0], last[1]}
		} else {
			// Where nothing is found for long, fewer places are looked at.
			missed++
			i += 1 + missed>>6
			continue
		}
		missed = 0
		p.steps = append(p.steps, t)
		i += int(t.length)
	}
}
