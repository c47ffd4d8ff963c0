package vocabulary

import (
	"crypto/sha256"
	"encoding/hex"
	"runtime"
	"testing"
)

// TestGPT2 checks the data of GPT-2's vocabulary: that it is the one of the format, that
// the leaves make a tree, and that tokens stand for their bytes. What unpacking allocates
// is what is said of it.
func TestGPT2(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	v := Get(GPT2)
	runtime.ReadMemStats(&after)
	if v == nil {
		t.Fatal("the data cannot be read")
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > Memory {
		t.Errorf("unpacking takes %d bytes, not %d", took, Memory)
	}
	const want = "8e18cb1a06f5c9c87be41497f0b6e5aaf3aeb6021abbed8d11783a70f7592f77"
	if sum := sha256.Sum256(gpt2Data); hex.EncodeToString(sum[:]) != want {
		t.Errorf("SHA-256 of the data: %x", sum)
	}
	if v.Size() != gpt2Size {
		t.Fatalf("%d tokens", v.Size())
	}
	// Leaves from left to right fill the unit interval, each beginning at a multiple of its
	// width.
	at := uint64(0)
	seen := make([]bool, gpt2Size)
	for i, s := range v.Order {
		if int(s) >= gpt2Size || seen[s] {
			t.Fatalf("leaf %d: token %d", i, s)
		}
		seen[s] = true
		d := v.Depth[i]
		if d < 1 || d > 40 || at&(1<<(40-d)-1) != 0 {
			t.Fatalf("leaf %d: depth %d at %x", i, d, at)
		}
		at += 1 << (40 - d)
	}
	if at != 1<<40 {
		t.Errorf("the leaves fill %x of %x", at, uint64(1)<<40)
	}
	if v.Classes != 256 {
		t.Errorf("%d classes", v.Classes)
	}
	texts := make(map[string]bool)
	for i := range uint32(gpt2Size) {
		texts[v.Text(i)] = true
	}
	if len(texts) != gpt2Size || texts[""] {
		t.Errorf("%d texts of %d tokens", len(texts), gpt2Size)
	}
	for token, text := range map[uint32]string{0: "!", 198: "\n", 220: " ", 262: " the", 15496: "Hello", 50256: "<|endoftext|>", 50257: ""} {
		if got := v.Text(token); got != text {
			t.Errorf("token %d is %q, not %q", token, got, text)
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, n := range []int{-1, 0, Count} {
		if Get(n) != nil {
			t.Errorf("a vocabulary of number %d", n)
		}
	}
	good := []byte{1, 'a', 2, 'b', 'c', 1, 0, 1, 0, 0, 1, 1, 0, 1, 0}
	if v := parse(good, 2); v == nil || v.Text(1) != "bc" || v.Order[0] != 1 || v.Depth[1] != 1 || v.Class[0] != 1 || v.Classes != 2 {
		t.Error("a vocabulary of two tokens is not read")
	}
	for n := range good {
		if parse(good[:n], 2) != nil {
			t.Errorf("%d bytes of %d are read", n, len(good))
		}
	}
	if parse(append(good, 0), 2) != nil {
		t.Error("a byte too many is read")
	}
}
