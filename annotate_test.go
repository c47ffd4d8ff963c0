package foretell

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"os"
	"strings"
	"testing"

	"github.com/foretell/foretell/tokens"
	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"
)

// An annotator takes a file apart as docs/format.md describes it, using none of
// the code that wrote it, and notes what each byte is.
type annotator struct {
	t    *testing.T
	file []byte
	at   int
	out  strings.Builder
}

func (a *annotator) take(n int, what string, args ...any) []byte {
	b := a.file[a.at : a.at+n]
	text := fmt.Sprintf(what, args...)
	for i := 0; i < len(b) || i == 0 && n > 0; i += 12 {
		line := fmt.Sprintf("%04x  %-36s %s", a.at+i, fmt.Sprintf("% x", b[i:min(i+12, len(b))]), text)
		a.out.WriteString(strings.TrimRight(line, " ") + "\n")
		text = ""
	}
	a.at += n
	return b
}

func (a *annotator) uvarint(what string) uint64 {
	v, n := binary.Uvarint(a.file[a.at:])
	a.take(n, "%s: %d", what, v)
	return v
}

func (a *annotator) crc(start int, what string) {
	sum := crc32.Checksum(a.file[start:a.at], crc32.MakeTable(crc32.Castagnoli))
	if got := binary.LittleEndian.Uint32(a.take(4, "%s", what)); got != sum {
		a.t.Errorf("%s: %08x, want %08x", what, got, sum)
	}
}

func (a *annotator) head(title string) { fmt.Fprintf(&a.out, "\n      -- %s --\n", title) }

func (a *annotator) record(title string, hash []byte) (start int, kind byte) {
	a.head(title)
	start = a.at
	a.take(3, "mark")
	kind = a.take(1, "kind %q", a.file[a.at])[0]
	a.uvarint("bytes of fields")
	if !bytes.Equal(a.take(8, "file hash"), hash) {
		a.t.Error("file hash")
	}
	return start, kind
}

// payload unpacks the payload of a layout or index record.
func (a *annotator) payload(start int) []byte {
	a.uvarint("ordinal")
	raw, stored := a.uvarint("raw size"), a.uvarint("stored size")
	sum := binary.LittleEndian.Uint32(a.take(4, "CRC-32C of the unpacked payload"))
	a.crc(start, "CRC-32C of the record's header")
	b := a.take(int(stored), "payload")
	if raw != stored {
		dec, err := zstd.NewReader(nil, zstd.WithDecoderDictRaw(1, dictionary(a.t)))
		if err != nil {
			a.t.Fatal(err)
		}
		defer dec.Close()
		if b, err = dec.DecodeAll(b, nil); err != nil {
			a.t.Fatal(err)
		}
	}
	if crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) != sum {
		a.t.Error("payload sum")
	}
	return b
}

// dictionary returns the dictionary that docs/format.md states.
func dictionary(t *testing.T) []byte {
	text, err := os.ReadFile("docs/format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```preset\n")
	digits, _, _ := strings.Cut(rest, "```")
	b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// inside notes what an unpacked payload holds.
func (a *annotator) inside(b []byte, note func(*annotator)) {
	in := &annotator{t: a.t, file: b}
	note(in)
	if in.at != len(b) {
		a.t.Errorf("%d of %d bytes of a payload noted", in.at, len(b))
	}
	a.out.WriteString("      unpacked:\n")
	for line := range strings.Lines(in.out.String()) {
		a.out.WriteString("      " + line)
	}
}

func (a *annotator) entries() {
	for a.at < len(a.file) {
		kind := a.take(1, "entry kind %d", a.file[a.at])[0]
		n := int(a.uvarint("bytes"))
		switch kind {
		case 1:
			a.take(1, "file, flags")
			a.take(n-1, "name %q", a.file[a.at:a.at+n-1])
		case 2:
			a.take(n, "framing")
		case 3:
			end := a.at + n
			a.uvarint("number + 1, 0: the next one")
			a.take(1, "type %v", tokens.Type(a.file[a.at]))
			a.take(1, "flags")
			for range a.uvarint("axes") {
				a.uvarint("length + 1")
			}
			a.take(end-a.at, "name %q", a.file[a.at:end])
		default:
			a.t.Fatalf("entry of kind %d", kind)
		}
	}
}

func (a *annotator) spans() {
	for i := range a.uvarint("spans") {
		if i > 0 {
			if a.uvarint("twice the count")%2 != 0 {
				a.uvarint("members skipped")
			}
			continue
		}
		a.uvarint("member")
		a.uvarint("first token")
		a.uvarint("count")
	}
}

// annotate returns the bytes of a file with what each is.
func annotate(t *testing.T, file []byte) string {
	a := &annotator{t: t, file: file}
	a.head("header")
	a.take(8, "magic")
	a.take(1, "version")
	a.uvarint("bytes of fields")
	a.take(1, "flags")
	a.take(1, "codec")
	a.take(int(a.uvarint("bytes of the preset")), "preset")
	a.uvarint("level")
	a.uvarint("block tokens")
	a.uvarint("needs")
	hash := binary.LittleEndian.AppendUint64(nil, xxh3.Hash(a.file[:a.at]))
	a.crc(0, "CRC-32C of the header")
	index := 0
	for kind := byte(0); kind != 'I'; {
		index = a.at
		kind = a.anyRecord(hash)
	}
	size := a.at - index
	a.head("trailer")
	start := a.at
	a.take(16, "128-bit xxh3 of the content")
	a.take(8, "size of the content")
	if got := binary.LittleEndian.Uint64(a.take(8, "size of the index record")); got != uint64(size) {
		t.Errorf("index size %d, want %d", got, size)
	}
	a.crc(start, "CRC-32C of the trailer")
	a.take(4, "end")
	if a.at != len(a.file) {
		t.Errorf("%d of %d bytes noted", a.at, len(a.file))
	}
	return a.out.String()[1:]
}

// anyRecord notes the next record and returns its kind.
func (a *annotator) anyRecord(hash []byte) byte {
	title := map[byte]string{'L': "layout record", 'B': "block record", 'I': "index record"}[a.file[a.at+3]]
	start, kind := a.record(title, hash)
	switch kind {
	case 'L':
		a.inside(a.payload(start), (*annotator).entries)
	case 'B':
		a.blockRecord(start)
	case 'I':
		a.inside(a.payload(start), (*annotator).index)
	default:
		a.t.Fatalf("a record of kind %q", kind)
	}
	return kind
}

// blockRecord notes what follows the hash of a block record.
func (a *annotator) blockRecord(start int) {
	a.uvarint("ordinal")
	a.spans()
	a.take(1, "codec %d", a.file[a.at])
	a.uvarint("base")
	params := int(a.uvarint("bytes of parameters"))
	a.take(4, "CRC-32C of the parameters")
	body := int(a.uvarint("bytes of body"))
	a.take(8, "xxh3 of the tokens")
	a.crc(start, "CRC-32C of the record's header")
	end := a.at + params
	if n := a.uvarint("bytes of value map"); n > 0 {
		after := a.at + int(n)
		switch a.take(1, "map kind %d", a.file[a.at])[0] {
		case 0, 1:
			a.uvarint("offset or first value, zigzag")
			a.uvarint("V")
		}
		a.take(after-a.at, "gaps")
	}
	a.take(end-a.at, "codec parameters")
	a.take(body, "body")
}

// index notes what an index holds.
func (a *annotator) index() {
	records := a.uvarint("records")
	a.uvarint("bytes of the list")
	for range records {
		kind := a.take(1, "kind %q", a.file[a.at])[0]
		a.uvarint("size")
		a.take(4, "checksum of its header")
		if kind == 'B' {
			a.spans()
		}
	}
	a.entries()
}

// unannotate returns the bytes that an annotated dump shows.
func unannotate(t *testing.T, dump string) []byte {
	var file []byte
	for line := range strings.Lines(dump) {
		if len(line) < 6 || line[0] == ' ' || line[0] == '\n' {
			continue
		}
		digits := line[6:min(len(line), 6+36)]
		b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		file = append(file, b...)
	}
	return file
}
