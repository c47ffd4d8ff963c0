package step

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"os"
	"strings"
	"testing"
)

// TestStreamDump keeps the dump in docs/stream.md true.
func TestStreamDump(t *testing.T) {
	row := []float32{0.5, 0.25, 0.25}
	symbols := []uint32{0, 2, 1}
	var out bytes.Buffer
	f := Frame{Vocabulary: 3, Model: []byte("AB"), Guard: 2, Chunk: 16}
	e, err := NewFramedEncoder(&out, f)
	if err != nil {
		t.Fatal(err)
	}
	var widths []uint64
	for _, symbol := range symbols {
		if err := e.EncodeStep(row, symbol); err != nil {
			t.Fatal(err)
		}
		widths = append(widths, e.pending.interval.Width)
	}
	if _, err := e.Finish(); err != nil {
		t.Fatal(err)
	}
	code := out.Bytes()

	// Taken apart as the document says.
	var dump strings.Builder
	var content []byte // under the running checksum
	at := 0
	line := func(n int, what string) []byte {
		b := code[at : at+n]
		fmt.Fprintf(&dump, "%04x  %-35s %s\n", at, hexBytes(b[:min(n, 12)]), what)
		for i := 12; i < n; i += 12 {
			fmt.Fprintf(&dump, "%04x  %s\n", at+i, hexBytes(b[i:min(n, i+12)]))
		}
		at += n
		content = append(content, b...)
		return b
	}
	sum := func() {
		want := crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli))
		b := line(4, "CRC-32C")
		content = content[:len(content)-4]
		if binary.LittleEndian.Uint32(b) != want {
			t.Errorf("checksum %08x, want %08x", b, want)
		}
	}
	line(8, "magic")
	line(1, "version")
	line(1, "coder")
	line(1, "model length")
	line(4, "vocabulary: 3")
	line(4, "guard: 2")
	line(4, "chunk: 16")
	line(2, `model: "AB"`)
	sum()
	n := int(binary.LittleEndian.Uint32(line(4, "length of the chunk")))
	line(n, "content: the coder's bytes")
	sum()
	line(4, "end mark")
	line(8, "steps: 3")
	sum()
	if at != len(code) {
		t.Fatalf("%d bytes of %d", at, len(code))
	}

	const file = "../docs/stream.md"
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(doc)
	end := strings.LastIndex(text, "```")
	begin := strings.LastIndex(text[:end], "```\n") + 4
	if *update {
		text = text[:begin] + dump.String() + text[end:]
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if text[begin:end] != dump.String() {
		t.Errorf("the dump in %s should be\n%s", file, dump.String())
	}
	if want := fmt.Sprintf("%d, %d and %d out of", widths[0], widths[1], widths[2]); !strings.Contains(text, want) {
		t.Errorf("%s does not say %q", file, want)
	}

	d, err := NewFramedDecoder(bytes.NewReader(code), f)
	if err != nil {
		t.Fatal(err)
	}
	for _, symbol := range symbols {
		if got, err := d.DecodeStep(row); err != nil || got != symbol {
			t.Fatal(got, err)
		}
	}
	if err := d.Finish(); err != nil {
		t.Fatal(err)
	}
}

// hexBytes writes b as hexadecimal digits, a space between bytes.
func hexBytes(b []byte) string {
	s := make([]string, len(b))
	for i, x := range b {
		s[i] = hex.EncodeToString([]byte{x})
	}
	return strings.Join(s, " ")
}
