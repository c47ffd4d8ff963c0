package foretell

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/tokens"
)

// frames returns frames from..to-1 of a minute of video tokens as an npy file.
func frames(t testing.TB, from, to int) ([]int64, *tokens.Source) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(realdata.Dir(t), "commavq", "taco-bell.npy"))
	if err != nil {
		t.Fatal(err)
	}
	raw = raw[128:][from*1024 : to*1024]
	file, err := tokens.AppendNPYHeader(nil, tokens.Info{Type: tokens.Int64, Shape: []int{to - from, 128}})
	if err != nil {
		t.Fatal(err)
	}
	src, err := tokens.NewSource("frames.npy", bytes.NewReader(append(file, raw...)), tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return int64s(raw), src
}

// int64s returns the values of little-endian elements.
func int64s(raw []byte) []int64 {
	values := make([]int64, len(raw)/8)
	for i := range values {
		values[i] = int64(binary.LittleEndian.Uint64(raw[8*i:]))
	}
	return values
}

// TestPrior trains on the first half of a minute and holds that the second half,
// in blocks of a twelfth, becomes at least 4 % smaller by it.
func TestPrior(t *testing.T) {
	_, src := frames(t, 0, 600)
	trained, err := Train(src, &TrainOptions{MaxBytes: 200 << 10})
	if err != nil {
		t.Fatal(err)
	}
	write := func(opts WriterOptions) []byte {
		_, src := frames(t, 600, 1200)
		opts.BlockTokens = 100 * 128
		return compress(t, &opts, src)
	}
	plain := write(WriterOptions{})
	referring := write(WriterOptions{Prior: trained})
	carrying := write(WriterOptions{Prior: trained, EmbedPrior: true})
	t.Logf("prior of %d bytes: %d bytes without, %d with it", len(trained), len(plain), len(referring))
	if len(referring)*100 > len(plain)*96 {
		t.Errorf("%d bytes with the prior, %d without", len(referring), len(plain))
	}
	if n := len(carrying) - len(referring); n < len(trained) || n > len(trained)+8 {
		t.Errorf("carrying the prior takes %d bytes, it has %d", n, len(trained))
	}

	got, err := content(referring, &ReaderOptions{Prior: trained})
	if want, _ := frames(t, 600, 1200); err != nil || !slices.Equal(int64s(got[128:]), want) {
		t.Errorf("other content comes back: %v", err)
	}
	for _, c := range []struct {
		file []byte
		opts *ReaderOptions
	}{{referring, &ReaderOptions{Prior: trained}}, {carrying, nil}} {
		values, err := ReadArray[int64](open(t, c.file, c.opts), 0, 400, 500)
		want, _ := frames(t, 1000, 1100)
		if err != nil || !slices.Equal(values, want) {
			t.Errorf("frames 400 to 499: %v", err)
		}
	}
	other := bytes.Clone(trained)
	other[len(other)/2]++
	for _, opts := range []*ReaderOptions{nil, {Prior: other}} {
		if _, err := content(referring, opts); !errors.Is(err, ErrModel) {
			t.Errorf("without the prior: %v", err)
		}
		r := open(t, referring, opts)
		if _, err := ReadArray[int64](r, 0, 0, 1); !errors.Is(err, ErrModel) {
			t.Errorf("without the prior: %v", err)
		}
	}

	// Data of another kind are coded as if there were no prior.
	var buf bytes.Buffer
	w, err := NewWriter(&buf, &WriterOptions{Prior: trained})
	if err != nil {
		t.Fatal(err)
	}
	odd := []int32{-5, 1 << 30, 7, 7, 7, 7, 7}
	if err := WriteArray(w, "odd", []int{7}, odd); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	back, err := ReadArray[int32](open(t, buf.Bytes(), &ReaderOptions{Prior: trained}), 0, 0, 7)
	if err != nil || !slices.Equal(back, odd) {
		t.Errorf("%v, %v", back, err)
	}
}

// smallPrior trains on a few bytes.
func smallPrior(t testing.TB) []byte {
	t.Helper()
	src, err := tokens.NewSource("a", bytes.NewReader(bytes.Repeat([]byte("to be or not to be "), 20)), tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	trained, err := Train(src, nil)
	if err != nil {
		t.Fatal(err)
	}
	return trained
}

// TestPriorThatEnds reads files that are whole and carry a prior that is not: they are
// damaged, not cut off.
func TestPriorThatEnds(t *testing.T) {
	trained := smallPrior(t)
	for n := range 40 {
		var buf bytes.Buffer
		need := container.Need{Kind: uint8(NeedPrior), Size: uint64(n), Sum: sha256.Sum256(trained[:n]), Embedded: true, Data: trained[:n]}
		w, err := container.NewWriter(&buf, container.Header{BlockTokens: 100, Needs: []container.Need{need}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close([16]byte{}, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := content(buf.Bytes(), nil); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d bytes of %d: %v", n, len(trained), err)
		}
	}
}

func FuzzPrior(f *testing.F) {
	f.Add(smallPrior(f))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := parsePrior(data, 1<<26); err != nil && !typed(err) {
			t.Fatal(err)
		}
	})
}

// TestPriorAmongOthers writes blocks that the prior fits between blocks that
// share a value map of their own.
func TestPriorAmongOthers(t *testing.T) {
	values := func(step uint64) []uint64 {
		list := make([]uint64, 1000)
		for i := range list {
			list[i] = step * uint64(i*i%97)
		}
		return list
	}
	array := func(w *Writer, name string, values []uint64) {
		t.Helper()
		if err := WriteArray(w, name, []int{len(values)}, values); err != nil {
			t.Fatal(err)
		}
	}
	header, err := tokens.AppendNPYHeader(nil, tokens.Info{Type: tokens.Uint64, Shape: []int{1000}})
	if err != nil {
		t.Fatal(err)
	}
	sample := header
	for _, v := range values(1) {
		sample = binary.LittleEndian.AppendUint64(sample, v)
	}
	src, err := tokens.NewSource("sample.npy", bytes.NewReader(sample), tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	trained, err := Train(src, nil)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w, err := NewWriter(&file, &WriterOptions{Prior: trained})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"a", "b", "c"} {
		array(w, part+"/dense", values(1))
		array(w, part+"/sparse1", values(1<<40+12345))
		array(w, part+"/sparse2", values(1<<40+12345))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := content(file.Bytes(), &ReaderOptions{Prior: trained}); err != nil {
		t.Error(err)
	}
}
