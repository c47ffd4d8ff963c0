// Generate writes the tokens that foretell demo compresses: the text of Newton's
// Opticks (1730, public domain, Project Gutenberg's edition), which every Go
// source tree holds, under the byte pair encoding of GPT-2, as little-endian
// uint16. Run it in its folder, as "go run .".
//
// The tokenizer carries its vocabulary, so no network is needed to run it.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/tiktoken-go/tokenizer"
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func generate() error {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src", "testdata", "Isaac.Newton-Opticks.txt"))
	if err != nil {
		return err
	}
	codec, err := tokenizer.Get(tokenizer.R50kBase)
	if err != nil {
		return err
	}
	ids, _, err := codec.Encode(string(text))
	if err != nil {
		return err
	}
	// Bytes that are not UTF-8 would be lost on the way.
	back, err := codec.Decode(ids)
	if err != nil {
		return err
	}
	if back != string(text) {
		return fmt.Errorf("the tokens do not decode to the text")
	}
	var out []byte
	for _, id := range ids {
		if id > 0xffff {
			return fmt.Errorf("token %d does not fit in uint16", id)
		}
		out = binary.LittleEndian.AppendUint16(out, uint16(id))
	}
	fmt.Printf("%d bytes of text are %d tokens\n", len(text), len(ids))
	return os.WriteFile(filepath.Join("..", "opticks.u16"), out, 0o644)
}
