// Package tokenizer cuts bytes into the tokens of a language model, without loss: the
// bytes of the tokens, one after another, are the input, whatever it is.
//
// Two kinds of vocabularies are read, from GGUF files and from tokenizer.json files of
// Hugging Face: byte-level BPE as of GPT-2 (Radford et al. 2019), and the BPE of
// SentencePiece with byte fallback (Kudo and Richardson 2018), as of Llama. What the
// libraries of these vocabularies do to a text beyond cutting it is left out: nothing is
// normalised, no space is put before it, and control tokens are never made from text
// that looks like them.
//
// Decoding is concatenation and nothing else. So how text is cut, which is also a matter
// of Unicode versions, may differ between writer and reader, and between releases.
// docs/text.md has the details.
package tokenizer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/foretell/foretell/internal/fault"
)

// MaxSize is the most tokens that a vocabulary may have.
const MaxSize = 1 << 20

// maxToken bounds the bytes of a token that texts are cut into. Longer ones have bytes,
// but are not made.
const maxToken = 1 << 10

// A Kind says what a token of a vocabulary is.
type Kind uint8

// The kinds of tokens.
const (
	Normal  Kind = iota // a piece of text, in the spelling of the vocabulary
	Byte                // one byte, spelt as <0x41>
	Literal             // a piece of text, spelt as it is; texts are not cut into it
	Control             // no text: the beginning of a document and the like
)

// A Vocabulary is what a tokenizer is made from.
type Vocabulary struct {
	Tokens []string // in their spelling
	Kinds  []Kind   // of each token

	// ByteLevel says that bytes are spelt as GPT-2 does, a rune each. Otherwise a
	// space is spelt as U+2581, as SentencePiece does, and all else as it is.
	ByteLevel bool

	// Merges are the pairs of spelt tokens that become one, first ones first.
	// Without them, Scores say it: a pair whose token has the higher score.
	Merges [][2]string
	Scores []float64

	// Splitter names the way in which byte-level vocabularies cut text into words
	// first, as the key "tokenizer.ggml.pre" does. An unknown name is as "gpt-2".
	Splitter string

	// WholeWords says that a word that is a token is not cut further.
	WholeWords bool
}

// A Tokenizer cuts bytes into tokens. It is safe for concurrent use.
type Tokenizer struct {
	bytes  []string          // of each token; empty for those that stand for no text
	ids    map[string]uint32 // of tokens that text is cut into
	single [256]uint32       // symbols of bytes by themselves
	pairs  map[pair]merge
	runes  bool // begin with runes instead of bytes
	split  splitter
	whole  bool
	start  int // -1 for none
}

type pair struct{ left, right uint32 }

// A merge says which token a pair becomes, and when: lower ranks come first.
type merge struct{ rank, token uint32 }

// New returns a tokenizer for a vocabulary. It returns foretell.ErrCorrupt for merges of
// tokens that there are not and lists of unequal length, and foretell.ErrLimit for more than
// MaxSize tokens.
func New(v Vocabulary) (*Tokenizer, error) {
	size := len(v.Tokens)
	switch {
	case size == 0:
		return nil, fmt.Errorf("%w: a vocabulary of no tokens", fault.ErrCorrupt)
	case size > MaxSize:
		return nil, fmt.Errorf("%w: a vocabulary of %d tokens; %d can be read", fault.ErrLimit, size, MaxSize)
	case len(v.Kinds) != size || len(v.Scores) != 0 && len(v.Scores) != size:
		return nil, fmt.Errorf("%w: %d tokens with %d kinds and %d scores", fault.ErrCorrupt, size, len(v.Kinds), len(v.Scores))
	}
	t := &Tokenizer{
		bytes: make([]string, size),
		ids:   make(map[string]uint32, size),
		pairs: map[pair]merge{},
		runes: !v.ByteLevel,
		split: words(v),
		whole: v.WholeWords,
	}
	for i := range t.single {
		t.single[i] = uint32(size + i)
	}
	for i, s := range v.Tokens {
		id := uint32(i)
		b, kind := v.unspell(s, v.Kinds[i])
		t.bytes[i] = b
		switch {
		case b == "":
		case kind == Normal && len(b) <= maxToken:
			if _, ok := t.ids[b]; !ok {
				t.ids[b] = id
			}
		case kind == Byte && t.single[b[0]] >= uint32(size):
			t.single[b[0]] = id
		}
	}
	for i := range t.single {
		if id, ok := t.ids[string([]byte{byte(i)})]; ok {
			t.single[i] = id
		}
	}
	t.start = startOf(v)
	if v.Merges != nil {
		return t, t.merges(v)
	}
	t.scores(v)
	return t, nil
}

// unspell returns the bytes of a token, none if it stands for no text, and its kind,
// which is another than said if it is spelt so.
func (v *Vocabulary) unspell(s string, kind Kind) (string, Kind) {
	switch {
	case kind == Control:
		return "", Control
	case kind == Literal:
		return s, Literal
	case kind == Byte:
		if b, ok := hexByte(s); ok {
			return string([]byte{b}), Byte
		}
		return s, Literal
	case v.ByteLevel:
		if b, ok := unspellBytes(s); ok {
			return b, Normal
		}
		return s, Literal
	}
	return strings.ReplaceAll(s, "\u2581", " "), Normal
}

// hexByte reads the spelling of a byte, such as <0x41>.
func hexByte(s string) (byte, bool) {
	if len(s) != 6 || s[:3] != "<0x" || s[5] != '>' {
		return 0, false
	}
	var b byte
	for _, c := range []byte(s[3:5]) {
		i := strings.IndexByte("0123456789ABCDEF", c)
		if i < 0 {
			return 0, false
		}
		b = b<<4 | byte(i)
	}
	return b, true
}

// startOf returns the control token that a document begins after, or -1.
func startOf(v Vocabulary) int {
	for _, name := range []string{"<|endoftext|>", "<|begin_of_text|>", "<bos>", "<s>"} {
		if i := slices.Index(v.Tokens, name); i >= 0 && v.Kinds[i] == Control {
			return i
		}
	}
	return -1
}

// merges makes the table of pairs from a list.
func (t *Tokenizer) merges(v Vocabulary) error {
	for rank, m := range v.Merges {
		left, _ := v.unspell(m[0], Normal)
		right, _ := v.unspell(m[1], Normal)
		if len(left)+len(right) > maxToken {
			continue
		}
		a, aok := t.ids[left]
		b, bok := t.ids[right]
		both, ok := t.ids[left+right]
		if !aok || !bok || !ok {
			return fmt.Errorf("%w: merge %d joins %.40q and %.40q, and not all three are tokens", fault.ErrCorrupt, rank, m[0], m[1])
		}
		if _, ok := t.pairs[pair{a, b}]; !ok {
			t.pairs[pair{a, b}] = merge{uint32(rank), both}
		}
	}
	return nil
}

// scores makes the table of pairs from the scores of tokens: all ways to join two
// tokens to a third, higher scores first.
func (t *Tokenizer) scores(v Vocabulary) {
	if len(v.Scores) == 0 {
		return
	}
	order := make([]uint32, 0, len(t.ids))
	for _, id := range t.ids {
		order = append(order, id)
	}
	slices.SortFunc(order, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(v.Scores[b], v.Scores[a]), cmp.Compare(a, b))
	})
	rank := uint32(0)
	for i, id := range order {
		if i > 0 && v.Scores[id] != v.Scores[order[i-1]] {
			rank++
		}
		s := t.bytes[id]
		for cut := 1; cut < len(s); cut++ {
			if !utf8.RuneStart(s[cut]) {
				continue
			}
			a, aok := t.ids[s[:cut]]
			b, bok := t.ids[s[cut:]]
			if aok && bok {
				t.pairs[pair{a, b}] = merge{rank, id}
			}
		}
	}
}

// Size returns the number of tokens of the vocabulary.
func (t *Tokenizer) Size() int { return len(t.bytes) }

// Start returns the control token that the model has seen before texts. It reports
// false if there is none of a known name.
func (t *Tokenizer) Start() (uint32, bool) { return uint32(max(t.start, 0)), t.start >= 0 }

// Bytes returns the bytes of a symbol: of a token below Size, and from Size on of the
// 256 escapes, which are one byte each. It returns nothing for control tokens, which
// Encode never gives, and for what is no symbol.
func (t *Tokenizer) Bytes(symbol uint32) string {
	switch n := uint32(len(t.bytes)); {
	case symbol < n:
		return t.bytes[symbol]
	case symbol < n+256:
		return string([]byte{byte(symbol - n)})
	}
	return ""
}

// Complete reports whether every byte is a token, so that Encode needs no escapes.
func (t *Tokenizer) Complete() bool {
	for _, id := range t.single {
		if id >= uint32(len(t.bytes)) {
			return false
		}
	}
	return true
}

// Decode appends the bytes of symbols to dst. A symbol that stands for no text is
// prob.ErrSymbol.
func (t *Tokenizer) Decode(dst []byte, symbols []uint32) ([]byte, error) {
	for _, s := range symbols {
		b := t.Bytes(s)
		if b == "" {
			return dst, fmt.Errorf("%w: %d stands for no text in a vocabulary of %d tokens", fault.ErrSymbol, s, len(t.bytes))
		}
		dst = append(dst, b...)
	}
	return dst, nil
}
