package testkit

import (
	"archive/tar"
	"bytes"
	"fmt"
	"testing"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/tokens"
)

// A walk is numbers that nothing but its state decides, the same for ever.
type walk uint64

// below returns a number below n.
func (w *walk) below(n int) int {
	*w = *w*6364136223846793005 + 1442695040888963407
	return int(uint64(*w) >> 33 % uint64(n))
}

// wide is below for numbers up to 2^32.
func (w *walk) wide(n uint64) uint64 {
	w.below(1)
	return uint64(*w) >> 31 % n
}

// grown returns n symbols below size of which each mostly follows from those before it,
// at the distances given.
func grown(n, size int, apart ...int) []uint16 {
	w := walk(uint64(n*size + len(apart)))
	kin := make([]int, size) // symbols of one kin follow the same ones
	for i := range kin {
		kin[i] = w.below(12)
	}
	x := make([]uint16, n)
	for i := range x {
		x[i] = uint16(min(w.below(size), w.below(size)))
		if d := apart[w.below(len(apart))]; i >= d {
			switch w.below(5) {
			case 0, 1:
				x[i] = x[i-d]
			case 2, 3:
				x[i] = uint16((kin[x[i-d]]*size/12 + w.below(3)) % size)
			}
		}
	}
	for i, v := range x {
		x[i] = uint16((int(v)*7919 + 5) % size) // neighbours in number mean nothing
	}
	return x
}

// cycled returns n symbols of kinds that follow one another in a circle, of so many
// symbols each; a kind stays for a number of tokens.
func cycled(n, kinds, each, stays int) []uint16 {
	w := walk(n)
	x := make([]uint16, n)
	for i := range x {
		v := i/stays%kinds*each + w.below(each)
		x[i] = uint16((v*7919 + 5) % (kinds * each))
	}
	return x
}

// sentences are tokens of GPT-2.
var sentences = []uint16{
	1026, 318, 407, 262, 12841, 286, 262, 4693, 326, 36417, 13, 198, 1026, 318, 262, 530, 326, 7429, 1266, 284,
	644, 2458, 1088, 340, 26, 262, 1854, 389, 11564, 11, 355, 484, 815, 307, 13, 198,
}

// mixFiles makes a file for each geometry and kind of tree of mix.
func mixFiles(t *testing.T, add func(name string, data []byte, o *foretell.ReaderOptions)) {
	for _, c := range []struct {
		name  string
		shape []int
		x     []uint16
	}{
		{"stream", []int{300}, grown(300, 90, 1, 5)},
		{"stream-classes", []int{3400}, cycled(3400, 16, 17, 1)},
		{"grid", []int{20, 3, 4}, grown(240, 60, 12, 1)},
		{"grid-rows", []int{20, 40}, grown(800, 60, 40, 40, 8)},
		{"grid-halves", []int{171, 3, 4}, grown(2052, 31, 12, 12, 1)},
		{"books", []int{60, 4}, grown(240, 100, 1, 4)},
		{"books-last", []int{4, 60}, grown(240, 100, 1, 60)},
		{"books-kin", []int{2, 1050}, cycled(2100, 8, 8, 1)},
	} {
		add("mix-"+c.name, packed(t, c.shape, c.x, &foretell.WriterOptions{Model: "mix"}), &foretell.ReaderOptions{})
	}
	add("best-stream", packed(t, []int{200}, grown(200, 90, 1, 5), &foretell.WriterOptions{Model: "best"}), &foretell.ReaderOptions{})
	add("best-grid", packed(t, []int{20, 3, 4}, grown(240, 60, 12, 1), &foretell.WriterOptions{Model: "best"}), &foretell.ReaderOptions{})
	prose := []byte("It is not the strongest of the species that survives.\nIt is the one that answers best.\n")
	o := &foretell.WriterOptions{Model: "mix"}
	add("mix-prose", packedBytes(t, prose, o), &foretell.ReaderOptions{})
	for _, level := range []string{"mix", "best"} {
		spelt := packed(t, []int{len(sentences)}, sentences, &foretell.WriterOptions{Model: level})
		add(level+"-spelt", spelt, &foretell.ReaderOptions{})
	}
	records := make([]byte, 0, 2100)
	for i := range 300 {
		records = append(records, 255, byte(i), byte(i>>8), byte(grown(300, 250, 1)[i]), 0, 7, byte(i*i>>4))
	}
	add("mix-bytes", packedBytes(t, records, o), &foretell.ReaderOptions{})
	o.Model = "best"
	add("best-prose", packedBytes(t, prose[:40], o), &foretell.ReaderOptions{})
	add("best-bytes", packedBytes(t, records, o), &foretell.ReaderOptions{})
	add("mix-parts", packedFile(t, "a.tar", ofKinds(t), tokens.Options{}, &foretell.WriterOptions{Model: "mix", Solid: true}), &foretell.ReaderOptions{})
	prior, err := foretell.Train(source(t), &foretell.TrainOptions{MaxBytes: 36_000})
	if err != nil {
		t.Fatal(err)
	}
	o = &foretell.WriterOptions{Model: "mix", Prior: prior, EmbedPrior: true, BlockTokens: 200}
	add("mix-prior", made(t, o), &foretell.ReaderOptions{})
}

// ofKinds returns an archive of arrays that are coded in parts: codes of audio, the
// coarse ones of them in the other order, and a grid of other numbers.
func ofKinds(t *testing.T) []byte {
	t.Helper()
	codes, coarse := grown(240, 60, 1, 60), make([]uint16, 0, 100)
	for i := range codes {
		codes[i] += 7
	}
	for i := range 50 {
		coarse = append(coarse, codes[i], codes[i+60])
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, m := range []struct {
		name, shape string
		x           []uint16
	}{
		{"coarse.npy", "(50, 2)", coarse}, {"codes.npy", "(4, 60)", codes},
		{"grid.npy", "(171, 3, 4)", cycled(2052, 2, 1, 12)}, {"twin.npy", "(4, 60)", codes},
	} {
		header := fmt.Sprintf("%-117s\n", "{'descr': '<u2', 'fortran_order': False, 'shape': "+m.shape+", }")
		raw := append([]byte("\x93NUMPY\x01\x00\x76\x00"), header...)
		for _, v := range m.x {
			raw = append(raw, byte(v), byte(v>>8))
		}
		if err := w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(raw))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(raw); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// packed returns a .fore file of an array.
func packed(t *testing.T, shape []int, x []uint16, o *foretell.WriterOptions) []byte {
	t.Helper()
	var raw []byte
	for _, v := range x {
		raw = append(raw, byte(v), byte(v>>8))
	}
	return packedFile(t, "a.u16", raw, tokens.Options{Shape: shape}, o)
}

// packedBytes returns a .fore file of bytes.
func packedBytes(t *testing.T, raw []byte, o *foretell.WriterOptions) []byte {
	t.Helper()
	return packedFile(t, "a", raw, tokens.Options{}, o)
}

func packedFile(t *testing.T, name string, raw []byte, of tokens.Options, o *foretell.WriterOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	src, err := tokens.NewSource(name, bytes.NewReader(raw), of)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := foretell.Compress(&b, src, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
