package foretell

import (
	"archive/tar"
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/tokens"
)

// manyArrays writes n arrays of 64 tokens and some larger ones, and describes the
// file.
func manyArrays(t *testing.T, n int, larger []int, opts *WriterOptions) ([]byte, *ReaderAt, *Description) {
	t.Helper()
	var buf bytes.Buffer
	w, err := NewWriter(&buf, opts)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	add := func(name string, n int) {
		values := make([]uint16, n)
		for i := range values {
			values[i] = uint16(rnd.IntN(16))
		}
		if err := WriteArray(w, name, []int{n}, values); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		add(fmt.Sprintf("%06d", i), 64)
	}
	for i, n := range larger {
		add(fmt.Sprintf("larger%d", i), n)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := open(t, buf.Bytes(), nil)
	d, err := r.Describe()
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), r, d
}

// TestMembersShareBlocks looks at which members share blocks, and that each comes
// out by itself.
func TestMembersShareBlocks(t *testing.T) {
	larger := []int{SharedTokens - 10, 100, SharedTokens, 5, 3 * SharedTokens, 7, 0, 9}
	const small = 300
	for name, opts := range map[string]*WriterOptions{
		"shared": {Model: "static"}, "apart": {Model: "static", Apart: true}, "solid": {Model: "static", Solid: true},
		"small blocks": {Model: "static", BlockTokens: 1000},
	} {
		_, r, d := manyArrays(t, small, larger, opts)
		if d.Solid != opts.Solid || d.Apart != opts.Apart {
			t.Errorf("%s: described as solid %v, apart %v", name, d.Solid, d.Apart)
		}
		most := 1
		for _, b := range d.Blocks {
			most = max(most, len(b.Spans))
			if len(b.Spans) > 1 && (opts.Apart || !opts.Solid && b.Tokens > SharedTokens) || b.Tokens > d.BlockTokens {
				t.Errorf("%s: a block of %d members and %d tokens", name, len(b.Spans), b.Tokens)
			}
		}
		want := map[string]int{"shared": small, "apart": 1, "solid": small + len(larger) - 1, "small blocks": 15}[name]
		if most < want {
			t.Errorf("%s: at most %d members in a block, want %d", name, most, want)
		}
		rnd := rand.New(rand.NewPCG(1, 2))
		for m := range r.Members() {
			n := int(r.Members()[m].Len())
			got, err := ReadArray[uint16](r, m, 0, n)
			if err != nil || len(got) != n {
				t.Fatalf("%s: member %d: %v", name, m, err)
			}
			for i, v := range got {
				if v != uint16(rnd.IntN(16)) {
					t.Fatalf("%s: token %d of member %d is wrong", name, i, m)
				}
			}
		}
	}
	if _, err := NewWriter(&bytes.Buffer{}, &WriterOptions{Solid: true, Apart: true}); err == nil {
		t.Error("members are apart in solid blocks")
	}
}

// TestSmallMembersAreCheap bounds what a member takes beyond its tokens: names,
// shapes, npy and tar headers, its place in the index.
func TestSmallMembersAreCheap(t *testing.T) {
	const n, most = 2000, 20
	b, _, d := manyArrays(t, n, nil, nil)
	code := int64(0)
	for _, block := range d.Blocks {
		code += block.Body
	}
	if extra := int64(len(b)) - code; extra > n*most {
		t.Errorf("arrays: %d bytes for %d members, %d each", extra, n, extra/n)
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for i := range n {
		npy, err := tokens.AppendNPYHeader(nil, tokens.Info{Type: tokens.Uint16, Shape: []int{8}})
		if err != nil {
			t.Fatal(err)
		}
		npy = append(npy, fmt.Sprintf("%016d", i*i)...)
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%06d.tokens.npy", i), Mode: 0o644, Size: int64(len(npy))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(npy); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	src, err := tokens.NewSource("shard.tar", &archive, tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var buf bytes.Buffer
	if _, err := Compress(&buf, src, nil); err != nil {
		t.Fatal(err)
	}
	if d, err = open(t, buf.Bytes(), nil).Describe(); err != nil {
		t.Fatal(err)
	}
	code = 0
	for _, block := range d.Blocks {
		code += block.Body
	}
	if extra := d.Size - code; extra > n*most {
		t.Errorf("a tar: %d bytes for %d members, %d each", extra, n, extra/n)
	}
}
