package foretell

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files and the dump in docs/format.md")

// TestFormatDump holds docs/format.md's dump of a small file against the file.
func TestFormatDump(t *testing.T) {
	var buf bytes.Buffer
	w, err := NewWriter(&buf, &WriterOptions{Model: "static"})
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteArray(w, "pi", []int{2, 3}, []int16{3, 1, 4, 1, 5, 9}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
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
