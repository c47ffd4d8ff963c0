package mix

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/model"
)

// parseNPY returns the symbols and shape of an array of small integers.
func parseNPY(tb testing.TB, b []byte) ([]uint32, []int) {
	tb.Helper()
	n := int(binary.LittleEndian.Uint16(b[8:]))
	header, b := string(b[10:10+n]), b[10+n:]
	_, rest, _ := strings.Cut(header, "'shape': (")
	rest, _, _ = strings.Cut(rest, ")")
	var shape []int
	count := 1
	for _, f := range strings.Split(rest, ",") {
		var v int
		if _, err := fmt.Sscan(f, &v); err == nil {
			shape = append(shape, v)
			count *= v
		}
	}
	width := len(b) / count
	symbols := make([]uint32, count)
	for i := range symbols {
		symbols[i] = uint32(binary.LittleEndian.Uint16(b[i*width:]))
	}
	return symbols, shape
}

// video returns frames of the driving video.
func video(tb testing.TB, from, to int) *model.Block {
	b, err := os.ReadFile(filepath.Join(realdata.Dir(tb), "commavq", "taco-bell.npy"))
	if err != nil {
		tb.Skip(err)
	}
	symbols, shape := parseNPY(tb, b)
	symbols = symbols[from*128 : to*128]
	return &model.Block{Size: 1024, Symbols: symbols, Spans: []model.Span{{First: int64(from * 128), Count: len(symbols), Shape: shape}}}
}

// text returns the first tokens of the encyclopedia.
func text(tb testing.TB, n int) *model.Block {
	b, err := os.ReadFile(filepath.Join(realdata.Dir(tb), "llm", "enwik-1M.gpt2.u16"))
	if err != nil {
		tb.Skip(err)
	}
	symbols := make([]uint32, n)
	for i := range symbols {
		symbols[i] = uint32(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return &model.Block{Size: 50257, Symbols: symbols, Spans: []model.Span{{Count: n, Shape: []int{len(b) / 2}}}}
}

// audio returns the codes of all speakers, one span each.
func audio(tb testing.TB) *model.Block {
	names, _ := filepath.Glob(filepath.Join(realdata.Dir(tb), "encodec", "*.npz"))
	if len(names) == 0 {
		tb.Skip("no audio codes")
	}
	b := &model.Block{Size: 1024}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			tb.Fatal(err)
		}
		f, err := z.Open("fine_prompt.npy")
		if err != nil {
			tb.Fatal(err)
		}
		npy, err := io.ReadAll(f)
		if err != nil {
			tb.Fatal(err)
		}
		symbols, shape := parseNPY(tb, npy)
		b.Symbols = append(b.Symbols, symbols...)
		b.Spans = append(b.Spans, model.Span{Count: len(symbols), Shape: shape})
	}
	return b
}

// A source makes symbols that can be predicted, from integers alone.
type source uint64

func (s *source) next(n int) int {
	*s = *s*6364136223846793005 + 1442695040888963407
	return int(uint64(*s) >> 33 % uint64(n))
}

// synthetic returns an array of frames in which tokens often stay, move or follow
// from their neighbours.
func synthetic(size int, shape ...int) *model.Block {
	n, row := 1, 1
	for k, d := range shape {
		n *= d
		if k > 0 {
			row *= d
		}
	}
	s := source(size + n)
	symbols := make([]uint32, n)
	for i := range symbols {
		switch k := s.next(10); {
		case k < 4 && i >= row:
			symbols[i] = symbols[i-row]
		case k < 6 && i > 0:
			symbols[i] = (symbols[i-1]*7 + 3) % uint32(size)
		case k < 8 && i > row:
			symbols[i] = symbols[i-row-1] ^ symbols[i-row-1]&1
		default:
			symbols[i] = uint32(int64(s.next(size)) * int64(s.next(size)) / int64(size))
		}
	}
	return &model.Block{Size: size, Symbols: symbols, Spans: []model.Span{{Count: n, Shape: shape}}}
}

// prose returns bytes of words that follow each other by chance, in lines.
func prose(n int) *model.Block {
	words := strings.Fields("The quick brown fox jumps over the lazy dog, and then it sleeps; 42 of them don't. Caf\u00e9s OPEN at")
	s := source(n)
	var text []byte
	for column := 0; len(text) < n; column++ {
		text = append(text, words[s.next(len(words))]...)
		if text = append(text, ' '); column%12 == 11 {
			text[len(text)-1] = '\n'
		}
	}
	b := &model.Block{Size: 256, Symbols: make([]uint32, n), Spans: []model.Span{{Count: n, Shape: []int{n}}}}
	for i := range b.Symbols {
		b.Symbols[i] = uint32(text[i])
	}
	return b
}

// emptyOf returns the block without its symbols.
func emptyOf(b *model.Block) *model.Block {
	return &model.Block{Spans: b.Spans, Size: b.Size, Symbols: make([]uint32, len(b.Symbols))}
}

func TestMain(m *testing.M) {
	prepare()
	os.Exit(m.Run())
}
