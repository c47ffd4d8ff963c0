package codectest

import (
	"encoding/binary"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/tokens"
)

// realArrays returns the arrays in the files that the pattern matches, in folder
// FORETELL_DATA, whose names end in member, as one block with a span for each.
func realArrays(t testing.TB, pattern, member string, size int) *model.Block {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(realdata.Dir(t), pattern))
	if err != nil || len(files) == 0 {
		t.Skipf("no real data: %s (%v)", pattern, err)
	}
	source, err := tokens.Open(files, tokens.Options{Dtype: tokens.Uint16})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	b := &model.Block{Size: size}
	for {
		p, err := source.Next()
		if errors.Is(err, io.EOF) {
			return b
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Kind != tokens.Member || filepath.Base(p.Info.Name) != member && member != "" {
			continue
		}
		raw, err := io.ReadAll(p.Data)
		if err != nil {
			t.Fatal(err)
		}
		w := p.Info.Type.Size()
		b.Spans = append(b.Spans, model.Span{Member: len(b.Spans), Count: len(raw) / w, Shape: p.Info.StorageShape()})
		for ; len(raw) > 0; raw = raw[w:] {
			// All values are below 2^16.
			b.Symbols = append(b.Symbols, uint32(binary.LittleEndian.Uint16(raw)))
		}
	}
}

// A Real is a block of real data.
type Real struct {
	Name  string
	Block *model.Block
}

// RealData returns blocks of real data, or skips the test.
func RealData(t testing.TB) []Real {
	taco := realArrays(t, "commavq/taco-bell.npy", "", 1024)
	flat := *taco
	flat.Spans = nil
	return []Real{
		{"taco-bell", taco},
		{"taco-bell-flat", &flat},
		{"enwik-gpt2", realArrays(t, "llm/enwik-1M.gpt2.u16", "", 50257)},
		{"encodec-fine", realArrays(t, "encodec/*.npz", "fine_prompt", 1024)},
		{"encodec-semantic", realArrays(t, "encodec/*.npz", "semantic_prompt", 10000)},
	}
}
