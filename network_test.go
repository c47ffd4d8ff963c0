package foretell

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretell/foretell/net"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/tokens"
)

const tinyModel = "model/neural/testdata/tiny.gguf"

func tinyNetwork(t testing.TB) *Network {
	t.Helper()
	b, err := os.ReadFile(tinyModel)
	if err != nil {
		t.Fatal(err)
	}
	n, err := OpenNetwork(bytes.NewReader(b), int64(len(b)), tinyModel, 0)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// networkText is text that the tiny network makes up, so that it does better than mix.
func networkText(t testing.TB, n int) []byte {
	t.Helper()
	network := tinyNetwork(t)
	streams, err := network.Model().NewStreams(1, net.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	var row []float32
	var c prob.Categorical
	r := rand.New(rand.NewPCG(1, 2))
	symbol, _ := network.Tokenizer().Start()
	for len(text) < n {
		if streams.Position(0) == streams.Positions() {
			streams.Reset()
		}
		logits, err := streams.Step([]uint32{symbol})
		if err != nil {
			t.Fatal(err)
		}
		row = slices.Grow(row[:0], len(logits))[:len(logits)]
		net.Float32(row, logits)
		if err := prob.SetLogits(&c, row); err != nil {
			t.Fatal(err)
		}
		symbol, _ = c.Find(r.Uint32())
		text = append(text, network.Tokenizer().Bytes(symbol)...)
	}
	return text[:n]
}

func writeNetwork(t testing.TB, opts *WriterOptions, name string, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	src, err := tokens.NewSource(name, bytes.NewReader(data), tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := Compress(&out, src, opts); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func readAll(file []byte, opts *ReaderOptions) ([]byte, error) {
	r, err := NewReader(bytes.NewReader(file), opts)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all []byte
	for {
		p, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p.Bytes...)
		if p.Data != nil {
			b, err := io.ReadAll(p.Data)
			if err != nil {
				return nil, err
			}
			all = append(all, b...)
		}
	}
}

func TestNetwork(t *testing.T) {
	n := tinyNetwork(t)
	data := networkText(t, 5000)
	file := writeNetwork(t, &WriterOptions{Network: n, BlockTokens: 2000, Workers: 3}, "book.txt", data)
	if again := writeNetwork(t, &WriterOptions{Network: n, BlockTokens: 2000, Workers: 1}, "book.txt", data); !bytes.Equal(again, file) {
		t.Error("the bytes depend on the number of workers")
	}
	for _, opts := range []*ReaderOptions{{Network: n}, {Resolve: Resolve(tinyModel)}, {Resolve: Resolve("docs", "model")}} {
		back, err := readAll(file, opts)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(back, data) {
			t.Error("text comes back changed")
		}
	}
	at, err := OpenReaderAt(bytes.NewReader(file), int64(len(file)), &ReaderOptions{Network: n})
	if err != nil {
		t.Fatal(err)
	}
	d, err := at.Describe()
	if err != nil {
		t.Fatal(err)
	}
	if !d.WrittenWith(&WriterOptions{Network: n, BlockTokens: 2000}) || d.WrittenWith(&WriterOptions{BlockTokens: 2000}) {
		t.Error("the file does not say how it was written")
	}
	for _, b := range d.Blocks {
		if b.Codec != netModel {
			t.Errorf("a block by %s", b.Codec)
		}
	}
	part, err := ReadArray[uint8](at, 0, 1990, 2010)
	if err != nil || !bytes.Equal(part, data[1990:2010]) {
		t.Errorf("a range comes back as %q (%v)", part, err)
	}
	plain := writeNetwork(t, &WriterOptions{BlockTokens: 2000}, "book.txt", data)
	if len(file) > len(plain) {
		t.Errorf("%d bytes under a network, %d under mix", len(file), len(plain))
	}
}

// TestNetworkTokens codes arrays of the network's tokens, and what is none.
func TestNetworkTokens(t *testing.T) {
	n := tinyNetwork(t)
	for _, c := range []struct {
		codec string
		of    func(i int) int
	}{
		{netModel, func(i int) int { return n.Vocabulary() - 1 - i%7*(i%3) }},
		{"mix", func(i int) int { return 1000 + i%7*(i%3) }},
	} {
		var data []byte
		for i := range 3000 {
			data = append(data, byte(c.of(i)), byte(c.of(i)>>8))
		}
		file := writeNetwork(t, &WriterOptions{Network: n}, "tokens.u16", data)
		back, err := readAll(file, &ReaderOptions{Network: n})
		if err != nil || !bytes.Equal(back, data) {
			t.Fatal(c.codec, err)
		}
	}
}

// TestNetworkMissing says what a file needs that is not there, is another or is more
// than memory allows.
func TestNetworkMissing(t *testing.T) {
	n := tinyNetwork(t)
	file := writeNetwork(t, &WriterOptions{Network: n}, "book.txt", networkText(t, 3000))
	other := *n
	other.need.Sum[0] ^= 1
	for what, opts := range map[string]*ReaderOptions{
		"none": nil, "another": {Network: &other}, "none found": {Resolve: Resolve("docs")},
	} {
		_, err := readAll(file, opts)
		var need *NeedError
		if !errors.Is(err, ErrModel) || !errors.As(err, &need) || need.Need.Size != n.need.Size || need.Need.Name != filepath.Base(tinyModel) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := readAll(file, &ReaderOptions{Resolve: Resolve(tinyModel), MaxMemory: 20000}); !errors.Is(err, ErrLimit) {
		t.Errorf("little memory: %v", err)
	}
	if _, err := readAll(file, &ReaderOptions{Network: n, MaxMemory: 600000}); !errors.Is(err, ErrLimit) {
		t.Errorf("little memory for a block: %v", err)
	}
	// Damage to a block leaves the others.
	file = writeNetwork(t, &WriterOptions{Network: n, BlockTokens: 1000}, "book.txt", networkText(t, 3000))
	file[len(file)/3] ^= 1
	var damage []error
	back, err := readAll(file, &ReaderOptions{Network: n, KeepGoing: func(err error) { damage = append(damage, err) }})
	if err != nil || len(damage) == 0 || len(back) != 3000 {
		t.Errorf("%d bytes of a damaged file, %v (%v)", len(back), damage, err)
	}
	if _, err := NewWriter(io.Discard, &WriterOptions{Network: n, Model: "mix"}); err == nil || !strings.Contains(err.Error(), "network") {
		t.Errorf("two models: %v", err)
	}
}
