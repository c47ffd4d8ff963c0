package codectest

import (
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretell/foretell/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldenBlock returns a block of the golden files: an array of 2 axes whose columns
// keep their values for a while, by a generator that nothing changes.
func goldenBlock(size, rows, columns int, seed uint64) *model.Block {
	b := &model.Block{Size: size, Spans: []model.Span{{Count: rows * columns, Shape: []int{-1, columns}}}}
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

// Golden compares the bytes of blocks of several sizes, the second of which may
// lean on the first, with those in testdata/golden, which are part of the format,
// and decodes these.
func (c Codec) Golden(t *testing.T, name string) {
	for _, k := range []struct {
		size          string
		n, rows, cols int
	}{{"1", 1, 10, 1}, {"200", 200, 20, 16}, {"1000", 1000, 40, 8}, {"70000", 70000, 30, 10}} {
		if c.Refuses > 0 && k.n > c.Refuses {
			continue
		}
		t.Run(k.size, func(t *testing.T) {
			codec := c.make(t)
			var lines []string
			var blocks []*model.Block
			var base []byte
			for i := range 2 {
				b := goldenBlock(k.n, k.rows, k.cols, uint64(i))
				body, leans := encode(t, codec, b, base)
				if !leans {
					base = b.Params
				}
				lines = append(lines, hexLines(b.Params), hexLines(body))
				blocks = append(blocks, b)
			}
			got := strings.Join(lines, "\n\n") + "\n"
			file := filepath.Join("testdata", "golden", name+"-"+k.size+".txt")
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
				d := Empty(b)
				d.Params = unhex(t, parts[2*i])
				if err := c.make(t).Decode(d, unhex(t, parts[2*i+1])); err != nil || !slices.Equal(d.Symbols, b.Symbols) {
					t.Errorf("block %d of %s does not decode: %v", i, file, err)
				}
			}
		})
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
