package foretell

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/step"
)

// counting is a predictor for tests: counts that adapt.
type counting struct {
	counts *prob.Adaptive
}

func newCounting(size int) func() (model.Predictor, error) {
	return func() (model.Predictor, error) {
		a, err := prob.NewAdaptive(size, 32, 1<<20)
		return &counting{a}, err
	}
}

func (c *counting) Reset(spans []model.Span, size int) error { c.counts.Reset(); return nil }

func (c *counting) Predict() (prob.Distribution, error) { return c.counts, nil }

func (c *counting) Update(symbol uint32) error { c.counts.Update(symbol); return nil }

func TestExternal(t *testing.T) {
	const size = 50
	own := &External{ID: [32]byte{1, 2, 3}, Size: size, New: newCounting(size)}
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]int32, 5000)
	for i := range values {
		values[i] = 20 + int32(r.IntN(1+r.IntN(size-20)))
	}
	write := func(values []int32) ([]byte, error) {
		var buf bytes.Buffer
		w, err := NewWriter(&buf, &WriterOptions{External: own, BlockTokens: 1500})
		if err != nil {
			t.Fatal(err)
		}
		// The error may show before Close.
		if err := WriteArray(w, "a", []int{len(values)}, values); err != nil {
			w.Close()
			return nil, err
		}
		err = w.Close()
		return buf.Bytes(), err
	}
	file, err := write(values)
	if err != nil {
		t.Fatal(err)
	}
	if len(file) > 3400 {
		t.Errorf("%d bytes: the predictor is of no use", len(file))
	}
	if _, err := content(file, &ReaderOptions{External: own}); err != nil {
		t.Error(err)
	}
	other := *own
	other.ID[0]++
	for _, opts := range []*ReaderOptions{nil, {External: &other}} {
		if _, err := content(file, opts); !errors.Is(err, ErrModel) {
			t.Errorf("without the model: %v", err)
		}
	}
	values[3000] = size
	if _, err := write(values); !errors.Is(err, fault.ErrSymbol) {
		t.Errorf("a token beyond the vocabulary: %v", err)
	}
}

// knowing is a predictor that knows three of four symbols in advance, nearly surely.
type knowing struct {
	data []byte
	at   int
	p    []float32
	next prob.Categorical
}

func (k *knowing) Reset(spans []model.Span, size int) error {
	k.at, k.p = int(spans[0].First), make([]float32, size)
	return nil
}

func (k *knowing) Predict() (prob.Distribution, error) {
	for i := range k.p {
		k.p[i] = 1
	}
	if k.at%4 > 0 {
		k.p[k.data[k.at]] = 2000
	}
	return &k.next, prob.Set(&k.next, k.p)
}

func (k *knowing) Update(uint32) error { k.at++; return nil }

// TestExternalMix holds mixing to being smaller than the predictor and than mix alone,
// and to leaving to mix what that makes smaller by itself.
func TestExternalMix(t *testing.T) {
	text := networkText(t, 6000)
	own := &External{ID: [32]byte{1}, Size: 256, New: func() (model.Predictor, error) { return &knowing{data: text}, nil }}
	mixed := *own
	mixed.Mix = true
	size := func(opts *WriterOptions, data []byte) (int, string) {
		opts.BlockTokens = 4000
		file := writeNetwork(t, opts, "book.txt", data)
		back, err := readAll(file, &ReaderOptions{External: own})
		if err != nil || !bytes.Equal(back, data) {
			t.Fatal(err)
		}
		d, err := open(t, file, &ReaderOptions{External: own}).Describe()
		if err != nil {
			t.Fatal(err)
		}
		return len(file), d.Blocks[0].Codec
	}
	both, codec := size(&WriterOptions{External: &mixed}, text)
	alone, _ := size(&WriterOptions{External: own}, text)
	without, _ := size(&WriterOptions{}, text)
	if codec != "own-mix" || both > alone*8/10 || both > without*8/10 {
		t.Errorf("text takes %d bytes by %s, %d by the predictor and %d by mix", both, codec, alone, without)
	}
	// What comes over and over needs no predictor that is wrong.
	if _, codec := size(&WriterOptions{External: &mixed}, bytes.Repeat([]byte("another text"), 500)); codec != "mix" {
		t.Errorf("repeated text is coded by %s", codec)
	}
	noise := make([]byte, 6000)
	r := rand.New(rand.NewPCG(8, 9))
	for i := range noise {
		noise[i] = byte(r.IntN(256))
	}
	if _, codec := size(&WriterOptions{External: &mixed}, noise); codec != "stored" {
		t.Errorf("noise is coded by %s", codec)
	}
}

// drifting is a counting predictor that one of its predictions is off by a little.
type drifting struct {
	counting
	at, n int
	grid  prob.Categorical
}

func (d *drifting) Predict() (prob.Distribution, error) {
	p := make([]float32, 50)
	for i := range p {
		p[i] = 0.02
	}
	if d.n++; d.n == d.at {
		p[7] = math.Nextafter32(p[7], 1)
	}
	return &d.grid, prob.Set(&d.grid, p)
}

// TestExternalAgain reads under a model that some attempts fail to make: each fails once,
// and what has failed is tried again.
func TestExternalAgain(t *testing.T) {
	made := 0
	own := &External{ID: [32]byte{7}, Size: 50, New: newCounting(50)}
	var buf bytes.Buffer
	w, err := NewWriter(&buf, &WriterOptions{External: own, BlockTokens: 100})
	if err == nil {
		err = WriteArray(w, "a", []int{1000}, make([]uint8, 1000))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	notYet := errors.New("not yet")
	again := *own
	again.New = func() (model.Predictor, error) {
		if made++; made%2 == 1 {
			return nil, notYet
		}
		return own.New()
	}
	r, err := OpenReaderAt(bytes.NewReader(buf.Bytes()), int64(buf.Len()), &ReaderOptions{External: &again, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for i := range 20 {
		_, err := ReadArray[uint8](r, 0, i%10*100, i%10*100+1)
		if err != nil && !errors.Is(err, notYet) {
			t.Fatal(err)
		}
		if err != nil {
			failed++
		}
	}
	// One predictor for each worker.
	if made != 4 || failed != 2 {
		t.Errorf("%d attempts, %d reads have failed", made, failed)
	}
}

// TestExternalDrift holds drift in a file to being told as such, with the block and
// the steps, and predictors to be made once for each worker.
func TestExternalDrift(t *testing.T) {
	var made atomic.Int32
	external := func(at int) *External {
		return &External{ID: [32]byte{7}, Size: 50, New: func() (model.Predictor, error) {
			made.Add(1)
			a, err := prob.NewAdaptive(50, 32, 1<<20)
			return &drifting{counting: counting{a}, at: at}, err
		}}
	}
	values := make([]int64, 40000)
	for i := range values {
		values[i] = int64(i*i) % 50
	}
	var buf bytes.Buffer
	const workers = 4
	w, err := NewWriter(&buf, &WriterOptions{External: external(0), BlockTokens: 1000, Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteArray(w, "a", []int{len(values)}, values); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if n := made.Swap(0); n < 1 || n > workers {
		t.Errorf("%d predictors for %d workers that encode", n, workers)
	}
	// A small limit makes workers drop their buffers after each block.
	if _, err := content(buf.Bytes(), &ReaderOptions{External: external(0), Workers: workers, MaxMemory: 1 << 20}); err != nil {
		t.Error(err)
	}
	if n := made.Swap(0); n < 1 || n > workers {
		t.Errorf("%d predictors for %d workers that decode", n, workers)
	}
	var drift *step.DriftError
	var block *BlockError
	_, err = content(buf.Bytes(), &ReaderOptions{External: external(3501), Workers: 1})
	if !errors.Is(err, ErrDrift) || !errors.As(err, &drift) || !errors.As(err, &block) || block.Block != 3 || drift.From > 500 || drift.To <= 500 {
		t.Errorf("drift: %v", err)
	}
	file := buf.Bytes()
	d, err := open(t, file, &ReaderOptions{External: external(0)}).Describe()
	if err != nil {
		t.Fatal(err)
	}
	file[d.Blocks[5].Offset+d.Blocks[5].Size-9] ^= 1
	if _, err := content(file, &ReaderOptions{External: external(0)}); !errors.Is(err, ErrCorrupt) || errors.Is(err, ErrDrift) {
		t.Errorf("damage: %v", err)
	}
}
