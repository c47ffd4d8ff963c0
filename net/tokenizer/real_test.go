package tokenizer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/net/gguf"
)

// TestSmolLM2 cuts a book with the vocabulary of a real model. The hash is that of the
// tokens, as little-endian integers of 32 bits, that the package tokenizers of PyPI makes
// with the same vocabulary.
func TestSmolLM2(t *testing.T) {
	const name = "SmolLM2-135M-Instruct.Q4_1.gguf"
	dir := os.Getenv("FORETELL_MODELS")
	if dir == "" {
		t.Skip("FORETELL_MODELS names no folder")
	}
	found, _ := filepath.Glob(filepath.Join(dir, "*", name))
	if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
		found = append(found, filepath.Join(dir, name))
	}
	if len(found) == 0 {
		t.Skipf("no %s in %s", name, dir)
	}
	book := realdata.Opticks(t)
	f, err := os.Open(found[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	file, err := gguf.Open(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	x, err := FromGGUF(file)
	if err != nil {
		t.Fatal(err)
	}
	if start, ok := x.Start(); start != 0 || !ok || x.Complete() || x.Size() != 49152 {
		t.Errorf("%d tokens, complete %v, start %d, %v", x.Size(), x.Complete(), start, ok)
	}
	h := sha256.New()
	ids := check(t, x, book)
	for _, id := range ids {
		h.Write(binary.LittleEndian.AppendUint32(nil, id))
	}
	const want = "0f3b375711085092e5f51e8240171f7cb726a09b7337cf4f622959868b236bc7"
	if got := hex.EncodeToString(h.Sum(nil)); len(ids) != 145451 || got != want {
		t.Errorf("%d tokens of hash %s", len(ids), got)
	}
}
