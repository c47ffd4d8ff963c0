package foretell_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/tokens"
)

// A teller takes what Progress is told.
type teller struct {
	mu    sync.Mutex
	calls int
	last  int64
	back  bool // it went back
}

func (p *teller) tell(done int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	p.back = p.back || done < p.last
	p.last = done
}

// TestProgress wants to be told within a block by the models that take long over one,
// both ways, and to end with all of the content.
func TestProgress(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	ids := make([]uint16, 1<<14)
	for i := range ids {
		ids[i] = uint16(rnd.ExpFloat64() * 50)
	}
	for _, model := range []string{foretell.ModelMix, foretell.ModelAdaptive, foretell.ModelStatic, foretell.ModelFast} {
		var file bytes.Buffer
		var to, from teller
		w, err := foretell.NewWriter(&file, &foretell.WriterOptions{Model: model, Workers: 1, Progress: to.tell})
		if err != nil {
			t.Fatal(err)
		}
		if err := foretell.WriteArray(w, "ids", []int{len(ids)}, ids); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := foretell.NewReader(bytes.NewReader(file.Bytes()), &foretell.ReaderOptions{Workers: 1, Progress: from.tell})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range tokens.All(r) {
			if err != nil {
				t.Fatal(err)
			}
		}
		content := r.ContentSize()
		if content < int64(2*len(ids)) {
			t.Errorf("%s: %d bytes of content", model, content)
		}
		for way, p := range map[string]*teller{"encoding": &to, "decoding": &from} {
			slow := model == foretell.ModelMix || model == foretell.ModelAdaptive
			if p.last != content || p.back || slow && p.calls < 4 {
				t.Errorf("%s, %s: told %d times, to the end of %d of %d bytes, going back: %v", model, way, p.calls, p.last, content, p.back)
			}
		}
		// A pipe does not tell its length, and a damaged block is not counted.
		b := bytes.Clone(file.Bytes())
		b[len(b)/2] ^= 1
		var damaged teller
		r, err = foretell.NewReader(io.MultiReader(bytes.NewReader(b)), &foretell.ReaderOptions{Workers: 1, Progress: damaged.tell})
		if err != nil {
			t.Fatal(err)
		}
		for _, err = range tokens.All(r) {
			if err != nil {
				break
			}
		}
		if err == nil || r.ContentSize() != -1 || damaged.last > content/2 {
			t.Errorf("%s: %v after %d of %d bytes", model, err, damaged.last, r.ContentSize())
		}
	}
	var p teller
	raw := make([]byte, 1<<13)
	for i := range raw {
		raw[i] = byte(ids[i])
	}
	src, err := tokens.NewSource("ids.u8", bytes.NewReader(raw), tokens.Options{})
	if err == nil {
		_, err = foretell.Train(src, &foretell.TrainOptions{Progress: p.tell})
	}
	if err != nil || p.calls < 8 || p.back || p.last != int64(len(raw)) {
		t.Errorf("training: %v, told %d times, to the end of %d bytes", err, p.calls, p.last)
	}
}
