package mix

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/foretell/foretell/model"
)

// TestGolden holds the bytes against those that were written before, on any
// machine. To accept a change of the format, set UPDATE_GOLDEN=1.
func TestGolden(t *testing.T) {
	var out strings.Builder
	blocks := []*model.Block{
		synthetic(64, 90, 6, 8), synthetic(300, 60, 40), synthetic(500, 4000),
		synthetic(256, 3, 1000), synthetic(100, 900, 4), synthetic(1<<20, 400), synthetic(2, 3000), synthetic(9, 5),
		synthetic(200, 3000), prose(3000), ofKinds(), spelledBlock(1200),
	}
	for _, b := range blocks {
		for _, level := range []Level{Fast, Best} {
			body, err := New(Config{Level: level}).Encode(nil, b)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%v of %d level %d: %d bytes %x\n", b.Spans[0].Shape, b.Size, level, len(body), sha256.Sum256(body))
		}
	}
	p, err := Train(TrainConfig{MaxBytes: 40000}, blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	body, err := New(Config{Prior: p}).Encode(nil, blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&out, "prior: %d bytes %x\n", len(p.data), sha256.Sum256(p.data))
	fmt.Fprintf(&out, "with it: %d bytes %x\n", len(body), sha256.Sum256(body))
	const name = "testdata/golden.txt"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(out.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("the bytes have changed:\n%swere\n%s", out.String(), want)
	}
}
