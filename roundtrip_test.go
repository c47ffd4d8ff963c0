package foretell

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretell/foretell/tokens"
	"pgregory.net/rapid"
)

// parts is a list of parts, as a Writer takes them and a Reader gives them.
type parts []tokens.Part

// drawInfo draws a member of any type and shape with its elements.
func drawInfo(t *rapid.T, name string) (tokens.Info, []byte) {
	info := tokens.Info{
		Name:      name,
		Type:      tokens.Type(rapid.IntRange(int(tokens.Bool), int(tokens.Uint64)).Draw(t, "type")),
		BigEndian: rapid.Bool().Draw(t, "big-endian"),
		Fortran:   rapid.Bool().Draw(t, "fortran"),
		Shape:     rapid.SliceOfN(rapid.IntRange(0, 9), 0, 4).Draw(t, "shape"),
	}
	n := int(info.Len()) * info.Type.Size()
	raw := make([]byte, n)
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	spread := rapid.Uint64().Draw(t, "spread") >> rapid.IntRange(0, 63).Draw(t, "shift")
	low := rapid.Uint64().Draw(t, "low")
	for i := 0; i < n; i += info.Type.Size() {
		v := low + r.Uint64N(spread/2+1)
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], v)
		copy(raw[i:i+info.Type.Size()], b[:])
	}
	return info, raw
}

// readParts reads all of a file, with the data of members read out.
func readParts(file []byte, opts *ReaderOptions) (list parts, data [][]byte, err error) {
	r, err := NewReader(bytes.NewReader(file), opts)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	for {
		p, err := r.Next()
		if err == io.EOF {
			return list, data, nil
		}
		if err != nil {
			return nil, nil, err
		}
		var raw []byte
		if p.Kind == tokens.Member {
			if raw, err = io.ReadAll(p.Data); err != nil {
				return nil, nil, err
			}
		}
		p.Data = nil
		p.Bytes = bytes.Clone(p.Bytes)
		list, data = append(list, p), append(data, raw)
	}
}

// TestRoundTrip writes members of all kinds under all models and reads them
// back, whole and in ranges.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opts := WriterOptions{
			Model:       rapid.SampledFrom(Models()).Draw(t, "model"),
			BlockTokens: rapid.IntRange(1, 300).Draw(t, "block"),
			Solid:       rapid.Bool().Draw(t, "solid"),
			Workers:     rapid.IntRange(1, 3).Draw(t, "workers"),
		}
		var list parts
		var data [][]byte
		add := func(p tokens.Part, raw []byte) {
			list, data = append(list, p), append(data, raw)
		}
		for f := range rapid.IntRange(0, 3).Draw(t, "files") {
			add(tokens.Part{Kind: tokens.File, Name: fmt.Sprint("file", f), Repacked: f == 1}, nil)
			for m := range rapid.IntRange(0, 3).Draw(t, "members") {
				if framing := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "framing"); len(framing) > 0 {
					add(tokens.Part{Kind: tokens.Framing, Bytes: framing}, nil)
				}
				info, raw := drawInfo(t, fmt.Sprint("member", f, m))
				if len(info.Shape) == 1 && !info.Fortran && rapid.Bool().Draw(t, "open") {
					info.Shape[0] = -1
				}
				add(tokens.Part{Kind: tokens.Member, Info: info}, raw)
			}
		}
		write := func(opts WriterOptions) []byte {
			var buf bytes.Buffer
			w, err := NewWriter(&buf, &opts)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range list {
				p.Data = bytes.NewReader(data[i])
				if err := w.WritePart(p); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			return buf.Bytes()
		}
		file := write(opts)
		opts.Workers = opts.Workers%3 + 1
		if !bytes.Equal(write(opts), file) {
			t.Fatalf("%d workers write other bytes", opts.Workers)
		}
		gotList, gotData, err := readParts(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(gotList) != len(list) {
			t.Fatalf("%d parts, want %d", len(gotList), len(list))
		}
		for i, p := range gotList {
			want := list[i]
			if p.Kind != want.Kind || p.Name != want.Name || p.Repacked != want.Repacked || !bytes.Equal(p.Bytes, want.Bytes) ||
				p.Info.Name != want.Info.Name || !slices.Equal(p.Info.Shape, want.Info.Shape) || !bytes.Equal(gotData[i], data[i]) {
				t.Fatalf("part %d is %+v, want %+v", i, p, want)
			}
		}
		r, err := OpenReaderAt(bytes.NewReader(file), int64(len(file)), nil)
		if err != nil {
			t.Fatal(err)
		}
		member := 0
		for i, p := range list {
			if p.Kind == tokens.Member {
				checkRange(t, r, member, data[i])
				member++
			}
		}
	})
}

// checkRange reads rows of a member and compares them with its elements.
func checkRange(t *rapid.T, r *ReaderAt, member int, raw []byte) {
	info := r.Members()[member]
	rows := 1
	if len(info.Shape) > 0 {
		rows = info.Shape[0]
	}
	from := rapid.IntRange(0, rows).Draw(t, "from")
	to := rapid.IntRange(from, rows).Draw(t, "to")
	var got, want bytes.Buffer
	if err := r.CopyRange(&got, member, from, to); err != nil {
		t.Fatal(err)
	}
	size := info.Type.Size()
	for i := 0; i < len(raw); i += size {
		row := i / size / max(1, int(info.Len())/max(rows, 1))
		if info.Fortran && len(info.Shape) > 0 {
			row = i / size % rows
		}
		if row >= from && row < to {
			want.Write(raw[i : i+size])
		}
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Fatalf("rows %d:%d of %+v are %x, want %x", from, to, info, got.Bytes(), want.Bytes())
	}
}

// TestGolden holds the bytes of files: what was written once must be written
// again and read for ever. The golden files are dumps in which each byte is
// explained, so that a change shows as what it is.
func TestGolden(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	grid := make([]int16, 40*6*4)
	for i := range grid {
		grid[i] = int16(r.IntN(1+r.IntN(60)) - 5)
		if i >= 24 && r.IntN(3) > 0 {
			grid[i] = grid[i-24]
		}
	}
	sparse := make([]uint64, 200)
	for i := range sparse {
		sparse[i] = 1 << (uint(r.IntN(64)))
	}
	// No model writes under zstd any more.
	for _, model := range append(Models(), "zstd") {
		path := filepath.Join("testdata", "golden", model+".hexdump")
		var buf bytes.Buffer
		if model != "zstd" {
			w, err := NewWriter(&buf, &WriterOptions{Model: model, BlockTokens: 700})
			if err != nil {
				t.Fatal(err)
			}
			if err := WriteArray(w, "grid", []int{40, 6, 4}, grid); err != nil {
				t.Fatal(err)
			}
			if err := WriteArray(w, "sparse", []int{200}, sparse); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(annotate(t, buf.Bytes())), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}
		dump, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		golden := unannotate(t, string(dump))
		if model == "zstd" && golden[11] != byte(codecZstd) {
			t.Errorf("%s is under codec %d", path, golden[11])
		}
		if model != "zstd" && !bytes.Equal(golden, buf.Bytes()) {
			t.Errorf("%s: %d bytes that differ from the %d of %s", model, buf.Len(), len(golden), path)
		}
		a := open(t, golden, nil)
		got, err := ReadArray[int16](a, 0, 0, 40)
		if err != nil || !slices.Equal(got, grid) {
			t.Errorf("%s: the grid does not come back: %v", model, err)
		}
		wide, err := ReadArray[uint64](a, 1, 0, 200)
		if err != nil || !slices.Equal(wide, sparse) {
			t.Errorf("%s: the sparse values do not come back: %v", model, err)
		}
	}
}
