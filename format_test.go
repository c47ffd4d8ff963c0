package foretell

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/foretell/foretell/tokens"
)

var update = flag.Bool("update", false, "rewrite golden files and the dump in docs/format.md")

// TestFormatDump holds docs/format.md's dump of a small file against the file.
func TestFormatDump(t *testing.T) {
	var buf bytes.Buffer
	head := "\x93NUMPY\x01\x00v\x00{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }"
	npy := fmt.Sprintf("%-127s\n%s", head, "\x03\x00\x01\x00\x04\x00\x01\x00\x05\x00\x09\x00")
	src, err := tokens.NewSource("pi.npy", strings.NewReader(npy), tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compress(&buf, src, &WriterOptions{Model: "static"}); err != nil {
		t.Fatal(err)
	}
	dump := annotate(t, buf.Bytes())

	const doc, begin = "docs/format.md", "```hexdump\n"
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), begin)
	old, after, _ := strings.Cut(rest, "```")
	if *update {
		text := before + begin + dump + "```" + after
		if err := os.WriteFile(doc, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if old != dump {
		t.Errorf("the dump in %s is out of date: run go test -run FormatDump -update . The file is\n%s", doc, hex.Dump(buf.Bytes()))
	}
}
