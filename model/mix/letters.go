package mix

import (
	"strings"

	"github.com/foretell/foretell/model"
)

// The bytes of text hang in a tree that is the same for all texts, so that it costs
// nothing: letters together, vowels and consonants apart, and what sounds alike near
// each other. A node splits its bytes so that both sides are about equally common in
// English. Half of the bytes that a block has must be letters or spaces.

const (
	// lettersOrder begins the order of the leaves; the other bytes follow as they are.
	lettersOrder = "0123456789AEIOUYTDSZCKQXGJPBVFMNLRHW" +
		"({[<)}]>/\\|=+*&^%$#@~`\"'_-:;!?,.\r\t\n euioayhrlnmwfvbpgjkqxczsdt"

	// lettersRank says how common bytes are, the commonest first; the rest are rarer.
	lettersRank = " etaoinsrhld\nucmfwgypb,.vk-0ITA\"'SCMx1PEBDRWH2FLNGO3jqzUY()456789:;_/K=V<>J*QX[]{}#|&Z!?+%@$\\~^`\t\r"

	lettersRare = 100 // rank of a byte that is not listed
	lettersBase = 9
)

// letters returns the tree of text for symbols below size.
func letters(size int) *tree {
	order := make([]uint32, 0, size)
	for _, x := range []byte(lettersOrder) {
		if int(x) < size {
			order = append(order, uint32(x))
		}
	}
	for x := range size {
		if x > 0x7f || strings.IndexByte(lettersOrder, byte(x)) < 0 {
			order = append(order, uint32(x))
		}
	}
	sums := make([]uint64, size+1)
	for i, x := range order {
		rank := lettersRare
		if x <= 0x7f {
			if k := strings.IndexByte(lettersRank, byte(x)); k >= 0 {
				rank = k
			}
		}
		r := uint64(rank + lettersBase)
		sums[i+1] = sums[i] + 1<<40/(r*r)
	}
	return grow(order, func(lo, hi, _ int) int {
		half := sums[lo] + (sums[hi]-sums[lo])/2
		mid := lo + 1
		for mid < hi-1 && sums[mid] < half {
			mid++
		}
		if mid > lo+1 && half-sums[mid-1] < sums[mid]-half {
			mid--
		}
		return mid
	})
}

// isText reports whether a block's symbols are bytes of text, as far as can be told:
// its first bytes are.
func isText(b *model.Block) bool {
	if b.Size <= ' ' || b.Size > 256 {
		return false
	}
	n, text := 0, 0
	for _, x := range b.Symbols[:min(len(b.Symbols), textSample)] {
		switch byteKind(x) {
		case kindLower, kindUpper, kindSpace:
			text++
		case kindControl:
			text -= controlCost
		}
		n++
	}
	return 2*text > n
}

const (
	textSample  = 1 << 16
	controlCost = 8 // letters that a control character outweighs
)
