package tokens

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/fault"
)

// TestZipsThatAreKeptAsBytes holds zips that are no archives of arrays or cannot
// be walked.
func TestZipsThatAreKeptAsBytes(t *testing.T) {
	good := zipOf(t, zip.Store, named{"a.npy", readTestdata(t, "line.npy")}, named{"b.npy", readTestdata(t, "line.npy")})
	overlap := bytes.Clone(good)
	// Let the second entry of the directory point to the first.
	second := bytes.LastIndex(overlap, []byte("PK\x01\x02"))
	copy(overlap[second+42:], []byte{0, 0, 0, 0})
	encrypted := bytes.Clone(good)
	encrypted[second+8] |= 1
	method := bytes.Clone(good)
	method[second+10] = 99
	for name, b := range map[string][]byte{
		"no arrays":    zipOf(t, zip.Deflate, named{"a.txt", []byte("hello")}),
		"cut":          good[:len(good)-1],
		"only a start": []byte("PK\x03\x04"),
		"overlap":      overlap,
		"encrypted":    encrypted,
		"method":       method,
	} {
		out := both(t, name, b, Options{})
		if len(out) != 1 || !bytes.Equal(out[0].content, b) || out[0].repacked || len(out[0].members) != 1 || len(out[0].members[0].raw) != len(b) {
			t.Errorf("%s is not kept as bytes", name)
		}
	}
	// What stands before, between and behind entries stays.
	odd := slices.Concat(good, nil)
	odd = append(odd[:len(odd)-2], 5, 0, 'h', 'e', 'l', 'l', 'o')
	if out := both(t, "comment", odd, Options{}); !bytes.Equal(out[0].content, odd) || len(out[0].members) != 2 {
		t.Error("a zip with a comment does not come back")
	}
}

func TestDamagedDeflate(t *testing.T) {
	b := zipOf(t, zip.Deflate, named{"a.npy", readTestdata(t, "u8_le_C.npy")})
	second := bytes.LastIndex(b, []byte("PK\x01\x02"))
	for what, at := range map[string]int{"data": 60, "crc": second + 16, "size": second + 24} {
		bad := bytes.Clone(b)
		bad[at] ^= 0x15
		_, err := readAll(NewSource("x.npz", bytes.NewReader(bad), Options{}))
		if !errors.Is(err, fault.ErrCorrupt) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", what, err)
		}
	}
	g := compressed(t, tarOf(t, tar.FormatPAX, named{"a.npy", readTestdata(t, "u8_le_C.npy")}))
	g[len(g)-5] ^= 1
	if _, err := readAll(NewSource("x.tgz", bytes.NewReader(g), Options{})); !errors.Is(err, fault.ErrCorrupt) {
		t.Errorf("gzip: %v", err)
	}
	if _, err := readAll(NewSource("x.tgz", bytes.NewReader(g[:len(g)-30]), Options{})); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut gzip: %v", err)
	}
}

// A sparse is a file of pieces between zeros.
type sparse struct {
	pieces map[int64][]byte
	size   int64
}

func (s *sparse) add(b []byte) {
	s.pieces[s.size] = b
	s.size += int64(len(b))
}

func (s *sparse) ReadAt(p []byte, off int64) (int, error) {
	if off >= s.size {
		return 0, io.EOF
	}
	clear(p)
	for at, b := range s.pieces {
		if at < off+int64(len(p)) && off < at+int64(len(b)) {
			if at >= off {
				copy(p[at-off:], b)
			} else {
				copy(p, b[off-at:])
			}
		}
	}
	if left := s.size - off; left < int64(len(p)) {
		return int(left), io.EOF
	}
	return len(p), nil
}

// TestLargeZip writes the records of zips that need the fields of zip64.
func TestLargeZip(t *testing.T) {
	for what, sizes := range map[string][]int64{
		"large entries": {3, 1<<32 - 1, 5 << 30, 7},
		"far entries":   {3 << 30, 3 << 30, 9},
		"many entries":  make([]int64, 70000),
	} {
		file := &sparse{pieces: map[int64][]byte{}}
		var w zipWriter
		var at []int64
		var head []byte
		for i, n := range sizes {
			f := &zip.File{FileHeader: zip.FileHeader{Name: fmt.Sprint(i, ".npy"), CRC32: uint32(i)}}
			head = append(head, w.entry(zipEntry{File: f, size: n})...)
			if n > 0 {
				file.add(head)
				head = nil
			}
			at = append(at, file.size+int64(len(head)))
			file.size += n
		}
		file.add(append(head, w.end()...))
		z, err := zip.NewReader(file, file.size)
		if err != nil || len(z.File) != len(sizes) {
			t.Errorf("%s: %v", what, err)
			continue
		}
		for i, f := range z.File {
			off, err := f.DataOffset()
			if err != nil || off != at[i] || f.UncompressedSize64 != uint64(sizes[i]) || f.CRC32 != uint32(i) {
				t.Fatalf("%s: entry %d of %d bytes at %d is read as %d at %d, %v", what, i, sizes[i], at[i], f.UncompressedSize64, off, err)
			}
		}
	}
}
