package foretell

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/model"
)

func TestCodecTable(t *testing.T) {
	seen := map[string]bool{}
	for i, row := range codecs {
		if i > 0 && row.id <= codecs[i-1].id || seen[row.name] {
			t.Errorf("codec %d, %q, is out of order or given twice", row.id, row.name)
		}
		seen[row.name] = true
		if got := codecName(uint8(row.id)); got != row.name {
			t.Errorf("codec %d is called %q", row.id, got)
		}
		// What is asked instead must not plan.
		other, err := codecOf(row.instead)
		if err != nil {
			t.Fatal(err)
		}
		c, err := other.make(&codecConfig{predictor: newCounting(9)})
		if err != nil {
			t.Fatal(err)
		}
		b := &model.Block{Size: 9, Symbols: []uint32{1, 2, 3}, Spans: []model.Span{{Count: 3, Shape: []int{3}}}}
		if params, shares, err := c.Plan(b, nil); len(params) > 0 || shares || err != nil {
			t.Errorf("%s plans: %v", other.name, err)
		}
	}
	if got := codecName(200); got != "codec 200" {
		t.Error(got)
	}
	if _, err := codecOf(2); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
	for _, p := range presets {
		if _, err := codecOf(p.codec); err != nil {
			t.Error(err)
		}
	}
}

// codedAs returns the codecs of the blocks that an array becomes.
func codedAs(t *testing.T, name string, values []uint32) []string {
	t.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file, &WriterOptions{Model: name, BlockTokens: 2000})
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteArray(w, "a", []int{len(values)}, values); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := open(t, file.Bytes(), nil).Describe()
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, b := range d.Blocks {
		used = append(used, b.Codec)
	}
	if _, err := content(file.Bytes(), nil); err != nil {
		t.Fatal(err)
	}
	return used
}

// TestInstead holds blocks that a codec does not take, or that nothing is gained
// on, to what is done with them.
func TestInstead(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	noise, wide := make([]uint32, 3000), make([]uint32, 3000)
	for i := range noise {
		noise[i] = uint32(r.IntN(1 << 10))
		wide[i] = uint32(100+i%1000) * uint32(i%3) * 50
	}
	for name, want := range map[string]string{"fast": "stored", "adaptive": "stored", "static": "static", "mix": "stored"} {
		if used := codedAs(t, name, noise); used[0] != want {
			t.Errorf("noise under %s is coded by %v", name, used)
		}
	}
	for name, want := range map[string]string{"static": "adaptive", "static-tans": "adaptive", "mix": "mix", "adaptive": "adaptive"} {
		if used := codedAs(t, name, wide); used[0] != want || used[1] != want {
			t.Errorf("a large alphabet under %s is coded by %v", name, used)
		}
	}
}
