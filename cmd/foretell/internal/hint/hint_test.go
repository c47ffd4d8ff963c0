package hint

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
)

func TestElementSize(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(rnd, 1.2, 5, 3000)
	var short, long, floats, noise, text []byte
	for range 1 << 17 {
		v := zipf.Uint64()
		short = binary.LittleEndian.AppendUint16(short, uint16(v))
		long = binary.LittleEndian.AppendUint32(long, uint32(v))
		floats = binary.LittleEndian.AppendUint32(floats, math.Float32bits(float32(rnd.NormFloat64())))
		noise = append(noise, byte(rnd.Uint32()))
		text = append(text, "etaoin shrdlu and more of it, as people write"[rnd.IntN(45)])
	}
	source, err := os.ReadFile("hint.go")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		b    []byte
		want int
	}{
		"uint16": {short, 2}, "uint32": {long, 4}, "floats": {floats, 1}, "noise": {noise, 1}, "text": {text, 1},
		"source": {source, 1}, "nothing": {nil, 1}, "little": {short[:100], 1}, "zeros": {make([]byte, 1<<16), 1},
	} {
		if got := elementSize(test.b); got != test.want {
			t.Errorf("%s: elements of %d bytes, want %d", name, got, test.want)
		}
	}
	files, err := filepath.Glob(filepath.Join(realdata.Dir(t), "llm", "*.u16"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := elementSize(b[:min(len(b), maxSample)]); got != 2 {
			t.Errorf("%s: elements of %d bytes", name, got)
		}
	}
}
