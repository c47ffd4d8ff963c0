package tokens

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"testing"
)

// TestLLMC tells headers of llm.c from others.
func TestLLMC(t *testing.T) {
	head := func(magic, version, count uint32) []byte {
		b := make([]byte, llmcHeader)
		for i, v := range []uint32{magic, version, count} {
			binary.LittleEndian.PutUint32(b[4*i:], v)
		}
		return b
	}
	for _, c := range []struct {
		head []byte
		size int64
		want Type
	}{
		{head(20240520, 1, 5), llmcHeader + 10, Uint16}, {head(20240520, 1, 5), -1, Uint16}, {head(20240801, 7, 5), llmcHeader + 20, Uint32},
		{head(20240520, 2, 5), -1, 0}, {head(20240801, 1, 5), -1, 0}, {head(20240520, 1, 5), llmcHeader + 11, 0}, {head(20240520, 1, 5)[:1000], -1, 0}, {head(1, 1, 1), -1, 0},
	} {
		if got := llmcType(c.head, c.size); got != c.want {
			t.Errorf("%v of %d bytes: %v, want %v", c.head[:12], c.size, got, c.want)
		}
	}
}

// TestLocalHeader refuses what cannot be read as it lies.
func TestLocalHeader(t *testing.T) {
	good := []byte("PK\x03\x04\x2d\x00\x00\x00\x00\x00\x00\x00\x21\x00\x00\x00\x00\x00\x04\x00\x00\x00\x04\x00\x00\x00\x05\x00\x00\x00x.npytext")
	for name, change := range map[string]func([]byte){
		"nothing": func([]byte) {}, "another number": func(b []byte) { b[3] = 2 }, "sizes that come later": func(b []byte) { b[6] = 8 },
		"encrypted": func(b []byte) { b[6] = 1 }, "more than there is": func(b []byte) { b[18], b[22] = 5, 5 }, "two sizes": func(b []byte) { b[22] = 3 },
		"a long name": func(b []byte) { b[27] = 1 },
	} {
		b := bytes.Clone(good)
		change(b)
		h, err := peekLocal(bufio.NewReader(bytes.NewReader(b)), int64(len(b)))
		if err != nil {
			t.Fatal(name, err)
		}
		if whole := h != nil && h.name == "x.npy" && h.size == 4 && h.length == 35 && h.stored; whole != (name == "nothing") {
			t.Errorf("%s: %+v", name, h)
		}
	}
	for n := range good {
		if h, err := peekLocal(bufio.NewReader(bytes.NewReader(good[:n])), int64(n)); h != nil || err != nil {
			t.Errorf("%d bytes: %+v, %v", n, h, err)
		}
	}
}

// TestLongTarHeader reads many records before many zeros, which takes minutes where the
// zeros are looked at again for each record.
func TestLongTarHeader(t *testing.T) {
	header := append(bytes.Repeat([]byte("4 =\n"), maxTarText/8), make([]byte, maxTarText/2)...)
	for range 10 {
		var n tarNames
		if !n.read('x', header) || n != (tarNames{}) {
			t.Fatal("the header is not understood")
		}
	}
}
