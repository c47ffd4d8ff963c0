// Package vocabulary holds the vocabularies of tokenizers that are part of the format of
// mix: the bytes that each token stands for, and a code tree in which tokens that are used
// alike stand near each other. The trees were learned from other text than what is coded
// with them.
package vocabulary

import (
	_ "embed"
	"encoding/binary"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Numbers of vocabularies, as stored in a block.
const (
	GPT2  = 1 // the 50,257 tokens of GPT-2
	Count = 2 // one more than the last number
)

// A Vocabulary is what is known of the tokens 0..Size()-1. It does not change and serves
// any number of goroutines.
type Vocabulary struct {
	Order []uint16 // the leaves of the tree, from left to right
	Depth []uint8  // how many decisions lead to each of them
	Class []uint16 // of each token: the number of the class that its leaf is in

	Classes int

	text string
	at   []uint32 // where the bytes of each token begin in text, and where the last ones end
}

// Size returns the number of tokens.
func (v *Vocabulary) Size() int { return len(v.Order) }

// Text returns the bytes that a token stands for; none if there is no such token.
func (v *Vocabulary) Text(token uint32) string {
	if int64(token) >= int64(v.Size()) {
		return ""
	}
	return v.text[v.at[token]:v.at[token+1]]
}

// Sizes of the vocabulary of GPT-2.
const (
	gpt2Size = 50257
	gpt2Raw  = 522368 // bytes of gpt2.bin, unpacked
)

// Memory is how many bytes the vocabularies take at most, unpacking included.
const Memory = 4 << 20

// gpt2Data is a Zstandard frame: for each token a uvarint, the number of its bytes, and the
// bytes; then for each leaf of the tree its token, 16 bits, lowest byte first, and its depth,
// a byte; then for each class, from left to right, how many leaves it has, 16 bits.
//
//go:embed gpt2.bin
var gpt2Data []byte

var gpt2 = sync.OnceValue(func() *Vocabulary {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(gpt2Raw))
	if err != nil {
		return nil
	}
	defer dec.Close()
	raw, err := dec.DecodeAll(gpt2Data, make([]byte, 0, gpt2Raw))
	if err != nil {
		return nil
	}
	return parse(raw, gpt2Size)
})

// Get returns the vocabulary of a number; nil if there is none.
func Get(number int) *Vocabulary {
	if number != GPT2 {
		return nil
	}
	return gpt2()
}

// parse reads a vocabulary of size tokens; nil if raw is none. That the leaves make a tree
// is not looked at.
func parse(raw []byte, size int) *Vocabulary {
	v := &Vocabulary{Order: make([]uint16, size), Depth: make([]uint8, size), Class: make([]uint16, size), at: make([]uint32, size+1)}
	text := make([]byte, 0, max(0, len(raw)-4*size))
	for i := range size {
		n, k := binary.Uvarint(raw)
		if k <= 0 || n > uint64(len(raw)-k) {
			return nil
		}
		text = append(text, raw[k:][:n]...)
		raw = raw[k+int(n):]
		v.at[i+1] = uint32(len(text))
	}
	if len(raw) < 3*size || (len(raw)-3*size)%2 != 0 {
		return nil
	}
	for i := range size {
		v.Order[i], v.Depth[i] = binary.LittleEndian.Uint16(raw[3*i:]), raw[3*i+2]
	}
	leaf := 0
	for raw = raw[3*size:]; len(raw) > 0; raw = raw[2:] {
		n := int(binary.LittleEndian.Uint16(raw))
		if n > size-leaf {
			return nil
		}
		for _, s := range v.Order[leaf : leaf+n] {
			if int(s) >= size {
				return nil
			}
			v.Class[s] = uint16(v.Classes)
		}
		leaf += n
		v.Classes++
	}
	if leaf < size {
		return nil
	}
	v.text = string(text)
	return v
}
