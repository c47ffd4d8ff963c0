// Package neural is the codec of networks: what a network of package net predicts is
// an opinion in the mix of package mix, over a block cut into streams, so that
// decoding runs the network for all streams at once. Text goes through the network's
// tokenizer, inside the codec: a block of text is a block of bytes. docs/text.md
// specifies the bodies.
package neural

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model/mix"
	"github.com/foretell/foretell/net"
	"github.com/foretell/foretell/net/gguf"
	"github.com/foretell/foretell/net/tokenizer"
)

// A Model is a network with what turns text into its tokens. It is safe for
// concurrent use and serves any number of codecs.
type Model struct {
	net   *net.Model
	text  *tokenizer.Tokenizer // nil if there is none
	words *mix.Vocabulary      // of symbols, in text and in arrays of tokens
	size  int                  // of that: tokens and, if there is text, bytes that no token has
	start uint32               // the token that streams begin after
	mute  []uint32             // tokens that stand for no text, if there is any
	sum   uint32               // of the network's identity

	// Of a network that predicts frames: from how many, and their places.
	context, places int
}

// byteCount is how many symbols stand for bytes that no token has, after those of the
// tokens.
const byteCount = 256

// Open reads a model file of size bytes, GGUF or safetensors. maxMemory bounds the
// bytes that it may take; 0 stands for no limit. Errors are those of net.Open and of
// the tokenizer, if the file has one.
func Open(src io.ReaderAt, size, maxMemory int64) (*Model, error) {
	n, err := net.Open(src, size, maxMemory)
	if err != nil {
		return nil, err
	}
	m := &Model{net: n, size: n.Vocabulary()}
	m.context, m.places = n.Frame()
	var magic [4]byte
	if _, err := src.ReadAt(magic[:], 0); err == nil && string(magic[:]) == "GGUF" {
		if err := m.readText(src, size); err != nil {
			return nil, err
		}
	}
	hash := n.Hash()
	m.sum = binary.LittleEndian.Uint32(hash[:])
	if m.places > 0 {
		return m, nil
	}
	rank := ascending(m.size)
	if m.words, err = mix.NewVocabulary(m.order(), rank, m.spelling()); err != nil {
		return nil, err
	}
	return m, nil
}

// readText reads the tokenizer of a GGUF file, if it has one that is known.
func (m *Model) readText(src io.ReaderAt, size int64) error {
	f, err := gguf.Open(src, size)
	if err != nil {
		return err
	}
	t, err := tokenizer.FromGGUF(f)
	if err != nil {
		return fmt.Errorf("the tokenizer of the model: %w", err)
	}
	if t.Size() > m.size {
		return fmt.Errorf("%w: a vocabulary of %d tokens for a network of %d", fault.ErrCorrupt, t.Size(), m.size)
	}
	m.text = t
	m.size = max(m.size, t.Size()+byteCount)
	m.start, _ = t.Start()
	for i := range uint32(t.Size()) {
		if t.Bytes(i) == "" {
			m.mute = append(m.mute, i)
		}
	}
	return nil
}

// Memory returns about how many bytes the model takes.
func (m *Model) Memory() int64 { return m.net.Memory() + int64(m.size)*modelEntry }

// modelEntry is about how many bytes a symbol takes besides the network.
const modelEntry = 200

// Vocabulary returns the number of tokens.
func (m *Model) Vocabulary() int { return m.net.Vocabulary() }

// Net returns the network.
func (m *Model) Net() *net.Model { return m.net }

// Tokenizer returns what turns text into its tokens; nil if there is none.
func (m *Model) Tokenizer() *tokenizer.Tokenizer { return m.text }

// Text reports whether the model has a tokenizer, so that it can code text.
func (m *Model) Text() bool { return m.text != nil }

func ascending(n int) []uint32 {
	order := make([]uint32, n)
	for i := range order {
		order[i] = uint32(i)
	}
	return order
}

// order returns the symbols with those that are alike near each other: by the kind of
// their first rune, then whether a space comes before it, then as a dictionary does.
func (m *Model) order() []uint32 {
	order := ascending(m.size)
	if m.text == nil {
		return order
	}
	type key struct {
		kind, spaced int
		folded, text []byte
	}
	keys := make([]key, m.size)
	for i := range m.text.Size() {
		b := []byte(m.text.Bytes(uint32(i)))
		word := bytes.TrimLeft(b, " ")
		k := key{folded: fold(word), text: b}
		if len(word) < len(b) {
			k.spaced = 1
		}
		switch r, _ := utf8.DecodeRune(word); {
		case len(word) == 0:
		case r == utf8.RuneError:
			k.kind = 4
		case 'a' <= r|0x20 && r|0x20 <= 'z' || r >= 0x80:
			k.kind = 3
		case '0' <= r && r <= '9':
			k.kind = 2
		default:
			k.kind = 1
		}
		keys[i] = k
	}
	for i := range byteCount {
		keys[m.text.Size()+i] = key{kind: 5, text: []byte{byte(i)}}
	}
	slices.SortStableFunc(order, func(a, b uint32) int {
		x, y := &keys[a], &keys[b]
		return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.spaced, y.spaced),
			bytes.Compare(x.folded, y.folded), bytes.Compare(x.text, y.text), cmp.Compare(a, b))
	})
	return order
}

// spelling returns what gives the bytes of a symbol, nil if there is no text.
func (m *Model) spelling() func(symbol uint32) string {
	if m.text == nil {
		return nil
	}
	var single [byteCount]byte
	for i := range single {
		single[i] = byte(i)
	}
	escapes, tokens := string(single[:]), uint32(m.text.Size())
	return func(symbol uint32) string {
		switch {
		case symbol < tokens:
			return m.text.Bytes(symbol)
		case symbol < tokens+byteCount:
			return escapes[symbol-tokens:][:1]
		}
		return ""
	}
}

// fold makes capital letters of ASCII small ones.
func fold(b []byte) []byte {
	b = bytes.Clone(b)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}
