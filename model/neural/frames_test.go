package neural

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/model"
)

// TestGoldenFrames holds the bytes of some frames of video under the commaVQ student,
// which predicts the last two of them from those before.
func TestGoldenFrames(t *testing.T) {
	dir := realdata.Dir(t)
	file, err := os.Open(filepath.Join(dir, "models", "commavq-student.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(file, info.Size(), 0)
	if err != nil {
		t.Fatal(err)
	}
	video, err := os.ReadFile(filepath.Join(dir, "commavq", "taco-bell.npy"))
	if err != nil {
		t.Fatal(err)
	}
	const header, first, frames, places = 128, 100, 10, 128
	symbols := make([]uint32, frames*places)
	for i := range symbols {
		symbols[i] = uint32(binary.LittleEndian.Uint64(video[header+8*(first*places+i):]))
	}
	span := model.Span{Count: len(symbols), Shape: []int{-1, places}}
	b := &model.Block{Spans: []model.Span{span}, Size: m.Vocabulary(), Symbols: symbols}
	body, err := New(m, Config{Threads: 2}).Encode(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	const want = "c8c1a81ca08e57b76f842505baa5e2a2d22d7e22ce58c68db49c271dd9155ad8"
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != want {
		t.Errorf("%d bytes with the SHA-256 %x", len(body), sum)
	}
	back := *b
	back.Symbols = make([]uint32, len(symbols))
	if err := New(m, Config{Threads: 1}).Decode(&back, body); err != nil || !slices.Equal(back.Symbols, symbols) {
		t.Errorf("the frames do not come back: %v", err)
	}
}
