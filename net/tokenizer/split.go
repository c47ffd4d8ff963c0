package tokenizer

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// maxWord bounds the bytes of a word, so that cutting it takes little memory.
const maxWord = 1 << 15

// A splitter returns the length of the first word of a text that is not empty. It is at
// least 1.
type splitter func(text []byte) int

// words returns the splitter of a vocabulary.
func words(v Vocabulary) splitter {
	if !v.ByteLevel {
		return spaced
	}
	switch v.Splitter {
	case "llama-bpe", "llama3", "llama-v3", "llama4", "dbrx", "smaug-bpe", "falcon3", "pixtral", "glm4", "chatglm-bpe":
		return func(text []byte) int { return llama3(text, 3) }
	case "qwen2", "qwen35", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "tekken", "gpt-4o":
		return func(text []byte) int { return llama3(text, 1) }
	case "smollm", "starcoder", "refact", "codeshell", "command-r", "exaone", "minerva-7b":
		return func(text []byte) int { return gpt2(text, true) }
	}
	return func(text []byte) int { return gpt2(text, false) }
}

// A class of runes, as the patterns of splitters have them.
type class uint8

const (
	other class = iota
	letter
	number
	space
)

// classes of ASCII.
var classes = func() (c [utf8.RuneSelf]class) {
	for i := range c {
		c[i] = classOf(rune(i))
	}
	return
}()

func classOf(r rune) class {
	switch {
	case unicode.IsLetter(r):
		return letter
	case unicode.IsNumber(r):
		return number
	case unicode.IsSpace(r):
		return space
	}
	return other
}

// classify returns the class and the length of the first rune of a text that is not
// empty. A byte that is not UTF-8 is other.
func classify(text []byte) (class, int) {
	if text[0] < utf8.RuneSelf {
		return classes[text[0]], 1
	}
	r, n := utf8.DecodeRune(text)
	if r == utf8.RuneError {
		return other, n
	}
	return classOf(r), n
}

// run returns the length of the runes of one class that a text begins with.
func run(text []byte, want class) int {
	n := 0
	for n < len(text) {
		c, k := classify(text[n:])
		if c != want {
			break
		}
		n += k
	}
	return n
}

// contraction returns the length of the ending of an English word that a text begins
// with, such as 're; 0 if there is none. With fold, capitals will do.
func contraction(text []byte, fold bool) int {
	if text[0] != '\'' || len(text) < 2 {
		return 0
	}
	lower := func(i int) byte {
		if c := text[i]; fold && c >= 'A' && c <= 'Z' {
			return c | 0x20
		}
		return text[i]
	}
	a := lower(1)
	switch a {
	case 's', 't', 'm', 'd':
		return 2
	}
	if len(text) > 2 {
		switch string([]byte{a, lower(2)}) {
		case "re", "ve", "ll":
			return 3
		}
	}
	return 0
}

// gpt2 splits as GPT-2 does:
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// With isolate, each number of a text is a word, and what lies between is split so.
func gpt2(text []byte, isolate bool) int {
	c, n := classify(text)
	if isolate && c == number {
		return n
	}
	if n := contraction(text, false); n > 0 {
		return n
	}
	if text[0] == ' ' && len(text) > 1 {
		next, _ := classify(text[1:])
		if next != space && !(isolate && next == number) {
			return 1 + run(text[1:], next)
		}
	}
	if c != space {
		return run(text, c)
	}
	return spaces(text, isolate)
}

// spaces returns the length of the white space that a text begins with, without the
// last rune if a word follows and there is more than one. With isolate, a number is not
// a word.
func spaces(text []byte, isolate bool) int {
	n, last := 0, 0
	for n < len(text) {
		c, k := classify(text[n:])
		if c != space {
			if last < n && !(isolate && c == number) {
				return n - last
			}
			break
		}
		n, last = n+k, k
	}
	return n
}

// llama3 splits as Llama 3 and Qwen2 do, with up to so many digits in a word:
//
//	(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}|
//	 ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
func llama3(text []byte, digits int) int {
	if n := contraction(text, true); n > 0 {
		return n
	}
	c, n := classify(text)
	switch {
	case c == letter:
		return run(text, letter)
	case c == number:
		for digits--; digits > 0 && n < len(text); digits-- {
			next, k := classify(text[n:])
			if next != number {
				break
			}
			n += k
		}
		return n
	case text[0] != '\r' && text[0] != '\n' && n < len(text):
		if k := run(text[n:], letter); k > 0 {
			return n + k
		}
	}
	at := 0
	if text[0] == ' ' {
		at = 1
	}
	if k := run(text[at:], other); k > 0 {
		n := at + k
		for n < len(text) && (text[n] == '\r' || text[n] == '\n') {
			n++
		}
		return n
	}
	white := text[:run(text, space)]
	if n := bytes.LastIndexAny(white, "\r\n"); n >= 0 {
		return n + 1
	}
	return spaces(text, false)
}

// spaced splits before spaces that follow something else, where vocabularies of
// SentencePiece have no token across.
func spaced(text []byte) int {
	n := 0
	for n < len(text) && text[n] == ' ' {
		n++
	}
	if k := bytes.IndexByte(text[n:], ' '); k >= 0 {
		return n + k
	}
	return len(text)
}
