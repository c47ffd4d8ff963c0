package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"os"

	"github.com/foretell/foretell/tokens"
	"github.com/rogpeppe/go-internal/testscript"
)

// foreignCommand writes files of tokens as other programs have them: of llm.c for two
// vocabularies, of Megatron-LM with its index, shards as of WebDataset, and others.
func foreignCommand(ts *testscript.TestScript, _ bool, _ []string) {
	ids := make([]uint16, 3000)
	for i := range ids {
		ids[i] = uint16(i * i % 977)
	}
	bytesOf := func(parts ...any) []byte {
		var b bytes.Buffer
		for _, p := range parts {
			ts.Check(binary.Write(&b, binary.LittleEndian, p))
		}
		return b.Bytes()
	}
	write := func(name string, b []byte) { ts.Check(os.WriteFile(ts.MkAbs(name), b, 0o666)) }
	wide := make([]uint32, len(ids))
	for i, x := range ids {
		wide[i] = uint32(x)
	}
	head := make([]uint32, 256)
	head[0], head[1], head[2] = 20240520, 1, uint32(len(ids))
	write("llmc.bin", bytesOf(head, ids))
	head[0], head[1] = 20240801, 7
	write("llama3.bin", bytesOf(head, wide))
	write("mega.bin", bytesOf(ids))
	write("mega.idx", bytesOf([]byte("MMIDIDX\x00\x00"), uint64(1), byte(8), uint64(3), uint64(4),
		[]int32{1000, 500, 1500}, []int64{0, 2000, 3000}, []int64{0, 1, 2, 3}))

	array, err := tokens.AppendNPYHeader(nil, tokens.Info{Type: tokens.Uint16, Shape: []int{len(ids)}})
	ts.Check(err)
	array = append(array, bytesOf(ids)...)
	write("plain.npy", array)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err = z.Write(array)
	ts.Check(err)
	ts.Check(z.Close())
	write("a.npy.gz", packed.Bytes())

	var own bytes.Buffer
	own.WriteString("7 bytes")
	ts.Check(binary.Write(&own, binary.BigEndian, ids))
	write("own.bin", own.Bytes())

	shard := func(name string, npz []byte) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, f := range []struct {
			name string
			b    []byte
		}{{"0.npz", npz}, {"0.json", []byte("{}")}, {"1.npy", array}} {
			ts.Check(w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.b))}))
			_, err := w.Write(f.b)
			ts.Check(err)
		}
		ts.Check(w.Close())
		write(name, b.Bytes())
	}
	shard("shard.tar", numpyZip(array))
	var deflated bytes.Buffer
	d := zip.NewWriter(&deflated)
	f, err := d.Create("x.npy")
	ts.Check(err)
	_, err = f.Write(array)
	ts.Check(err)
	ts.Check(d.Close())
	b := deflated.Bytes()
	b[6] &^= 8 // as NumPy, which knows the sizes when it has written
	binary.LittleEndian.PutUint32(b[18:], 100)
	binary.LittleEndian.PutUint32(b[22:], uint32(len(array)))
	shard("deflated.tar", b)
}

// numpyZip returns an npz of one array as NumPy writes it: stored, with sizes of 64 bits
// in front.
func numpyZip(array []byte) []byte {
	le := binary.LittleEndian
	b := []byte("PK\x03\x04\x2d\x00\x00\x00\x00\x00\x00\x00\x21\x00")
	b = le.AppendUint32(b, 0) // a checksum, which is framing
	b = le.AppendUint32(b, 1<<32-1)
	b = le.AppendUint32(b, 1<<32-1)
	b = le.AppendUint16(b, 5)
	b = le.AppendUint16(b, 20)
	b = append(b, "x.npy\x01\x00\x10\x00"...)
	b = le.AppendUint64(b, uint64(len(array)))
	b = le.AppendUint64(b, uint64(len(array)))
	b = append(b, array...)
	return append(b, "PK\x01\x02 and the rest of the directory"...)
}
