package step

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
)

// npyData returns what follows the header of an .npy file.
func npyData(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b[10+int(binary.LittleEndian.Uint16(b[8:])):]
}

// TestRealLogits codes tokens under the logits of real models, and compares the
// size with the cross-entropy of the exact softmax.
func TestRealLogits(t *testing.T) {
	for _, test := range []struct {
		name      string
		v, target int // numbers in a row, bytes in a target
	}{
		{"stories260K_tinystories", 512, 2},
		{"rwkv5v2-730K_enwik7", 256, 1},
		{"commavq_student_frames600-607", 1024, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			base := filepath.Join(realdata.Dir(t), "logits", test.name)
			raw := npyData(t, base+"_logits.npy")
			targets := npyData(t, base+"_targets.npy")
			logits, probs := make([]float32, len(raw)/4), make([]float32, len(raw)/4)
			symbols := make([]uint32, len(targets)/test.target)
			entropy := 0.0
			for i := range symbols {
				symbols[i] = uint32(targets[i*test.target])
				if test.target == 2 {
					symbols[i] |= uint32(targets[2*i+1]) << 8
				}
				row := logits[i*test.v : (i+1)*test.v]
				sum := 0.0
				for j := range row {
					row[j] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*(i*test.v+j):]))
					sum += math.Exp(float64(row[j]))
				}
				for j, l := range row {
					probs[i*test.v+j] = float32(math.Exp(float64(l)) / sum)
				}
				entropy -= (float64(row[symbols[i]]) - math.Log(sum)) / math.Ln2
			}
			for name, rows := range map[string][]float32{"logits": logits, "probabilities": probs} {
				form := Probabilities
				if name == "logits" {
					form = Logits
				}
				e := NewEncoder(nil)
				if _, err := EncodeSteps(e, form, rows, symbols); err != nil {
					t.Fatal(err)
				}
				code, err := e.Finish()
				if err != nil {
					t.Fatal(err)
				}
				over := float64(len(code)) - entropy/8
				t.Logf("%s: %d bytes, %.2f over the cross-entropy of %.6f bits a token", name, len(code), over, entropy/float64(len(symbols)))
				if over > entropy/8*1e-5+8 {
					t.Errorf("%s: %d bytes for %.1f", name, len(code), entropy/8)
				}
				got := make([]uint32, len(symbols))
				d := NewDecoder(code)
				if _, err := DecodeSteps(d, form, rows, got); err != nil {
					t.Fatal(err)
				}
				for i, symbol := range got {
					if symbol != symbols[i] {
						t.Fatalf("step %d: %d, not %d", i, symbol, symbols[i])
					}
				}
				if err := d.Finish(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
