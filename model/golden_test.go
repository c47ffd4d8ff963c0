package model

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden returns the block that the golden files hold: an array of 2 axes whose
// columns keep their values for a while, by a generator that nothing changes.
func golden(size, rows, columns int, seed uint64) *Block {
	b := &Block{Size: size, Spans: []Span{{Count: rows * columns, Shape: []int{-1, columns}}}}
	state := seed
	next := func() int {
		state = state*6364136223846793005 + 1442695040888963407
		return int(state >> 40)
	}
	for i := range rows * columns {
		s := uint32(min(next()%size, next()%size))
		if i >= columns && next()%4 > 0 {
			s = b.Symbols[i-columns]
		}
		b.Symbols = append(b.Symbols, s)
	}
	return b
}

// TestGolden compares the bytes of two blocks, of which the second may lean on the
// first, with those that are part of the format, and decodes these.
func TestGolden(t *testing.T) {
	for _, c := range []struct{ size, rows, columns int }{{1, 10, 1}, {200, 20, 16}, {1000, 40, 8}, {70000, 30, 10}} {
		for _, id := range allIDs {
			name := fmt.Sprintf("%v-%d", id, c.size)
			t.Run(name, func(t *testing.T) {
				codec := newCodec(t, id)
				var lines []string
				var blocks []*Block
				var ids []ID
				var base []byte
				for i := range 2 {
					b := golden(c.size, c.rows, c.columns, uint64(i))
					used, body, leans := encode(t, id, codec, b, base)
					if !leans {
						base = b.Params
					}
					lines = append(lines, used.String(), hexLines(b.Params), hexLines(body))
					blocks, ids = append(blocks, b), append(ids, used)
				}
				got := strings.Join(lines, "\n\n") + "\n"
				file := filepath.Join("testdata", "golden", name+".txt")
				if *update {
					if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("bytes differ from %s:\n%s", file, got)
				}
				parts := strings.Split(strings.TrimSuffix(string(want), "\n"), "\n\n")
				for i, b := range blocks {
					d := empty(b)
					d.Params = unhex(t, parts[3*i+1])
					if err := newCodec(t, ids[i]).DecodeBlock(d, unhex(t, parts[3*i+2])); err != nil || !slices.Equal(d.Symbols, b.Symbols) {
						t.Errorf("block %d of %s does not decode: %v", i, file, err)
					}
				}
			})
		}
	}
}

// hexLines returns bytes in hexadecimal, 32 to a line; "-" for none.
func hexLines(p []byte) string {
	if len(p) == 0 {
		return "-"
	}
	var lines []string
	for chunk := range slices.Chunk(p, 32) {
		lines = append(lines, hex.EncodeToString(chunk))
	}
	return strings.Join(lines, "\n")
}

func unhex(t *testing.T, s string) []byte {
	if s == "-" {
		return nil
	}
	p, err := hex.DecodeString(strings.ReplaceAll(s, "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
