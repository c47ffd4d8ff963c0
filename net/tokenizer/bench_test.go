package tokenizer

import (
	"bytes"
	"strings"
	"testing"
)

// BenchmarkEncode cuts a text, and the worst of words: a run of one letter.
func BenchmarkEncode(b *testing.B) {
	g := load[bpe](b, "bpe.json")
	x := fromJSON(b, g.file(b, "smollm"))
	for name, text := range map[string][]byte{
		"text": []byte(strings.Repeat(strings.Join(g.Texts, "\n"), 50)),
		"run":  bytes.Repeat([]byte("a"), 2*maxWord),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			var ids []uint32
			for b.Loop() {
				ids = x.Encode(ids[:0], text)
			}
		})
	}
}
